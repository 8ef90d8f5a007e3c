/// @file  Writer: MessagePack's formats, shortest first, and the growing buffer.
#include "daffi/writer.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "base/large_memory.hpp"
#include "codec/big_endian.hpp"
#include "daffi/error.hpp"

namespace daffi::inline v1 {

namespace {

constexpr std::size_t first_capacity = 256;
constexpr std::uint64_t max_length = std::numeric_limits<std::uint32_t>::max();

[[noreturn]] void unencodable(const char* why) { throw GlobalContextError(ErrorCode::unencodable, why); }

template <typename T>
void put_number(Writer& writer, int code, T value) {
  std::byte* at = writer.extend(1 + sizeof(T)).data();
  at[0] = static_cast<std::byte>(code);
  codec::store(at + 1, value);
}

}  // namespace

Writer::Writer(Writer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, other.headroom_)),
      capacity_(std::exchange(other.capacity_, 0)),
      headroom_(other.headroom_),
      depth_(std::exchange(other.depth_, 0)),
      lent_size_(std::exchange(other.lent_size_, 0)),
      lent_(std::exchange(other.lent_, nullptr)) {}

Writer& Writer::operator=(Writer&& other) noexcept {
  Writer moved(std::move(other));
  std::swap(data_, moved.data_);
  std::swap(size_, moved.size_);
  std::swap(capacity_, moved.capacity_);
  std::swap(headroom_, moved.headroom_);
  std::swap(depth_, moved.depth_);
  std::swap(lent_size_, moved.lent_size_);
  std::swap(lent_, moved.lent_);
  return *this;
}

Writer::~Writer() {
  delete lent_;
  if (data_ != nullptr) base::give_memory(data_, capacity_);
}

void Writer::grow(std::size_t more) {
  std::size_t wanted = size_ + more;
  std::size_t doubled = capacity_ < first_capacity ? first_capacity : capacity_ * 2;
  std::size_t capacity = wanted > doubled ? wanted : doubled;
  std::byte* const bigger = base::take_memory(capacity);
  if (data_ != nullptr) std::memcpy(bigger, data_, size_ < capacity_ ? size_ : capacity_);
  if (data_ != nullptr) base::give_memory(data_, capacity_);
  data_ = bigger;
  capacity_ = capacity;
}

std::span<std::byte> Writer::buffer() {
  if (lent_size_ != 0) copy_lent();
  reserve(0);
  if (data_ == nullptr) return {};
  return {data_, size_};
}

void Writer::wide_integer(std::int64_t value) {
  if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
  auto bits = static_cast<std::uint64_t>(value);
  if (value >= std::numeric_limits<std::int8_t>::min()) return put_number(*this, 0xd0, static_cast<std::uint8_t>(bits));
  if (value >= std::numeric_limits<std::int16_t>::min()) {
    return put_number(*this, 0xd1, static_cast<std::uint16_t>(bits));
  }
  if (value >= std::numeric_limits<std::int32_t>::min()) {
    return put_number(*this, 0xd2, static_cast<std::uint32_t>(bits));
  }
  put_number(*this, 0xd3, bits);
}

void Writer::wide_unsigned(std::uint64_t value) {
  if (value <= 0xff) return put_number(*this, 0xcc, static_cast<std::uint8_t>(value));
  if (value <= 0xffff) return put_number(*this, 0xcd, static_cast<std::uint16_t>(value));
  if (value <= 0xffffffff) return put_number(*this, 0xce, static_cast<std::uint32_t>(value));
  put_number(*this, 0xcf, value);
}

void Writer::real(double value) { put_number(*this, 0xcb, std::bit_cast<std::uint64_t>(value)); }

void Writer::real32(float value) { put_number(*this, 0xca, std::bit_cast<std::uint32_t>(value)); }

// The head of something whose length follows its code in one byte, two or four. code8 is 0 where no one-byte form is.
void Writer::length(std::size_t size, int code8, int code16) {
  if (size <= 0xff && code8 != 0) return put_number(*this, code8, static_cast<std::uint8_t>(size));
  if (size <= 0xffff) return put_number(*this, code16, static_cast<std::uint16_t>(size));
  if (size > max_length) unencodable("a value is longer than MessagePack can say");
  put_number(*this, code16 + 1, static_cast<std::uint32_t>(size));
}

void Writer::wide_count(std::size_t count, int first) { length(count, 0, first); }

void Writer::text(std::string_view value) {
  if (!is_utf8(value)) unencodable("text is not valid UTF-8");
  reserve(value.size() + 5);
  if (value.size() > 0xff) {
    length(value.size(), 0, 0xda);
  } else if (value.size() >= 32) {
    data_[size_] = std::byte{0xd9};
    data_[size_ + 1] = static_cast<std::byte>(value.size());
    size_ += 2;
  } else {
    data_[size_++] = static_cast<std::byte>(0xa0 | value.size());
  }
  if (!value.empty()) std::memcpy(data_ + size_, value.data(), value.size());
  size_ += value.size();
}

void Writer::binary(std::span<const std::byte> value) {
  reserve(value.size() + 5);
  length(value.size(), 0xc4, 0xc5);
  raw(value);
}

void Writer::ext(std::int8_t type, std::span<const std::byte> value) {
  reserve(value.size() + 6);
  if (value.size() <= 16 && std::has_single_bit(value.size())) {
    put(0xd4 + std::countr_zero(value.size()));
  } else {
    length(value.size(), 0xc7, 0xc8);
  }
  put(static_cast<std::uint8_t>(type));
  raw(value);
}

void Writer::moment(ExtType type, Timestamp value) {
  std::byte bytes[12];
  std::size_t size = 4;
  auto seconds = static_cast<std::uint64_t>(value.seconds);
  if (value.nanoseconds >= 1'000'000'000) unencodable("a time's nanoseconds are a second or more");
  if (value.seconds < 0 || (seconds >> 34) != 0) {
    size = 12;
    codec::store(bytes, value.nanoseconds);
    codec::store(bytes + 4, seconds);
  } else if (value.nanoseconds != 0 || (seconds >> 32) != 0) {
    size = 8;
    codec::store(bytes, std::uint64_t{value.nanoseconds} << 34 | seconds);
  } else {
    codec::store(bytes, static_cast<std::uint32_t>(seconds));
  }
  ext(static_cast<std::int8_t>(type), {bytes, size});
}

void Writer::raw(std::span<const std::byte> bytes) {
  std::span<std::byte> room = extend(bytes.size());
  if (!bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
}

void Writer::lend_text(std::string_view value, std::shared_ptr<const void> owner) {
  if (value.size() < lent_from) return text(value);
  if (!is_utf8(value)) unencodable("text is not valid UTF-8");
  length(value.size(), 0xd9, 0xda);
  lend(std::as_bytes(std::span(value.data(), value.size())), std::move(owner));
}

void Writer::lend_binary(std::span<const std::byte> value, std::shared_ptr<const void> owner) {
  if (value.size() < lent_from) return binary(value);
  length(value.size(), 0xc4, 0xc5);
  lend(value, std::move(owner));
}

void Writer::lend(std::span<const std::byte> value, std::shared_ptr<const void> owner) {
  if (lent_ == nullptr) lent_ = new std::vector<Lent>;
  lent_->push_back({size_ - headroom_, value, std::move(owner)});
  lent_size_ += value.size();
}

std::vector<Writer::Lent> Writer::release_lent() {
  std::vector<Lent> lent;
  if (lent_ != nullptr) lent.swap(*lent_);
  lent_size_ = 0;
  return lent;
}

// Puts everything into one piece.
void Writer::copy_lent() {
  Writer whole(headroom_);
  whole.reserve(size());
  std::memcpy(whole.data_, data_, headroom_);
  std::size_t copied = 0;
  for (const Lent& lent : *lent_) {
    whole.raw({data_ + headroom_ + copied, lent.at - copied});
    whole.raw(lent.bytes);
    copied = lent.at;
  }
  whole.raw({data_ + headroom_ + copied, size_ - headroom_ - copied});
  std::swap(depth_, whole.depth_);
  *this = std::move(whole);
}

void Writer::forget_lent() noexcept {
  lent_->clear();
  lent_size_ = 0;
}

Writer::Memory Writer::release() {
  if (lent_size_ != 0) copy_lent();
  Memory memory{std::unique_ptr<std::byte[]>(data_), size_, capacity_};
  data_ = nullptr;
  capacity_ = 0;
  clear();
  return memory;
}

void Writer::adopt(Memory memory) noexcept {
  if (data_ != nullptr) base::give_memory(data_, capacity_);
  data_ = memory.bytes.release();
  capacity_ = data_ == nullptr ? 0 : memory.capacity;
  clear();
}

void Writer::too_deep() {
  --depth_;  // the Nested that asked is not built, so nothing else will take it back
  unencodable("a value is nested too deep");
}

}  // namespace daffi::inline v1
