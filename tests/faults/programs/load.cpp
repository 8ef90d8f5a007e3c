/// @file  Load: threads that call without end, and enter each call and its outcome in a ledger.
#include "faults/programs/load.hpp"

#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace daffi::tests {
namespace {

constexpr int kBatch = 32;
constexpr std::uint64_t kSuccessesPerLine = 100;
// A call that fails at once is not made again at once: the ledger would hold little else.
constexpr std::chrono::milliseconds kPauseAfterError{20};
// No error of daffi's: a check of this program failed.
constexpr int kWrongResult = 900;

Generator<std::tuple<std::string, int>> numbered(std::string id, int items) {
  for (int i = 0; items < 0 || i < items; ++i) co_yield std::tuple(id, i);
}

Generator<std::tuple<std::string, int, std::string>> numbered_pages(std::string id, int items, int size) {
  for (int i = 0; i < items; ++i) co_yield std::tuple(id, i, std::string(static_cast<std::size_t>(size), 'p'));
}

void expect(bool true_, const char* what) {
  if (!true_) throw std::runtime_error(what);
}

}  // namespace

void say(const std::string& text) {
  const std::string line = text + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

Load::Load(daffi::Global& g, Ledger& ledger, LoadOptions options)
    : g_(g),
      ledger_(ledger),
      options_(std::move(options)),
      prefix_(g.process_name() + "." + std::to_string(getpid()) + ".") {
  for (const auto& kind : options_.kinds) threads_.emplace_back([this, kind] { run(kind); });
}

void Load::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Load::run(const std::string& kind) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    call(kind);
    wait(options_.pause);
  }
}

void Load::wait(std::chrono::microseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopping_; });
}

std::string Load::next_id() { return prefix_ + std::to_string(++ids_); }

void Load::call(const std::string& kind) {
  if (kind == "batch") return batch();
  const FG fg{.timeout = options_.timeout, .receiver = options_.receiver};
  const auto limit = std::chrono::milliseconds(static_cast<int>(options_.timeout * 1000));
  const std::string id = next_id();
  if (kind == "stream" || kind == "endless") {
    const int items = kind == "stream" ? options_.items : -1;
    ledger_.sent(id, CallKind::stream, limit, items);
    attempt(id, [&] { take_stream(id, items); });
  } else if (kind == "feed" || kind == "endless_feed") {
    const int items = kind == "feed" ? options_.items : -1;
    ledger_.sent(id, CallKind::feed, limit, items);
    attempt(id, [&] { Fetch<void(std::string, int)>(g_, "take", numbered).call(fg, id, items); });
  } else if (kind == "pages") {
    ledger_.sent(id, CallKind::stream, limit, options_.items);
    attempt(id, [&] { take_pages(id); });
  } else if (kind == "feed_pages") {
    ledger_.sent(id, CallKind::feed, limit, options_.items);
    const Fetch<void(std::string, int, int)> feed(g_, "take_page", numbered_pages);
    attempt(id, [&] { feed.call(fg, id, options_.items, options_.size); });
  } else if (kind == "large") {
    ledger_.sent(id, CallKind::unary, limit);
    attempt(id, [&] {
      const std::string sent(static_cast<std::size_t>(options_.size), static_cast<char>('a' + ids_ % 26));
      expect(Fetch<std::string(std::string, std::string)>(g_, "mirror").call(fg, id, sent) == sent, "another text");
    });
  } else {
    ledger_.sent(id, CallKind::unary, limit);
    const Fetch<std::string(std::string)> fetch(g_, kind == "hold" ? "hold" : "work");
    attempt(id, [&] { expect(fetch.call(fg, id) == id, "another call's result"); });
  }
}

void Load::batch() {
  const auto limit = std::chrono::milliseconds(static_cast<int>(options_.timeout * 1000));
  const Fetch<std::string(std::string)> work(g_, "work");
  std::vector<std::pair<std::string, AsyncResult<std::string>>> begun;
  for (int i = 0; i < kBatch; ++i) {
    const std::string id = next_id();
    ledger_.sent(id, CallKind::unary, limit);
    AsyncResult<std::string> result{nullptr};
    try {
      result = work.call(BG{.timeout = options_.timeout, .receiver = options_.receiver}, id);
    } catch (const Error& error) {
      ledger_.failed(id, static_cast<int>(error.code()), error.may_have_run());
      ++failed_;
      break;
    }
    begun.emplace_back(id, std::move(result));
  }
  for (auto& [id, result] : begun) attempt(id, [&] { expect(result.get() == id, "another call's result"); });
}

void Load::take_stream(const std::string& id, int items) {
  int expected = 0;
  const FG fg{.timeout = options_.timeout, .receiver = options_.receiver};
  for (const int item : Fetch<Stream<int>(std::string, int)>(g_, "count").call(fg, id, items)) {
    ledger_.item(id, item);
    if (++expected == 1000) say("taken a thousand");
  }
}

void Load::take_pages(const std::string& id) {
  const FG fg{.timeout = options_.timeout, .receiver = options_.receiver};
  const Fetch<Stream<std::tuple<int, std::string>>(std::string, int, int)> pages(g_, "pages");
  for (const auto& [item, text] : pages.call(fg, id, options_.items, options_.size)) {
    expect(static_cast<int>(text.size()) == options_.size, "another page");
    ledger_.item(id, item);
    wait(options_.sip);
    if (item == 1000) say("taken a thousand");
  }
}

bool Load::attempt(const std::string& id, const std::function<void()>& body) {
  try {
    body();
    ledger_.succeeded(id);
    if (++succeeded_ % kSuccessesPerLine == 0) say("well " + std::to_string(succeeded_));
    return true;
  } catch (const Error& error) {
    ledger_.failed(id, static_cast<int>(error.code()), error.may_have_run());
    if (failed_ < 5) say(std::string("error ") + error.what());
  } catch (const std::exception& error) {
    ledger_.failed(id, kWrongResult, true);
    say(std::string("wrong ") + error.what());
  }
  ++failed_;
  wait(kPauseAfterError);
  return false;
}

}  // namespace daffi::tests
