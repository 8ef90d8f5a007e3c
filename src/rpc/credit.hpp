/// @file  Credit: how much one side of an exchange may send before the other has used up what came. spec/wire.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "wire/header.hpp"
#include "wire/limits.hpp"

namespace daffi::rpc {

/// Bytes and items: what is sent costs both, and credit is given in both. A chunk costs no item. Value.
struct Credit {
  std::uint64_t bytes = 0;
  std::uint64_t items = 0;

  bool operator==(const Credit&) const = default;
};

inline constexpr Credit kInitialCredit{wire::kInitialCreditBytes, wire::kInitialCreditItems};
inline constexpr Credit kInitialChunkCredit{wire::kInitialChunkCredit, wire::kInitialCreditItems};
inline constexpr std::size_t kCreditSize = 8;

/// The payload of a credit frame; `credit` fits into its fields, as whatever InCredit gives does. Threads: any.
std::array<std::byte, kCreditSize> encode_credit(const Credit& credit);
/// Nothing when it is none, or grants nothing at all. Threads: any.
std::optional<Credit> decode_credit(base::Bytes payload);
using CreditFrame = std::array<std::byte, wire::kHeaderSize + kCreditSize>;
/// The frame that grants credit to whoever sent `received`, an item or a chunk, under its id and epoch. `flags`: what
/// else its header is to say. Threads: any.
CreditFrame credit_frame(const wire::Header& received, const Credit& credit, std::uint8_t flags = 0);

/// The sender's account. Strand: the lock of the exchange that it belongs to; it wakes nobody itself, add() says when
/// its owner must.
class OutCredit {
 public:
  enum class Added : std::uint8_t {
    enough,     ///< nobody waits, or not for this
    wake,       ///< what could not be spent before can be now: told once for each refusal
    violation,  ///< more than any receiver may grant: the peer is broken
  };

  explicit OutCredit(Credit initial = kInitialCredit) : available_(initial) {}

  /// All or nothing. False: there is not enough, and add() will say when there is.
  [[nodiscard]] bool spend(const Credit& cost);
  /// As many bytes as there are, at most `wanted`, in steps that are worth a frame: for chunks. 0 counts as a refusal.
  [[nodiscard]] std::uint64_t spend_bytes(std::uint64_t wanted);
  /// The peer has granted more.
  [[nodiscard]] Added add(const Credit& granted);
  const Credit& available() const { return available_; }

 private:
  bool covers(const Credit& cost) const { return cost.bytes <= available_.bytes && cost.items <= available_.items; }

  Credit available_;
  std::optional<Credit> refused_;  // what add() waits for
};

/// The receiver's account. Strand: as OutCredit.
class InCredit {
 public:
  explicit InCredit(Credit window = kInitialCredit) : window_(window), granted_(window) {}

  /// Something has come. False: it was not covered by what was granted; the account is unchanged.
  [[nodiscard]] bool take(const Credit& cost);
  /// What has come was used up, and no longer takes memory. Gives what is to be granted now: nothing until it makes up
  /// half of the window, in bytes or in items, so that credit frames are few and the sender never runs dry before one.
  [[nodiscard]] std::optional<Credit> used(const Credit& cost);
  /// The same, for credit that is sent later: it counts from grant() on, which is told of it before it is sent.
  /// `asked`: the sender would have it now, however little it is.
  [[nodiscard]] std::optional<Credit> used_until_granted(const Credit& cost, bool asked = false);
  void grant(const Credit& credit);
  /// What the sender may still send.
  const Credit& granted() const { return granted_; }

 private:
  const Credit window_;
  Credit granted_;
  Credit owed_;  // used up, not yet granted again
};

}  // namespace daffi::rpc
