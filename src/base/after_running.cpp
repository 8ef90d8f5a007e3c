/// @file  What a failure is called when something of the call has run already.
#include "base/after_running.hpp"

#include "base/error_table.hpp"

namespace daffi::base {

Failure after_running(Failure failure) {
  switch (failure.code) {
    case ErrorCode::remote_stopped_not_run:
    case ErrorCode::no_candidate:
    case ErrorCode::draining:
      failure.code = ErrorCode::remote_stopped;
      break;
    case ErrorCode::no_controller:
      failure.code = ErrorCode::lost_controller;
      break;
    case ErrorCode::too_large:
      failure.code = ErrorCode::result_too_large;
      break;
    default:
      if (!error_row(failure.code).may_have_run) failure.code = ErrorCode::remote_error;
  }
  return failure;
}

}  // namespace daffi::base
