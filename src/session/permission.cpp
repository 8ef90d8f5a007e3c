/// @file  Lists of callers, and names that are not to be read.
#include "session/permission.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/sha256.hpp"
#include "daffi/writer.hpp"
#include "wire/limits.hpp"

namespace daffi::session {
namespace {

constexpr std::string_view kCertificate = "certificate:";
constexpr std::string_view kRole = "role:";
constexpr std::size_t kClosedNameDigits = 32;

bool names(std::string_view caller, std::string_view what, std::string_view name) {
  return !name.empty() && caller.starts_with(what) && caller.substr(what.size()) == name;
}

}  // namespace

bool may_call(const std::vector<std::string>& callers, const wire::Identity& who) {
  return callers.empty() || std::ranges::any_of(callers, [&](const std::string& caller) {
           return names(caller, kRole, who.role) || names(caller, kCertificate, who.certificate);
         });
}

std::optional<std::string> mistake_in_callers(std::span<const std::string> callers) {
  if (callers.empty()) return "callers names nobody";
  if (callers.size() > wire::kMaxCallers) {
    return "callers names more than " + std::to_string(wire::kMaxCallers);
  }
  for (const std::string& caller : callers) {
    const bool known = (caller.starts_with(kRole) && caller.size() > kRole.size()) ||
                       (caller.starts_with(kCertificate) && caller.size() > kCertificate.size());
    if (!known || !is_utf8(caller)) return "a caller is 'role:NAME' or 'certificate:NAME', not '" + caller + "'";
    if (caller.size() > wire::kMaxCaller) return "a caller's name is too long: '" + caller + "'";
  }
  return std::nullopt;
}

std::string closed_name(std::string_view name) {
  return base::hex(base::sha256(base::as_bytes(name))).substr(0, kClosedNameDigits);
}

base::Failure may_not_call(std::string_view callback) {
  return base::fail(ErrorCode::not_permitted, "this process may not call '" + std::string(callback) +
                                                  "': it is for callers of certain roles or certificates only");
}

}  // namespace daffi::session
