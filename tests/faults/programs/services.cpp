/// @file  Services: what a process of the fault cases offers, each call entered in its ledger before anything else.
#include "faults/programs/services.hpp"

#include <memory>
#include <tuple>
#include <utility>

#include "faults/programs/load.hpp"

namespace daffi::tests {
namespace {

// Long enough for the others to hear of it, and for calls to come in the midst of it.
constexpr std::chrono::milliseconds kBetweenChanges{3};

}  // namespace

Services::Services(Global& g, Ledger& ledger, ServiceOptions options)
    : g_(g), ledger_(ledger), options_(std::move(options)), work_(offer_work()) {
  g.callback("mirror", [this](const std::string& id, std::string text) {
    ledger_.executed(id);
    return text;
  });
  g.callback("hold", [this](CallContext& context, const std::string& id) { return hold(context, id); });
  g.callback("release", [this] {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  });
  g.callback("count", [this](std::string id, int items) { return count(std::move(id), items); });
  g.callback("take", [this](const std::string& id, int item) {
    ledger_.item(id, item);
    if (item == 1000) say("taken a thousand");
  });
  g.callback("pages", [this](std::string id, int items, int size) -> Generator<std::tuple<int, std::string>> {
    ledger_.executed(id);
    for (int i = 0; i < items; ++i) co_yield std::tuple(i, std::string(static_cast<std::size_t>(size), 'p'));
  });
  g.callback("take_page", [this](const std::string& id, int item, const std::string&) {
    wait(options_.pause);
    ledger_.item(id, item);
    if (item == 1000) say("taken a thousand");
  });
  g.callback("serving", [] {});  // the last one: who sees it sees all
  if (!options_.changes.empty()) changing_ = std::thread([this] { change_work(); });
}

Services::~Services() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (changing_.joinable()) changing_.join();
}

Registration Services::offer_work() {
  return g_.callback("work", [this](const std::string& id) {
    ledger_.executed(id);
    return id;
  });
}

std::string Services::hold(CallContext& context, const std::string& id) {
  ledger_.executed(id);
  say("holding");
  std::unique_lock lock(mutex_);
  changed_.wait(lock, context.stop_token(), [this] { return released_; });
  if (context.stop_token().stop_requested()) say("told to stop");
  return id;
}

Generator<int> Services::count(std::string id, int items) {
  struct Farewell {
    ~Farewell() { say("generator gone"); }
  };
  const std::unique_ptr<Farewell> farewell(items < 0 ? new Farewell : nullptr);
  ledger_.executed(id);
  for (int i = 0; items < 0 || i < items; ++i) co_yield i;
}

void Services::change_work() try {
  for (int changes = 1; wait(kBetweenChanges); ++changes) {
    if (options_.changes == "remove") {
      work_.unregister();
      if (!wait(kBetweenChanges)) return;
    }
    work_ = offer_work();
    if (changes == 100) say("changed a hundred times");
  }
} catch (const GlobalContextError&) {
  // It has been stopped in the meantime.
}

// False: the process stops.
bool Services::wait(std::chrono::microseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace daffi::tests
