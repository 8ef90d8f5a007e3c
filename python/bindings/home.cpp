/// @file  What handlers know of the Global they belong to.
#include "home.hpp"

#include "errors.hpp"

namespace daffi::python {

void require_trust(detail::Trust trust, bool allow_code, const std::string& process) {
  if (trust == detail::Trust::same_user || (trust == detail::Trust::certificate && allow_code)) return;
  set_error(NotPermittedError(
      ErrorCode::not_permitted,
      "process '" + process + "' may not send pickled values here: it is not verified as the same user on this host" +
          (allow_code ? ", nor authenticated over TLS" : " (allow_code=True, with TLS, permits more)")));
  throw PythonError();
}

Destination to_process(const Home& home, const std::string& process) {
  return {[&home, &process] {
            auto* core = home.core.load();
            return core != nullptr && !core->speaks_python(process);
          },
          {}};
}

Destination to_holders(const Home& home, const std::string& callback, const std::string& receiver) {
  return {[&home, &callback, &receiver] {
            auto* core = home.core.load();
            return core != nullptr && core->look_up(callback, receiver).foreign;
          },
          {}};
}

Origin from_process(const Home& home, const std::string& process) {
  return {[&home, &process] {
    auto* core = home.core.load();
    require_trust(core != nullptr ? core->trust_in(process) : detail::Trust::none, home.allow_code, process);
  }};
}

Origin from_member(const Home& home, std::uint32_t member) {
  return {[&home, member] {
    auto* core = home.core.load();
    if (core == nullptr) require_trust(detail::Trust::none, home.allow_code, "?");
    require_trust(core->trust_in(member), home.allow_code, core->name_of(member));
  }};
}

}  // namespace daffi::python
