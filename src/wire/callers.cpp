/// @file  What may stand in a list of callers.
#include "wire/callers.hpp"

#include "daffi/writer.hpp"
#include "wire/limits.hpp"

namespace daffi::wire {

std::optional<std::string> mistake_in_callers(std::span<const std::string> callers) {
  if (callers.empty()) return "callers names nobody";
  if (callers.size() > kMaxCallers) {
    return "callers names more than " + std::to_string(kMaxCallers);
  }
  for (const std::string& caller : callers) {
    const bool known = (caller.starts_with(kRoleCaller) && caller.size() > kRoleCaller.size()) ||
                       (caller.starts_with(kCertificateCaller) && caller.size() > kCertificateCaller.size());
    if (!known || !is_utf8(caller)) return "a caller is 'role:NAME' or 'certificate:NAME', not '" + caller + "'";
    if (caller.size() > kMaxCaller) return "a caller's name is too long: '" + caller + "'";
  }
  return std::nullopt;
}

}  // namespace daffi::wire
