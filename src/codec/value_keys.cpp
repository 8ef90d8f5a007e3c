/// @file  An order among Values, only meant to bring equal ones together.
#include "codec/value_keys.hpp"

#include <algorithm>
#include <compare>

namespace daffi::codec {
namespace {

std::weak_ordering order(const Value& a, const Value& b);

template <typename T>
std::weak_ordering order_items(const T& a, const T& b, auto each) {
  std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (auto result = each(a[i], b[i]); std::is_neq(result)) return result;
  }
  return a.size() <=> b.size();
}

std::weak_ordering order(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return a.kind() <=> b.kind();
  switch (a.kind()) {
    case Value::Kind::nil:
      return std::weak_ordering::equivalent;
    case Value::Kind::boolean:
      return *a.boolean_if() <=> *b.boolean_if();
    case Value::Kind::integer:
      return *a.integer_if() <=> *b.integer_if();
    case Value::Kind::large_integer:
      return *a.large_integer_if() <=> *b.large_integer_if();
    case Value::Kind::real:
      return std::weak_order(*a.real_if(), *b.real_if());
    case Value::Kind::text:
      return *a.text_if() <=> *b.text_if();
    case Value::Kind::bytes:
      return *a.bytes_if() <=> *b.bytes_if();
    case Value::Kind::list:
      return order_items(*a.list_if(), *b.list_if(), order);
    case Value::Kind::map:
      return order_items(*a.map_if(), *b.map_if(), [](const auto& x, const auto& y) {
        auto keys = order(x.first, y.first);
        return std::is_neq(keys) ? keys : order(x.second, y.second);
      });
    case Value::Kind::timestamp:
      return *a.timestamp_if() <=> *b.timestamp_if();
    case Value::Kind::ext:
      break;
  }
  const Value::Ext& left = *a.ext_if();
  const Value::Ext& right = *b.ext_if();
  return left.type != right.type ? left.type <=> right.type : left.bytes <=> right.bytes;
}

}  // namespace

std::size_t find_duplicate_key(const Value::Map& map) {
  constexpr std::size_t few = 8;
  if (map.size() <= few) {
    for (std::size_t i = 1; i < map.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (std::is_eq(order(map[i].first, map[j].first))) return i;
      }
    }
    return map.size();
  }
  std::vector<std::size_t> sorted(map.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = i;
  std::sort(sorted.begin(), sorted.end(),
            [&](std::size_t a, std::size_t b) { return std::is_lt(order(map[a].first, map[b].first)); });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (std::is_eq(order(map[sorted[i - 1]].first, map[sorted[i]].first))) return std::max(sorted[i - 1], sorted[i]);
  }
  return map.size();
}

}  // namespace daffi::codec
