/// @file  For writers of modules: functions that are sent to another process and run there, see
/// Global::transfer_and_call.
///
///     #include <daffi/module.hpp>
///
///     static double mean(const std::vector<double>& values) { … }
///
///     DAFFI_MODULE(daffi::export_function<&mean>(), daffi::export_function("twice", [](int n) { return 2 * n; }))
///
/// A module is a shared object that contains all of daffi that it needs. With CMake: `daffi_add_module(statistics
/// statistics.cpp)`; by hand: `c++ -std=c++20 -fPIC -shared statistics.cpp -o statistics.so` and the flags that
/// `pkg-config --cflags --libs daffi-module` gives.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "daffi/callback.hpp"
#include "daffi/detail/module_boundary.hpp"

namespace daffi::inline v1 {

namespace detail {

template <typename Fn>
void check_exported() {
  static_assert(!FunctionTraits<Fn>::task && !FunctionTraits<Fn>::stream,
                "daffi: a module's function returns its result: it is neither a coroutine nor a generator");
}

/// The functions of a module, in order.
class ModuleFunctions {
 public:
  template <typename... Lists>
  explicit ModuleFunctions(Lists&&... lists) {
    lists_.reserve(sizeof...(Lists));
    (lists_.push_back(std::forward<Lists>(lists)), ...);
  }
  std::vector<CallbackList>& lists() { return lists_; }

 private:
  std::vector<CallbackList> lists_;
};

using ModuleMaker = ModuleFunctions (*)();

/// What a module's table points to. `make` is called once. Threads: any.
void describe_module(ModuleMaker make, const daffi_module_answer& answer) noexcept;
void invoke_module(ModuleMaker make, const daffi_module_call& call, const daffi_module_answer& answer) noexcept;

}  // namespace detail

/// One function of a module, under its own name. `words`, in any order: an alias (text), params(…) so that it takes
/// keywords, doc(…). It may take a CallContext& first. It may run on several threads at once, may block, may throw.
template <auto F, typename... Words>
detail::CallbackList export_function(const Words&... words) {
  detail::check_exported<std::remove_const_t<decltype(F)>>();
  return detail::list_of(detail::collect_words(function_name<F>(), words...), detail::as_callable<F>());
}
/// The same for a lambda or other object with one operator().
template <typename Fn, typename... Words>
  requires(!std::convertible_to<Fn, std::string_view>)
detail::CallbackList export_function(std::string_view name, Fn fn, const Words&... words) {
  detail::check_exported<Fn>();
  return detail::list_of(detail::collect_words(name, words...), std::move(fn));
}

}  // namespace daffi::inline v1

/// Says what a module exports: once per module, in the global namespace.
#define DAFFI_MODULE(...)                                                                                            \
  static ::daffi::detail::ModuleFunctions daffi_module_functions() {                                                 \
    return ::daffi::detail::ModuleFunctions(__VA_ARGS__);                                                            \
  }                                                                                                                  \
  extern "C" {                                                                                                       \
  __attribute__((visibility("default"))) extern const daffi_module_table daffi_module;                               \
  extern const daffi_module_note daffi_module_abi;                                                                   \
  __attribute__((used)) const daffi_module_table daffi_module = {                                                    \
      DAFFI_MODULE_ABI,                                                                                              \
      [](const daffi_module_answer* answer) { ::daffi::detail::describe_module(&daffi_module_functions, *answer); }, \
      [](const daffi_module_call* call, const daffi_module_answer* answer) {                                         \
        ::daffi::detail::invoke_module(&daffi_module_functions, *call, *answer);                                     \
      }};                                                                                                            \
  __attribute__((section(".note.daffi"), used, aligned(4)))                                                          \
  const daffi_module_note daffi_module_abi = {6, 4, 1, "daffi", DAFFI_MODULE_ABI};                                   \
  }
