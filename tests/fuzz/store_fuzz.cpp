/// @file  Properties of the file of scheduled tasks, whatever is in it: it is refused by name, or gives tasks that are
/// what was written; refused as somebody else's it is left as it was; what is added to it is there when it is opened
/// again.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "rpc/schedule_store.hpp"

namespace {

namespace rpc = daffi::rpc;
using daffi::ErrorCode;

// In memory where that can be had: every input is a file.
struct Folder {
  Folder() : path(std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path()) {
    path += "/daffi-store-" + std::string(6, 'X');
    if (::mkdtemp(path.data()) == nullptr) std::abort();
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& file, std::string_view bytes) {
  for (const char* beside : {"", "-journal", "-wal", "-shm"}) std::filesystem::remove(file + beside);
  std::ofstream(file, std::ios::binary) << bytes;
}

bool names(const daffi::base::Failure& failure, const std::string& file) {
  return failure.message.find(file) != std::string::npos;
}

// Nothing was changed in a file that was seen to be another's.
void check_refusal(const daffi::base::Failure& failure, const std::string& file, std::string_view before) {
  if (failure.code != ErrorCode::initialization || !names(failure, file)) std::abort();
  for (const char* others : {"is another program's", "belongs to the process", "of another version"}) {
    if (failure.message.find(others) != std::string::npos && content(file) != before) std::abort();
  }
}

void check_tasks(const rpc::ScheduleStore::Contents& contents) {
  for (const auto& task : contents.tasks) {
    const auto again = rpc::decode_record(rpc::encode_record(task.record));
    if (!again.ok() || *again != task.record) std::abort();
    if (task.progress.started > task.record.at.size()) std::abort();
  }
}

rpc::TaskRecord new_task() {
  rpc::TaskRecord record;
  record.uuid = "new";
  record.callback = "f";
  record.interval = 1'000'000'000;
  record.scheduler = "asker";
  return record;
}

std::ptrdiff_t count(const rpc::ScheduleStore::Contents& contents, const std::string& uuid) {
  return std::ranges::count_if(contents.tasks, [&](const auto& task) { return task.record.uuid == uuid; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64u << 10) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const Folder folder;
  const rpc::StoreOptions options{.file = folder.path + "/w.schedules", .process_name = "w", .kept_ended = 8};
  put(options.file, bytes);
  std::size_t kept = 0;
  {
    auto store = rpc::open_schedule_store(options);
    if (!store.ok()) {
      check_refusal(store.failure(), options.file, bytes);
      return 0;
    }
    const auto before = (*store)->load();
    if (!before.ok()) {
      if (!names(before.failure(), options.file)) std::abort();
      return 0;
    }
    check_tasks(*before);
    if (count(*before, "new") > 0) return 0;
    const auto added = (*store)->add(new_task());
    if (!added.ok()) {
      // A damaged index is noticed by who writes to it.
      if (!names(added.failure(), options.file)) std::abort();
      return 0;
    }
    kept = before->tasks.size();
  }
  auto store = rpc::open_schedule_store(options);
  if (!store.ok()) std::abort();
  const auto after = (*store)->load();
  if (!after.ok() || after->tasks.size() != kept + 1 || count(*after, "new") != 1) std::abort();
  return 0;
}
