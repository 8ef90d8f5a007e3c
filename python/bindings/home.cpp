/// @file  What handlers know of the Global they belong to.
#include "home.hpp"

#include "errors.hpp"

namespace daffi::python {

namespace {

// Throws PythonError, with NotPermittedError set.
[[noreturn]] void refuse_code_of(const std::string& process) {
  set_error(NotPermittedError(ErrorCode::not_permitted,
                              "process '" + process +
                                  "' may not send pickled values here: that takes either that both are verified as the "
                                  "same user on the same host, or allow_code=True here and a certificate there"));
  throw PythonError();
}

// Before anything is sent: the receiver would say the same.
[[noreturn]] void refused_by(const std::string& process) {
  set_error(NotPermittedError(
      ErrorCode::not_permitted,
      "process '" + process +
          "' takes no pickled values from here: that takes either that both are verified as the same user on the same "
          "host, or allow_code=True there and a certificate here"));
  throw CodeRefused();
}

}  // namespace

Destination to_process(const Home& home, const std::string& process) {
  return {[&home, &process] {
            auto* core = home.core.load();
            return core != nullptr && !core->speaks_python(process);
          },
          {}};
}

Destination to_holders(const Holders& holders) {
  return {[&holders] {
            auto* core = holders.home.core.load();
            return core != nullptr && core->look_up(holders.callback, holders.receiver).foreign;
          },
          [&holders] {
            auto* core = holders.home.core.load();
            if (core == nullptr) return;
            const std::string refuser = core->refuser_of_code(holders.callback, holders.receiver);
            if (!refuser.empty()) refused_by(refuser);
          }};
}

Origin from_process(const Home& home, const std::string& process) {
  return {[&home, &process] {
    auto* core = home.core.load();
    if (core == nullptr || !core->runs_code_of(process)) refuse_code_of(process);
  }};
}

Origin from_member(const Home& home, std::uint32_t member) {
  return {[&home, member] {
    auto* core = home.core.load();
    if (core == nullptr || !core->runs_code_of(member)) refuse_code_of(core == nullptr ? "?" : core->name_of(member));
  }};
}

}  // namespace daffi::python
