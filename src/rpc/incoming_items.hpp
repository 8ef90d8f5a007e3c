/// @file  IncomingItems: items that have come and wait for whoever takes them, never more than was granted.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "base/annotations.hpp"
#include "base/result.hpp"
#include "rpc/assembly.hpp"
#include "rpc/credit.hpp"
#include "rpc/engine.hpp"
#include "wire/header.hpp"

namespace daffi::rpc {

/// One direction of one exchange, at its receiving end. What it holds is bounded by the window, and by two items where
/// they are larger: one in the hands of the consumer, one behind it. Threads: put() under the read role, end(), wake()
/// and close() any; the rest one consumer at a time. Its mutex is a leaf, but that Engine::finish() is called under it.
class IncomingItems {
 public:
  explicit IncomingItems(ValueLimits limits) : limits_(std::move(limits)) {}

  enum class Put : std::uint8_t {
    taken,
    dropped,    ///< nobody wants it any more
    refused,    ///< there is no room for one so large: failure() says so, it is the end
    violation,  ///< it was not covered by credit
    broken,     ///< it is no part of what was announced, or its bytes are nowhere
  };
  /// One item, or a part of one, as an item frame brings it. `grant` is set when the sender is to be granted more.
  Put put(const wire::Header& header, base::Bytes item, std::optional<Credit>& grant);
  Put put(const wire::Header& header, ChunkBytes item, std::optional<Credit>& grant);
  /// No more will come: complete, or broken off. Known to the consumer after all that came before; wake() tells it.
  void end(std::optional<base::Failure> failure);
  /// Tells the consumer, if it waits and there is something to know. Not under the read role.
  void wake(Engine& engine);
  /// Nobody takes anything any more: what is here is dropped, what comes is too.
  void close();
  /// Something has been put.
  bool begun() const;
  /// The member that sends them, once it has begun.
  std::uint32_t from() const;

  enum class Taken : std::uint8_t { item, nothing, ended };
  /// The next item, valid until the next call. `grant` is set when the sender is to be granted more.
  Taken take(base::Bytes& item, std::optional<Credit>& grant);
  /// The last item that was taken is not needed any more: to be said before there is a long wait for the next, as its
  /// sender may need the credit. Gives what is to be granted.
  [[nodiscard]] std::optional<Credit> done_with();
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
  // An item that has memory of its own: one that came in parts, or is not small.
  struct Large {
    base::Slice value;
    BudgetShare share;
    Credit owed;  // not accounted for while it waits
    Credit cost;  // used up when it has been taken
  };

  // Small items one behind the other: u32 size, bytes; and so on. What is behind the used part is there and cleared, so
  // that an item that is added need not be.
  struct Buffer {
    std::vector<std::byte> bytes;
    std::size_t used = 0;
  };

  bool is_ready() const DAFFI_REQUIRES(mutex_) { return filling_.used > 0 || ended_ || closed_; }
  std::optional<Put> admit(const wire::Header& header, const Credit& cost) DAFFI_REQUIRES(mutex_);
  void append(std::uint32_t size, base::Bytes item) DAFFI_REQUIRES(mutex_);
  Put put_apart(const ChunkBytes& item, const Credit& cost) DAFFI_REQUIRES(mutex_);
  Put put_part(ChunkBytes& part, const Credit& cost, bool last, std::optional<Credit>& grant) DAFFI_REQUIRES(mutex_);
  base::Result<void> begin_large(ChunkBytes& part) DAFFI_REQUIRES(mutex_);
  void account(const Credit& used, std::optional<Credit>& grant) DAFFI_REQUIRES(mutex_);
  void take_large(std::optional<Credit>& grant);
  bool refill();

  const ValueLimits limits_;
  mutable base::Mutex mutex_;
  InCredit credit_ DAFFI_GUARDED_BY(mutex_);
  Buffer filling_ DAFFI_GUARDED_BY(mutex_);
  std::optional<Assembly> coming_ DAFFI_GUARDED_BY(mutex_);  // what the next part belongs to
  Credit coming_owed_ DAFFI_GUARDED_BY(mutex_);              // of it, not accounted for
  std::deque<Large> large_ DAFFI_GUARDED_BY(mutex_);         // in the order of their places among the others
  wire::Header from_ DAFFI_GUARDED_BY(mutex_);               // of the first item
  bool begun_ DAFFI_GUARDED_BY(mutex_) = false;
  bool ended_ DAFFI_GUARDED_BY(mutex_) = false;
  bool closed_ DAFFI_GUARDED_BY(mutex_) = false;
  std::optional<base::Failure> failure_ DAFFI_GUARDED_BY(mutex_);
  Completion* sleeper_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  std::function<void()> continuation_ DAFFI_GUARDED_BY(mutex_);

  // The consumer's.
  Buffer draining_;
  std::size_t position_ = 0;
  std::optional<Large> current_;  // taken last, if it was large
  Credit used_;                   // taken and done with, not yet accounted for
};

}  // namespace daffi::rpc
