/// @file  Gathering: the answers to one call that went to many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "wire/frame_kind.hpp"

namespace daffi::rpc {

/// Who is to answer, and what has come; kept as it came, because it is looked at once, at the end.
/// Strand: the owner of the call, which is the CallTable while answers are awaited.
class Gathering {
 public:
  struct Entry {
    std::uint32_t member = 0;
    std::string process;
    enum class State : std::uint8_t { waiting, answered, too_large, lost } state = State::waiting;
    wire::FrameKind kind = wire::FrameKind::result;  ///< answered: result, error, refuse or bounce
    std::vector<std::byte> payload{};                ///< … and what was in it
  };

  /// `max_bytes`: of all answers together; what goes beyond is not kept, and its entry says so.
  explicit Gathering(std::size_t max_bytes) : room_(max_bytes) {}

  /// Said once: these will answer.
  void expect(std::vector<std::pair<std::uint32_t, std::string>> members);
  bool expected() const { return expected_; }
  /// False: no answer of that member is awaited.
  bool answer(std::uint32_t member, wire::FrameKind kind, base::Bytes payload);
  /// That member will not answer any more. False: it was not awaited.
  bool lose(std::uint32_t member);
  /// Nobody will answer any more.
  void lose_rest();

  /// All who were expected have answered, or never will.
  bool complete() const { return expected_ && waiting_ == 0; }
  std::vector<Entry>& entries() { return entries_; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  Entry* awaited(std::uint32_t member);

  bool expected_ = false;
  std::size_t waiting_ = 0;
  std::size_t room_;
  std::vector<Entry> entries_;  ///< by member
};

}  // namespace daffi::rpc
