/// @file  The compiled half of broadcasts' results.
#include "daffi/broadcast.hpp"

#include "base/result.hpp"

namespace daffi::inline v1 {

struct BroadcastTimeout::Arrived {
  std::string func_name;
  std::vector<detail::Gathered> parts;
};

BroadcastTimeout::BroadcastTimeout(const Error& error, std::string func_name, std::vector<detail::Gathered> arrived)
    : TimeoutError(error.code(), error.message()),
      arrived_(std::make_shared<Arrived>(Arrived{std::move(func_name), std::move(arrived)})) {}
BroadcastTimeout::BroadcastTimeout(const BroadcastTimeout&) noexcept = default;
BroadcastTimeout& BroadcastTimeout::operator=(const BroadcastTimeout&) noexcept = default;
BroadcastTimeout::~BroadcastTimeout() = default;

const std::vector<detail::Gathered>& BroadcastTimeout::arrived() const noexcept { return arrived_->parts; }
const std::string& BroadcastTimeout::func_name() const noexcept { return arrived_->func_name; }

namespace detail {

Error error_in(const std::exception_ptr& raised) {
  try {
    std::rethrow_exception(raised);
  } catch (const Error& error) {
    return error;
  } catch (...) {
    return Error(ErrorCode::system, "an exception that is no daffi::Error");
  }
}

}  // namespace detail
}  // namespace daffi::inline v1
