/// @file  ChunkSender: a large value on its way out, cut into chunks as credit allows.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "daffi/writer.hpp"
#include "rpc/credit.hpp"

namespace daffi::rpc {

/// A value too large for one frame, in the pieces that it lies in. Value; threads: any.
struct LargeValue {
  std::vector<base::Slice> pieces;  ///< none is empty
  std::size_t size = 0;             ///< of all of them
  /// Held by every piece whose bytes a caller has lent: it has them back when nobody else holds this. nullptr: none
  /// has.
  std::shared_ptr<const void> lender;

  bool empty() const { return size == 0; }
  /// In one piece, copied if there are several.
  base::Slice whole() const;
};

/// What was written, without its headroom and without a copy; the Writer is empty afterwards.
LargeValue take_over(Writer& writer);

/// Refers to the value; the chunks it gives keep that alive. Movable. Strand: its exchange's.
class ChunkSender {
 public:
  explicit ChunkSender(LargeValue value) : value_(std::move(value)) {}

  /// The next chunk, at most wire::kMaxChunk, paid for out of `credit`; empty when that does not suffice (its add()
  /// says when to ask again), or when all has been given.
  base::Slice next(OutCredit& credit, std::size_t most = wire::kMaxChunk);
  bool done() const { return piece_ == value_.pieces.size(); }
  const LargeValue& value() const { return value_; }

 private:
  LargeValue value_;
  std::size_t piece_ = 0;  // the one that is being cut
  std::size_t at_ = 0;     // in it
};

}  // namespace daffi::rpc
