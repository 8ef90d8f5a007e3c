/// @file  Writer appends MessagePack to one growing buffer, with room kept free in front for a frame header.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// How deep lists and maps may be nested, in what is written as in what is read.
inline constexpr unsigned max_depth = 128;

/// A moment as MessagePack's own timestamp carries it: since 1970-01-01 UTC. Value.
struct Timestamp {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;  ///< below 1'000'000'000, always counted forwards

  friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

/// The numbers of MessagePack extension types that have a meaning here; spec/values.md has their layouts.
enum class ExtType : std::int8_t {
  timestamp = -1,
  duration = 1,
  // Kinds of lists: a list follows inside, and who asks for a list gets it.
  tuple = 2,
  set = 3,
  frozenset = 4,
  // Kinds of bytes and text, read as such by who asks for those.
  bytearray = 5,
  decimal = 6,
  date = 7,
  time = 8,
  uuid = 9,
  // The rest only means something to Python.
  large_integer = 10,
  complex = 11,
  datetime = 12,
  array = 13,
  exception = 14,
  pickle = 15,
};

/// Writes MessagePack, each value in its shortest form. What cannot be encoded (text that is not UTF-8, too deep a
/// nesting) throws GlobalContextError with ErrorCode::unencodable; the buffer then holds a part of the value, so
/// clear() it. Reused after clear() it does not allocate again. Resource with one owner, movable. Threads: one at a
/// time.
class DAFFI_API Writer {
 public:
  /// Keeps `headroom` bytes in front of the payload, with nothing in them, for a header that is only known afterwards.
  explicit Writer(std::size_t headroom = 0) noexcept : size_(headroom), headroom_(headroom) {}
  Writer(Writer&& other) noexcept;
  Writer& operator=(Writer&& other) noexcept;
  ~Writer();

  void nil() { put(0xc0); }
  void boolean(bool value) { put(value ? 0xc3 : 0xc2); }
  void integer(std::int64_t value) {
    if (value >= -32 && value < 128) {
      put(static_cast<std::uint8_t>(value));
    } else {
      wide_integer(value);
    }
  }
  void unsigned_integer(std::uint64_t value) {
    if (value < 128) {
      put(static_cast<std::uint8_t>(value));
    } else {
      wide_unsigned(value);
    }
  }
  void real(double value);
  void real32(float value);
  /// Must be UTF-8: it is checked.
  void text(std::string_view value);
  void binary(std::span<const std::byte> value);
  /// Opens a list: `count` values follow.
  void array(std::size_t count) {
    if (count < 16) {
      put(static_cast<std::uint8_t>(0x90 | count));
    } else {
      wide_count(count, 0xdc);
    }
  }
  /// Opens a map: `count` times a key and a value follow.
  void map(std::size_t count) {
    if (count < 16) {
      put(static_cast<std::uint8_t>(0x80 | count));
    } else {
      wide_count(count, 0xde);
    }
  }
  void ext(std::int8_t type, std::span<const std::byte> value);
  void timestamp(Timestamp value) { moment(ExtType::timestamp, value); }
  /// A span of time: whole seconds rounded down, and the nanoseconds that are then to be added.
  void duration(Timestamp length) { moment(ExtType::duration, length); }
  /// Appends bytes that are MessagePack already (or a protocol's own).
  void raw(std::span<const std::byte> bytes);

  /// From this size on, what is lent is referred to instead of copied.
  static constexpr std::size_t lent_from = 64 * 1024;
  /// As text() and binary(), of bytes that stay as they are as long as `owner` lives; without one, until whoever takes
  /// what was written is done with it (a call that blocks: until it has ended).
  void lend_text(std::string_view value, std::shared_ptr<const void> owner = nullptr);
  void lend_binary(std::span<const std::byte> value, std::shared_ptr<const void> owner = nullptr);
  /// Bytes that are referred to: they belong behind the first `at` of those that were copied, headroom not counted.
  struct Lent {
    std::size_t at;
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
  };
  /// Takes out what is referred to, in order; what was copied remains.
  std::vector<Lent> release_lent();

  /// What was written, without the headroom; what is lent is copied first. Valid until the next write.
  std::span<const std::byte> payload() const {
    if (lent_size_ != 0) const_cast<Writer*>(this)->copy_lent();
    if (size() == 0) return {};
    return {data_ + headroom_, size()};
  }
  /// Headroom and payload. The headroom's bytes are the caller's to fill. Valid until the next write.
  std::span<std::byte> buffer();
  /// Size of the payload.
  std::size_t size() const { return size_ - headroom_ + lent_size_; }
  std::size_t headroom() const { return headroom_; }
  std::size_t capacity() const { return capacity_; }

  /// Forgets the payload, keeps the memory.
  void clear() noexcept {
    if (lent_ != nullptr) forget_lent();
    size_ = headroom_;
    depth_ = 0;
  }
  /// Forgets the payload and sets another headroom.
  void clear(std::size_t headroom) noexcept {
    headroom_ = headroom;
    clear();
  }
  /// Cuts the payload back to `size` bytes; it must not be smaller than that.
  void truncate(std::size_t size) {
    if (lent_size_ != 0) copy_lent();
    size_ = headroom_ + size;
  }
  /// Makes room for `more` bytes at the end.
  void reserve(std::size_t more) {
    if (capacity_ < size_ || capacity_ - size_ < more) grow(more);
  }
  /// `more` uninitialised bytes at the end, for the caller to fill at once. Valid until the next write.
  std::span<std::byte> extend(std::size_t more) {
    reserve(more);
    std::span<std::byte> result(data_ + size_, more);
    size_ += more;
    return result;
  }

  /// Memory that has left a Writer: headroom and payload are its first `size` bytes.
  struct Memory {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    std::size_t capacity = 0;
  };
  /// Moves the buffer out; the Writer is empty then and allocates at its next write.
  Memory release();
  /// Takes memory to write into, instead of allocating; what it holds is forgotten.
  void adopt(Memory memory) noexcept;

  /// One level of nesting while a container's elements are written; throws when that is one too many.
  class Nested {
   public:
    explicit Nested(Writer& writer) : writer_(writer) {
      if (++writer_.depth_ > max_depth) writer_.too_deep();
    }
    ~Nested() { --writer_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Writer& writer_;
  };

 private:
  void put(int byte) {
    if (size_ >= capacity_) grow(1);
    data_[size_++] = static_cast<std::byte>(byte);
  }
  void grow(std::size_t more);
  void wide_integer(std::int64_t value);
  void wide_unsigned(std::uint64_t value);
  void wide_count(std::size_t count, int first);
  void moment(ExtType type, Timestamp value);
  void length(std::size_t size, int code8, int code16);
  [[noreturn]] void too_deep();
  void lend(std::span<const std::byte> value, std::shared_ptr<const void> owner);
  void copy_lent();
  void forget_lent() noexcept;

  std::byte* data_ = nullptr;  // size_ starts at the headroom, also while there is no memory yet
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t headroom_ = 0;
  unsigned depth_ = 0;
  std::size_t lent_size_ = 0;
  std::vector<Lent>* lent_ = nullptr;  // owned; most have none
};

/// True when the text is well-formed UTF-8 (no surrogates, nothing overlong, nothing above U+10FFFF). Threads: any.
DAFFI_API bool is_utf8(std::string_view text) noexcept;
/// How many bytes at its beginning are whole and well-formed: all, when is_utf8(). Of text that goes on at most three
/// more belong to a character that is not whole yet. Threads: any.
DAFFI_API std::size_t utf8_prefix(std::string_view text) noexcept;

}  // namespace daffi::inline v1
