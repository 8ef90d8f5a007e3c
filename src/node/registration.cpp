/// @file  Callbacks as the directory is told about them.
#include "node/registration.hpp"

#include "wire/header.hpp"
#include "wire/messages.hpp"

namespace daffi::node {
namespace {

// A registration's texts are bounded (wire/limits.hpp), so this is an upper bound of its encoding.
std::size_t encoded_size(const wire::Registration& registration) {
  std::size_t size = 64 + registration.name.size() + registration.doc.size() + registration.descriptor.returns.size();
  for (const auto& caller : registration.descriptor.callers) size += 2 + caller.size();
  for (const auto& parameter : registration.descriptor.parameters) {
    size += 16 + parameter.name.size() + parameter.type.size() + parameter.default_text.size();
  }
  return size;
}

}  // namespace

wire::Registration to_registration(const rpc::CallbackEntry& entry, const std::string& language) {
  const Signature& signature = entry.spec.signature;
  wire::Registration registration;
  registration.callback_id = entry.id;
  registration.name = entry.spec.name;
  registration.doc = signature.documentation;
  registration.descriptor.language = language;
  registration.descriptor.returns = signature.returns;
  registration.descriptor.callers = entry.spec.callers;
  if (signature.stream) registration.descriptor.flags |= wire::Descriptor::kStream;
  for (const Parameter& parameter : signature.parameters) {
    wire::Parameter& out = registration.descriptor.parameters.emplace_back();
    out.name = parameter.name;
    out.type = parameter.type;
    out.default_text = parameter.default_text;
    if (parameter.has_default) out.flags |= wire::Parameter::kHasDefault;
    if (parameter.variadic) out.flags |= wire::Parameter::kVariadic;
    if (parameter.keyword_only) out.flags |= wire::Parameter::kKeywordOnly;
    if (parameter.any_keywords) out.flags |= wire::Parameter::kVariadicKeywords;
    if (parameter.name.empty()) out.flags |= wire::Parameter::kPositionalOnly;
  }
  return registration;
}

std::vector<wire::Register> to_frames(wire::Register all) {
  constexpr std::size_t kRoom = wire::kMaxFramePayload - 16 * 1024;
  std::vector<wire::Register> frames(1);
  frames.back().removed = std::move(all.removed);
  std::size_t used = frames.back().removed.size() * 4;
  for (auto& registration : all.added) {
    const std::size_t size = encoded_size(registration);
    if (used + size > kRoom && !frames.back().added.empty()) {
      frames.back().flags |= wire::Register::kMore;
      frames.emplace_back();
      used = 0;
    }
    used += size;
    frames.back().added.push_back(std::move(registration));
  }
  frames.back().flags |= all.flags;
  return frames;
}

}  // namespace daffi::node
