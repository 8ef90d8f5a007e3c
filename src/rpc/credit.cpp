/// @file  Credit: two accounts and their frame.
#include "rpc/credit.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace daffi::rpc {
namespace {

// Far beyond any window; what adds up to more is no receiver that looks after its memory.
constexpr std::uint64_t kMaxAvailable = 1ull << 32;
// A chunk of fewer bytes waits for more credit, unless it is the last.
constexpr std::uint64_t kWorthwhile = 16 * 1024;

}  // namespace

std::array<std::byte, kCreditSize> encode_credit(const Credit& credit) {
  const std::array<std::uint32_t, 2> fields{static_cast<std::uint32_t>(credit.bytes),
                                            static_cast<std::uint32_t>(credit.items)};
  std::array<std::byte, kCreditSize> payload;
  std::memcpy(payload.data(), fields.data(), kCreditSize);
  return payload;
}

std::optional<Credit> decode_credit(base::Bytes payload) {
  std::array<std::uint32_t, 2> fields{};
  if (payload.size() != kCreditSize) return std::nullopt;
  std::memcpy(fields.data(), payload.data(), kCreditSize);
  if (fields[0] == 0 && fields[1] == 0) return std::nullopt;
  return Credit{fields[0], fields[1]};
}

CreditFrame credit_frame(const wire::Header& received, const Credit& credit, std::uint8_t flags) {
  wire::Header header = received;
  header.size = kCreditSize;
  header.kind = wire::FrameKind::credit;
  // What the callee has sent its caller grants credit for, and the other way round.
  header.flags = (received.flags & wire::kFromCallee) != 0 ? std::uint8_t{0} : wire::kFromCallee;
  header.flags |= flags;
  CreditFrame frame;
  wire::encode_header(header, std::span(frame).first<wire::kHeaderSize>());
  const auto payload = encode_credit(credit);
  std::memcpy(frame.data() + wire::kHeaderSize, payload.data(), kCreditSize);
  return frame;
}

bool OutCredit::spend(const Credit& cost) {
  if (!covers(cost)) {
    refused_ = cost;
    return false;
  }
  available_.bytes -= cost.bytes;
  available_.items -= cost.items;
  return true;
}

std::uint64_t OutCredit::spend_bytes(std::uint64_t wanted) {
  const std::uint64_t spent = std::min(wanted, available_.bytes);
  if (spent < std::min(wanted, kWorthwhile)) {
    refused_ = Credit{std::min(wanted, kWorthwhile), 0};
    return 0;
  }
  available_.bytes -= spent;
  return spent;
}

OutCredit::Added OutCredit::add(const Credit& granted) {
  if (granted.bytes > kMaxAvailable - available_.bytes || granted.items > kMaxAvailable - available_.items) {
    return Added::violation;
  }
  available_.bytes += granted.bytes;
  available_.items += granted.items;
  if (!refused_ || !covers(*refused_)) return Added::enough;
  refused_.reset();
  return Added::wake;
}

bool InCredit::take(const Credit& cost) {
  if (cost.bytes > granted_.bytes || cost.items > granted_.items) return false;
  granted_.bytes -= cost.bytes;
  granted_.items -= cost.items;
  return true;
}

std::optional<Credit> InCredit::used(const Credit& cost) {
  const auto due = used_until_granted(cost);
  if (due) grant(*due);
  return due;
}

std::optional<Credit> InCredit::used_until_granted(const Credit& cost, bool asked) {
  owed_.bytes += cost.bytes;
  owed_.items += cost.items;
  if (!asked && owed_.bytes < window_.bytes / 2 && owed_.items < window_.items / 2) return std::nullopt;
  return std::exchange(owed_, {});
}

void InCredit::grant(const Credit& credit) {
  granted_.bytes += credit.bytes;
  granted_.items += credit.items;
}

}  // namespace daffi::rpc
