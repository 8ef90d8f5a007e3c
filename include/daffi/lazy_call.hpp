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

/// What Global::stream gives: an untyped call of a callback that yields. Does nothing until `& FG{…}` or `& BG{…}`,
/// which are alike here but for `eta`. Threads: any.
class [[nodiscard]] LazyStream {
 public:
  LazyStream(std::weak_ptr<detail::Core> core, std::string name, std::size_t positional,
             std::vector<std::string> keywords, Writer arguments)
      : core_(std::move(core)),
        name_(std::move(name)),
        positional_(positional),
        keywords_(std::move(keywords)),
        arguments_(std::move(arguments)) {}

  DAFFI_API Stream<Value> operator&(const FG& modifier) const;
  DAFFI_API Stream<Value> operator&(const BG& modifier) const;

 private:
  Stream<Value> start(detail::CallSpec spec) const;

  std::weak_ptr<detail::Core> core_;
  std::string name_;
  std::size_t positional_;
  std::vector<std::string> keywords_;
  Writer arguments_;
};

/// What Global::call gives. Does nothing until `& FG{…}`, `& BG{…}`, `& BROADCAST{…}` or `& PERIOD{…}`, and makes the
/// call again at each of these. The arguments were encoded when it was made. Threads: any. Documentation: 4, 7.1.1.
class [[nodiscard]] LazyCall {
 public:
  /// `arguments` was written by encode_arguments.
  LazyCall(std::weak_ptr<detail::Core> core, std::string name, std::size_t positional,
           std::vector<std::string> keywords, Writer arguments)
      : core_(std::move(core)),
        name_(std::move(name)),
        positional_(positional),
        keywords_(std::move(keywords)),
        arguments_(std::move(arguments)) {}

  /// Blocks until the result is here; throws as any call does.
  DAFFI_API Value operator&(const FG& modifier) const;
  DAFFI_API AsyncResult<Value> operator&(const BG& modifier) const;
  /// Blocks until every process that holds the callback has answered.
  DAFFI_API Outcomes<Value> operator&(const BROADCAST& modifier) const;
  /// Begins it and does not wait.
  [[nodiscard]] DAFFI_API AsyncResult<Outcomes<Value>> start(const BROADCAST& modifier) const;
  /// Blocks until a process has accepted the task.
  DAFFI_API ScheduledTask operator&(const PERIOD& modifier) const;

 private:
  detail::CallSpec prepare(detail::CallSpec spec, Writer& arguments) const;

  std::weak_ptr<detail::Core> core_;
  std::string name_;
  std::size_t positional_;
  std::vector<std::string> keywords_;
  Writer arguments_;
};

}  // namespace daffi::inline v1
