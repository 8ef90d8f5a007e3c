/// @file  The default registry.
#include "global/default_registry.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/annotations.hpp"
#include "daffi/callback.hpp"
#include "global/callback_list.hpp"

namespace daffi::global_ {

namespace {

struct Entry {
  std::uint64_t id;
  detail::CallbackSpec spec;
};

/// Threads: any. Two locks: `order` is held while clients are told, so that they hear of entries in order; it is never
/// held while user code runs or is waited for. `mutex` only guards the lists.
class Registry {
 public:
  // Never destroyed: static objects of the application may still unregister at exit. Held across a fork, so that a
  // child finds it whole and free.
  static Registry& instance() {
    static auto* const registry = [] {
      ::pthread_atfork([] { instance().lock_for_fork(); }, [] { instance().unlock_after_fork(); },
                       [] { instance().unlock_after_fork(); });
      return new Registry;
    }();
    return *registry;
  }

  std::vector<std::uint64_t> add(std::vector<detail::CallbackSpec> specs) {
    LetGo let_go;
    const base::Lock ordered(order_);
    std::vector<std::uint64_t> ids;
    for (auto& spec : specs) {
      const Entry entry{next_++, std::move(spec)};
      ids.push_back(entry.id);
      entries_.push_back(entry);
      for (auto& client : clients()) {
        let_go.push_back(client->adopt(entry.id, entry.spec));
        let_go.push_back(std::move(client));
      }
    }
    return ids;
  }

  void remove(const std::vector<std::uint64_t>& ids) {
    // What they hold is destroyed at the end, under no lock: it may unregister others.
    std::vector<Entry> removed;
    {
      const base::Lock ordered(order_);
      std::erase_if(entries_, [&](Entry& entry) {
        if (std::ranges::count(ids, entry.id) == 0) return false;
        removed.push_back(std::move(entry));
        return true;
      });
    }
    for (const auto& client : clients())
      for (const auto id : ids) client->abandon(id);
  }

  void join(const std::shared_ptr<RegistryClient>& client) {
    LetGo let_go;
    const base::Lock ordered(order_);
    {
      const base::Lock lock(mutex_);
      clients_.push_back(client);
    }
    for (const auto& entry : entries_) let_go.push_back(client->adopt(entry.id, entry.spec));
  }

  void leave(const RegistryClient* client) {
    // Perhaps the last references: let go of under no lock.
    std::vector<std::shared_ptr<RegistryClient>> kept_alive;
    const base::Lock lock(mutex_);
    std::erase_if(clients_, [&](const auto& known) {
      kept_alive.push_back(known.lock());
      return !kept_alive.back() || kept_alive.back().get() == client;
    });
  }

 private:
  // Perhaps last references. Declared before the lock is taken, so destroyed after it is released.
  using LetGo = std::vector<std::shared_ptr<const void>>;

  void lock_for_fork() DAFFI_NO_THREAD_SAFETY_ANALYSIS {
    order_.lock();
    mutex_.lock();
  }
  void unlock_after_fork() DAFFI_NO_THREAD_SAFETY_ANALYSIS {
    mutex_.unlock();
    order_.unlock();
  }

  std::vector<std::shared_ptr<RegistryClient>> clients() {
    const base::Lock lock(mutex_);
    std::vector<std::shared_ptr<RegistryClient>> result;
    for (const auto& known : clients_)
      if (auto client = known.lock()) result.push_back(std::move(client));
    return result;
  }

  base::Mutex order_;
  std::uint64_t next_ DAFFI_GUARDED_BY(order_) = 1;
  std::vector<Entry> entries_ DAFFI_GUARDED_BY(order_);
  base::Mutex mutex_;
  std::vector<std::weak_ptr<RegistryClient>> clients_ DAFFI_GUARDED_BY(mutex_);
};

class RegisteredByDefault final : public detail::Registered {
 public:
  explicit RegisteredByDefault(std::vector<std::uint64_t> ids) : ids_(std::move(ids)) {}
  void unregister() override {
    std::vector<std::uint64_t> ids;
    {
      const base::Lock lock(mutex_);
      ids.swap(ids_);
    }
    Registry::instance().remove(ids);
  }

 private:
  base::Mutex mutex_;
  std::vector<std::uint64_t> ids_ DAFFI_GUARDED_BY(mutex_);
};

}  // namespace

void join_default_registry(const std::shared_ptr<RegistryClient>& client) { Registry::instance().join(client); }
void leave_default_registry(const RegistryClient* client) { Registry::instance().leave(client); }

}  // namespace daffi::global_

namespace daffi::inline v1::detail {

Registration register_by_default(CallbackList list) {
  auto ids = global_::Registry::instance().add(std::move(list.impl().specs));
  return Registration(std::make_shared<global_::RegisteredByDefault>(std::move(ids)));
}

}  // namespace daffi::inline v1::detail
