/// @file  EpollLoop: wait, events, timers, posts, deferred work; then again.
#include "net/epoll_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace daffi::net {
namespace {

constexpr std::size_t events_per_round = 128;
constexpr std::uint64_t wake_tag = ~std::uint64_t{0};
constexpr std::uint64_t alarm_tag = wake_tag - 1;
constexpr std::uint32_t read_events = EPOLLIN | EPOLLRDHUP | EPOLLET;

std::uint64_t tag_of(int fd, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd);
}

base::Failure system_failure(const char* what) {
  return base::fail(ErrorCode::system, std::string(what) + ": " + std::generic_category().message(errno));
}

}  // namespace

base::Result<std::unique_ptr<EpollLoop>> EpollLoop::create() {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_failure("cannot make an epoll set");
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return system_failure("cannot make an eventfd");
  Descriptor alarm(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!alarm) return system_failure("cannot make a timerfd");
  // Edge-triggered, so that they need never be read: each write is an event, and 64 bits do not fill up.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = wake_tag;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
    return system_failure("cannot watch an eventfd");
  event.data.u64 = alarm_tag;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, alarm.get(), &event) != 0)
    return system_failure("cannot watch a timerfd");
  return std::unique_ptr<EpollLoop>(new EpollLoop(std::move(epoll), std::move(wake), std::move(alarm)));
}

EpollLoop::EpollLoop(Descriptor epoll, Descriptor wake, Descriptor alarm)
    : epoll_(std::move(epoll)), wake_(std::move(wake)), alarm_(std::move(alarm)) {}

EpollLoop::~EpollLoop() {
  {
    const base::Lock lock(mutex_);
    ended_ = true;
    batch_.swap(posts_);
  }
  // What a dropped task owns may post or cancel while it is destroyed, so everything else still stands here.
  batch_.clear();
  timers_.clear();
}

bool EpollLoop::in_loop_thread() const { return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

void EpollLoop::post(std::function<void()> task) {
  const base::Lock lock(mutex_);
  if (ended_) return;  // the argument outlives the lock: it is destroyed by the caller
  posts_.push_back(std::move(task));
  if (!sleeping_.exchange(false)) return;
  const std::uint64_t one = 1;
  // Under the lock, so that the loop cannot end and close wake_ in between. Fails only for a full counter.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

TimerId EpollLoop::add_timer(base::SteadyTime at, std::function<void()> task) {
  return timers_.add(at, std::move(task));
}

void EpollLoop::cancel_timer(TimerId id) { timers_.cancel(id); }

base::Result<void> EpollLoop::watch(int fd, Watcher& watcher) {
  assert(fd >= 0);
  const auto index = static_cast<std::size_t>(fd);
  epoll_event event{};
  event.events = read_events | EPOLLOUT;
  event.data.u64 = tag_of(fd, ++last_generation_);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return system_failure("cannot watch a descriptor");
  const base::Lock lock(watched_mutex_);
  if (index >= watched_.size()) watched_.resize(index + index / 2 + 16);
  watched_[index] = {&watcher, last_generation_};
  return {};
}

void EpollLoop::forget(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  const base::Lock lock(watched_mutex_);
  if (fd < 0 || index >= watched_.size() || watched_[index].watcher == nullptr) return;
  watched_[index].watcher = nullptr;
  epoll_event unused{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused);
}

void EpollLoop::watch_writes(int fd, bool on) {
  const auto index = static_cast<std::size_t>(fd);
  const base::Lock lock(watched_mutex_);
  if (fd < 0 || index >= watched_.size() || watched_[index].watcher == nullptr) return;
  epoll_event event{};
  event.events = on ? read_events | EPOLLOUT : read_events;
  event.data.u64 = tag_of(fd, watched_[index].generation);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EpollLoop::run() {
  adopt();
  for (;;) {
    run_once(base::Duration::max());
    const base::Lock lock(mutex_);
    if (ended_) return;
  }
}

void EpollLoop::stop() {
  const base::Lock lock(mutex_);
  if (ended_ || stopping_) return;
  stopping_ = true;
  if (!sleeping_.exchange(false)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void EpollLoop::run_once(base::Duration wait) {
  adopt();
  std::array<epoll_event, events_per_round> events;
  const bool due = set_alarm();
  const base::Duration limit = !due && deferred_.empty() && prepare_to_sleep() ? wait : base::Duration::zero();
  const int count = wait_for_events(events.data(), limit);
  sleeping_.store(false);
  for (int i = 0; i < count; ++i) dispatch(events[static_cast<std::size_t>(i)]);
  if (std::exchange(alarm_rang_, false) || due) run_timers();
  run_posts();
  deferred_.run();
}

// False when there are posts, or the end, to be seen to first.
bool EpollLoop::prepare_to_sleep() {
  const base::Lock lock(mutex_);
  if (!posts_.empty() || stopping_) return false;
  sleeping_.store(true);
  return true;
}

// True when a timer is due already. One that was taken away, or moved to later, leaves the alarm as it is: what it
// costs is a round in which nothing is due.
bool EpollLoop::set_alarm() {
  const auto next = timers_.next();
  if (!next || *next >= alarm_at_) return false;
  if (*next <= clock_.now()) return true;
  const auto since = std::min(next->time_since_epoch(), base::Duration(std::chrono::hours(24 * 365 * 100)));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = (since - seconds).count();
  ::timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  alarm_at_ = *next;
  return false;
}

// How many events there are; a signal, or a time-out, gives none.
int EpollLoop::wait_for_events(epoll_event* events, base::Duration wait) {
  constexpr int capacity = static_cast<int>(events_per_round);
  const bool forever = wait == base::Duration::max();
  static std::atomic<bool> has_pwait2{true};
  if (has_pwait2.load(std::memory_order_relaxed)) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
    timespec limit{};
    limit.tv_sec = seconds.count();
    limit.tv_nsec = (wait - seconds).count();
    const int count = ::epoll_pwait2(epoll_.get(), events, capacity, forever ? nullptr : &limit, nullptr);
    if (count >= 0 || errno != ENOSYS) return count;
    has_pwait2.store(false, std::memory_order_relaxed);  // Linux before 5.11
  }
  // Rounded up: rounded down, a timer less than a millisecond away would be waited for by spinning.
  const auto whole = std::min(std::chrono::ceil<std::chrono::milliseconds>(wait), std::chrono::milliseconds(1 << 30));
  return ::epoll_wait(epoll_.get(), events, capacity, forever ? -1 : static_cast<int>(whole.count()));
}

void EpollLoop::dispatch(const epoll_event& event) {
  if (event.data.u64 == wake_tag) return;
  if (event.data.u64 == alarm_tag) {
    alarm_rang_ = true;
    alarm_at_ = base::SteadyTime::max();
    return;
  }
  const auto index = static_cast<std::size_t>(static_cast<std::uint32_t>(event.data.u64));
  const Watched watched = watched_[index];
  // Forgotten earlier in this round, perhaps its number given to another descriptor since.
  if (watched.watcher == nullptr || watched.generation != event.data.u64 >> 32) return;
  const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  watched.watcher->on_ready({.readable = broken || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0,
                             .writable = broken || (event.events & EPOLLOUT) != 0,
                             .ended = broken || (event.events & EPOLLRDHUP) != 0});
}

void EpollLoop::run_timers() {
  if (timers_.size() == 0) return;
  const auto now = clock_.now();
  const TimerId limit = timers_.next_id();  // a timer that sets itself to now waits for the next round
  while (auto task = timers_.take_due(now, limit)) task();
}

void EpollLoop::run_posts() {
  bool stopping = false;
  {
    const base::Lock lock(mutex_);
    batch_.swap(posts_);
    stopping = stopping_;
  }
  for (auto& task : batch_) {
    task();
    task = nullptr;  // what it owns goes before the next one runs
  }
  batch_.clear();
  if (!stopping) return;
  deferred_.run();
  {
    const base::Lock lock(mutex_);
    ended_ = true;
    batch_.swap(posts_);
  }
  batch_.clear();  // dropped, but not under the lock
}

}  // namespace daffi::net
