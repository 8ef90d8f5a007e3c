/// @file  Error: what every public call throws, with what its caller may do about it.
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "daffi/error_code.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// A callback's own account of the exception it raised. Value.
struct RemoteException {
  std::string type;       ///< its type's name, as its language writes it
  std::string message;    ///< its text
  std::string trace;      ///< its stack trace as text, empty where the language keeps none
  std::string language;   ///< "c++", "python", …
  std::string process;    ///< the process that raised it
  std::string data = {};  ///< what else its language keeps of it, in that language's own encoding; may be empty

  bool operator==(const RemoteException&) const = default;
};

/// Base of all errors that daffi throws. docs/errors.md lists the codes. Value: copies share their state and never
/// throw.
class DAFFI_API Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::shared_ptr<const RemoteException> remote = nullptr);
  Error(const Error&) noexcept;
  Error& operator=(const Error&) noexcept;
  ~Error() override;

  ErrorCode code() const noexcept;
  /// The same words as what().
  const std::string& message() const noexcept;
  const char* what() const noexcept override;
  /// The same call may succeed if it is made again, and making it again is safe.
  bool retryable() const noexcept;
  /// The callback may at least have begun. False: it has certainly not.
  bool may_have_run() const noexcept;
  /// What the callback itself raised; nullptr when the error is not the callback's own. Lives as long as a copy of
  /// this Error.
  const RemoteException* remote() const noexcept;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// The callback raised, or could not take its arguments or give its result.
class DAFFI_API RemoteCallError : public Error {
 public:
  using Error::Error;
  ~RemoteCallError() override;
};

/// No process is there that could take the call.
class DAFFI_API UnableToFindCandidate : public Error {
 public:
  using Error::Error;
  ~UnableToFindCandidate() override;
};

/// The callee, or the controller on the way to it, went away.
class DAFFI_API RemoteStoppedUnexpectedly : public Error {
 public:
  using Error::Error;
  ~RemoteStoppedUnexpectedly() override;
};

/// A Global, callback, fetcher or modifier cannot be set up as asked.
class DAFFI_API InitializationError : public Error {
 public:
  using Error::Error;
  ~InitializationError() override;
};

/// The call was wrong where it was made: nothing was sent.
class DAFFI_API GlobalContextError : public Error {
 public:
  using Error::Error;
  ~GlobalContextError() override;
};

/// Time ran out.
class DAFFI_API TimeoutError : public Error {
 public:
  using Error::Error;
  ~TimeoutError() override;
};

/// The caller cancelled the call.
class DAFFI_API CancelledError : public Error {
 public:
  using Error::Error;
  ~CancelledError() override;
};

/// This caller may not do this there.
class DAFFI_API NotPermittedError : public Error {
 public:
  using Error::Error;
  ~NotPermittedError() override;
};

/// A value is larger than the limit allows.
class DAFFI_API TooLargeError : public Error {
 public:
  using Error::Error;
  ~TooLargeError() override;
};

/// A queue or pool over there is full, or the callee is stopping: the call was not run.
class DAFFI_API BusyError : public Error {
 public:
  using Error::Error;
  ~BusyError() override;
};

/// A peer sent what the protocol does not allow.
class DAFFI_API ProtocolError : public Error {
 public:
  using Error::Error;
  ~ProtocolError() override;
};

}  // namespace daffi::inline v1
