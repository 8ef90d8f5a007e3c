/// @file  LazyCall: an untyped call, given its arguments, that waits to be told how it is to be made.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "daffi/args.hpp"
#include "daffi/async_result.hpp"
#include "daffi/broadcast.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/modifiers.hpp"
#include "daffi/scheduled_task.hpp"
#include "daffi/stream.hpp"
#include "daffi/value.hpp"

namespace daffi::inline v1 {

namespace detail {

/// A call without types that was given its arguments. Threads: any.
class LazyArguments {
 public:
  /// `arguments` was written by encode_arguments.
  LazyArguments(std::weak_ptr<Core> core, std::string name, std::size_t positional, std::vector<std::string> keywords,
                Writer arguments)
      : core_(std::move(core)),
        name_(std::move(name)),
        positional_(positional),
        keywords_(std::move(keywords)),
        arguments_(std::move(arguments)) {}

 protected:
  /// `spec`, told of the arguments; `arguments` gets a copy of them.
  CallSpec prepare(CallSpec spec, Writer& arguments) const;

  std::weak_ptr<Core> core_;
  std::string name_;
  std::size_t positional_;
  std::vector<std::string> keywords_;
  Writer arguments_;
};

}  // namespace detail

/// What Global::stream gives: an untyped call of a callback that yields. Does nothing until `& FG{…}` or `& BG{…}`,
/// which are alike here but for `eta`. Threads: any.
class [[nodiscard]] LazyStream : public detail::LazyArguments {
 public:
  using LazyArguments::LazyArguments;

  DAFFI_API Stream<Value> operator&(const FG& modifier) const;
  DAFFI_API Stream<Value> operator&(const BG& modifier) const;

 private:
  Stream<Value> start(detail::CallSpec spec) const;
};

/// What Global::call gives. Does nothing until `& FG{…}`, `& BG{…}`, `& BROADCAST{…}` or `& PERIOD{…}`, and makes the
/// call again at each of these. The arguments were encoded when it was made. Threads: any. Documentation: 4, 7.1.1.
class [[nodiscard]] LazyCall : public detail::LazyArguments {
 public:
  using LazyArguments::LazyArguments;

  /// Blocks until the result is here; throws as any call does.
  DAFFI_API Value operator&(const FG& modifier) const;
  DAFFI_API AsyncResult<Value> operator&(const BG& modifier) const;
  /// Blocks until every process that holds the callback has answered.
  DAFFI_API Outcomes<Value> operator&(const BROADCAST& modifier) const;
  /// Begins it and does not wait.
  [[nodiscard]] DAFFI_API AsyncResult<Outcomes<Value>> start(const BROADCAST& modifier) const;
  /// Blocks until a process has accepted the task.
  DAFFI_API ScheduledTask operator&(const PERIOD& modifier) const;
};

}  // namespace daffi::inline v1
