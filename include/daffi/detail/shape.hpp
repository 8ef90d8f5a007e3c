/// @file  Sorts types by how they travel, by what they look like, so that no container's header is needed here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace daffi::inline v1::detail {

enum class Shape : std::uint8_t {
  none,
  boolean,
  integer,
  real,
  enumeration,
  text,
  bytes,
  sequence,
  fixed_array,
  set,
  map,
  aggregate
};

template <typename T>
concept ByteLike =
    std::is_same_v<std::remove_const_t<T>, std::byte> || std::is_same_v<std::remove_const_t<T>, unsigned char>;

/// What is one run of bytes on the heap, where a move leaves it: worth not being copied when it is large.
template <typename T>
inline constexpr bool is_one_run = std::is_same_v<T, std::string>;
template <ByteLike T>
inline constexpr bool is_one_run<std::vector<T>> = true;

template <typename T>
concept Iterated = requires(const T& t) {
  typename T::value_type;
  t.begin();
  t.end();
  t.size();
};

template <typename T>
concept Contiguous = requires(const T& t) { *t.data(); };

template <typename T>
concept Keyed = Iterated<T> && requires(T& t, typename T::value_type v) {
  typename T::key_type;
  t.emplace(std::move(v)).second;
};

template <typename T>
concept Growing = Iterated<T> && requires(T& t, typename T::value_type v) { t.push_back(std::move(v)); };

template <typename T>
inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <typename T>
constexpr Shape shape_of_container() {
  if constexpr (Contiguous<T> && ByteLike<typename T::value_type>) {
    return Shape::bytes;
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    return Shape::fixed_array;
  } else if constexpr (Keyed<T>) {
    return requires { typename T::mapped_type; } ? Shape::map : Shape::set;
  } else if constexpr (Growing<T> && !is_character<typename T::value_type>) {
    return Shape::sequence;
  } else {
    return Shape::none;
  }
}

template <typename T>
constexpr Shape shape_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return Shape::boolean;
  } else if constexpr (is_character<T> || std::is_pointer_v<T>) {
    return Shape::none;
  } else if constexpr (std::is_integral_v<T>) {
    return sizeof(T) <= 8 ? Shape::integer : Shape::none;
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) <= 8 ? Shape::real : Shape::none;
  } else if constexpr (std::is_enum_v<T>) {
    return std::is_same_v<T, std::byte> ? Shape::none : Shape::enumeration;
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    return Shape::text;
  } else if constexpr (Iterated<T>) {
    return shape_of_container<T>();
  } else if constexpr (std::is_class_v<T> && std::is_aggregate_v<T>) {
    return Shape::aggregate;
  } else {
    return Shape::none;
  }
}

}  // namespace daffi::inline v1::detail
