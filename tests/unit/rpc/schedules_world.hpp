/// @file  Schedules under a fake clock, with callbacks that end when a test says so and a store that may fail.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/fake_clock.hpp"
#include "net/virtual_loop.hpp"
#include "rpc/schedules.hpp"

namespace daffi::rpc {

/// Keeps what it is told in memory. Thread: the test's.
class FakeStore final : public ScheduleStore {
 public:
  struct Disk {
    std::map<std::string, Stored> tasks;
    std::vector<std::string> ended;
    std::string trouble;  ///< empty: none
  };
  explicit FakeStore(Disk& disk) : disk_(disk) {}

  base::Result<Contents> load() override {
    if (!disk_.trouble.empty()) return trouble();
    Contents contents{{}, disk_.ended};
    for (const auto& [uuid, stored] : disk_.tasks) contents.tasks.push_back(stored);
    return contents;
  }
  base::Result<void> add(const TaskRecord& record) override {
    if (!disk_.trouble.empty()) return trouble();
    disk_.tasks[record.uuid] = {record, {}};
    return {};
  }
  base::Result<void> set_progress(const std::string& uuid, const TaskProgress& progress) override {
    if (!disk_.trouble.empty()) return trouble();
    if (disk_.tasks.contains(uuid)) disk_.tasks[uuid].progress = progress;
    return {};
  }
  base::Result<void> end(const std::string& uuid) override {
    if (!disk_.trouble.empty()) return trouble();
    disk_.tasks.erase(uuid);
    disk_.ended.push_back(uuid);
    return {};
  }

 private:
  base::Failure trouble() const { return base::fail(ErrorCode::system, disk_.trouble); }
  Disk& disk_;
};

/// A process's callbacks, all of which begin at once; those of `held` end by finish(). Thread: the test's.
class FakeHost final : public ScheduleHost {
 public:
  struct Run {
    std::string callback, caller, arguments;
    base::WallTime at;
  };
  explicit FakeHost(net::VirtualLoop& loop) : loop_(loop) {}

  bool has_callback(const std::string& name) const override { return callbacks.contains(name); }
  void post(std::function<void(std::shared_ptr<void>)> task) override {
    loop_.post([task = std::move(task), busy = std::make_shared<int>()] { task(busy); });
  }
  bool run(LocalCall call, LocalDone done) override {
    if (!callbacks.contains(call.callback)) return false;
    const std::string arguments(base::as_text(*call.arguments));
    runs.push_back({call.callback, call.caller.name, arguments, loop_.clock().wall()});
    if (on_run) on_run();
    stop = call.stop;
    if (held.contains(call.callback)) {
      going.emplace_back(std::move(call), std::move(done));
    } else {
      done(failure);
    }
    return true;
  }
  void request_stop(std::stop_source source) override { source.request_stop(); }
  /// Ends the run that has gone on for longest.
  void finish() {
    auto [call, done] = std::move(going.front());
    going.erase(going.begin());
    done(failure);
  }

  std::set<std::string> callbacks{"f"};
  std::set<std::string> held;
  std::vector<Run> runs;
  std::vector<std::pair<LocalCall, LocalDone>> going;
  std::optional<base::Failure> failure;
  std::stop_token stop;
  std::function<void()> on_run;

 private:
  net::VirtualLoop& loop_;
};

/// One process, and what is left of it after it was killed.
struct SchedulesWorld {
  explicit SchedulesWorld(ScheduleLimits process_limits = {}) : limits(process_limits) { start(); }
  ~SchedulesWorld() { end(); }

  /// Runs that go on are let go of: what ends them refers to the schedules, which refer to their host.
  void end() {
    schedules->stop();
    host->going.clear();
  }

  void start() {
    host = std::make_shared<FakeHost>(loop);
    schedules = std::make_shared<Schedules>(loop, host, limits);
  }
  /// Ends the process as kill -9 does, and starts another one `later` with the same store.
  base::Result<void> restart(base::Duration later, bool with_callback = true) {
    end();
    clock.advance(later);
    start();
    if (!with_callback) host->callbacks.clear();
    return schedules->restore(std::make_unique<FakeStore>(disk));
  }
  base::Result<std::string> add(ScheduleRequest request, const std::string& who = "asker") {
    return schedules->add({std::move(request), std::as_bytes(std::span("\x90\x80", 2))}, Caller{7, who, identity});
  }
  std::string every(base::Duration interval, const std::string& callback = "f") {
    return *add({callback, {}, interval.count()});
  }
  /// Moments that are so long after now.
  std::string after(const std::vector<base::Duration>& waits, const std::string& callback = "f") {
    ScheduleRequest request{callback, {}, 0};
    for (const auto wait : waits) request.at.push_back((clock.wall().time_since_epoch() + wait).count());
    return *add(request);
  }
  void pass(base::Duration span) { loop.advance(span); }
  std::size_t runs() const { return host->runs.size(); }
  TaskEntry entry(const std::string& uuid) const {
    for (const TaskEntry& each : schedules->list("").tasks) {
      if (each.uuid == uuid) return each;
    }
    return {};
  }

  ScheduleLimits limits;
  base::FakeClock clock;
  net::VirtualLoop loop{clock};
  FakeStore::Disk disk;
  wire::Identity identity{wire::Identity::Kind::peercred, 1000, "host"};
  std::shared_ptr<FakeHost> host;
  std::shared_ptr<Schedules> schedules;
};

}  // namespace daffi::rpc
