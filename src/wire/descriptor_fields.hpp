/// @file  Layouts shared by the messages that carry descriptors. Only for the .cpp files of wire.
#pragma once

#include "wire/byte_io.hpp"
#include "wire/descriptor.hpp"
#include "wire/limits.hpp"

namespace daffi::wire {

template <typename IO>
void fields(IO& io, Is<std::uint32_t> auto& number) {
  io.number(number);
}

// The only list of texts: who may call.
template <typename IO>
void fields(IO& io, Is<std::string> auto& caller) {
  io.text(caller, kMaxCaller);
}

template <typename IO>
void fields(IO& io, Is<Parameter> auto& m) {
  io.number(m.flags);
  io.text(m.name, kMaxParameterName);
  io.text(m.type, kMaxTypeText);
  io.text(m.default_text, kMaxDefaultText);
}

template <typename IO>
void fields(IO& io, Is<Descriptor> auto& m) {
  io.number(m.id);
  io.number(m.flags);
  io.text(m.language, kMaxLanguage);
  io.text(m.returns, kMaxTypeText);
  io.list(m.parameters, kMaxParameters, 7);
  io.list(m.callers, kMaxCallers, 2);
}

template <typename IO>
void fields(IO& io, Is<Registration> auto& m) {
  io.number(m.callback_id);
  io.text(m.name, kMaxCallbackName);
  fields(io, m.descriptor);
  io.text(m.doc, kMaxDocText);
}

template <typename IO>
void fields(IO& io, Is<Register> auto& m) {
  io.number(m.flags);
  io.list(m.removed, kMaxRegistrations, 4);
  io.list(m.added, kMaxRegistrations, 21);
}

}  // namespace daffi::wire
