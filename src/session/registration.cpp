/// @file  Cutting announcements into frames.
#include "session/registration.hpp"

#include <algorithm>
#include <utility>

namespace daffi::session {
namespace {

constexpr std::size_t kEmptyRegister = 1 + 2 + 2;
constexpr std::size_t kRemovedSize = 4;

std::size_t size_of(const wire::Registration& registration) {
  wire::Register one;
  one.added.push_back(registration);
  return wire::encode(one).size() - kEmptyRegister;
}

// Fills frames one after the other.
class Packer {
 public:
  explicit Packer(std::size_t first_limit) : room_(first_limit > kEmptyRegister ? first_limit - kEmptyRegister : 0) {}

  void removed(std::uint32_t id) {
    make_room(kRemovedSize, pieces_.back().removed.size());
    pieces_.back().removed.push_back(id);
  }
  void added(wire::Registration registration) {
    make_room(size_of(registration), pieces_.back().added.size());
    pieces_.back().added.push_back(std::move(registration));
  }
  std::vector<wire::Register> take(std::uint8_t flags) {
    pieces_.back().flags = flags;
    return std::move(pieces_);
  }

 private:
  void make_room(std::size_t size, std::size_t count) {
    if (size > room_ || count == wire::kMaxRegistrations) {
      pieces_.back().flags = wire::Register::kMore;
      pieces_.emplace_back();
      room_ = wire::kMaxFramePayload - kEmptyRegister;
    }
    room_ -= std::min(size, room_);
  }

  std::vector<wire::Register> pieces_ = std::vector<wire::Register>(1);
  std::size_t room_;
};

}  // namespace

base::Result<void> check_registration(const wire::Registration& registration) {
  if (registration.name.empty() || registration.name.size() > wire::kMaxCallbackName) {
    return base::fail(ErrorCode::too_large, "a callback's name has 1 to " + std::to_string(wire::kMaxCallbackName) +
                                                " bytes, this one has " + std::to_string(registration.name.size()));
  }
  if (wire::encode(registration.descriptor).size() > kMaxDescriptorSize) {
    return base::fail(ErrorCode::too_large, "the signature of callback '" + registration.name + "' is too long");
  }
  return {};
}

std::vector<wire::Register> split_register(wire::Register all, std::size_t first_limit) {
  Packer packer(first_limit);
  for (const std::uint32_t id : all.removed) packer.removed(id);
  for (wire::Registration& registration : all.added) packer.added(std::move(registration));
  return packer.take(static_cast<std::uint8_t>(all.flags & ~wire::Register::kMore));
}

void append_register(wire::OutQueue& out, wire::Header header, wire::Register all) {
  for (const wire::Register& piece : split_register(std::move(all), wire::kMaxFramePayload)) {
    wire::append_message(out, header, piece);
  }
}

}  // namespace daffi::session
