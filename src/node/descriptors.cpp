/// @file  Conversion of wire descriptors to signatures.
#include "node/descriptors.hpp"

#include <utility>

namespace daffi::node {

Description to_description(const wire::Descriptor& descriptor) {
  Description out;
  out.id = descriptor.id;
  out.checkable = (descriptor.flags & wire::Descriptor::kUnchecked) == 0;
  out.callers = descriptor.callers;
  out.signature.returns = descriptor.returns;
  out.signature.stream = (descriptor.flags & wire::Descriptor::kStream) != 0;
  out.signature.parameters.reserve(descriptor.parameters.size());
  for (const wire::Parameter& from : descriptor.parameters) {
    const unsigned flags = from.flags;
    if ((flags & wire::Parameter::kContext) != 0) continue;
    Parameter to;
    to.name = from.name;
    to.type = from.type;
    to.has_default = (flags & wire::Parameter::kHasDefault) != 0;
    to.variadic = (flags & wire::Parameter::kVariadic) != 0;
    to.keyword_only = (flags & wire::Parameter::kKeywordOnly) != 0;
    to.any_keywords = (flags & wire::Parameter::kVariadicKeywords) != 0;
    to.default_text = from.default_text;
    out.signature.parameters.push_back(std::move(to));
  }
  return out;
}

}  // namespace daffi::node
