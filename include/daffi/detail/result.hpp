/// @file  Reading a call's result as the type its caller asked for.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "daffi/codec.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1::detail {

/// Throws RemoteCallError (result_mismatch; malformed bytes: ProtocolError) that names the callback and the type.
[[noreturn]] DAFFI_API void refuse_result(const Reader& reader, std::string_view func_name, const std::string& wanted);

/// Views would outlive the bytes they look into.
template <typename T>
concept OwningResult = !std::is_reference_v<T> && !std::is_same_v<T, std::string_view> && !std::is_pointer_v<T>;

template <typename R>
R read_value(Reader reader, std::string_view func_name) {
  R value{};
  if (!Codec<R>::read(reader, value) || !reader.expect_end()) refuse_result(reader, func_name, type_name<R>());
  return value;
}

/// How a Reply becomes an R; there is another way for what a broadcast gives.
template <typename R>
struct ResultReader {
  static R read(const Reply& reply, std::string_view func_name) { return read_value<R>(reply.reader(), func_name); }
};

/// A void call takes whatever came back, as a call in Python would.
template <typename R>
R read_result(const Reply& reply, std::string_view func_name) {
  static_assert(OwningResult<R>, "daffi: a call's result must own its data");
  if constexpr (!std::is_void_v<R>) return ResultReader<R>::read(reply, func_name);
}

}  // namespace daffi::inline v1::detail
