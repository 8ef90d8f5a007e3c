/// @file  Reader takes MessagePack apart without copying it, and keeps the first error it meets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daffi/body.hpp"
#include "daffi/export.hpp"
#include "daffi/writer.hpp"

namespace daffi::inline v1 {

/// What kind of value stands next.
enum class Kind : std::uint8_t { nil, boolean, integer, real, text, binary, array, map, ext, end, invalid };

/// The kind's name in error texts: "integer", "str", "dict", …
DAFFI_API std::string_view kind_name(Kind kind) noexcept;

/// Reads MessagePack from bytes that may say anything. Never throws (out of memory aside), never reads beyond them,
/// never trusts a count it has not checked against what is left. The first error sticks: every read after it gives
/// false, and error() names the culprit with its path. Text and binary are views into the bytes.
/// Resource, movable; refers to the bytes, which outlive it and the views. Threads: one at a time.
class DAFFI_API Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) noexcept
      : at_(bytes.data()), end_(at_ + bytes.size()), begin_(at_), trials_left_(64 + 16 * bytes.size()) {}
  /// The same with a text that stands apart, nullptr: none; it may be moved out of `body`, once.
  Reader(std::span<const std::byte> bytes, Body* body) noexcept : Reader(bytes) {
    if (body != nullptr) stand_apart(*body);
  }
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&& other) noexcept;
  ~Reader() {
    if (problem_ != nullptr) forget();
    delete joined_;
  }

  bool ok() const { return !failed_; }
  /// "argument 2 'item': expected integer, got str"; empty while ok().
  std::string error() const;
  /// True when the bytes are not MessagePack (or stop short), false when they merely hold another type than asked for.
  bool malformed() const;

  /// A tuple or set counts as an array, a bytearray as binary, a decimal, date, time or UUID as text.
  Kind peek() const;
  /// The same without such likenesses: every extension is an ext.
  Kind peek_format() const;
  bool at_end() const { return at_ == end_; }
  /// How many bytes have been read.
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

  bool read_nil();
  bool read_boolean(bool& value);
  /// A float is refused, and so is what does not fit.
  bool read_integer(std::int64_t& value);
  bool read_unsigned(std::uint64_t& value);
  /// Takes integers too (except under Trial, at first).
  bool read_real(double& value);
  bool read_text(std::string_view& value);
  /// The same text to keep: one that stands apart is moved.
  bool take_text(std::string& value);
  bool read_binary(std::span<const std::byte>& value);
  /// How many values follow; there are at least as many bytes.
  bool read_array(std::size_t& count);
  /// How many pairs follow; there are at least twice as many bytes.
  bool read_map(std::size_t& count);
  bool read_ext(std::int8_t& type, std::span<const std::byte>& value);
  /// Passes over an extension's head; false, with nothing read, when another kind of value stands next.
  bool read_ext_head(std::int8_t& type, std::size_t& length);
  bool read_timestamp(Timestamp& value);
  /// Takes a number too, as seconds.
  bool read_duration(Timestamp& length);
  /// Passes over one value, checking it as reading it would (UTF-8 aside).
  bool skip();
  /// The bytes of the next value, passed over as by skip().
  bool read_raw(std::span<const std::byte>& value);
  /// False, with an error, unless everything has been read.
  bool expect_end();

  /// Around the elements of a container: enter() fails when the nesting is too deep.
  bool enter() { return ++depth_ <= max_depth || fail_malformed("nested too deep"); }
  void leave() { --depth_; }

  /// Records an error, unless there is one already. Always false, to be returned.
  bool fail(std::string_view what);
  bool fail_malformed(std::string_view what);
  /// "expected `what`, got (what stands next)".
  bool fail_expected(std::string_view what);
  /// "`value` is out of range for `type`".
  bool fail_range(std::int64_t value, std::string_view type);

  /// "expected a list of `expected`, got one of `got`".
  bool fail_count(std::size_t expected, std::size_t got);

  /// Say where the error happened, from the inside outwards, once it has: these put "[3]", ".name", "['key']" or words
  /// of the caller's own in front of the path, and give false, to be returned.
  bool inside(std::size_t index);
  bool inside_field(std::string_view name);
  bool inside_key(std::string_view key);
  bool inside_of(std::string_view words);

  /// Tries one way to read the next value after another, silently: for variants. First exactly (no float from an
  /// integer), then loosely. The number of trials per Reader is bounded by its size, whatever the bytes say.
  class DAFFI_API Trial {
   public:
    explicit Trial(Reader& reader) noexcept;
    ~Trial();
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;
    /// Back to the start for another attempt, forgetting the last one's error. False when there were too many.
    bool again();
    /// From now on as reading outside of a trial; false when that makes no difference.
    bool loosen();
    /// Ends the trial; what was read last stands.
    bool accept();
    /// Ends the trial with an error: none of the ways fitted.
    bool refuse(std::string_view expected);

   private:
    Reader& reader_;
    const std::byte* start_;
    unsigned depth_;
    bool quiet_;
    bool exact_;
    bool ended_ = false;
  };

 private:
  struct Problem;
  bool read_moment(ExtType type, std::string_view name, Timestamp& value);
  Kind likeness() const;
  bool read_short_text(std::string_view& value);
  bool to_text(std::span<const std::byte> bytes, std::string_view& value);
  bool need(std::size_t bytes) const { return static_cast<std::size_t>(end_ - at_) >= bytes; }
  bool take_length(int bytes, std::size_t& length);
  bool short_of_data();
  bool read_payload(std::size_t length, std::span<const std::byte>& value);
  bool whole_number(std::uint64_t& bits, bool& negative);
  bool count_of(std::size_t& count, std::size_t bytes_each);
  bool step(std::size_t& items);
  bool record(std::string_view what, bool malformed);
  void forget() noexcept;
  void stand_apart(Body& body) noexcept;

  const std::byte* at_;
  const std::byte* end_;
  const std::byte* begin_;
  std::size_t trials_left_;
  unsigned depth_ = 0;
  bool failed_ = false;
  bool quiet_ = false;
  bool exact_ = false;
  Problem* problem_ = nullptr;                  // owned
  Body* body_ = nullptr;                        // not moved out
  std::vector<std::string>* joined_ = nullptr;  // owned: what read_raw() has put together
};

}  // namespace daffi::inline v1
