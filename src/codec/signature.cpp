/// @file  Signature: its text, its bytes, and how one is made from a callable's types and its parameters' names.
#include "daffi/signature.hpp"

#include "daffi/error.hpp"

namespace daffi::inline v1 {

bool operator==(const Parameter& a, const Parameter& b) {
  return a.name == b.name && a.type == b.type && a.has_default == b.has_default && a.variadic == b.variadic &&
         a.keyword_only == b.keyword_only && a.any_keywords == b.any_keywords && a.default_text == b.default_text;
}

namespace {

std::string parameter_text(const Parameter& parameter) {
  std::string out = parameter.variadic ? "*" : parameter.any_keywords ? "**" : "";
  if (parameter.name.empty()) {
    out += parameter.type.empty() ? "_" : parameter.type;
  } else {
    out += parameter.name;
    if (!parameter.type.empty()) out += ": " + parameter.type;
  }
  if (parameter.has_default) out += (parameter.type.empty() ? "=" : " = ") + parameter.default_text;
  return out;
}

enum Flags : std::uint8_t { has_default_flag = 1, variadic_flag = 2, keyword_only_flag = 4, any_keywords_flag = 8 };

}  // namespace

std::string Signature::text(std::string_view name) const {
  std::string out = "def " + std::string(name) + "(";
  bool star = false;  // behind which no argument counts by its position
  for (const Parameter& parameter : parameters) {
    if (&parameter != parameters.data()) out += ", ";
    if (parameter.keyword_only && !star) out += "*, ";
    star = star || parameter.keyword_only || parameter.variadic;
    out += parameter_text(parameter);
  }
  out += ")";
  if (stream) return out + " -> Iterator[" + (returns.empty() ? "any" : returns) + "]";
  return returns.empty() ? out : out + " -> " + returns;
}

void Codec<Parameter>::write(Writer& writer, const Parameter& value) {
  Writer::Nested nested(writer);
  writer.array(4);
  writer.text(value.name);
  writer.text(value.type);
  writer.integer((value.has_default ? has_default_flag : 0) | (value.variadic ? variadic_flag : 0) |
                 (value.keyword_only ? keyword_only_flag : 0) | (value.any_keywords ? any_keywords_flag : 0));
  writer.text(value.default_text);
}

bool Codec<Parameter>::read(Reader& reader, Parameter& value) {
  std::tuple<std::string, std::string, std::uint8_t, std::string> fields;
  if (!Codec<decltype(fields)>::read(reader, fields)) return false;
  auto& [name, type, flags, default_text] = fields;
  value.name = std::move(name);
  value.type = std::move(type);
  value.has_default = (flags & has_default_flag) != 0;
  value.variadic = (flags & variadic_flag) != 0;
  value.keyword_only = (flags & keyword_only_flag) != 0;
  value.any_keywords = (flags & any_keywords_flag) != 0;
  value.default_text = std::move(default_text);
  return true;
}

void Codec<Signature>::write(Writer& writer, const Signature& value) {
  Writer::Nested nested(writer);
  writer.array(3);
  Codec<std::vector<Parameter>>::write(writer, value.parameters);
  writer.text(value.returns);
  writer.boolean(value.stream);
}

bool Codec<Signature>::read(Reader& reader, Signature& value) {
  std::tuple<std::vector<Parameter>, std::string, bool> fields;
  if (!Codec<decltype(fields)>::read(reader, fields)) return false;
  auto& [parameters, returns, stream] = fields;
  value.parameters = std::move(parameters);
  value.returns = std::move(returns);
  value.stream = stream;
  return true;
}

namespace detail {
namespace {

[[noreturn]] void misnamed(const std::string& why) { throw InitializationError(ErrorCode::initialization, why); }

std::span<const std::byte> as_span(const std::string& bytes) { return std::as_bytes(std::span(bytes)); }

void set_default(Parameter& parameter, const ParameterType& type, const NamedParameter& named) {
  if (type.variadic) misnamed("params: '" + named.name + "' takes any number of arguments and cannot have a default");
  Reader reader(as_span(named.default_value));
  if (!type.check(reader)) misnamed("params: default of '" + named.name + "': " + reader.error());
  parameter.has_default = true;
  parameter.default_value = named.default_value;
  parameter.default_text = show_value(as_span(named.default_value));
}

}  // namespace

Signature make_signature(std::span<const ParameterType> types, const Parameters& parameters) {
  Signature signature;
  bool named = !parameters.list.empty();
  if (named && parameters.list.size() != types.size()) {
    misnamed("params: " + std::to_string(parameters.list.size()) + " names given for a callback with " +
             std::to_string(types.size()) + " parameters");
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    Parameter parameter{.type = types[i].name, .variadic = types[i].variadic};
    if (parameter.variadic && i + 1 != types.size()) misnamed("a Variadic parameter must be the callback's last");
    if (named) {
      const NamedParameter& given = parameters.list[i];
      if (given.name.empty()) misnamed("params: a name is empty");
      for (const Parameter& earlier : signature.parameters) {
        if (earlier.name == given.name) misnamed("params: the name '" + given.name + "' is given twice");
      }
      bool after_default = i > 0 && signature.parameters.back().has_default;
      if (after_default && !given.has_default && !parameter.variadic) {
        misnamed("params: '" + given.name + "' has no default but follows a parameter that has one");
      }
      parameter.name = given.name;
      if (given.has_default) set_default(parameter, types[i], given);
    }
    signature.parameters.push_back(std::move(parameter));
  }
  return signature;
}

}  // namespace detail
}  // namespace daffi::inline v1
