/// @file  How a callback is described: its parameters and types, and its announcement by the node that has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "wire/frame_kind.hpp"

namespace daffi::wire {

/// One parameter. Value.
struct Parameter {
  static constexpr std::uint8_t kHasDefault = 1;
  static constexpr std::uint8_t kVariadic = 2;  ///< takes all further positional arguments
  static constexpr std::uint8_t kKeywordOnly = 4;
  static constexpr std::uint8_t kContext = 8;            ///< given by the callee itself, never by a caller
  static constexpr std::uint8_t kVariadicKeywords = 16;  ///< takes all further keyword arguments
  static constexpr std::uint8_t kPositionalOnly = 32;    ///< also every parameter without a name

  std::string name{};  ///< empty: it has none and cannot be given by keyword
  std::string type{};
  std::string default_text{};  ///< as shown to people
  std::uint8_t flags = 0;

  bool operator==(const Parameter&) const = default;
};

/// What a caller must know to call. Many callbacks share one. Value.
struct Descriptor {
  static constexpr std::uint8_t kStream = 1;     ///< yields a stream of items
  static constexpr std::uint8_t kCoroutine = 2;  ///< runs as a coroutine; callers need not care
  static constexpr std::uint8_t kUnchecked = 4;  ///< takes whatever is given; the parameters say nothing

  std::uint32_t id = 0;  ///< given by the controller; 0 in what a node sends
  std::uint8_t flags = 0;
  std::string language{};
  std::string returns{};
  std::vector<Parameter> parameters{};
  std::vector<std::string> callers{};  ///< who may call ("role:…", "certificate:…"); empty: every member

  bool operator==(const Descriptor&) const = default;
};

/// One callback, as its node announces it. Value.
struct Registration {
  std::uint32_t callback_id = 0;  ///< chosen by the node, not used again for another callback in the same connection
  std::string name{};
  Descriptor descriptor{};
  std::string doc{};

  bool operator==(const Registration&) const = default;
};

/// Callbacks that came and went since the last announcement. Value.
struct Register {
  static constexpr FrameKind kKind = FrameKind::register_;
  static constexpr std::uint8_t kDraining = 1;  ///< the node takes no new calls from now on
  static constexpr std::uint8_t kMore = 2;      ///< to be shown to others together with the next register frame

  std::uint8_t flags = 0;
  std::vector<std::uint32_t> removed{};
  std::vector<Registration> added{};

  bool operator==(const Register&) const = default;
};

}  // namespace daffi::wire
