/// @file  Case 10: wall clocks that are set by an hour, both ways, while calls are made and tasks wait for their time.
#include <daffi/daffi.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

#include "faults/field.hpp"
#include "faults/ledger.hpp"
#include "support/waiting.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

// The clock of whoever is started while it is there.
class WallClock {
 public:
  explicit WallClock(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(::ftruncate(descriptor, sizeof(std::int64_t)), 0);
    offset_ = static_cast<std::atomic<std::int64_t>*>(
        ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
    ::close(descriptor);
  }
  ~WallClock() { ::munmap(offset_, sizeof(std::int64_t)); }
  WallClock(const WallClock&) = delete;
  WallClock& operator=(const WallClock&) = delete;

  /// From now on, against the true one.
  void set(std::chrono::seconds offset) { offset_->store(offset.count()); }

 private:
  std::atomic<std::int64_t>* offset_;
};

struct Clocks : Field {
  Clocks() { environment_ = {{"LD_PRELOAD", program("wall_clock.so")}, {"DAFFI_TEST_WALL_CLOCK", folder() / "clock"}}; }

  WallClock clock_{folder() / "clock"};
  const std::vector<std::string> attentive_{"--heartbeat", "2", "--grace", "0.5", "--connect-wait", "5"};
};

TEST_F(Clocks, ThatAreSetByAnHourBothWaysUnderLoadCostNoCallAndNoConnection) {
  start_controller(attentive_);
  start_callee("callee", attentive_);
  start_caller("unary,batch,stream,feed,large", attentive_);
  await_calls("caller", 100);
  for (const auto offset : {1h, -1h, 2h, 0h}) {
    clock_.set(offset);
    await_calls("caller", 200);
  }
  finish();
  EXPECT_EQ(counter(stop("caller"), "reconnects"), 0u);
  EXPECT_EQ(counter(stop("callee"), "reconnects"), 0u);
  EXPECT_EQ(judge().failed, 0u);
}

// The planner is this process, whose clock is right.
struct TaskClocks : Clocks {
  TaskClocks() {
    start_controller();
    start_keeper();
    GlobalOptions options;
    options.process_name = "planner";
    options.unix_sock_path = folder();
    planner_.emplace(options);
    planner_->wait_function("serving", 30);
  }
  void start_keeper() { start_callee("keeper", {"--state", folder() / "state"}); }
  // Of which the ledger shows whether it has run. Nobody waits for it.
  void plan(const std::string& id, system_clock::time_point when) {
    ledger_.sent(id, CallKind::unary, 0ms);
    planner_->call("work", id) & PERIOD{.at_time = when};
    ledger_.failed(id, static_cast<int>(ErrorCode::timeout), true);
  }
  std::size_t waiting() {
    std::size_t moments = 0;
    for (const auto& task : planner_->get_scheduled_tasks("keeper")) moments += task.number_of_active_tasks;
    return moments;
  }
  std::uint64_t runs(const ScheduledTask& of) {
    for (const auto& task : planner_->get_scheduled_tasks("keeper")) {
      if (task.uuid == of.uuid()) return task.runs;
    }
    return 0;
  }
  void await_moments(std::size_t left) {
    wait_until([&] { return waiting() == left; }, "a moment that has come was not run");
  }
  void await_runs(const ScheduledTask& task, std::uint64_t more) {
    const auto wanted = runs(task) + more;
    wait_until([&] { return runs(task) >= wanted; }, "the interval does not go on");
  }
  Verdict close() {
    planner_->stop();
    ledger_.closed();
    return judge();
  }

  Ledger ledger_{ledgers(), "planner"};
  std::optional<Global> planner_;
};

TEST_F(TaskClocks, ThatAreSetLoseNoMomentAndDoubleNoneAndIntervalsDoNotMind) {
  const auto now = system_clock::now();
  const auto every = planner_->call("serving") & PERIOD{.interval = "20 ms"};
  plan("planner.1", now + 30min);
  plan("planner.2", now + 90min);
  plan("planner.3", now + 5h);
  await_runs(every, 5);
  EXPECT_EQ(waiting(), 3u);
  clock_.set(1h);
  await_moments(2);
  await_runs(every, 5);
  // Back, and through the same time again: what has run does not run once more.
  clock_.set(-1h);
  await_runs(every, 60);
  EXPECT_EQ(waiting(), 2u) << "too early, or again";
  clock_.set(2h);
  await_moments(1);
  await_runs(every, 5);
  // The same after a restart with another clock.
  kill("keeper");
  clock_.set(-1h);
  start_keeper();
  planner_->wait_function("serving", 30);
  await_runs(every, 60);
  EXPECT_EQ(waiting(), 1u);
  EXPECT_TRUE(every.cancel());
  EXPECT_EQ(close().executions, 2u);
}

}  // namespace
}  // namespace daffi::tests
