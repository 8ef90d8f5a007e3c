/// @file  The public exceptions, and how a Failure becomes one.
#include "daffi/error.hpp"

#include <utility>

#include "base/error_table.hpp"
#include "base/result.hpp"

namespace daffi::inline v1 {

struct Error::State {
  ErrorCode code;
  std::string message;
  std::shared_ptr<const RemoteException> remote;
};

Error::Error(ErrorCode code, std::string message, std::shared_ptr<const RemoteException> remote)
    : state_(std::make_shared<State>(State{code, std::move(message), std::move(remote)})) {}
Error::Error(const Error&) noexcept = default;
Error& Error::operator=(const Error&) noexcept = default;
Error::~Error() = default;

ErrorCode Error::code() const noexcept { return state_->code; }
const std::string& Error::message() const noexcept { return state_->message; }
const char* Error::what() const noexcept { return state_->message.c_str(); }
bool Error::retryable() const noexcept { return base::error_row(state_->code).retryable; }
bool Error::may_have_run() const noexcept { return base::error_row(state_->code).may_have_run; }
const RemoteException* Error::remote() const noexcept { return state_->remote.get(); }

RemoteCallError::~RemoteCallError() = default;
UnableToFindCandidate::~UnableToFindCandidate() = default;
RemoteStoppedUnexpectedly::~RemoteStoppedUnexpectedly() = default;
InitializationError::~InitializationError() = default;
GlobalContextError::~GlobalContextError() = default;
TimeoutError::~TimeoutError() = default;
CancelledError::~CancelledError() = default;
NotPermittedError::~NotPermittedError() = default;
TooLargeError::~TooLargeError() = default;
BusyError::~BusyError() = default;
ProtocolError::~ProtocolError() = default;

}  // namespace daffi::inline v1

namespace daffi::base {
namespace {

// Calls use(exception) with the exception of the failure's class.
template <typename Use>
auto with_exception(Failure failure, Use use) {
  const auto make = [&]<typename E>() {
    return E(failure.code, std::move(failure.message), std::move(failure.remote));
  };
  switch (error_row(failure.code).error_class) {
    case ErrorClass::RemoteCallError:
      return use(make.template operator()<RemoteCallError>());
    case ErrorClass::UnableToFindCandidate:
      return use(make.template operator()<UnableToFindCandidate>());
    case ErrorClass::RemoteStoppedUnexpectedly:
      return use(make.template operator()<RemoteStoppedUnexpectedly>());
    case ErrorClass::InitializationError:
      return use(make.template operator()<InitializationError>());
    case ErrorClass::GlobalContextError:
      return use(make.template operator()<GlobalContextError>());
    case ErrorClass::TimeoutError:
      return use(make.template operator()<TimeoutError>());
    case ErrorClass::CancelledError:
      return use(make.template operator()<CancelledError>());
    case ErrorClass::NotPermittedError:
      return use(make.template operator()<NotPermittedError>());
    case ErrorClass::TooLargeError:
      return use(make.template operator()<TooLargeError>());
    case ErrorClass::BusyError:
      return use(make.template operator()<BusyError>());
    case ErrorClass::ProtocolError:
      return use(make.template operator()<ProtocolError>());
    case ErrorClass::Error:
      break;
  }
  return use(make.template operator()<Error>());
}

}  // namespace

void throw_failure(Failure failure) { std::rethrow_exception(to_exception(std::move(failure))); }

std::exception_ptr to_exception(Failure failure) {
  return with_exception(std::move(failure), [](auto error) { return std::make_exception_ptr(std::move(error)); });
}

Failure failure_of(const Error& error) {
  const RemoteException* remote = error.remote();
  return {error.code(), error.message(), remote ? std::make_shared<const RemoteException>(*remote) : nullptr};
}

}  // namespace daffi::base
