/// @file  SignalWatch.
#include "global/signal_watch.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/annotations.hpp"

namespace daffi::global_ {

namespace {

base::Mutex mutex;
int watches DAFFI_GUARDED_BY(mutex) = 0;
struct sigaction before_int DAFFI_GUARDED_BY(mutex);
struct sigaction before_term DAFFI_GUARDED_BY(mutex);

// What the handler touches: async-signal-safe. The descriptor is never closed, so that a late handler finds it.
std::atomic<int> signalled{-1};
std::atomic<int> received{0};

void on_signal(int number) {
  const int saved = errno;
  if (received.fetch_add(1) > 0) ::_exit(128 + number);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(signalled.load(), &one, sizeof one);
  errno = saved;
}

void clear_event() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(signalled.load(), &count, sizeof count);
  received.store(0);
}

// A child's signals are its own affair: left as they are, they would reach the parent through the shared event.
void lock_for_fork() DAFFI_NO_THREAD_SAFETY_ANALYSIS { mutex.lock(); }
void go_on_in_parent() DAFFI_NO_THREAD_SAFETY_ANALYSIS { mutex.unlock(); }
void go_on_in_child() DAFFI_NO_THREAD_SAFETY_ANALYSIS {
  if (std::exchange(watches, 0) > 0) {
    ::sigaction(SIGINT, &before_int, nullptr);
    ::sigaction(SIGTERM, &before_term, nullptr);
  }
  signalled.store(-1);
  mutex.unlock();
}

}  // namespace

SignalWatch::SignalWatch() {
  static const int registered = ::pthread_atfork(lock_for_fork, go_on_in_parent, go_on_in_child);
  static_cast<void>(registered);
  const base::Lock lock(mutex);
  if (watches++ > 0) {
    unblock();
    return;
  }
  if (signalled.load() < 0) signalled.store(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  clear_event();
  struct sigaction action = {};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &before_int);
  ::sigaction(SIGTERM, &action, &before_term);
  unblock();
}

// An application may have blocked both in all of its threads, so that none is lost before it joins: the joining thread
// takes them, the second one too.
void SignalWatch::unblock() {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &ours, &before_);
}

SignalWatch::~SignalWatch() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  const base::Lock lock(mutex);
  if (watches == 0 || --watches > 0) return;
  ::sigaction(SIGINT, &before_int, nullptr);
  ::sigaction(SIGTERM, &before_term, nullptr);
}

bool SignalWatch::wait(int other) const {
  for (;;) {
    pollfd watched[2] = {{signalled.load(), POLLIN, 0}, {other, POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) return false;
    if (watched[0].revents != 0) return true;
    if (watched[1].revents != 0) return false;
  }
}

}  // namespace daffi::global_
