/// @file  Node, what is known of others before they are called: what they speak, and how far they are trusted.
#include "node/node_impl.hpp"

namespace daffi::node {

detail::HolderFacts Node::look_up(const std::string& callback, const std::string& receiver) const {
  detail::HolderFacts facts;
  const auto take = [&](const Holder& holder) {
    facts.known = true;
    facts.stream = facts.stream || (holder.signature && holder.signature->stream);
    facts.foreign = facts.foreign || !holder.python;
  };
  if (receiver.empty()) {
    for (const Holder& holder : impl_->holders_of(callback)) take(holder);
  } else if (const auto holder = impl_->directory.find_at(receiver, callback)) {
    take(*holder);
  }
  return facts;
}

detail::Trust Node::trust_in(const std::string& process) const {
  const auto member = impl_->directory.member(process);
  return member ? trust_in(*member) : detail::Trust::none;
}

detail::Trust Node::trust_in(std::uint32_t member) const { return impl_->directory.trust_in(member); }

bool Node::speaks_python(const std::string& process) const {
  const auto member = impl_->directory.member(process);
  return member && impl_->directory.speaks_python(*member);
}

std::string Node::name_of(std::uint32_t member) const { return impl_->directory.name_of(member); }

}  // namespace daffi::node
