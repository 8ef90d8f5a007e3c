/// @file  What stands between the typed shells of the public API and the compiled core: calls out and calls in, as
/// bytes.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daffi/call_context.hpp"
#include "daffi/codec.hpp"
#include "daffi/error.hpp"
#include "daffi/export.hpp"
#include "daffi/signature.hpp"

namespace daffi::inline v1::detail {

class ItemProducer;

/// Bytes of a frame before its arguments: the frame header (24) and the call head (16). A Writer that holds arguments
/// for a call leaves this much free in front.
inline constexpr std::size_t kCallHeadroom = 40;
/// The same for a result.
inline constexpr std::size_t kResultHeadroom = 24;

/// What one process answered to a broadcast: an encoded result, or its error. Value.
struct Gathered {
  std::string process;
  std::vector<std::byte> result;
  std::exception_ptr error;
};

/// An encoded result: small ones stand inside, larger ones on the heap, large ones in the memory they came in. Movable.
class Reply {
 public:
  /// The member that gave it.
  std::uint32_t from = 0;

  void assign(std::span<const std::byte> bytes) {
    adopted_ = nullptr;
    body_ = nullptr;
    size_ = bytes.size();
    if (size_ > sizeof(inline_))
      large_.assign(bytes.begin(), bytes.end());
    else if (size_ != 0)
      __builtin_memcpy(inline_, bytes.data(), size_);
  }
  /// Keeps the memory instead of copying from it.
  void adopt(std::shared_ptr<const std::byte[]> memory, std::size_t size, std::unique_ptr<Body> body) {
    size_ = size;
    adopted_ = std::move(memory);
    body_ = std::move(body);
  }
  /// Whoever asked for it reads it by reader() only, and once.
  bool reads_body = false;
  [[nodiscard]] Reader reader() const { return {bytes(), body_.get()}; }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    if (adopted_) return {adopted_.get(), size_};
    return {size_ > sizeof(inline_) ? large_.data() : inline_, size_};
  }

  std::vector<Gathered> gathered;  ///< of a broadcast, which has no bytes of its own

 private:
  std::size_t size_ = 0;
  std::byte inline_[192];
  std::vector<std::byte> large_;
  std::shared_ptr<const std::byte[]> adopted_;
  std::unique_ptr<Body> body_;
};

enum class Balance : std::uint8_t { unset, round_robin, random, least_pending, sticky };

/// When a scheduled task runs, as PERIOD says it; not checked. Value.
struct Times {
  std::vector<std::chrono::nanoseconds> at;  ///< since 1970, UTC
  std::chrono::nanoseconds interval{0};

  bool operator==(const Times&) const = default;
};

/// Code, by the hash it is known under. Immutable; shared by all who send it.
struct CodeBytes {
  std::string kind;  ///< who can run it: "elf", "python"
  std::array<std::byte, 32> hash;
  std::vector<std::byte> bytes;
};

/// One call of a function of some code: what it takes to send it again, with the code itself. Immutable.
struct CodeToRun {
  std::shared_ptr<const CodeBytes> code;
  std::string function;
  std::vector<std::byte> arguments;  ///< written by encode_arguments
};

/// How one call is to be made: every field of FG, BG, BROADCAST and PERIOD in one place. Zero durations mean none.
struct CallSpec {
  std::string name;                     ///< the callback's
  std::string receiver;                 ///< empty: any holder
  std::uint32_t system = 0;             ///< not 0: the receiver's system callback of that id; `name` is for texts
  bool system_at_holder = false;        ///< … of one that holds `name`, chosen and checked like any other call
  std::shared_ptr<const Times> times;   ///< PERIOD's
  std::chrono::nanoseconds timeout{0};  ///< from the call, or from the end of `eta`
  std::chrono::nanoseconds eta{0};
  bool return_result = true;
  bool broadcast = false;                 ///< to every other process that holds it
  bool wants_stream = false;              ///< takes the items of a callback that yields
  bool takes_items = false;               ///< has no arguments of its own: each item is those of one call
  Balance balance = Balance::unset;       ///< unset: the Global's
  std::string key;                        ///< for sticky
  std::size_t positional = 0;             ///< number of positional arguments, for the check before sending
  std::vector<std::string> keywords;      ///< names of the keyword arguments, for the same
  std::shared_ptr<const CodeToRun> code;  ///< with the system callback run_code
};

/// The same, for calls that go on after their maker has gone on; many calls may have it in common.
using SharedSpec = std::shared_ptr<const CallSpec>;
inline const CallSpec& plain(const CallSpec& spec) { return spec; }
inline const CallSpec& plain(const SharedSpec& spec) { return *spec; }
inline const SharedSpec& share(const SharedSpec& spec) { return spec; }
inline SharedSpec share(CallSpec&& spec) { return std::make_shared<const CallSpec>(std::move(spec)); }

/// One BG call under way. Shared by the caller's handles and the node. Threads: any.
class DAFFI_API PendingCall {
 public:
  virtual ~PendingCall() = default;
  /// True once there is a result or an error.
  virtual bool ready() const = 0;
  /// Waits at most `limit` (nothing: until the call ends), then throws TimeoutError while the call goes on. Returns the
  /// result; throws the call's error. May be called again, by several threads.
  virtual const Reply& wait(std::optional<std::chrono::nanoseconds> limit) = 0;
  /// The call's error, nullptr while it runs or when it succeeded.
  virtual std::exception_ptr error() const = 0;
  /// Ends the call with CancelledError and tells the callee. Nothing happens when it has ended.
  virtual void cancel() = 0;
  /// Runs `task` on a handler thread once the call has ended; at once (queued) when it has. Any number may be added.
  virtual void on_done(std::function<void()> task) = 0;
  virtual const std::string& func_name() const = 0;
  virtual std::string uuid() const = 0;
};

/// A reply that is given later, from any thread: by a coroutine. Dropped without an answer it answers with an error.
class DAFFI_API Responder {
 public:
  virtual ~Responder() = default;
  /// `result` was made with kResultHeadroom.
  virtual void reply(Writer& result) = 0;
  virtual void fail(std::exception_ptr error) = 0;
  /// Queues work for this process's handler threads.
  virtual void post(std::function<void()> task) = 0;
};

/// One call served, as a callback's shell sees it. Lives while the handler runs. Thread: the handler's.
class DAFFI_API Invocation {
 public:
  virtual ~Invocation() = default;
  virtual Reader& arguments() = 0;
  /// Only for callbacks registered with `wants_context`.
  virtual CallContext& context() = 0;
  /// Where a plain handler writes its result (kResultHeadroom is there already).
  virtual Writer& result() = 0;
  /// The arguments do not fit; nothing has run. The handler returns after it.
  virtual void reject_arguments(std::string why) = 0;
  /// Takes the answer into the handler's own hands; result() is not used then.
  virtual std::shared_ptr<Responder> defer() = 0;
  /// The answer is a stream of these items; they are produced as the caller takes them. result() is not used then.
  virtual void stream(std::unique_ptr<ItemProducer> items) = 0;
};

/// Thrown by a handler that serves callbacks of another language: how the call ends. Value.
struct DAFFI_API HandlerFailure {
  ErrorCode code = ErrorCode::remote_error;
  std::string message;
  std::shared_ptr<const RemoteException> remote;  ///< for remote_error; its process is filled in at the caller
};

/// Runs the callback: decodes arguments, calls, encodes into result(). What it throws becomes the caller's error.
using Handler = std::function<void(Invocation&)>;

struct CallbackSpec {
  std::string name;
  Signature signature;
  bool wants_context = false;
  Handler handler;
  std::vector<std::string> callers = {};  ///< who may call; empty: every member
  bool reads_bodies = false;              ///< the handler takes its arguments by their Reader only
};

}  // namespace daffi::inline v1::detail
