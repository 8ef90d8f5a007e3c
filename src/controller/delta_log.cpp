/// @file  Batches of changes, packed into frames.
#include "controller/delta_log.hpp"

#include <cassert>
#include <cstring>
#include <numeric>
#include <set>
#include <utility>

#include "session/permission.hpp"

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

// What is not open to the viewer is there under its number, and says no more.
wire::Change shown(wire::Change change, const Viewer& viewer, const Closed& closed) {
  const auto hide = [&](std::uint32_t of, std::vector<wire::CallbackEntry>& callbacks) {
    for (wire::CallbackEntry& entry : callbacks) entry = shown(std::move(entry), viewer, of, closed);
  };
  std::visit(Overload{[&](wire::MemberJoined& it) { hide(it.member.member_id, it.member.callbacks); },
                      [&](wire::MemberResumed& it) { hide(it.member.member_id, it.member.callbacks); },
                      [&](wire::CallbacksAdded& it) { hide(it.member_id, it.callbacks); }, [](auto&) {}},
             change);
  return change;
}

void note_descriptors(const wire::Change& change, std::set<std::uint32_t>& used) {
  const auto note = [&](const std::vector<wire::CallbackEntry>& callbacks) {
    for (const wire::CallbackEntry& entry : callbacks) used.insert(entry.descriptor_id);
  };
  std::visit(Overload{[&](const wire::MemberJoined& it) { note(it.member.callbacks); },
                      [&](const wire::MemberResumed& it) { note(it.member.callbacks); },
                      [&](const wire::CallbacksAdded& it) { note(it.callbacks); }, [](const auto&) {}},
             change);
}

}  // namespace

bool Viewer::sees(const std::vector<std::string>& callers, std::uint32_t of) const {
  return (closes_some && of == member) || session::may_call(callers, identity);
}

std::string view_key(const Viewer& viewer, const Closed& closed) {
  std::string key;
  if (closed.empty()) return key;
  for (const auto& [id, callers] : closed) key += session::may_call(callers, viewer.identity) ? '+' : '-';
  if (viewer.closes_some) key += std::to_string(viewer.member);
  return key;
}

wire::CallbackEntry shown(wire::CallbackEntry entry, const Viewer& viewer, std::uint32_t of, const Closed& closed) {
  const auto callers = closed.find(entry.descriptor_id);
  if (callers == closed.end() || viewer.sees(callers->second, of)) return entry;
  return {entry.callback_id, wire::CallbackEntry::kClosed, session::closed_name(entry.name)};
}

std::size_t size_of(const wire::CallbackEntry& callback) { return 4 + 4 + 2 + callback.name.size(); }

std::size_t size_of(const wire::MemberEntry& member) {
  const std::size_t fixed = 4 + 1 + 1 + 4 + (1 + 4 + 2 + 2 + 2) + 2 + 2 + 2;
  const wire::Identity& identity = member.identity;
  const std::size_t texts = identity.text.size() + identity.certificate.size() + identity.role.size() +
                            member.process_name.size() + member.language.size();
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

void DeltaLog::close_to(std::uint32_t descriptor_id, const std::vector<std::string>& callers) {
  open_closed_.emplace(descriptor_id, callers);
}

void DeltaLog::close() {
  if (open_.empty()) return;
  if (!open_closed_.empty()) return close_divided();
  Packer packer(epoch_, closed_ + 1);
  for (OpenDescriptor& it : open_descriptors_) packer.add(std::move(it.descriptor), it.size);
  for (wire::Change& change : open_) packer.add(std::move(change));
  open_.clear();
  open_descriptors_.clear();
  closed_ = sequence_;
  for (base::Slice& frame : packer.finish()) frames_.push_back({closed_, std::move(frame)});
}

void DeltaLog::close_divided() {
  auto batch = std::make_shared<Divided>();
  batch->first = closed_ + 1;
  batch->descriptors = std::exchange(open_descriptors_, {});
  batch->changes = std::exchange(open_, {});
  batch->closed = std::exchange(open_closed_, {});
  closed_ = sequence_;
  frames_.push_back({closed_, {}, std::move(batch)});
}

const std::vector<base::Slice>& DeltaLog::frames_for(Divided& batch, const Viewer& viewer) const {
  const auto [at, fresh] = batch.frames.try_emplace(view_key(viewer, batch.closed));
  if (!fresh) return at->second;
  Packer packer(epoch_, batch.first);
  // What it does not use it is not told: a descriptor says who may call.
  std::vector<wire::Change> changes;
  std::set<std::uint32_t> used;
  for (const wire::Change& change : batch.changes) {
    changes.push_back(shown(change, viewer, batch.closed));
    note_descriptors(changes.back(), used);
  }
  for (const OpenDescriptor& it : batch.descriptors) {
    const bool open = it.descriptor.callers.empty() || used.contains(it.descriptor.id);
    if (open || viewer.sees(it.descriptor.callers, 0)) packer.add(it.descriptor, it.size);
  }
  for (wire::Change& change : changes) packer.add(std::move(change));
  return at->second = packer.finish();
}

void DeltaLog::forget(std::uint64_t known) {
  while (!frames_.empty() && frames_.front().last <= known) {
    forgotten_ = frames_.front().last;
    frames_.pop_front();
  }
}

}  // namespace daffi::controller
