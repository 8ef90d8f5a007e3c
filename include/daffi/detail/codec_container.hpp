/// @file  Codecs of lists, sets, maps and fixed arrays.
#pragma once

#include "daffi/detail/codec_base.hpp"

namespace daffi::inline v1::detail {

/// How many elements to make room for at once: a count is believed only as its elements arrive.
template <typename T>
constexpr std::size_t first_room(std::size_t count) {
  constexpr std::size_t most = 65536 / sizeof(T) + 1;
  return count < most ? count : most;
}

/// Not a number equals nothing, itself included, and would break an ordered container's order.
template <typename T>
bool usable_key(const T& key) {
  if constexpr (std::is_floating_point_v<T>) {
    return key == key;
  } else {
    return true;
  }
}

template <typename T>
struct ShapedCodec<T, Shape::sequence> {
  using Item = typename T::value_type;
  static void write(Writer& writer, const T& items) {
    Writer::Nested nested(writer);
    writer.array(items.size());
    for (const auto& item : items) Codec<Item>::write(writer, item);
  }
  static bool read(Reader& reader, T& items) {
    std::size_t count;
    if (!reader.read_array(count) || !reader.enter()) return false;
    items.clear();
    if constexpr (requires { items.reserve(count); }) items.reserve(first_room<Item>(count));
    for (std::size_t i = 0; i < count; ++i) {
      Item item{};
      if (!Codec<Item>::read(reader, item)) return reader.inside(i);
      items.push_back(std::move(item));
    }
    reader.leave();
    return true;
  }
  static std::string type_name() { return "list[" + Codec<Item>::type_name() + "]"; }
};

template <typename T>
struct ShapedCodec<T, Shape::fixed_array> {
  using Item = typename T::value_type;
  static constexpr std::size_t size = std::tuple_size<T>::value;
  static void write(Writer& writer, const T& items) {
    Writer::Nested nested(writer);
    writer.array(size);
    for (const auto& item : items) Codec<Item>::write(writer, item);
  }
  static bool read(Reader& reader, T& items) {
    std::size_t count;
    if (!reader.read_array(count) || !reader.enter()) return false;
    if (count != size) return reader.fail_count(size, count);
    for (std::size_t i = 0; i < size; ++i) {
      if (!Codec<Item>::read(reader, items[i])) return reader.inside(i);
    }
    reader.leave();
    return true;
  }
  static std::string type_name() { return "list[" + Codec<Item>::type_name() + "]"; }
};

/// Written as a list; a repeated element is read once.
template <typename T>
struct ShapedCodec<T, Shape::set> {
  using Item = typename T::key_type;
  static void write(Writer& writer, const T& items) {
    Writer::Nested nested(writer);
    writer.array(items.size());
    for (const auto& item : items) Codec<Item>::write(writer, item);
  }
  static bool read(Reader& reader, T& items) {
    std::size_t count;
    if (!reader.read_array(count) || !reader.enter()) return false;
    items.clear();
    for (std::size_t i = 0; i < count; ++i) {
      Item item{};
      if (!Codec<Item>::read(reader, item)) return reader.inside(i);
      if (!usable_key(item)) return reader.fail("not a number in a set") || reader.inside(i);
      items.emplace(std::move(item));
    }
    reader.leave();
    return true;
  }
  static std::string type_name() { return "set[" + Codec<Item>::type_name() + "]"; }
};

template <typename T>
struct ShapedCodec<T, Shape::map> {
  using Key = typename T::key_type;
  using Item = typename T::mapped_type;
  static void write(Writer& writer, const T& items) {
    Writer::Nested nested(writer);
    writer.map(items.size());
    for (const auto& [key, item] : items) {
      Codec<Key>::write(writer, key);
      Codec<Item>::write(writer, item);
    }
  }
  static bool read(Reader& reader, T& items) {
    std::size_t count;
    if (!reader.read_map(count) || !reader.enter()) return false;
    items.clear();
    for (std::size_t i = 0; i < count; ++i) {
      Key key{};
      if (!Codec<Key>::read(reader, key)) return reader.inside(i);
      if (!usable_key(key)) return reader.fail("not a number as a key") || reader.inside(i);
      auto [place, is_new] = items.emplace(std::move(key), Item{});
      if (!is_new) return reader.fail("duplicate key") || located(reader, place->first, i);
      if (!Codec<Item>::read(reader, place->second)) return located(reader, place->first, i);
    }
    reader.leave();
    return true;
  }
  static std::string type_name() { return "dict[" + Codec<Key>::type_name() + ", " + Codec<Item>::type_name() + "]"; }

 private:
  static bool located(Reader& reader, const Key& key, std::size_t index) {
    if constexpr (std::is_convertible_v<const Key&, std::string_view>) {
      return reader.inside_key(key);
    } else {
      return reader.inside(index);
    }
  }
};

}  // namespace daffi::inline v1::detail
