/// @file  Node, what is known of others before they are called: what they speak, and whether their code runs here.
#include "node/node_impl.hpp"
#include "rpc/code_service.hpp"

namespace daffi::node {

detail::HolderFacts Node::look_up(const std::string& callback, const std::string& receiver) const {
  detail::HolderFacts facts;
  const auto take = [&](const Holder& holder) {
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

bool Node::runs_code_of(const std::string& process) const {
  const auto member = impl_->directory.member(process);
  return member && runs_code_of(*member);
}

bool Node::runs_code_of(std::uint32_t member) const {
  const std::uint32_t own = impl_->own_id.load();
  if (member == own) return true;
  return rpc::may_run_code(impl_->caller(own).identity, impl_->options.allow_code, impl_->caller(member).identity);
}

std::string Node::refuser_of_code(const std::string& callback, const std::string& receiver) const {
  std::vector<Holder> holders;
  if (receiver.empty()) {
    holders = impl_->holders_of(callback);
  } else if (const auto holder = impl_->directory.find_at(receiver, callback)) {
    holders.push_back(*holder);
  }
  const std::uint32_t own = impl_->own_id.load();
  const wire::Identity sender = impl_->caller(own).identity;
  for (const Holder& holder : holders) {
    if (holder.member == own || rpc::may_run_code(impl_->caller(holder.member).identity, true, sender)) return {};
  }
  return holders.empty() ? std::string() : impl_->directory.name_of(holders.front().member);
}

bool Node::speaks_python(const std::string& process) const {
  const auto member = impl_->directory.member(process);
  return member && impl_->directory.speaks_python(*member);
}

std::string Node::name_of(std::uint32_t member) const { return impl_->directory.name_of(member); }

}  // namespace daffi::node
