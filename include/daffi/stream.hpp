/// @file  Stream<T>: what a call of a callback that yields gives its caller.
#pragma once

#include <coroutine>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daffi/codec.hpp"
#include "daffi/detail/item_stream.hpp"
#include "daffi/detail/result.hpp"
#include "daffi/detail/resume.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {

namespace detail {

/// Throws RemoteCallError (result_mismatch; malformed bytes: ProtocolError) that names the callback and the type.
[[noreturn]] DAFFI_API void refuse_item(const Reader& reader, std::string_view func_name, const std::string& wanted);

/// A Stream without its type.
class DAFFI_API StreamBase {
 public:
  /// False for an empty one, and once it is closed or moved from.
  [[nodiscard]] bool valid() const noexcept { return items_ != nullptr; }
  /// Leaves early: the generator at the callee is destroyed, and what has come is dropped. Nothing happens when the
  /// stream has ended. Never blocks.
  void close() noexcept;
  /// The callback's name.
  [[nodiscard]] const std::string& func_name() const noexcept { return func_name_; }

 protected:
  StreamBase() = default;
  StreamBase(std::shared_ptr<ItemStream> items, std::string func_name) noexcept
      : items_(std::move(items)), func_name_(std::move(func_name)) {}
  StreamBase(StreamBase&&) noexcept = default;
  StreamBase& operator=(StreamBase&& other) noexcept;
  ~StreamBase() { close(); }

  /// Throws GlobalContextError (invalid_modifier): "already been used".
  void begin_use();
  /// Throws the same when there is nothing to read from.
  ItemStream& items() const;

  std::shared_ptr<ItemStream> items_;
  std::string func_name_;
  bool used_ = false;
};

}  // namespace detail

/// The items of a callback that yields, in order, as they come:
///
///     for (int item : generate_stream(1000)) …                      // blocks while there is none
///     while (auto item = co_await stream.next()) …                  // suspends while there is none
///
/// What the callback throws is thrown here, after the items before it. Leaving early (close(), or the end of the
/// Stream's life) destroys the generator at the callee. The timeout of the call is that of the whole stream: when it is
/// over, what has come can still be taken, then TimeoutError is thrown. Whoever takes nothing stops the callback: at
/// most 512 KiB and 2048 items are on their way at any time, beside one item that is larger. One use: a second begin()
/// throws GlobalContextError.
///
/// Resource, movable. Threads: one at a time. Documentation: 2.8.
template <typename T>
class [[nodiscard]] Stream : public detail::StreamBase {
 public:
  using value_type = T;
  static_assert(detail::OwningResult<T>, "daffi: a stream's items must own their data");

  /// An empty one: not valid().
  Stream() = default;
  Stream(std::shared_ptr<detail::ItemStream> items, std::string func_name) noexcept
      : StreamBase(std::move(items), std::move(func_name)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  /// Blocks where there is no item yet. Ends with the Stream it belongs to.
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Stream& stream) : stream_(&stream), item_(stream.take()) {}
    const T& operator*() const { return *item_; }
    T& operator*() { return *item_; }
    Iterator& operator++() {
      item_ = stream_->take();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !item_.has_value(); }

   private:
    Stream* stream_;
    std::optional<T> item_;
  };
  Iterator begin() {
    begin_use();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// `co_await stream.next()`: the next item, nothing when the stream is complete; throws the error it broke off with.
  /// Resumes on a handler thread. The Stream must stay where it is until then; destroying the waiting coroutine is
  /// fine.
  auto next() { return Awaiter{*this}; }

 private:
  struct Awaiter {
    Stream& stream;
    detail::Suspension suspension = {};

    bool await_ready() const { return stream.items().ready(); }
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> coroutine) {
      return suspension.begin(coroutine, [items = stream.items_](std::shared_ptr<detail::Resume> resume) {
        items->on_ready(detail::Resume::task(std::move(resume)));
      });
    }
    std::optional<T> await_resume() const {
      if (suspension.cancelled()) {
        stream.close();
        detail::throw_cancelled("an item of '" + stream.func_name_ + "'");
      }
      return stream.take();
    }
  };

  std::optional<T> take() {
    std::span<const std::byte> item;
    if (!items().next(item)) return std::nullopt;
    Reader reader(item);
    std::optional<T> value(std::in_place);
    if (!Codec<T>::read(reader, *value) || !reader.expect_end()) {
      close();
      detail::refuse_item(reader, func_name_, type_name<T>());
    }
    return value;
  }
};

namespace detail {
template <typename T>
inline constexpr bool is_stream = false;
template <typename T>
inline constexpr bool is_stream<Stream<T>> = true;
}  // namespace detail

}  // namespace daffi::inline v1
