/// @file  ChunkSender: a large value on its way out, cut into chunks as credit allows.
#pragma once

#include <cstddef>
#include <utility>

#include "base/bytes.hpp"
#include "daffi/writer.hpp"
#include "rpc/credit.hpp"

namespace daffi::rpc {

/// What was written, without its headroom and without a copy; the Writer is empty afterwards.
base::Slice take_over(Writer& writer);

/// Refers to the value; the chunks it gives keep that alive. Movable. Strand: its exchange's.
class ChunkSender {
 public:
  explicit ChunkSender(base::Slice value) : value_(std::move(value)) {}

  /// The next chunk, at most wire::kMaxChunk, paid for out of `credit`; empty when that does not suffice (its add()
  /// says when to ask again), or when all has been given.
  base::Slice next(OutCredit& credit);
  bool done() const { return at_ == value_.bytes.size(); }
  std::size_t sent() const { return at_; }
  const base::Slice& value() const { return value_; }

 private:
  base::Slice value_;
  std::size_t at_ = 0;
};

}  // namespace daffi::rpc
