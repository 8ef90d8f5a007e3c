/// @file  Core: what the typed shells of the public API ask of a Global, with every type erased.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daffi/detail/invocation.hpp"
#include "daffi/detail/item_stream.hpp"
#include "daffi/duration.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {
class ScheduledTask;
}

namespace daffi::inline v1::detail {

/// What the directory says about those that a call could go to. Value.
struct HolderFacts {
  bool stream = false;   ///< it yields
  bool foreign = false;  ///< one of them at least is not Python
};

/// A Global without its type. Handles refer to it weakly. Threads: any.
class DAFFI_API Core {
 public:
  virtual ~Core();

  /// Blocks until the result is in `reply`; throws the call's error. `arguments` came from ArgumentWriter.
  virtual void call(const CallSpec& spec, Writer& arguments, Reply& reply) = 0;
  /// Sends; nullptr with return_result=false. Throws what is wrong before the call is sent.
  virtual std::shared_ptr<PendingCall> start_call(SharedSpec spec, Writer& arguments) = 0;
  /// By PERIOD: `spec.times` says when. Returns when a process has accepted the task.
  virtual ScheduledTask schedule(const CallSpec& spec, Writer& arguments) = 0;
  /// False: it has ended. Throws for one that never was.
  virtual bool cancel_task(const std::string& process, const std::string& uuid) = 0;
  /// Calls a callback that yields (`spec.wants_stream`); the call is under way when it returns. Throws what is wrong
  /// before it is sent.
  virtual std::shared_ptr<ItemStream> start_stream(const CallSpec& spec, Writer& arguments) = 0;
  /// Streams items to a callback (`spec.takes_items`) at all that hold it, or at the named receiver. Blocks until all
  /// have taken all, `items` is asked on the calling thread; throws the stream's error, or what `items` threw.
  virtual void feed(const CallSpec& spec, std::unique_ptr<ItemProducer> items) = 0;
  /// The same without blocking: `items` is asked on handler threads.
  virtual std::shared_ptr<PendingCall> start_feed(const CallSpec& spec, std::unique_ptr<ItemProducer> items) = 0;
  virtual std::uint32_t add_callback(CallbackSpec spec) = 0;
  /// Waits until running calls of it have ended, except the caller's own.
  virtual void remove_callback(std::uint32_t id) = 0;

  /// A small call that is started now would certainly not block: nearly nothing waits to be sent.
  virtual bool sends_at_once() = 0;

  /// Nobody is asked: as far as this process knows. `receiver` empty: all holders but this process.
  virtual HolderFacts look_up(const std::string& callback, const std::string& receiver) = 0;
  /// Whether what a process sends may be code: unpickled, or run. Permission is that of transferred code.
  virtual bool runs_code_of(const std::string& process) = 0;
  /// By the member's number, as in Reply::from.
  virtual bool runs_code_of(std::uint32_t member) = 0;
  /// The other way round, as far as the directory tells here: whether all who may get a call certainly refuse code of
  /// this process. One of their names then, else empty.
  virtual std::string refuser_of_code(const std::string& callback, const std::string& receiver) = 0;
  virtual std::string name_of(std::uint32_t member) = 0;
  virtual bool speaks_python(const std::string& process) = 0;

  enum class Subject : std::uint8_t { process, function };
  using WaitDone = std::function<void(std::exception_ptr error)>;
  /// `done` is called once on a handler thread: with nullptr when `name` is there, else with the error.
  virtual void wait_async(Subject subject, const std::string& name, Duration timeout, WaitDone done) = 0;
};

/// The Core, or GlobalContextError (stopped) when its Global is gone.
DAFFI_API std::shared_ptr<Core> lock_core(const std::weak_ptr<Core>& core);

/// A Writer with room in front for a call (or result), borrowed from those that the thread keeps so that a call does
/// not allocate. Threads: one at a time.
class ArgumentWriter {
 public:
  explicit ArgumentWriter(std::size_t headroom = kCallHeadroom) : writer_(borrow(headroom)) {}
  ~ArgumentWriter() { give_back(writer_); }
  ArgumentWriter(const ArgumentWriter&) = delete;
  ArgumentWriter& operator=(const ArgumentWriter&) = delete;
  Writer& operator*() { return *writer_; }
  Writer* operator->() { return writer_; }

 private:
  DAFFI_API static Writer* borrow(std::size_t headroom);
  DAFFI_API static void give_back(Writer* writer) noexcept;

  Writer* const writer_;
};

/// Blocks until `done()` is true. `done` is made true by another thread, which then calls notify(); under a test
/// cluster the cluster's events are run meanwhile, on this thread. Threads: wait by one, notify by any.
class DAFFI_API Latch {
 public:
  Latch();
  ~Latch();
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;
  void wait();
  void notify();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace daffi::inline v1::detail
