/// @file  Edit distance, and rankings by it.
#include "base/similar.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace daffi::base {
namespace {

constexpr std::size_t kMaxLetters = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The nearest first; those below `limit` only; names equally near keep their order.
std::vector<std::string> rank(std::string_view wanted, std::span<const std::string> names, std::size_t count,
                              std::size_t limit) {
  std::vector<std::pair<std::size_t, const std::string*>> ranked;
  for (const std::string& name : names) {
    if (const std::size_t distance = edit_distance(wanted, name, limit); distance < limit) {
      ranked.emplace_back(distance, &name);
    }
  }
  std::ranges::stable_sort(ranked, {}, &std::pair<std::size_t, const std::string*>::first);
  if (ranked.size() > count) ranked.resize(count);
  std::vector<std::string> out;
  out.reserve(ranked.size());
  for (const auto& entry : ranked) out.push_back(*entry.second);
  return out;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  a = a.substr(0, kMaxLetters);
  b = b.substr(0, kMaxLetters);
  const std::size_t apart = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (apart >= limit) return limit;
  std::array<std::size_t, kMaxLetters + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
      best = std::min(best, row[j]);
    }
    if (best >= limit) return limit;
  }
  return std::min(row[b.size()], limit);
}

std::vector<std::string> similar_names(std::string_view wanted, std::span<const std::string> names, std::size_t count) {
  // One slip in three letters is still likely a slip; more is another name.
  const std::size_t slips = std::max<std::size_t>(1, std::min(wanted.size(), kMaxLetters) / 3);
  return rank(wanted, names, count, slips + 1);
}

std::vector<std::string> nearest_names(std::string_view wanted, std::span<const std::string> names, std::size_t count) {
  return rank(wanted, names, count, kMaxLetters + 1);
}

}  // namespace daffi::base
