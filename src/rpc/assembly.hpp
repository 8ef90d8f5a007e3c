/// @file  Assembly: a large value on its way in, put together in one piece.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "daffi/body.hpp"
#include "rpc/chunk_bytes.hpp"

namespace daffi::rpc {

/// What all large values on their way in may take together, counted from their announcement. Threads: any.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}
  /// False: there is not that much left.
  [[nodiscard]] bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes); }
  std::size_t used() const { return used_.load(); }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

/// A part of a budget, given back at the end of its life. Movable. Threads: one at a time.
class BudgetShare {
 public:
  BudgetShare() = default;
  /// `bytes` of the budget have been taken for it.
  BudgetShare(std::shared_ptr<MemoryBudget> budget, std::size_t bytes) : budget_(std::move(budget)), bytes_(bytes) {}
  BudgetShare(BudgetShare&& other) noexcept : budget_(std::move(other.budget_)), bytes_(other.bytes_) {}
  BudgetShare& operator=(BudgetShare&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~BudgetShare() {
    if (budget_) budget_->give_back(bytes_);
  }

 private:
  std::shared_ptr<MemoryBudget> budget_;
  std::size_t bytes_ = 0;
};

/// How large a value may be, and what all of them share. Value; threads: any.
struct ValueLimits {
  std::size_t max_value;
  std::shared_ptr<MemoryBudget> budget;
};

/// A value that has come whole: in one piece, or, with a body, all but that. Movable.
struct Received {
  base::Slice bytes;
  std::unique_ptr<Body> body;
};

/// Chunks in, one value out; each byte is copied once. Movable. Strand: its exchange's.
class Assembly {
 public:
  /// Takes `total` out of the budget; memory is allocated with the first chunk, uninitialised, so that the system
  /// commits no more of it than has come. Errors: protocol (nothing is announced), too_large (above `limit`), busy (the
  /// budget is used up).
  /// `apart`: whoever gets the value reads it by a Reader that knows of bodies, so that a large text in it (the value
  /// itself, or an element of the list that it is) is put where it can be moved from.
  static base::Result<Assembly> begin(std::uint64_t total, std::size_t limit,
                                      const std::shared_ptr<MemoryBudget>& budget, bool apart = false);

  /// False: more has come than was announced, or nothing at all, or there is no memory; the assembly is not to be used
  /// any more.
  [[nodiscard]] bool add(const ChunkBytes& chunk);
  bool complete() const { return at_ == total_; }
  std::size_t total() const { return total_; }
  std::size_t received() const { return at_; }

  /// The value, once it is complete, and what holds its place in the budget.
  Received take();
  BudgetShare take_share() { return std::move(share_); }

 private:
  Assembly(std::size_t total, BudgetShare share, bool apart) : total_(total), apart_(apart), share_(std::move(share)) {}

  bool allocate(base::Bytes first);
  bool add_first(const ChunkBytes& chunk);
  bool add_to_body(const ChunkBytes& chunk, std::size_t from, std::size_t size);

  std::size_t total_;
  bool apart_;
  std::size_t at_ = 0;
  std::size_t body_size_ = 0;
  std::size_t checked_ = 0;  // so much of the body is well-formed
  base::Block block_;        // all but the body
  std::unique_ptr<Body> body_;
  BudgetShare share_;
};

}  // namespace daffi::rpc
