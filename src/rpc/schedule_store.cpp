/// @file  ScheduleStore on SQLite, which is not seen anywhere else.
#include "rpc/schedule_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/annotations.hpp"
#include "net/identity.hpp"

namespace daffi::rpc {
namespace {

// In the file's header, so that no other program's file is taken for ours.
constexpr int kApplicationId = 0x64616666;  // "daff"
constexpr int kVersion = 1;
constexpr int kPageSize = 4096;

// As they stand in every file that was ever made: the version goes up when one of them changes.
constexpr std::array<const char*, 3> kSchema{
    "CREATE TABLE owner (process TEXT NOT NULL)",
    "CREATE TABLE tasks (uuid TEXT PRIMARY KEY, record BLOB NOT NULL, record_digest BLOB NOT NULL,"
    "                    progress BLOB NOT NULL, progress_digest BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE ended (number INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE)"};

using Digest = std::array<std::byte, 16>;

// SQLite notices a torn page, not a flipped bit inside of one.
Digest digest_of(const std::string& uuid, base::Bytes content) {
  const auto mac = net::hmac_sha256({}, {std::as_bytes(std::span(uuid)), content});
  Digest digest;
  std::copy_n(mac.begin(), digest.size(), digest.begin());
  return digest;
}

/// One statement. Strand: under the store's mutex.
class Statement {
 public:
  Statement(sqlite3* database, const char* text) {
    status_ = sqlite3_prepare_v2(database, text, -1, &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // What is bound lives as long as the statement.
  Statement& with(const std::string& text) {
    return did(sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_STATIC));
  }
  Statement& with(base::Bytes blob) {
    return did(sqlite3_bind_blob64(statement_, ++bound_, blob.data(), blob.size(), SQLITE_STATIC));
  }
  Statement& with(std::int64_t number) { return did(sqlite3_bind_int64(statement_, ++bound_, number)); }

  /// SQLITE_ROW, SQLITE_DONE, or what went wrong.
  int step() { return status_ == SQLITE_OK ? sqlite3_step(statement_) : status_; }
  std::string text(int column) {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return data == nullptr ? std::string() : std::string(data, size(column));
  }
  base::Bytes blob(int column) {
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
    return data == nullptr ? base::Bytes() : base::Bytes(data, size(column));
  }
  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }

 private:
  Statement& did(int status) {
    if (status_ == SQLITE_OK) status_ = status;
    return *this;
  }
  std::size_t size(int column) { return static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)); }

  sqlite3_stmt* statement_ = nullptr;
  int status_ = SQLITE_OK;
  int bound_ = 0;
};

class SqliteStore final : public ScheduleStore {
 public:
  explicit SqliteStore(StoreOptions options) : options_(std::move(options)) {}
  ~SqliteStore() override { sqlite3_close(database_); }

  base::Result<void> open();
  base::Result<Contents> load() override;
  base::Result<void> add(const TaskRecord& record) override;
  base::Result<void> set_progress(const std::string& uuid, const TaskProgress& progress) override;
  base::Result<void> end(const std::string& uuid) override;

 private:
  base::Result<void> make_file();
  base::Result<void> check_owner() DAFFI_REQUIRES(mutex_);
  base::Result<void> check_tables() DAFFI_REQUIRES(mutex_);
  base::Result<void> check_whole() DAFFI_REQUIRES(mutex_);
  base::Result<void> make_tables() DAFFI_REQUIRES(mutex_);
  base::Result<std::int64_t> number_of(const char* query) DAFFI_REQUIRES(mutex_);
  base::Result<void> execute(const char* text) DAFFI_REQUIRES(mutex_);
  base::Result<void> finish(Statement& statement) DAFFI_REQUIRES(mutex_);
  base::Failure failed(int status) DAFFI_REQUIRES(mutex_);
  base::Failure failure(const std::string& what) const {
    return base::fail(ErrorCode::system, "the file of scheduled tasks '" + options_.file + "' " + what);
  }
  base::Failure damaged(const std::string& how) const {
    return failure("is damaged (" + how + "); move it away to begin without its tasks");
  }

  const StoreOptions options_;
  base::Mutex mutex_;
  sqlite3* database_ DAFFI_GUARDED_BY(mutex_) = nullptr;
};

/// All or nothing.
class Transaction {
 public:
  explicit Transaction(sqlite3* database) : database_(database) {
    status_ = sqlite3_exec(database, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  }
  ~Transaction() {
    // Some errors have rolled back already.
    if (!done_ && sqlite3_get_autocommit(database_) == 0) {
      sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  int begun() const { return status_; }
  int commit() {
    const int status = sqlite3_exec(database_, "COMMIT", nullptr, nullptr, nullptr);
    done_ = status == SQLITE_OK;
    return status;
  }

 private:
  sqlite3* const database_;
  int status_;
  bool done_ = false;
};

base::Failure SqliteStore::failed(int status) {
  const std::string words = sqlite3_errmsg(database_);
  switch (status & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(words);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return failure("is in use by another process");
    case SQLITE_FULL:
      return failure("is full, or its disk is");
    case SQLITE_IOERR:
      if (const int error = sqlite3_system_errno(database_); error != 0) {
        return failure("cannot be read or written: " + std::generic_category().message(error));
      }
      return failure("cannot be read or written: " + words);
    default:
      return failure("cannot be used: " + words);
  }
}

base::Result<void> SqliteStore::execute(const char* text) {
  const int status = sqlite3_exec(database_, text, nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return failed(status);
  return {};
}

base::Result<void> SqliteStore::finish(Statement& statement) {
  const int status = statement.step();
  if (status != SQLITE_DONE) return failed(status);
  return {};
}

base::Result<std::int64_t> SqliteStore::number_of(const char* query) {
  Statement statement(database_, query);
  const int status = statement.step();
  if (status != SQLITE_ROW) return failed(status);
  return statement.number(0);
}

// For its rights: SQLite gives the files beside it the same ones.
base::Result<void> SqliteStore::make_file() {
  const int file = ::open(options_.file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (file < 0) return failure("cannot be opened: " + std::generic_category().message(errno));
  struct stat found {};
  const bool looked = ::fstat(file, &found) == 0;
  ::close(file);
  if (!looked || !S_ISREG(found.st_mode)) return failure("is not a plain file");
  if (found.st_uid != ::geteuid()) return failure("belongs to another user");
  return {};
}

base::Result<void> SqliteStore::open() {
  if (auto made = make_file(); !made.ok()) return made;
  base::Lock lock(mutex_);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  const int status = sqlite3_open_v2(options_.file.c_str(), &database_, flags, nullptr);
  if (status != SQLITE_OK) return failed(status);
  const std::string pages = "PRAGMA max_page_count=" + std::to_string(options_.max_bytes / kPageSize);
  // The lock comes with the first transaction and stays.
  for (const char* each : {"PRAGMA page_size=4096", "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA trusted_schema=OFF",
                           "PRAGMA cell_size_check=ON", "BEGIN EXCLUSIVE", "COMMIT"}) {
    if (auto done = execute(each); !done.ok()) return done;
  }
  if (auto owner = check_owner(); !owner.ok()) return owner;
  // With a rollback journal everything committed stands in the file itself, where damage is noticed; what is damaged in
  // a write-ahead log just ends it.
  for (const char* each : {"PRAGMA journal_mode=TRUNCATE", "PRAGMA synchronous=FULL", pages.c_str()}) {
    if (auto done = execute(each); !done.ok()) return done;
  }
  return check_whole();
}

// Before anything is changed: the file may be anybody's.
base::Result<void> SqliteStore::check_owner() {
  const auto application = number_of("PRAGMA application_id");
  if (!application.ok()) return application.failure();
  const auto tables = number_of("SELECT count(*) FROM sqlite_master");
  if (!tables.ok()) return tables.failure();
  if (*application == 0 && *tables == 0) return make_tables();
  if (*application != kApplicationId) return failure("is another program's");
  const auto version = number_of("PRAGMA user_version");
  if (!version.ok()) return version.failure();
  if (*version != kVersion) {
    return failure("is of another version of daffi (" + std::to_string(*version) + ", this one knows " +
                   std::to_string(kVersion) + ")");
  }
  if (auto tables_are_ours = check_tables(); !tables_are_ours.ok()) return tables_are_ours;
  Statement owner(database_, "SELECT process FROM owner");
  const int status = owner.step();
  if (status == SQLITE_DONE) return damaged("it does not say whose it is");
  if (status != SQLITE_ROW) return failed(status);
  if (owner.text(0) != options_.process_name) return failure("belongs to the process '" + owner.text(0) + "'");
  return {};
}

// What else might stand there (a trigger, a table of another shape) could undo what is written without an error.
base::Result<void> SqliteStore::check_tables() {
  Statement tables(database_, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid");
  std::size_t found = 0;
  int status;
  while ((status = tables.step()) == SQLITE_ROW) {
    if (found == kSchema.size() || tables.text(0) != kSchema[found]) return damaged("its tables are not ours");
    ++found;
  }
  if (status != SQLITE_DONE) return failed(status);
  if (found != kSchema.size()) return damaged("a table is missing");
  return {};
}

base::Result<void> SqliteStore::make_tables() {
  Transaction transaction(database_);
  if (transaction.begun() != SQLITE_OK) return failed(transaction.begun());
  for (const char* table : kSchema) {
    if (auto done = execute(table); !done.ok()) return done;
  }
  Statement owner(database_, "INSERT INTO owner VALUES (?)");
  if (auto done = finish(owner.with(options_.process_name)); !done.ok()) return done;
  const std::string marks =
      "PRAGMA application_id=" + std::to_string(kApplicationId) + "; PRAGMA user_version=" + std::to_string(kVersion);
  if (auto done = execute(marks.c_str()); !done.ok()) return done;
  if (const int status = transaction.commit(); status != SQLITE_OK) return failed(status);
  return {};
}

base::Result<void> SqliteStore::check_whole() {
  Statement check(database_, "PRAGMA quick_check(1)");
  const int status = check.step();
  if (status != SQLITE_ROW) return failed(status);
  const std::string said = check.text(0);
  if (said != "ok") return damaged(said);
  return {};
}

base::Result<ScheduleStore::Contents> SqliteStore::load() {
  base::Lock lock(mutex_);
  Contents contents;
  Statement tasks(database_, "SELECT uuid, record, record_digest, progress, progress_digest FROM tasks");
  int status;
  while ((status = tasks.step()) == SQLITE_ROW) {
    const std::string uuid = tasks.text(0);
    if (!std::ranges::equal(digest_of(uuid, tasks.blob(1)), tasks.blob(2)) ||
        !std::ranges::equal(digest_of(uuid, tasks.blob(3)), tasks.blob(4))) {
      return damaged("task " + uuid + " is not what was written");
    }
    auto record = decode_record(tasks.blob(1));
    auto progress = decode_progress(tasks.blob(3));
    if (!record.ok() || !progress.ok() || record->uuid != uuid || progress->started > record->at.size()) {
      return damaged("task " + uuid + " cannot be read");
    }
    contents.tasks.push_back({std::move(*record), *progress});
  }
  if (status != SQLITE_DONE) return failed(status);
  Statement ended(database_, "SELECT uuid FROM ended ORDER BY number");
  while ((status = ended.step()) == SQLITE_ROW) contents.ended.push_back(ended.text(0));
  if (status != SQLITE_DONE) return failed(status);
  return contents;
}

base::Result<void> SqliteStore::add(const TaskRecord& record) {
  const auto content = encode_record(record), progress = encode_progress({});
  const auto content_digest = digest_of(record.uuid, content), progress_digest = digest_of(record.uuid, progress);
  base::Lock lock(mutex_);
  Statement insert(database_, "INSERT INTO tasks VALUES (?, ?, ?, ?, ?)");
  return finish(
      insert.with(record.uuid).with(content).with(content_digest).with(progress).with(base::Bytes(progress_digest)));
}

base::Result<void> SqliteStore::set_progress(const std::string& uuid, const TaskProgress& progress) {
  const auto content = encode_progress(progress);
  const auto digest = digest_of(uuid, content);
  base::Lock lock(mutex_);
  Statement update(database_, "UPDATE tasks SET progress = ?, progress_digest = ? WHERE uuid = ?");
  return finish(update.with(base::Bytes(content)).with(base::Bytes(digest)).with(uuid));
}

base::Result<void> SqliteStore::end(const std::string& uuid) {
  base::Lock lock(mutex_);
  Transaction transaction(database_);
  if (transaction.begun() != SQLITE_OK) return failed(transaction.begun());
  Statement remove(database_, "DELETE FROM tasks WHERE uuid = ?");
  if (auto done = finish(remove.with(uuid)); !done.ok()) return done;
  Statement remember(database_, "INSERT OR IGNORE INTO ended (uuid) VALUES (?)");
  if (auto done = finish(remember.with(uuid)); !done.ok()) return done;
  Statement forget(database_, "DELETE FROM ended WHERE number <= (SELECT max(number) FROM ended) - ?");
  if (auto done = finish(forget.with(static_cast<std::int64_t>(options_.kept_ended))); !done.ok()) return done;
  if (const int status = transaction.commit(); status != SQLITE_OK) return failed(status);
  return {};
}

}  // namespace

base::Result<std::unique_ptr<ScheduleStore>> open_schedule_store(const StoreOptions& options) {
  auto store = std::make_unique<SqliteStore>(options);
  auto opened = store->open();
  if (!opened.ok()) return base::fail(ErrorCode::initialization, opened.failure().message);
  return std::unique_ptr<ScheduleStore>(std::move(store));
}

}  // namespace daffi::rpc
