/// @file  Property: a stream's consumer gets the items that were put, whole and in order, whatever their parts and
/// whenever it takes them; what is granted was used up; what is held is bounded.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>

#include "rpc/incoming_items.hpp"
#include "wire/call_messages.hpp"

namespace {

using daffi::base::Bytes;
using daffi::rpc::Credit;
using daffi::rpc::IncomingItems;
namespace wire = daffi::wire;

constexpr std::size_t kMaxItem = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

// The same in the plainest words.
struct Model {
  std::deque<std::string> items;
  std::string coming;
  std::uint64_t total = 0;  // of what is coming; 0: nothing is

  IncomingItems::Put put(bool last, Bytes bytes) {
    using Put = IncomingItems::Put;
    if (last && total == 0) return items.emplace_back(daffi::base::as_text(bytes)), Put::taken;
    if (total == 0) {
      if (bytes.size() < wire::kTotalSize) return Put::broken;
      std::memcpy(&total, bytes.data(), wire::kTotalSize);
      if (total == 0) return Put::broken;
      if (total > kMaxItem) return Put::refused;
      bytes = bytes.subspan(wire::kTotalSize);
    }
    coming += daffi::base::as_text(bytes);
    if (bytes.empty() || coming.size() > total || (coming.size() == total) != last) return Put::broken;
    if (last) items.push_back(std::exchange(coming, {})), total = 0;
    return Put::taken;
  }
};

struct Run {
  IncomingItems items{{kMaxItem, std::make_shared<daffi::rpc::MemoryBudget>(2 * kMaxItem + kMaxItem)}};
  Model model;
  std::uint64_t put_bytes = 0, granted_bytes = 0;

  void note(const std::optional<Credit>& grant) {
    if (grant) granted_bytes += grant->bytes;
    require(granted_bytes <= put_bytes);
  }
  // False: that was the end of the stream.
  bool put(bool last, Bytes bytes) {
    std::optional<Credit> grant;
    wire::Header header;
    if (!last) header.flags = wire::kPart;
    put_bytes += bytes.size();
    const auto result = items.put(header, bytes, grant);
    if (result == IncomingItems::Put::violation) return false;
    note(grant);
    if (result == IncomingItems::Put::refused && model.total == 0) {
      // Too large by itself, or too much beside those that wait.
      return false;
    }
    require(result == model.put(last, bytes));
    return result == IncomingItems::Put::taken;
  }
  void take() {
    Bytes item;
    std::optional<Credit> grant;
    const auto taken = items.take(item, grant);
    note(grant);
    require((taken == IncomingItems::Taken::item) == !model.items.empty());
    if (taken != IncomingItems::Taken::item) return;
    require(daffi::base::as_text(item) == model.items.front());
    model.items.pop_front();
  }
};

}  // namespace

// Again and again: a byte that says what happens (1 not the last part, 2 something is taken), a length, that many
// bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run run;
  Bytes rest = std::as_bytes(std::span(data, size));
  while (rest.size() >= 2) {
    const auto what = static_cast<std::uint8_t>(rest[0]);
    const std::size_t length = std::min<std::size_t>(static_cast<std::uint8_t>(rest[1]), rest.size() - 2);
    if ((what & 2) != 0) run.take();
    if (!run.put((what & 1) == 0, rest.subspan(2, length))) return 0;
    rest = rest.subspan(2 + length);
  }
  while (!run.model.items.empty()) run.take();
  run.items.end(std::nullopt);
  require(run.items.failure().has_value() == (run.model.total != 0));
  return 0;
}
