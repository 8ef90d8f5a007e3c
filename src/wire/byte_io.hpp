/// @file  ByteReader and ByteWriter: little-endian fields and length-prefixed text, bounds-checked.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace daffi::wire {

/// A message's layout is written once, as a function fields(io, message) that names its fields in the order of the
/// wire; a ByteWriter as `io` encodes, a ByteReader decodes. `Is<M>` accepts a message and a const message.
template <typename T, typename M>
concept Is = std::same_as<std::remove_const_t<T>, M>;

/// Reads what a peer sent. The first error sticks: from then on everything reads as zero or empty, and nothing is
/// allocated. Strand: one message; refers to its bytes.
class ByteReader {
 public:
  explicit ByteReader(base::Bytes bytes) : left_(bytes) {}

  template <typename T>
    requires std::unsigned_integral<T> || std::is_enum_v<T>
  void number(T& value) {
    const base::Bytes raw = take(sizeof(T));
    if (raw.empty()) {
      value = T{};
    } else {
      std::memcpy(&value, raw.data(), sizeof(T));
    }
  }
  template <std::size_t N>
  void raw(std::array<std::byte, N>& value) {
    const base::Bytes raw = take(N);
    if (!raw.empty()) std::memcpy(value.data(), raw.data(), N);
  }
  /// UTF-8 behind a u16 of its length in bytes.
  void text(std::string& value, std::size_t limit);
  /// Items behind a u16 of their count. `smallest`: bytes that each of them has at least, so that a count alone cannot
  /// make us allocate.
  template <typename T>
  void list(std::vector<T>& items, std::size_t limit, std::size_t smallest) {
    std::uint16_t count = 0;
    number(count);
    if (count > limit) return fail("a list is too long");
    if (count * smallest > left_.size()) return fail("a list is longer than its frame");
    items.clear();
    items.reserve(count);
    for (std::size_t i = 0; i < count && ok(); ++i) fields(*this, items.emplace_back());
  }
  /// Everything that is left.
  base::Bytes rest() { return take(left_.size()); }
  void check(bool condition, const char* why) {
    if (!condition) fail(why);
  }

  void fail(const char* why);
  bool ok() const { return error_ == nullptr; }
  const char* error() const { return error_; }  ///< nullptr while ok
  bool at_end() const { return left_.empty(); }

 private:
  base::Bytes take(std::size_t count) {
    if (count > left_.size()) [[unlikely]] {
      fail("it ends too early");
      return {};
    }
    const base::Bytes taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

  base::Bytes left_;
  const char* error_ = nullptr;
};

/// Writes what a ByteReader reads. Text above its limit is cut at a character, bytes in it that are not UTF-8 become
/// question marks (exceptions may say anything); lists above their limit are our own mistake.
/// Strand: one message.
class ByteWriter {
 public:
  template <typename T>
    requires std::unsigned_integral<T> || std::is_enum_v<T>
  void number(const T& value) {
    append(&value, sizeof(T));
  }
  template <std::size_t N>
  void raw(const std::array<std::byte, N>& value) {
    append(value.data(), N);
  }
  void text(std::string_view value, std::size_t limit);
  template <typename T>
  void list(const std::vector<T>& items, std::size_t limit, std::size_t) {
    check_count(items.size(), limit);
    number(static_cast<std::uint16_t>(items.size()));
    for (const T& item : items) fields(*this, item);
  }
  void bytes(base::Bytes value) { append(value.data(), value.size()); }
  void check(bool, const char*) {}

  std::vector<std::byte> take() { return std::move(out_); }

 private:
  void append(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    out_.insert(out_.end(), from, from + size);
  }
  static void check_count(std::size_t count, std::size_t limit);

  std::vector<std::byte> out_;
};

}  // namespace daffi::wire
