/// @file  IncomingItems: items that have come and wait for whoever takes them, never more than was granted.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/annotations.hpp"
#include "base/result.hpp"
#include "rpc/credit.hpp"
#include "rpc/engine.hpp"
#include "wire/header.hpp"

namespace daffi::rpc {

/// One direction of one exchange, at its receiving end. Threads: put() under the read role, end(), wake() and close()
/// any; the rest one consumer at a time. Its mutex is a leaf, but that Engine::finish() is called under it.
class IncomingItems {
 public:
  enum class Put : std::uint8_t {
    taken,
    dropped,    ///< nobody wants it any more
    violation,  ///< it was not covered by credit
  };
  /// One item, as an item frame brings it.
  Put put(const wire::Header& header, base::Bytes item);
  /// No more will come: complete, or broken off. Known to the consumer after all that came before; wake() tells it.
  void end(std::optional<base::Failure> failure);
  /// Tells the consumer, if it waits and there is something to know. Not under the read role.
  void wake(Engine& engine);
  /// Nobody takes anything any more: what is here is dropped, what comes is too.
  void close();
  /// Something has been put.
  bool begun() const;

  enum class Taken : std::uint8_t { item, nothing, ended };
  /// The next item, valid until the next call. `grant` is set when the sender is to be granted more.
  Taken take(base::Bytes& item, std::optional<Credit>& grant);
  /// Why it ended; nothing: it is complete.
  std::optional<base::Failure> failure() const;
  /// True: take() would not say `nothing`.
  bool ready() const;
  /// Blocks until ready(). False: the engine says that nothing can happen any more.
  bool wait(Engine& engine);
  /// Runs `task` on a handler thread once ready(); at once (queued) when it is.
  void on_ready(std::function<void()> task, Engine& engine);

  /// The frame that grants credit to the sender of what has come.
  CreditFrame credit_frame(const Credit& credit) const;

 private:
  bool is_ready() const DAFFI_REQUIRES(mutex_) { return !filling_.empty() || ended_ || closed_; }
  bool refill();

  mutable base::Mutex mutex_;
  InCredit credit_ DAFFI_GUARDED_BY(mutex_);
  std::vector<std::byte> filling_ DAFFI_GUARDED_BY(mutex_);  // u32 size, bytes; and so on
  wire::Header from_ DAFFI_GUARDED_BY(mutex_);               // of the first item
  bool begun_ DAFFI_GUARDED_BY(mutex_) = false;
  bool ended_ DAFFI_GUARDED_BY(mutex_) = false;
  bool closed_ DAFFI_GUARDED_BY(mutex_) = false;
  std::optional<base::Failure> failure_ DAFFI_GUARDED_BY(mutex_);
  Completion* sleeper_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  std::function<void()> continuation_ DAFFI_GUARDED_BY(mutex_);

  // The consumer's.
  std::vector<std::byte> draining_;
  std::size_t position_ = 0;
  Credit used_;  // taken and done with, not yet accounted for
};

}  // namespace daffi::rpc
