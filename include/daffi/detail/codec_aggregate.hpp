/// @file  The codec of plain aggregates: a map from field name to value.
///
/// Reading: unknown names are passed over, a name twice is an error, and a field may be missing only if
///  - it is a std::optional, or
///  - its default member initialiser shows: a field that holds no default constructor of its own (numbers, bools,
///    enumerations, arrays and aggregates of those) shows any initialiser, `= 0` and `= false` included; one of any
///    other class type shows an initialiser that makes it differ from its type's default value
///    (`std::string unit = "kg"` does, `std::string unit = ""` does not), or
///  - it is itself an aggregate all of whose fields may be missing.
/// An initialiser that does not show cannot be found by any means of the language; make such a field std::optional.
#pragma once

#include <cstring>
#include <new>
#include <optional>

#include "daffi/detail/codec_base.hpp"
#include "daffi/reflect.hpp"

namespace daffi::inline v1::detail {

/// How the compiled core handles one field: its name, its codec, and whether it may be missing by its type alone.
struct Field {
  std::string_view name;
  void (*write)(Writer&, const void*);
  bool (*read)(Reader&, void*);
  bool optional;
};

/// Bit i is set when field i may be missing because of its initialiser. Asked only when a field is.
using Defaults = std::uint32_t (*)();

DAFFI_API void write_fields(Writer& writer, const Field* fields, const void* const* values, std::size_t count);
DAFFI_API bool read_fields(Reader& reader, const Field* fields, void* const* values, std::size_t count, Defaults);

/// Builds an object by `build` in memory of `size` bytes painted with one pattern, then another, and calls `look` each
/// time. So what a constructor leaves alone can be told from what it sets. The bits set either time come back:
/// an initialiser that happens to equal one pattern differs from the other.
DAFFI_API std::uint32_t look_at_default(std::size_t size, std::size_t alignment,
                                        std::uint32_t (*build_and_look)(void* memory, unsigned char paint));

DAFFI_API bool written_alike(void (*write)(Writer&, const void*), const void* one, const void* other);

template <typename T>
void write_erased(Writer& writer, const void* value) {
  Codec<T>::write(writer, *static_cast<const T*>(value));
}

template <typename T>
bool read_erased(Reader& reader, void* value) {
  return Codec<T>::read(reader, *static_cast<T*>(value));
}

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <typename T>
std::uint32_t default_bits();

/// Whether one field of a default-initialised aggregate, built over memory full of `paint`, shows an initialiser.
template <typename F>
bool shows_initialiser(const F& field, unsigned char paint) {
  if constexpr (std::is_trivially_default_constructible_v<F>) {
    unsigned char bytes[sizeof(F)];
    std::memcpy(bytes, &field, sizeof(F));
    for (unsigned char byte : bytes) {
      if (byte != paint) return true;
    }
    return false;
  } else if constexpr (shape_of<F>() == Shape::aggregate) {
    return default_bits<F>() == (std::uint64_t{1} << field_count<F>)-1;
  } else if constexpr (shape_of<F>() == Shape::fixed_array) {
    return false;
  } else if constexpr (Iterated<F>) {
    return field.size() != 0;
  } else {
    const F plain{};
    return !written_alike(&write_erased<F>, &field, &plain);
  }
}

template <typename T>
std::uint32_t look_at(void* memory, unsigned char paint) {
  T* object = ::new (memory) T;
  std::uint32_t bits = 0;
  with_fields(*object, [&](const auto&... fields) {
    std::uint32_t bit = 1;
    ((bits |= is_optional<std::remove_cvref_t<decltype(fields)>> || shows_initialiser(fields, paint) ? bit : 0,
      bit <<= 1),
     ...);
  });
  object->~T();
  return bits;
}

template <typename T>
std::uint32_t default_bits() {
  if constexpr (std::is_trivially_default_constructible_v<T>) {
    return 0;
  } else {
    static const std::uint32_t bits = look_at_default(sizeof(T), alignof(T), &look_at<T>);
    return bits;
  }
}

template <typename T, typename... Fields>
struct FieldTable {
  template <std::size_t... I>
  static constexpr std::array<Field, sizeof...(Fields)> make(std::index_sequence<I...>) {
    return {Field{field_name<T, I>, &write_erased<Fields>, &read_erased<Fields>, is_optional<Fields>}...};
  }
  static constexpr std::array<Field, sizeof...(Fields)> fields = make(std::index_sequence_for<Fields...>{});
};

template <typename T>
struct ShapedCodec<T, Shape::aggregate> {
  static void write(Writer& writer, const T& value) {
    with_fields(value, [&](const auto&... fields) {
      using Table = FieldTable<T, std::remove_cvref_t<decltype(fields)>...>;
      const void* values[sizeof...(fields) + 1] = {&fields...};
      write_fields(writer, Table::fields.data(), values, sizeof...(fields));
    });
  }
  static bool read(Reader& reader, T& value) {
    return with_fields(value, [&](auto&... fields) {
      using Table = FieldTable<T, std::remove_cvref_t<decltype(fields)>...>;
      void* values[sizeof...(fields) + 1] = {&fields...};
      return read_fields(reader, Table::fields.data(), values, sizeof...(fields), &default_bits<T>);
    });
  }
  static std::string type_name() { return std::string(plain_type_name<T>()); }
};

}  // namespace daffi::inline v1::detail
