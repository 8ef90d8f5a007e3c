/// @file  TransferKey: which value, on its way between whom.
#pragma once

#include <cstddef>
#include <cstdint>

#include "wire/header.hpp"

namespace daffi::rpc {

/// One direction of an exchange: whom with, the id that the caller gave it, and which side sends. Value.
struct TransferKey {
  std::uint32_t member = 0;
  std::uint64_t id = 0;
  bool from_callee = false;  ///< a result; else arguments

  bool operator==(const TransferKey&) const = default;
  /// What a chunk belongs to, and what a credit frame is for. The frame has come from the key's member.
  static TransferKey of_chunk(const wire::Header& header) {
    return {header.member, header.id, (header.flags & wire::kFromCallee) != 0};
  }
  static TransferKey of_credit(const wire::Header& header) {
    return {header.member, header.id, (header.flags & wire::kFromCallee) == 0};
  }
};
struct TransferKeyHash {
  std::size_t operator()(const TransferKey& key) const {
    return (key.id * 2 + (key.from_callee ? 1 : 0)) * 0x9e3779b97f4a7c15ull + key.member;
  }
};

}  // namespace daffi::rpc
