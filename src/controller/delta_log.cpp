/// @file  Batches of changes, packed into frames.
#include "controller/delta_log.hpp"

#include <cassert>
#include <cstring>
#include <numeric>
#include <utility>

namespace daffi::controller {
namespace {

constexpr std::size_t kDeltaHead = 8 + 1 + 2 + 2;

template <typename... Fs>
struct Overload : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overload(Fs...) -> Overload<Fs...>;

// Fills delta frames one after the other.
class Packer {
 public:
  Packer(std::uint32_t epoch, std::uint64_t first) : epoch_(epoch) { delta_.first_sequence = first; }

  void add(wire::Descriptor descriptor, std::size_t size) {
    make_room(size, delta_.descriptors.size());
    delta_.descriptors.push_back(std::move(descriptor));
  }
  void add(wire::Change change) {
    make_room(size_of(change), delta_.changes.size());
    delta_.changes.push_back(std::move(change));
  }
  std::vector<base::Slice> finish() {
    frames_.push_back(make_frame(epoch_, delta_));
    return std::move(frames_);
  }

 private:
  void make_room(std::size_t size, std::size_t count) {
    if (size_ + size > wire::kMaxFramePayload || count == wire::kMaxChanges) {
      delta_.flags = wire::Delta::kMore;
      frames_.push_back(make_frame(epoch_, delta_));
      const std::uint64_t next = delta_.first_sequence + delta_.changes.size();
      delta_ = {};
      delta_.first_sequence = next;
      size_ = kDeltaHead;
    }
    size_ += size;
  }

  const std::uint32_t epoch_;
  wire::Delta delta_;
  std::size_t size_ = kDeltaHead;
  std::vector<base::Slice> frames_;
};

}  // namespace

std::size_t size_of(const wire::CallbackEntry& callback) { return 4 + 4 + 2 + callback.name.size(); }

std::size_t size_of(const wire::MemberEntry& member) {
  const std::size_t fixed = 4 + 1 + 1 + (1 + 4 + 2) + 2 + 2 + 2;
  const std::size_t texts = member.identity.text.size() + member.process_name.size() + member.language.size();
  return std::transform_reduce(member.callbacks.begin(), member.callbacks.end(), fixed + texts, std::plus<>(),
                               [](const wire::CallbackEntry& callback) { return size_of(callback); });
}

std::size_t size_of(const wire::Change& change) {
  constexpr std::size_t kKind = 1, kId = 4, kCount = 2, kReason = 2;
  return std::visit(
      Overload{[](const wire::MemberJoined& it) { return kKind + size_of(it.member); },
               [](const wire::MemberResumed& it) { return kKind + size_of(it.member); },
               [](const wire::CallbacksAdded& it) {
                 std::size_t size = kKind + kId + kCount;
                 for (const wire::CallbackEntry& callback : it.callbacks) size += size_of(callback);
                 return size;
               },
               [](const wire::CallbacksRemoved& it) { return kKind + kId + kCount + 4 * it.callback_ids.size(); },
               [](const auto&) { return kKind + kId + kReason; }},
      change);
}

template <typename M>
base::Slice make_frame(std::uint32_t epoch, const M& message) {
  const std::vector<std::byte> payload = wire::encode(message);
  assert(payload.size() <= wire::kMaxFramePayload);
  base::Slice frame{base::make_block(wire::kHeaderSize + payload.size()), {}};
  const wire::Header header{.size = static_cast<std::uint32_t>(payload.size()), .kind = M::kKind, .epoch = epoch};
  wire::encode_header(header, std::span<std::byte, wire::kHeaderSize>(frame.owner.get(), wire::kHeaderSize));
  std::memcpy(frame.owner.get() + wire::kHeaderSize, payload.data(), payload.size());
  frame.bytes = base::Bytes(frame.owner.get(), wire::kHeaderSize + payload.size());
  return frame;
}

template base::Slice make_frame<wire::Delta>(std::uint32_t, const wire::Delta&);
template base::Slice make_frame<wire::Snapshot>(std::uint32_t, const wire::Snapshot&);

std::uint64_t DeltaLog::record(wire::Change change) {
  open_.push_back(std::move(change));
  return ++sequence_;
}

void DeltaLog::introduce(const wire::Descriptor& descriptor, std::size_t encoded_size) {
  open_descriptors_.push_back({descriptor, encoded_size});
}

void DeltaLog::close() {
  if (open_.empty()) return;
  Packer packer(epoch_, closed_ + 1);
  for (OpenDescriptor& it : open_descriptors_) packer.add(std::move(it.descriptor), it.size);
  for (wire::Change& change : open_) packer.add(std::move(change));
  open_.clear();
  open_descriptors_.clear();
  closed_ = sequence_;
  for (base::Slice& frame : packer.finish()) frames_.push_back({closed_, std::move(frame)});
}

void DeltaLog::forget(std::uint64_t known) {
  while (!frames_.empty() && frames_.front().last <= known) {
    forgotten_ = frames_.front().last;
    frames_.pop_front();
  }
}

}  // namespace daffi::controller
