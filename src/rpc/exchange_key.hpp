/// @file  ExchangeKey: how a callee tells the calls of all its callers apart.
#pragma once

#include <cstddef>
#include <cstdint>

namespace daffi::rpc {

/// Who called, and the id that the caller gave. Value.
struct ExchangeKey {
  std::uint32_t member;
  std::uint64_t id;
  bool operator==(const ExchangeKey&) const = default;
};
struct ExchangeKeyHash {
  std::size_t operator()(const ExchangeKey& key) const { return key.id * 0x9e3779b97f4a7c15ull + key.member; }
};

}  // namespace daffi::rpc
