/// @file  DescriptorTable: equal descriptors are one, with a number that travels in their place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "wire/messages.hpp"

namespace daffi::controller {

/// Counts users; a descriptor without any is forgotten, and its number never given to another.
/// Strand: the loop's thread.
class DescriptorTable {
 public:
  struct Entry {
    wire::Descriptor descriptor;
    std::size_t users = 0;
    std::size_t encoded_size = 0;
  };

  /// One more user. `fresh` says whether nobody has been told of it yet.
  const Entry& acquire(wire::Descriptor descriptor, bool& fresh);
  /// True: nobody uses it any more.
  bool release(std::uint32_t id);
  const Entry& get(std::uint32_t id) const { return entries_.at(id); }
  std::size_t size() const { return entries_.size(); }

 private:
  static std::string key_of(wire::Descriptor& descriptor);

  std::unordered_map<std::string, std::uint32_t> ids_;
  std::unordered_map<std::uint32_t, Entry> entries_;
  std::uint32_t last_id_ = 0;
};

}  // namespace daffi::controller
