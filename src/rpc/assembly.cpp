/// @file  Limits first, memory with the first byte.
#include "rpc/assembly.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <string>

#include "daffi/reader.hpp"

namespace daffi::rpc {
namespace {

// A text of less is copied in no time.
constexpr std::size_t kSmallestBody = 64 * 1024;
// What may follow behind a body, so that there is one only where it is nearly all of the value.
constexpr std::size_t kMostBehind = 4 * 1024;

struct Place {
  std::size_t at, size;
};

// Where the large text begins in a value of `total` bytes that begins with these; nothing when there is none.
std::optional<Place> find_body(base::Bytes first, std::size_t total) {
  Reader reader(first);
  std::size_t left = 1;
  if (reader.peek_format() == Kind::array && !reader.read_array(left)) return std::nullopt;
  for (; left > 0; --left) {
    constexpr std::byte kText32{0xdb};
    const base::Bytes rest = first.subspan(reader.position());
    if (rest.size() < 5) return std::nullopt;
    if (rest[0] == kText32) {
      std::size_t size = 0;
      for (std::size_t i = 1; i < 5; ++i) size = size << 8 | std::to_integer<std::size_t>(rest[i]);
      const std::size_t at = reader.position() + 5;
      if (size >= kSmallestBody) {
        const bool most = size <= total - at && total - at - size <= kMostBehind;
        return most ? std::optional(Place{at, size}) : std::nullopt;
      }
    }
    if (!reader.skip()) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bool MemoryBudget::take(std::size_t bytes) {
  std::size_t used = used_.load();
  do {
    if (bytes > limit_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

base::Result<Assembly> Assembly::begin(std::uint64_t total, std::size_t limit,
                                       const std::shared_ptr<MemoryBudget>& budget, bool apart) {
  if (total == 0) return base::fail(ErrorCode::protocol, "a value of no bytes is announced in chunks");
  if (total > limit) {
    return base::fail(ErrorCode::too_large, "a value of " + std::to_string(total) +
                                                " bytes is announced, the limit is " + std::to_string(limit) +
                                                " (max_message_size)");
  }
  const auto bytes = static_cast<std::size_t>(total);
  if (!budget->take(bytes)) {
    return base::fail(ErrorCode::busy,
                      "large values already under way leave no room for one of " + std::to_string(total) + " bytes");
  }
  return Assembly(bytes, BudgetShare(budget, bytes), apart);
}

bool Assembly::allocate(base::Bytes first) {
  try {
    if (const auto place = apart_ ? find_body(first, total_) : std::nullopt) {
      auto body = std::make_unique<Body>();
      body->at = place->at;
      body->text.reserve(place->size);
      block_ = base::make_block(total_ - place->size);
      body_ = std::move(body);
      body_size_ = place->size;
      return true;
    }
    block_ = base::make_block(total_);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

// Where a body lies is read from the first chunk, which must be the same when the value is read: if it is in shared
// memory it is copied beforehand.
bool Assembly::add_first(const ChunkBytes& chunk) {
  if (!chunk.is_shared()) return allocate(chunk.in_frame()) && add(chunk);
  const std::unique_ptr<std::byte[]> own(new (std::nothrow) std::byte[chunk.size()]);
  if (!own) return false;
  const base::MutableBytes bytes(own.get(), chunk.size());
  return chunk.copy(0, bytes) && allocate(bytes) && add(base::Bytes(bytes));
}

bool Assembly::add(const ChunkBytes& chunk) {
  if (chunk.empty() || chunk.size() > total_ - at_) return false;
  if (!block_) return add_first(chunk);
  std::size_t from = 0;
  bool good = true;
  const auto to_block = [&](std::size_t until, std::size_t offset) {
    const std::size_t size = std::min(chunk.size() - from, until - at_);
    good = good && chunk.copy(from, {block_.get() + at_ - offset, size});
    from += size;
    at_ += size;
  };
  if (body_ != nullptr && at_ < body_->at) to_block(body_->at, 0);
  if (body_ != nullptr && at_ < body_->at + body_size_) {
    const std::size_t size = std::min(chunk.size() - from, body_->at + body_size_ - at_);
    good = good && add_to_body(chunk, from, size);
    from += size;
    at_ += size;
  }
  to_block(total_, body_size_);
  return good;
}

// Its text is looked at while it is at hand: at the end that would be a long piece of work.
bool Assembly::add_to_body(const ChunkBytes& chunk, std::size_t from, std::size_t size) {
  std::string& text = body_->text;
  if (!chunk.append(from, size, text)) return false;
  checked_ += utf8_prefix(std::string_view(text).substr(checked_));
  body_->is_utf8 = checked_ == body_size_;
  return true;
}

Received Assembly::take() { return {{block_, base::Bytes(block_.get(), total_ - body_size_)}, std::move(body_)}; }

}  // namespace daffi::rpc
