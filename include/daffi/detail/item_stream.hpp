/// @file  Streams between the typed shells and the compiled core: items as bytes, made one by one and taken one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "daffi/codec.hpp"
#include "daffi/detail/cancel_scope.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1::detail {

/// Where a stream's items come from: a generator and all that it refers to. Threads: one at a time, any. Destroyed when
/// nobody wants more of it, but never while next() runs, nor while a `ready` is owed, unless ends_while_asked().
class DAFFI_API ItemProducer {
 public:
  enum class Next : std::uint8_t {
    item,      ///< one was written
    complete,  ///< there are no more
    later,     ///< not yet: `ready` will be called once, on any thread, and then next() is to be called again
  };
  virtual ~ItemProducer();
  /// Writes the next item. Throws what the generator throws, or the Writer; that is the end then.
  virtual Next next(Writer& item, const std::function<void()>& ready) = 0;
  /// True: it may be destroyed while a `ready` is owed, which then need not come.
  virtual bool ends_while_asked() const;
  /// To be cancelled when nobody wants more: a `ready` that is owed then comes soon. nullptr: there is nothing to
  /// cancel. Asked once, at the start.
  virtual std::shared_ptr<CancelScope> scope() const;
  /// For items that are arguments: fills in how many positional and which keyword arguments the first item had; asked
  /// once, after it.
  virtual void describe(CallSpec& spec) const;
};

/// The receiving end of a stream. Destroyed, it is closed. Threads: one at a time.
class DAFFI_API ItemStream {
 public:
  virtual ~ItemStream();
  /// True: next() will not block, because there is an item, or the end.
  virtual bool ready() = 0;
  /// Blocks until there is an item, valid until the next call. False: the stream is complete. Throws the error it broke
  /// off with.
  virtual bool next(std::span<const std::byte>& item) = 0;
  /// The member that gives them, once there was an item.
  virtual std::uint32_t from() const = 0;
  /// Runs `task` on a handler thread once it is ready().
  virtual void on_ready(std::function<void()> task) = 0;
  /// Ends the stream and tells the callee, if it is still under way.
  virtual void close() = 0;
};

}  // namespace daffi::inline v1::detail
