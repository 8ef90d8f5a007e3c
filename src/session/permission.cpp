/// @file  Lists of callers, and names that are not to be read.
#include "session/permission.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/sha256.hpp"
#include "wire/callers.hpp"

namespace daffi::session {
namespace {

constexpr std::size_t kClosedNameDigits = 32;

bool names(std::string_view caller, std::string_view what, std::string_view name) {
  return !name.empty() && caller.starts_with(what) && caller.substr(what.size()) == name;
}

}  // namespace

bool may_call(const std::vector<std::string>& callers, const wire::Identity& who) {
  return callers.empty() || std::ranges::any_of(callers, [&](const std::string& caller) {
           return names(caller, wire::kRoleCaller, who.role) ||
                  names(caller, wire::kCertificateCaller, who.certificate);
         });
}

std::string closed_name(std::string_view name) {
  return base::hex(base::sha256(base::as_bytes(name))).substr(0, kClosedNameDigits);
}

base::Failure may_not_call(std::string_view callback) {
  return base::fail(ErrorCode::not_permitted, "this process may not call '" + std::string(callback) +
                                                  "': it is for callers of certain roles or certificates only");
}

}  // namespace daffi::session
