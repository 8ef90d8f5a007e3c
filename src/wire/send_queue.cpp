/// @file  Shares of bulk between urgent frames.
#include "wire/send_queue.hpp"

#include <algorithm>
#include <cassert>

namespace daffi::wire {

void SendQueue::append_bulk(std::uint32_t source, base::Bytes frame) {
  bulk_.append(frame);
  note_bulk(source, frame.size());
}

void SendQueue::append_bulk(std::uint32_t source, base::Bytes head, const base::Block& owner, base::Bytes rest) {
  bulk_.append(head);
  bulk_.append(owner, rest);
  note_bulk(source, head.size() + rest.size());
}

void SendQueue::Shares::pop() {
  constexpr std::size_t kTidyFrom = 64;
  if (++head_ == list_.size()) {
    list_.clear();
    head_ = 0;
  } else if (head_ >= kTidyFrom && 2 * head_ >= list_.size()) {
    list_.erase(list_.begin(), list_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void SendQueue::note_bulk(std::uint32_t source, std::size_t size) {
  // A share that has begun, or is just being written, is not made longer: what is urgent waits for its end, and what is
  // added may belong behind that.
  const std::size_t going = (begun_ ? 1 : 0) + (plan_.share > 0 ? 1 : 0);
  if (shares_.size() > going) {
    Share& last = shares_.back();
    if (last.source == source && last.left + size <= kBulkShare) {
      last.left += size;
      *last.account += size;
      return;
    }
  }
  std::size_t& account = by_source_[source];
  account += size;
  shares_.push({source, &account, size});
}

std::size_t SendQueue::gather(std::span<iovec> pieces, bool with_bulk) {
  plan_ = {};
  std::size_t count = 0;
  const auto take = [&](const OutQueue& queue, std::size_t skip, std::size_t limit) {
    const std::size_t more = queue.gather(pieces.subspan(count), skip, limit);
    std::size_t size = 0;
    for (std::size_t i = count; i < count + more; ++i) size += pieces[i].iov_len;
    count += more;
    return size;
  };
  const std::size_t rest = begun_ ? shares_[0].left : 0;
  plan_.begun = take(bulk_, 0, rest);
  if (plan_.begun < rest) return count;
  plan_.urgent = take(urgent_, 0, urgent_.bytes());
  const std::size_t next = begun_ ? 1 : 0;
  if (!with_bulk || plan_.urgent < urgent_.bytes() || shares_.size() <= next) return count;
  plan_.share = take(bulk_, rest, shares_[next].left);
  return count;
}

std::size_t SendQueue::urgent_within(std::size_t written) const {
  return written <= plan_.begun ? 0 : std::min(written - plan_.begun, plan_.urgent);
}

void SendQueue::consume(std::size_t count) {
  assert(count <= plan_.begun + plan_.urgent + plan_.share);
  const std::size_t begun = std::min(count, plan_.begun);
  const std::size_t urgent = std::min(count - begun, plan_.urgent);
  const std::size_t share = count - begun - urgent;
  consume_bulk(begun);
  if (urgent > 0) urgent_.consume(urgent);
  consume_bulk(share);
  plan_ = {};
}

void SendQueue::consume_bulk(std::size_t count) {
  if (count == 0) return;
  bulk_.consume(count);
  while (count > 0) {
    Share& front = shares_[0];
    const std::size_t part = std::min(count, front.left);
    if ((*front.account -= part) == 0) by_source_.erase(front.source);
    front.left -= part;
    count -= part;
    begun_ = front.left > 0;
    if (!begun_) shares_.pop();
  }
}

std::size_t SendQueue::bulk_bytes_of(std::uint32_t source) const {
  const auto account = by_source_.find(source);
  return account == by_source_.end() ? 0 : account->second;
}

void SendQueue::clear() {
  urgent_.clear();
  bulk_.clear();
  shares_.clear();
  by_source_.clear();
  begun_ = false;
  plan_ = {};
}

void SendQueue::shrink() {
  if (shares_.empty()) shares_.clear();
  urgent_.shrink();
  bulk_.shrink();
}

}  // namespace daffi::wire
