/// @file  The compiled half of the aggregates' codec.
#include <algorithm>
#include <cstring>
#include <new>

#include "daffi/codec.hpp"

namespace daffi::inline v1::detail {

void write_fields(Writer& writer, const Field* fields, const void* const* values, std::size_t count) {
  Writer::Nested nested(writer);
  writer.map(count);
  for (std::size_t i = 0; i < count; ++i) {
    writer.text(fields[i].name);
    fields[i].write(writer, values[i]);
  }
}

namespace {

// Peers mostly write the fields in their order, so the search starts where that would be. `count` when there is none.
std::size_t find_field(const Field* fields, std::size_t count, std::string_view name, std::size_t start) {
  for (std::size_t i = start; i < count; ++i) {
    if (fields[i].name == name) return i;
  }
  for (std::size_t i = 0; i < start; ++i) {
    if (fields[i].name == name) return i;
  }
  return count;
}

bool check_missing(Reader& reader, const Field* fields, std::size_t count, std::uint32_t seen, Defaults defaults) {
  std::uint32_t initialised = defaults();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bit = std::uint32_t{1} << i;
    if (((seen | initialised) & bit) != 0 || fields[i].optional) continue;
    return reader.fail("missing field '" + std::string(fields[i].name) + "'");
  }
  return true;
}

}  // namespace

bool read_fields(Reader& reader, const Field* fields, void* const* values, std::size_t count, Defaults defaults) {
  std::size_t entries;
  if (!reader.read_map(entries) || !reader.enter()) return false;
  std::uint32_t seen = 0;
  std::size_t found = 0;
  std::size_t next = 0;
  for (std::size_t entry = 0; entry < entries; ++entry) {
    std::string_view name;
    bool named = reader.peek() == Kind::text;
    if (named ? !reader.read_text(name) : !reader.skip()) return false;
    std::size_t i = named ? find_field(fields, count, name, next) : count;
    if (i == count) {
      if (!reader.skip()) return false;
      continue;
    }
    std::uint32_t bit = std::uint32_t{1} << i;
    if ((seen & bit) != 0) return reader.fail("duplicate key") || reader.inside_field(name);
    if (!fields[i].read(reader, values[i])) return reader.inside_field(fields[i].name);
    seen |= bit;
    ++found;
    next = i + 1;
  }
  if (found != count && !check_missing(reader, fields, count, seen, defaults)) return false;
  reader.leave();
  return true;
}

bool written_alike(void (*write)(Writer&, const void*), const void* one, const void* other) {
  Writer first;
  Writer second;
  write(first, one);
  write(second, other);
  return std::ranges::equal(first.payload(), second.payload());
}

std::uint32_t look_at_default(std::size_t size, std::size_t alignment,
                              std::uint32_t (*build_and_look)(void* memory, unsigned char paint)) {
  // Called through a volatile pointer: the optimiser must not see that the painting happens before the object's life
  // begins, or it may leave the painting out.
  auto volatile opaque = build_and_look;
  void* memory = ::operator new(size, std::align_val_t(alignment));
  std::uint32_t bits = 0;
  for (unsigned char paint : {static_cast<unsigned char>(0xa5), static_cast<unsigned char>(0x5a)}) {
    std::memset(memory, paint, size);
    bits |= opaque(memory, paint);
  }
  ::operator delete(memory, std::align_val_t(alignment));
  return bits;
}

}  // namespace daffi::inline v1::detail
