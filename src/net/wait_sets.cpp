/// @file  WaitSets: the epoll, eventfd and timerfd calls behind them.
#include "net/wait_sets.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace daffi::net {
namespace {

enum Tag : std::uint64_t { kSocket, kWake, kKick, kTick, kWrite, kStop };

constexpr std::uint32_t kInput = EPOLLIN | EPOLLET | EPOLLEXCLUSIVE;

bool add(int set, int fd, std::uint32_t events, Tag tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0;
}

void signal_eventfd(int fd) {
  const std::uint64_t one = 1;
  // Never read back: each write is a new edge. The counter holds 2^64 of them.
  [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
}

base::Failure system_failure(const char* what) {
  return base::fail(ErrorCode::system, std::string(what) + ": " + std::strerror(errno));
}

timespec to_timespec(base::Duration span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span);
  return {seconds.count(), static_cast<long>((span - seconds).count())};
}

// Waits without a limit when `span` is a day or more: callers wait again in a loop anyway.
int wait_one(int set, base::Duration span, epoll_event& event) {
  if (span >= std::chrono::hours(24)) return epoll_wait(set, &event, 1, -1);
  if (span <= base::Duration::zero()) return epoll_wait(set, &event, 1, 0);
  const timespec limit = to_timespec(span);
  const int count = epoll_pwait2(set, &event, 1, &limit, nullptr);
  if (count >= 0 || errno != ENOSYS) return count;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return epoll_wait(set, &event, 1, static_cast<int>(ms));
}

Wake to_wake(int count, const epoll_event& event) {
  Wake wake;
  wake.timed_out = count == 0;
  wake.interrupted = count < 0 && errno == EINTR;
  if (count != 1) return wake;
  wake.stopped = event.data.u64 == kStop;
  wake.ticked = event.data.u64 == kTick;
  wake.writable = event.data.u64 == kWrite;
  return wake;
}

}  // namespace

base::Result<std::unique_ptr<WaitSets>> WaitSets::create() {
  std::unique_ptr<WaitSets> sets(new WaitSets);
  sets->user_ = epoll_create1(EPOLL_CLOEXEC);
  sets->worker_ = epoll_create1(EPOLL_CLOEXEC);
  sets->wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sets->kick_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sets->stop_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sets->tick_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  for (const int fd : {sets->user_, sets->worker_, sets->wake_, sets->kick_, sets->stop_, sets->tick_}) {
    if (fd < 0) return system_failure("cannot make the descriptors a node waits on");
  }
  const bool added = add(sets->user_, sets->wake_, EPOLLIN | EPOLLET, kWake) &&
                     add(sets->worker_, sets->kick_, EPOLLIN | EPOLLET, kKick) &&
                     add(sets->worker_, sets->tick_, EPOLLIN | EPOLLET, kTick) &&
                     add(sets->user_, sets->stop_, EPOLLIN, kStop) && add(sets->worker_, sets->stop_, EPOLLIN, kStop);
  if (!added) return system_failure("cannot fill the sets a node waits on");
  return sets;
}

WaitSets::~WaitSets() {
  for (const int fd : {user_, worker_, wake_, kick_, stop_, tick_, write_}) {
    if (fd >= 0) ::close(fd);
  }
}

base::Result<void> WaitSets::attach(int fd) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return system_failure("cannot duplicate the connection's descriptor");
  // The order of adding is the order of waking: the user set must come first.
  if (!add(user_, fd, kInput, kSocket) || !add(worker_, fd, kInput, kSocket)) {
    auto failure = system_failure("cannot watch the connection");
    ::close(copy);
    detach(fd);
    return failure;
  }
  base::Lock lock(mutex_);
  socket_ = fd;
  write_ = copy;
  left_to_callers_.store(false);
  return {};
}

void WaitSets::detach(int fd) {
  base::Lock lock(mutex_);
  epoll_ctl(user_, EPOLL_CTL_DEL, fd, nullptr);
  epoll_ctl(worker_, EPOLL_CTL_DEL, fd, nullptr);
  socket_ = -1;
  left_to_callers_.store(false);
  if (write_ < 0) return;
  epoll_ctl(worker_, EPOLL_CTL_DEL, write_, nullptr);
  ::close(write_);
  write_ = -1;
}

void WaitSets::leave_input_to_callers() {
  if (left_to_callers_.load(std::memory_order_relaxed)) return;
  base::Lock lock(mutex_);
  if (socket_ >= 0 && epoll_ctl(worker_, EPOLL_CTL_DEL, socket_, nullptr) == 0) left_to_callers_.store(true);
}

// What came meanwhile is reported as soon as the socket is added, which remains to be done if that fails.
void WaitSets::share_input() {
  if (!left_to_callers_.load(std::memory_order_relaxed)) return;
  base::Lock lock(mutex_);
  if (!left_to_callers_.load() || !add(worker_, socket_, kInput, kSocket)) return;
  left_to_callers_.store(false);
}

Wake WaitSets::wait_user(base::Duration span) {
  epoll_event event{};
  const int count = wait_one(user_, span, event);
  return to_wake(count, event);
}

Wake WaitSets::wait_worker(base::Duration span) {
  epoll_event event{};
  const int count = wait_one(worker_, span, event);
  return to_wake(count, event);
}

void WaitSets::wake_user() { signal_eventfd(wake_); }
void WaitSets::kick_worker() { signal_eventfd(kick_); }
void WaitSets::stop() { signal_eventfd(stop_); }

void WaitSets::arm_tick(base::Duration span) {
  itimerspec when{};
  when.it_value = to_timespec(std::max(span, base::Duration(1)));
  timerfd_settime(tick_, 0, &when, nullptr);
}

void WaitSets::arm_writable() {
  base::Lock lock(mutex_);  // against detach(), which closes it
  if (write_ < 0) return;
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  event.data.u64 = kWrite;
  // Not there before it is needed for the first time: even an entry that asks for nothing costs at every wake.
  if (epoll_ctl(worker_, EPOLL_CTL_MOD, write_, &event) != 0) epoll_ctl(worker_, EPOLL_CTL_ADD, write_, &event);
}

}  // namespace daffi::net
