/// @file  Exceptions of callbacks, turned into failures.
#include "rpc/callback_failure.hpp"

#include <memory>

#include "base/raised.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::rpc {

base::Failure callback_failure(const std::exception_ptr& error, const std::string& callback,
                               const std::string& language) {
  try {
    std::rethrow_exception(error);
  } catch (const SystemRefusal& refusal) {
    return refusal.failure;
  } catch (const detail::HandlerFailure& e) {
    return base::Failure{e.code, e.message, e.remote};
  } catch (const Error& e) {
    if (e.code() == ErrorCode::unencodable) {
      return base::fail(ErrorCode::unencodable_result,
                        "the result of '" + callback + "' cannot be encoded: " + e.message());
    }
  } catch (...) {  // described below
  }
  RemoteException account = base::describe_raised(error);
  account.language = language;
  base::Failure failure = base::fail(ErrorCode::remote_error, account.message);
  failure.remote = std::make_shared<const RemoteException>(std::move(account));
  return failure;
}

bool was_ended(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const detail::HandlerFailure& e) {
    // What asyncio and trio throw into a coroutine that they end.
    return e.remote && (e.remote->type == "asyncio.exceptions:CancelledError" || e.remote->type == "trio:Cancelled");
  } catch (const Error& e) {
    // What our own waits and calls end with, as the case may be.
    return e.code() == ErrorCode::cancelled || e.code() == ErrorCode::stopped;
  } catch (...) {
    return false;
  }
}

}  // namespace daffi::rpc
