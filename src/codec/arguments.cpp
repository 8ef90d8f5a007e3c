/// @file  Binding arguments to parameters: positional, keywords, defaults, and the words for what does not fit.
#include <algorithm>
#include <bit>

#include "daffi/signature.hpp"

namespace daffi::inline v1 {
namespace {

std::string call_name(std::string_view name) { return std::string(name) + "()"; }

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::string plural(std::size_t count, std::string_view word) {
  return std::to_string(count) + " " + std::string(word) + (count == 1 ? "" : "s");
}

// In the order in which parameters stand: some by position (perhaps with a Variadic after them), some by keyword only,
// perhaps one for all other keywords.
std::size_t positional_count_of(const Signature& signature) {
  std::size_t count = 0;
  for (const Parameter& each : signature.parameters) {
    if (each.variadic || each.keyword_only || each.any_keywords) break;
    ++count;
  }
  return count;
}

bool takes_any_number(const Signature& signature) {
  return std::ranges::any_of(signature.parameters, &Parameter::variadic);
}

bool takes_any_keyword(const Signature& signature) {
  return !signature.parameters.empty() && signature.parameters.back().any_keywords;
}

// Parameters that take exactly one argument each.
bool is_single(const Parameter& parameter) { return !parameter.variadic && !parameter.any_keywords; }

// A parameter without a name is called by its place, counted from 1.
std::string shown_name(const Signature& signature, std::size_t index) {
  const std::string& name = signature.parameters[index].name;
  return name.empty() ? std::to_string(index + 1) : quoted(name);
}

std::string too_many(std::string_view name, const Signature& signature, std::size_t given) {
  std::size_t most = positional_count_of(signature);
  std::size_t least = 0;
  while (least < most && !signature.parameters[least].has_default) ++least;
  std::string takes = least == most ? plural(most, "positional argument")
                                    : "from " + std::to_string(least) + " to " + plural(most, "positional argument");
  return call_name(name) + " takes " + takes + " but " + std::to_string(given) + (given == 1 ? " was" : " were") +
         " given";
}

std::string unexpected(std::string_view name, const Signature& signature, std::string_view keyword) {
  if (positional_count_of(signature) > 0 && signature.parameters[0].name.empty()) {
    return call_name(name) + " takes no keyword arguments, its parameters have no names (got " + quoted(keyword) + ")";
  }
  return call_name(name) + " got an unexpected keyword argument " + quoted(keyword);
}

std::string multiple(std::string_view name, std::string_view keyword) {
  return call_name(name) + " got multiple values for argument " + quoted(keyword);
}

std::string enumerated(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += names.size() == 2 ? " and " : i + 1 == names.size() ? ", and " : ", ";
    list += names[i];
  }
  return list;
}

// The parameters that are neither in `bound` nor have a default; empty text when there are none.
std::string missing(std::string_view name, const Signature& signature, std::uint64_t bound) {
  std::vector<std::string> positional, keyword_only;
  for (std::size_t i = 0; i < signature.parameters.size(); ++i) {
    const Parameter& parameter = signature.parameters[i];
    const bool given = i < 64 && (bound >> i & 1) != 0;
    if (given || parameter.has_default || !is_single(parameter)) continue;
    (parameter.keyword_only ? keyword_only : positional).push_back(shown_name(signature, i));
  }
  if (positional.empty() && keyword_only.empty()) return {};
  const auto& names = positional.empty() ? keyword_only : positional;
  const char* const kind = positional.empty() ? "required keyword-only argument" : "required positional argument";
  return call_name(name) + " missing " + plural(names.size(), kind) + ": " + enumerated(names);
}

// The parameter of that name that takes one argument, or the count of all.
std::size_t find_parameter(const Signature& signature, std::string_view keyword) {
  const std::size_t count = signature.parameters.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Parameter& parameter = signature.parameters[i];
    if (!keyword.empty() && is_single(parameter) && parameter.name == keyword) return i;
  }
  return count;
}

std::uint64_t lowest_bits(std::size_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace

std::optional<std::string> check_arguments(std::string_view name, const Signature& signature, std::size_t positional,
                                           std::span<const std::string> keywords) {
  const std::size_t fixed = positional_count_of(signature);
  if (positional == fixed && keywords.empty() && fixed == signature.parameters.size()) return std::nullopt;
  std::uint64_t bound = lowest_bits(positional < fixed ? positional : fixed);
  for (const std::string& keyword : keywords) {
    std::size_t i = find_parameter(signature, keyword);
    if (i == signature.parameters.size()) {
      if (takes_any_keyword(signature)) continue;
      return unexpected(name, signature, keyword);
    }
    if (i >= 64) continue;
    if ((bound >> i & 1) != 0) return multiple(name, keyword);
    bound |= std::uint64_t{1} << i;
  }
  if (positional > fixed && !takes_any_number(signature)) return too_many(name, signature, positional);
  std::string absent = missing(name, signature, bound);
  return absent.empty() ? std::nullopt : std::optional(std::move(absent));
}

std::string argument_error_text(std::string_view mistake, std::string_view name, const Signature& signature,
                                std::string_view provided) {
  return std::string(mistake) + ". Function signature: " + signature.text(name) +
         ": ..., provided arguments: " + std::string(provided);
}

namespace detail {
namespace {

// One call's arguments while they are bound to their parameters.
class Binding {
 public:
  Binding(Reader& reader, std::string_view name, const Signature& signature, std::span<const ArgumentSlot> slots)
      : reader_(reader), name_(name), signature_(signature), slots_(slots), fixed_(positional_count_of(signature)) {}

  bool positional() {
    std::size_t count;
    if (!reader_.read_array(count)) return reader_.inside_of(call_name(name_) + " arguments");
    if (count > fixed_ && !takes_any_number(signature_)) return reader_.fail(too_many(name_, signature_, count));
    for (std::size_t i = 0; i < count; ++i) {
      const ArgumentSlot& slot = slots_[i < fixed_ ? i : fixed_];
      if (!slot.read(reader_, slot.value)) return blame(i);
    }
    bound_ = lowest_bits(count < fixed_ ? count : fixed_);
    return true;
  }

  bool keywords() {
    std::size_t count;
    if (!reader_.read_map(count)) return reader_.inside_of(call_name(name_) + " keyword arguments");
    for (; count > 0; --count) {
      std::string_view keyword;
      if (!reader_.read_text(keyword)) return reader_.inside_of(call_name(name_) + " keyword arguments");
      std::size_t i = find_parameter(signature_, keyword);
      if (i == signature_.parameters.size()) return reader_.fail(unexpected(name_, signature_, keyword));
      if ((bound_ >> i & 1) != 0) return reader_.fail(multiple(name_, keyword));
      if (!slots_[i].read(reader_, slots_[i].value)) return blame(i);
      bound_ |= std::uint64_t{1} << i;
    }
    return reader_.expect_end();
  }

  bool defaults() {
    std::uint64_t open = lowest_bits(fixed_) & ~bound_;
    if (open == 0) return true;
    std::string absent = missing(name_, signature_, bound_);
    if (!absent.empty()) return reader_.fail(absent);
    for (; open != 0; open &= open - 1) {
      auto i = static_cast<std::size_t>(std::countr_zero(open));
      // Checked when the signature was made. A view among the parameters refers to the signature then.
      Reader value(std::as_bytes(std::span(signature_.parameters[i].default_value)));
      if (!slots_[i].read(value, slots_[i].value)) return reader_.fail("default: " + value.error()) || blame(i);
    }
    return true;
  }

 private:
  bool blame(std::size_t index) {
    std::string words = call_name(name_) + " argument " + std::to_string(index + 1);
    std::size_t parameter = index < fixed_ ? index : fixed_;
    const std::string& name = signature_.parameters[parameter].name;
    return reader_.inside_of(name.empty() ? words : words + " " + quoted(name));
  }

  Reader& reader_;
  std::string_view name_;
  const Signature& signature_;
  std::span<const ArgumentSlot> slots_;
  std::size_t fixed_;
  std::uint64_t bound_ = 0;
};

}  // namespace

bool read_arguments(Reader& reader, std::string_view name, const Signature& signature,
                    std::span<const ArgumentSlot> slots) {
  if (slots.size() != signature.parameters.size()) return reader.fail("the signature is another function's");
  Binding binding(reader, name, signature, slots);
  return binding.positional() && binding.keywords() && binding.defaults();
}

}  // namespace detail
}  // namespace daffi::inline v1
