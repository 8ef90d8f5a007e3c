/// @file  What a BROADCAST gives: an Outcome for each process, or, when its time runs out, those that have arrived.
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "daffi/detail/result.hpp"
#include "daffi/error.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// One process's share of a broadcast: the result of its callback, or its own error.
///
///     for (const auto& [process, menu] : shopper.get_menu()) {
///       if (menu) use(*menu);
///       else report(process, menu.error()->message());
///     }
///
/// Value.
template <typename R>
class Outcome {
  using Stored = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

 public:
  using value_type = R;

  explicit Outcome(Stored value) : value_(std::move(value)) {}
  /// `raised` holds `error`, or what derives from it.
  Outcome(const Error& error, std::exception_ptr raised) : error_(error), raised_(std::move(raised)) {}

  /// True: there is a result.
  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  /// The result; throws the error, as its own type, when there is none.
  std::add_lvalue_reference_t<const R> value() const& {
    rethrow();
    if constexpr (!std::is_void_v<R>) return *value_;
  }
  R value() && {
    rethrow();
    if constexpr (!std::is_void_v<R>) return std::move(*value_);
  }
  std::add_lvalue_reference_t<const R> operator*() const& { return value(); }
  R operator*() && { return std::move(*this).value(); }
  const Stored* operator->() const
    requires(!std::is_void_v<R>)
  {
    return &value();
  }
  /// Why there is no result; nullptr when there is one. Lives as long as this Outcome.
  [[nodiscard]] const Error* error() const noexcept { return error_ ? &*error_ : nullptr; }

 private:
  void rethrow() const {
    if (raised_) std::rethrow_exception(raised_);
  }

  std::optional<Stored> value_;
  std::optional<Error> error_;
  std::exception_ptr raised_;
};

/// What a BROADCAST gives: by process name, exactly those processes that the call was sent to.
template <typename R>
using Outcomes = std::map<std::string, Outcome<R>>;

namespace detail {

/// The Error in `raised`. What is no Error of ours becomes one.
DAFFI_API Error error_in(const std::exception_ptr& raised);

template <typename R>
Outcome<R> read_outcome(const Gathered& part, std::string_view func_name) {
  if (part.error) return {error_in(part.error), part.error};
  try {
    if constexpr (std::is_void_v<R>) {
      return Outcome<R>(std::monostate());
    } else {
      return Outcome<R>(read_value<R>(Reader(part.result), func_name));
    }
  } catch (const Error& error) {
    return {error, std::current_exception()};
  }
}

template <typename R>
Outcomes<R> read_outcomes(const std::vector<Gathered>& parts, std::string_view func_name) {
  Outcomes<R> outcomes;
  for (const Gathered& part : parts) outcomes.emplace(part.process, read_outcome<R>(part, func_name));
  return outcomes;
}

template <typename R>
struct ResultReader<Outcomes<R>> {
  static Outcomes<R> read(const Reply& reply, std::string_view func_name) {
    return read_outcomes<R>(reply.gathered, func_name);
  }
};

}  // namespace detail

/// A broadcast's time ran out before everybody had answered. Value.
class DAFFI_API BroadcastTimeout : public TimeoutError {
 public:
  BroadcastTimeout(const Error& error, std::string func_name, std::vector<detail::Gathered> arrived);
  BroadcastTimeout(const BroadcastTimeout&) noexcept;
  BroadcastTimeout& operator=(const BroadcastTimeout&) noexcept;
  ~BroadcastTimeout() override;

  /// What had arrived by then, R as in the fetcher: `e.results<int>()`; daffi::Value from an untyped call.
  template <typename R>
  [[nodiscard]] Outcomes<R> results() const {
    return detail::read_outcomes<R>(arrived(), func_name());
  }

  /// The same as it came: encoded.
  [[nodiscard]] const std::vector<detail::Gathered>& arrived() const noexcept;

 private:
  struct Arrived;
  [[nodiscard]] const std::string& func_name() const noexcept;

  std::shared_ptr<const Arrived> arrived_;
};

}  // namespace daffi::inline v1
