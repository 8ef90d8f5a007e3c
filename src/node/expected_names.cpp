/// @file  ExpectedNames: bookkeeping.
#include "node/expected_names.hpp"

#include <utility>

namespace daffi::node {

void ExpectedNames::add(const std::string& process, std::vector<std::string> callbacks) {
  is_back(process);
  if (processes_.size() >= kMaxProcesses) return;
  for (const std::string& name : callbacks) ++callbacks_[name];
  processes_.emplace(process, std::move(callbacks));
}

void ExpectedNames::found(base::SteadyTime now) {
  if (until_) return;
  until_ = grace_ < base::SteadyTime::max() - now ? now + grace_ : base::SteadyTime::max();
}

void ExpectedNames::is_back(std::string_view process) {
  const auto at = processes_.find(process);
  if (at == processes_.end()) return;
  for (const std::string& name : at->second) {
    if (const auto count = callbacks_.find(name); --count->second == 0) callbacks_.erase(count);
  }
  processes_.erase(at);
}

void ExpectedNames::clear() {
  processes_.clear();
  callbacks_.clear();
}

}  // namespace daffi::node
