/// @file  The store of scheduled tasks: what it keeps, and what it says of files that are damaged, full, or not its
/// own.
#include "rpc/schedule_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "support/process.hpp"

namespace daffi::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Store : public testing::Test {
 protected:
  std::string file() const { return folder_.path() / "w.schedules"; }
  StoreOptions options() const { return {.file = file(), .process_name = "w"}; }
  base::Result<std::unique_ptr<ScheduleStore>> open() const { return open_schedule_store(options()); }

  // What opening and reading it fails with; empty: nothing.
  std::string complaint(const StoreOptions& with) const {
    auto store = open_schedule_store(with);
    if (!store.ok()) {
      EXPECT_EQ(store.failure().code, ErrorCode::initialization);
      return store.failure().message;
    }
    auto contents = (*store)->load();
    return contents.ok() ? std::string() : contents.failure().message;
  }
  std::string complaint() const { return complaint(options()); }

  std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void replace(const std::string& content) const {
    std::filesystem::remove(file());
    std::ofstream(file(), std::ios::binary) << content;
  }

  static TaskRecord record(const std::string& uuid, std::size_t bytes = 20) {
    TaskRecord record;
    record.uuid = uuid;
    record.callback = "f";
    record.at = {1'900'000'000'000'000'000, 1'900'000'001'000'000'000};
    record.anchor = 1;
    record.scheduler = "asker";
    record.identity_kind = 1;
    record.identity_uid = 1000;
    record.identity_text = "host";
    record.arguments.assign(bytes, std::byte{0x42});
    return record;
  }

  tests::TemporaryFolder folder_;
};

TEST_F(Store, KeepsWhatItWasGiven) {
  {
    auto store = open();
    ASSERT_TRUE(store.ok()) << store.failure().message;
    ASSERT_TRUE((*store)->add(record("a")).ok());
    ASSERT_TRUE((*store)->add(record("b", 300'000)).ok());
    ASSERT_TRUE((*store)->add(record("c")).ok());
    ASSERT_TRUE((*store)->set_progress("a", {1, 5, 3}).ok());
    ASSERT_TRUE((*store)->end("c").ok());
    ASSERT_TRUE((*store)->set_progress("c", {1, 5, 3}).ok());
  }
  auto contents = (*open())->load();
  ASSERT_TRUE(contents.ok());
  ASSERT_THAT(contents->tasks, SizeIs(2));
  EXPECT_EQ(contents->tasks[0].record, record("a"));
  EXPECT_EQ(contents->tasks[0].progress, (TaskProgress{1, 5, 3}));
  EXPECT_EQ(contents->tasks[1].record, record("b", 300'000));
  EXPECT_THAT(contents->ended, ElementsAre("c"));
}

TEST_F(Store, IsReadableByNobodyElse) {
  ASSERT_TRUE(open().ok());
  struct stat found {};
  ASSERT_EQ(::stat(file().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(Store, ForgetsTheOldestThatHaveEnded) {
  auto with = options();
  with.kept_ended = 3;
  auto store = open_schedule_store(with);
  ASSERT_TRUE(store.ok());
  for (const char* uuid : {"a", "b", "c", "d", "d", "e"}) ASSERT_TRUE((*store)->end(uuid).ok());
  EXPECT_THAT((*store)->load()->ended, ElementsAre("c", "d", "e"));
}

TEST_F(Store, InUseByAnotherIsRefusedUntilThatOneEnds) {
  auto first = open();
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(complaint(), AllOf(HasSubstr(file()), HasSubstr("in use by another process")));
  first->reset();
  EXPECT_EQ(complaint(), "");
}

TEST_F(Store, OfAnotherProcessIsRefused) {
  ASSERT_TRUE(open().ok());
  auto with = options();
  with.process_name = "other";
  EXPECT_THAT(complaint(with), AllOf(HasSubstr(file()), HasSubstr("belongs to the process 'w'")));
}

TEST_F(Store, OfAnotherProgramIsRefusedAndLeftAlone) {
  replace("PRAGMA is not what this file says, it is a letter to somebody.");
  const auto before = content();
  EXPECT_THAT(complaint(), AllOf(HasSubstr(file()), HasSubstr("damaged")));
  EXPECT_EQ(content(), before);
}

TEST_F(Store, WithOtherTablesThanItsOwnIsDamaged) {
  ASSERT_TRUE(open().ok());
  const auto whole = content();
  for (const char* change :
       {"DROP TABLE ended", "CREATE TABLE more (a)", "CREATE INDEX more ON tasks (progress)",
        "CREATE TRIGGER more AFTER INSERT ON tasks BEGIN DELETE FROM tasks; END",
        "DROP TABLE tasks; CREATE TABLE tasks (uuid, record, record_digest, progress, progress_digest)"}) {
    replace(whole);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, change, nullptr, nullptr, nullptr), SQLITE_OK) << change;
    sqlite3_close(database);
    EXPECT_THAT(complaint(), AllOf(HasSubstr(file()), HasSubstr("damaged"))) << change;
  }
}

TEST_F(Store, FolderOrLinkInItsPlaceIsRefused) {
  std::filesystem::create_directory(file());
  EXPECT_THAT(complaint(), HasSubstr(file()));
  std::filesystem::remove(file());
  std::filesystem::create_symlink("/dev/null", file());
  EXPECT_THAT(complaint(), HasSubstr(file()));
}

TEST_F(Store, CutOffIsDamaged) {
  {
    auto store = open();
    ASSERT_TRUE((*store)->add(record("a", 50'000)).ok());
  }
  const auto whole = content();
  replace(whole.substr(0, whole.size() / 2));
  EXPECT_THAT(complaint(), AllOf(HasSubstr(file()), HasSubstr("damaged")));
}

// Wherever a bit flips: an error that names the file, or every task as it was.
TEST_F(Store, FlippedBitIsNoticedOrMeansNothing) {
  {
    auto store = open();
    for (const char* uuid : {"a", "b", "c"}) ASSERT_TRUE((*store)->add(record(uuid, 6'000)).ok());
    ASSERT_TRUE((*store)->set_progress("b", {1, 1, 0}).ok());
  }
  const auto whole = content();
  std::size_t noticed = 0;
  for (std::size_t at = 0; at < whole.size(); at += at < 4096 ? 7 : 131) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    replace(damaged);
    auto store = open();
    auto contents = store.ok() ? (*store)->load() : base::Result<ScheduleStore::Contents>(store.failure());
    if (!contents.ok()) {
      EXPECT_THAT(contents.failure().message, HasSubstr(file())) << at;
      ++noticed;
      continue;
    }
    ASSERT_THAT(contents->tasks, SizeIs(3)) << at;
    for (const auto& stored : contents->tasks) {
      EXPECT_EQ(stored.record, record(stored.record.uuid, 6'000)) << at;
      EXPECT_EQ(stored.progress.started, stored.record.uuid == "b" ? 1u : 0u) << at;
    }
  }
  EXPECT_GT(noticed, 100u);
}

TEST_F(Store, FullIsAnErrorAndWhatWasThereStays) {
  auto with = options();
  with.max_bytes = 256 << 10;
  auto store = open_schedule_store(with);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->add(record("a", 100'000)).ok());
  const auto added = (*store)->add(record("b", 200'000));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.failure().code, ErrorCode::system);
  EXPECT_THAT(added.failure().message, AllOf(HasSubstr(file()), HasSubstr("full")));
  EXPECT_THAT((*store)->load()->tasks, SizeIs(1));
  EXPECT_TRUE((*store)->end("a").ok());
  EXPECT_TRUE((*store)->add(record("b", 200'000)).ok()) << "there is room again";
}

// No file of this process grows beyond so many bytes, as on a disk that has no more.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(Store, DiskThatIsFullIsAnErrorAndWhatWasThereStays) {
  auto store = open();
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->add(record("a", 10'000)).ok());
  std::optional<base::Failure> failure;
  {
    const SmallDisk disk(64 << 10);
    const auto added = (*store)->add(record("b", 500'000));
    if (!added.ok()) failure = added.failure();
  }
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::system);
  EXPECT_THAT(failure->message, HasSubstr(file()));
  EXPECT_THAT((*store)->load()->tasks, SizeIs(1));
  EXPECT_TRUE((*store)->add(record("b", 500'000)).ok()) << "there is room again";
}

TEST_F(Store, OnADiskWithoutAnyRoomIsNotOpened) {
  std::string said;
  {
    const SmallDisk disk(100);
    said = complaint();
  }
  EXPECT_THAT(said, HasSubstr(file()));
}

TEST_F(Store, FolderThatIsNotThereOrTakesNoFilesIsAnError) {
  auto with = options();
  with.file = folder_.path() / "nowhere" / "w.schedules";
  EXPECT_THAT(complaint(with), HasSubstr(with.file));
  with.file = "/proc/self/w.schedules";
  EXPECT_THAT(complaint(with), HasSubstr(with.file));
}

TEST_F(Store, NameOfAProcessMayBeAnything) {
  auto with = options();
  with.process_name = "it's \"a\" name; DROP TABLE tasks";
  {
    auto store = open_schedule_store(with);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE((*store)->add(record("'; DROP TABLE tasks --")).ok());
  }
  auto store = open_schedule_store(with);
  ASSERT_TRUE(store.ok());
  EXPECT_THAT((*store)->load()->tasks, SizeIs(1));
}

}  // namespace
}  // namespace daffi::rpc
