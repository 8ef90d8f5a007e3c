/// @file  OutgoingItems: a producer's items on their way to one target, or to several at the pace of the slowest.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "base/annotations.hpp"
#include "base/result.hpp"
#include "daffi/detail/item_stream.hpp"
#include "rpc/credit.hpp"
#include "rpc/engine.hpp"
#include "wire/header.hpp"

namespace daffi::rpc {

struct CallbackEntry;

/// What a stream needs of its owner. Called on the thread that runs the producer, no lock held.
class ItemsOwner {
 public:
  virtual ~ItemsOwner() = default;
  /// Sends a frame of the stream; it may be gathered with others.
  virtual void send_item(base::Bytes frame) = 0;
  /// The same for a part of an item, with `front` before its bytes, which are not copied.
  virtual void send_part(const wire::Header& part, base::Bytes front, const base::Slice& bytes) = 0;
  /// The first item is there, nothing was sent: the moment to say where to. False: nowhere, the stream ends.
  virtual bool on_first(detail::ItemProducer& producer) = 0;
  /// The last event: there are no more items, or the producer threw `error`, or the stream was stopped. The producer is
  /// gone by now.
  enum class End : std::uint8_t { complete, threw, stopped };
  virtual void on_end(End end, std::exception_ptr error) = 0;
  /// Whose callback it is that runs, if it is one.
  virtual const CallbackEntry* entry() const { return nullptr; }
  /// Larger items cannot be sent: on_end() gets what too_large() gives.
  virtual std::size_t max_item() const = 0;
  virtual std::exception_ptr too_large(std::size_t bytes) const = 0;
};

/// Runs the producer while there is credit, a slice at a time, on handler threads; without credit it is parked and
/// holds no thread. Threads: any, on_credit() under the read role. Its mutex is a leaf, but that Engine::finish() is
/// called under it.
class OutgoingItems final : public std::enable_shared_from_this<OutgoingItems> {
 public:
  OutgoingItems(std::shared_ptr<Engine> engine, std::shared_ptr<ItemsOwner> owner,
                std::unique_ptr<detail::ItemProducer> producer);

  /// Another target. `frame` gives epoch, member, id and flags of what is sent there.
  void add_target(const wire::Header& frame);
  /// Begins, or goes on, on this thread until it is parked, has ended, or has had its share.
  void run();
  /// The same to the end: waits on this thread where it would be parked.
  void run_here();

  /// The owner of the credit frame has granted more. False: more than it may.
  bool on_credit(std::uint32_t member, std::uint64_t id, const Credit& credit);
  /// Behind the read role: goes on if there is credit now.
  void resume();
  /// Nobody wants more: the producer is destroyed on a handler thread, at once, or as soon as it comes back from where
  /// it is; what it waits for is cancelled.
  void stop();
  /// Sends `end` to every target. By the owner, from on_end().
  void send_end(base::Bytes payload);

 private:
  enum class State : std::uint8_t {
    parked,     // waits for credit
    awaiting,   // the producer waits for something
    scheduled,  // a handler thread is on its way
    running,
    ended,
  };
  enum class Slice : std::uint8_t { rests, ended, used_up };
  enum class MaySend : std::uint8_t { yes, parked, stopped };
  struct Target {
    wire::Header header;
    OutCredit credit;
  };

  Slice slice();
  Slice produce(bool& again);
  Slice finish(ItemsOwner::End end, std::exception_ptr error);
  MaySend send_next();
  MaySend may_send(const Credit& least, const Credit& most);
  bool covered() const DAFFI_REQUIRES(mutex_);
  void send_item();
  void send_part();
  void on_ready();
  void go_on();

  const std::shared_ptr<Engine> engine_;

  base::Mutex mutex_;
  State state_ DAFFI_GUARDED_BY(mutex_) = State::scheduled;
  bool ready_early_ DAFFI_GUARDED_BY(mutex_) = false;  // the producer was ready before it said that it was not
  bool to_resume_ DAFFI_GUARDED_BY(mutex_) = false;    // there is credit, resume() is still to come
  Credit wanted_ DAFFI_GUARDED_BY(mutex_);             // what it is parked for
  std::vector<Target> targets_ DAFFI_GUARDED_BY(mutex_);
  Completion* sleeper_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  bool here_ DAFFI_GUARDED_BY(mutex_) = false;                    // runs on the thread of run_here()
  std::shared_ptr<OutgoingItems> self_ DAFFI_GUARDED_BY(mutex_);  // while the producer waits
  std::atomic<bool> stopped_{false};                              // set under the mutex

  // Whoever runs it.
  std::shared_ptr<ItemsOwner> owner_;
  std::unique_ptr<detail::ItemProducer> producer_;
  const std::shared_ptr<detail::CancelScope> scope_;  // the producer's
  std::function<void()> ready_;
  std::vector<wire::Header> headers_;  // of the targets
  Writer item_;
  bool has_item_ = false;  // in item_ or large_, not sent yet
  base::Slice large_;      // an item that goes in parts
  std::size_t sent_ = 0;   // bytes of it
  bool first_ = true;
  Credit allowance_;  // taken from every target's credit, not spent yet
};

}  // namespace daffi::rpc
