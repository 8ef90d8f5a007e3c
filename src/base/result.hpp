/// @file  Result<T>: a value, or the Failure that took its place. What src/ passes instead of exceptions.
#pragma once

#include <cassert>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "daffi/error.hpp"

namespace daffi::base {

/// Why something failed: a row of the error table, words for a person, and, for an error raised by a callback, its
/// own account. Value.
struct Failure {
  ErrorCode code = ErrorCode::system;
  std::string message;
  std::shared_ptr<const RemoteException> remote = nullptr;  ///< set for ErrorCode::remote_error
};

/// Value. Holds exactly one of T and Failure. Reading the wrong one asserts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    assert(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    assert(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    assert(ok());
    return std::get<0>(std::move(state_));
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  Failure& failure() & {
    assert(!ok());
    return std::get<1>(state_);
  }
  const Failure& failure() const& {
    assert(!ok());
    return std::get<1>(state_);
  }
  Failure&& failure() && {
    assert(!ok());
    return std::get<1>(std::move(state_));
  }

 private:
  std::variant<T, Failure> state_;
};

/// Success without a value, or a Failure.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::make_unique<Failure>(std::move(failure))) {}

  [[nodiscard]] bool ok() const { return failure_ == nullptr; }
  explicit operator bool() const { return ok(); }
  Failure& failure() & {
    assert(!ok());
    return *failure_;
  }
  const Failure& failure() const& {
    assert(!ok());
    return *failure_;
  }
  Failure&& failure() && {
    assert(!ok());
    return std::move(*failure_);
  }

 private:
  std::unique_ptr<Failure> failure_;
};

inline Failure fail(ErrorCode code, std::string message) { return Failure{code, std::move(message), nullptr}; }

/// Throws the public exception of the failure's class. For the outermost layer only. Never returns.
[[noreturn]] DAFFI_API void throw_failure(Failure failure);

/// The same exception, not thrown. Threads: any.
DAFFI_API std::exception_ptr to_exception(Failure failure);

/// The failure an exception of ours was made of. Threads: any.
DAFFI_API Failure failure_of(const Error& error);

}  // namespace daffi::base
