/// @file  Lists of processes and their callbacks, shortened by nearness.
#include "node/candidates_text.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/similar.hpp"

namespace daffi::node {
namespace {

constexpr std::size_t kFar = 64;
constexpr std::string_view kNothing = "No available callbacks found on remotes";

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  const std::vector<std::string> near = base::similar_names(wanted, names, 1);
  return near.empty() || near.front() == wanted ? "" : " Did you mean " + quoted(near.front()) + "?";
}

// Every name once, so that ranking a thousand alike processes costs what one does.
std::vector<std::string> distinct_callbacks(const std::vector<Candidates>& others) {
  std::unordered_set<std::string_view> seen;
  std::vector<std::string> out;
  for (const Candidates& each : others) {
    for (const std::string& name : each.callbacks) {
      if (seen.insert(name).second) out.push_back(name);
    }
  }
  return out;
}

std::string name_list(std::string_view wanted, const std::vector<std::string>& names) {
  const std::size_t more = names.size() > kMaxListNames ? names.size() - kMaxListNames : 0;
  std::string out = "  - [ ";
  bool first = true;
  for (const std::string& name : more ? base::nearest_names(wanted, names, kMaxListNames) : names) {
    if (!std::exchange(first, false)) out += ", ";
    out += name;
  }
  if (more) out += ", ... and " + std::to_string(more) + " more";
  return out + " ]";
}

// One paragraph per process. `distance` ranks processes when there are too many of them.
template <typename Distance>
std::string list(std::string_view wanted, const std::vector<Candidates>& others, Distance distance) {
  constexpr std::size_t kLinesEach = 3;  // two and a blank one
  std::vector<const Candidates*> shown;
  for (const Candidates& each : others) {
    if (!each.callbacks.empty()) shown.push_back(&each);
  }
  if (shown.empty()) return std::string(kNothing);
  std::size_t more = 0;
  if (shown.size() * kLinesEach - 1 > kMaxListLines) {
    std::vector<std::pair<std::size_t, const Candidates*>> ranked;
    ranked.reserve(shown.size());
    for (const Candidates* each : shown) ranked.emplace_back(distance(*each), each);
    std::ranges::stable_sort(ranked, {}, &std::pair<std::size_t, const Candidates*>::first);
    ranked.resize((kMaxListLines - 1) / kLinesEach);
    more = shown.size() - ranked.size();
    shown.clear();
    for (const auto& entry : ranked) shown.push_back(entry.second);
  }
  std::string out = "Available callbacks:\n";
  for (const Candidates* each : shown) {
    if (each != shown.front()) out += "\n\n";
    out += "process: " + each->process + "\n" + name_list(wanted, each->callbacks);
  }
  if (more) out += "\n\n... and " + std::to_string(more) + " more processes";
  return out;
}

// How near the nearest callback of a process is. The names come ranked once for all.
struct ByCallback {
  ByCallback(std::string_view wanted, const std::vector<std::string>& names) {
    for (const std::string& name : names) distance.emplace_back(name, base::edit_distance(wanted, name, kFar));
    std::ranges::sort(distance);
  }
  std::size_t operator()(const Candidates& each) const {
    std::size_t best = kFar;
    for (const std::string& name : each.callbacks) {
      const auto at = std::ranges::lower_bound(distance, std::string_view(name), {}, &Entry::first);
      if (at != distance.end() && at->first == name) best = std::min(best, at->second);
    }
    return best;
  }
  using Entry = std::pair<std::string_view, std::size_t>;
  std::vector<Entry> distance;
};

}  // namespace

std::string unknown_callback_text(std::string_view callback, const std::vector<Candidates>& others, bool held_here) {
  const std::vector<std::string> names = distinct_callbacks(others);
  std::string out = "Function " + quoted(callback) + " is not found on any other process.";
  if (held_here) {
    out += " This process has it, but is only chosen when named as receiver.";
  } else {
    out += did_you_mean(callback, names);
  }
  return out + "\n" + list(callback, others, ByCallback(callback, names));
}

std::string unknown_receiver_text(std::string_view process, std::string_view callback,
                                  const std::vector<Candidates>& others, bool is_there) {
  if (!is_there) {
    std::vector<std::string> processes;
    processes.reserve(others.size());
    for (const Candidates& each : others) processes.push_back(each.process);
    return "Process " + quoted(process) + " is not found." + did_you_mean(process, processes) + "\n" +
           list(callback, others,
                [&](const Candidates& each) { return base::edit_distance(process, each.process, kFar); });
  }
  const auto named = std::ranges::find(others, process, &Candidates::process);
  const std::vector<std::string> its = named == others.end() ? std::vector<std::string>{} : named->callbacks;
  const std::vector<std::string> names = distinct_callbacks(others);
  const ByCallback by_callback(callback, names);
  return "Process " + quoted(process) + " has no function " + quoted(callback) + "." + did_you_mean(callback, its) +
         "\n" + list(callback, others, [&](const Candidates& each) {
           return each.process == process ? 0 : by_callback(each) + 1;  // the one that was named comes first
         });
}

}  // namespace daffi::node
