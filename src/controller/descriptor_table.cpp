/// @file  Interning descriptors by their encoded form.
#include "controller/descriptor_table.hpp"

#include <utility>

namespace daffi::controller {

// Takes the number out of the descriptor, which is not part of what it describes.
std::string DescriptorTable::key_of(wire::Descriptor& descriptor) {
  descriptor.id = 0;
  const std::vector<std::byte> bytes = wire::encode(descriptor);
  return std::string(base::as_text(bytes));
}

const DescriptorTable::Entry& DescriptorTable::acquire(wire::Descriptor descriptor, bool& fresh) {
  std::string key = key_of(descriptor);
  const std::size_t size = key.size();
  const auto [known, inserted] = ids_.try_emplace(std::move(key), 0);
  fresh = inserted;
  if (inserted) {
    known->second = descriptor.id = ++last_id_;
    entries_[known->second] = {.descriptor = std::move(descriptor), .users = 0, .encoded_size = size};
  }
  Entry& entry = entries_[known->second];
  ++entry.users;
  return entry;
}

bool DescriptorTable::release(std::uint32_t id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end() || --entry->second.users > 0) return false;
  ids_.erase(key_of(entry->second.descriptor));
  entries_.erase(entry);
  return true;
}

}  // namespace daffi::controller
