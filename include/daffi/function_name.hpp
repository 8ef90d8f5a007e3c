/// @file  The name of a function or method, from its pointer, at compile time.
#pragma once

#include "daffi/reflect.hpp"

namespace daffi::inline v1 {

namespace detail {

/// g++: "… [with auto F = ns::S::get<int>]", clang: "… [F = &ns::S::get]".
template <auto F>
constexpr auto describe_function() {
  return std::string_view(__PRETTY_FUNCTION__);
}

constexpr std::string_view function_in(std::string_view text) {
  std::size_t begin = text.find("F = ") + 4;
  text = text.substr(begin, text.size() - begin - 1);
  while (!text.empty() && (text.front() == '&' || text.front() == '(' || text.front() == ' ')) {
    // "(anonymous namespace)::f" is a scope, "(& f)" is not.
    if (text.starts_with("(anonymous")) break;
    text.remove_prefix(1);
  }
  text = without_scope(text);
  std::size_t end = 0;
  while (end < text.size() && is_identifier(text[end])) ++end;
  return text.substr(0, end);
}

}  // namespace detail

/// function_name<&calculate_sum>() is "calculate_sum", function_name<&Service::get_items>() is "get_items". Of several
/// functions of one name, a cast picks one: function_name<static_cast<int (*)(int)>(&f)>().
template <auto F>
constexpr std::string_view function_name() {
  constexpr std::string_view name = detail::function_in(detail::describe_function<F>());
  static_assert(!name.empty() && name != "operator", "daffi: this callable has no name; give it one");
  return name;
}

}  // namespace daffi::inline v1
