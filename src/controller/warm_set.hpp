/// @file  WarmSet: the sessions that keep their buffers, because they were busy a moment ago.
#pragma once

#include <array>
#include <cstddef>

namespace daffi::controller {

class Session;

/// An idle session shall cost nearly nothing, a busy one shall not fetch new buffers for every frame: so the latest few
/// keep theirs, and whoever is pushed out gives them back. Strand: the loop's thread.
class WarmSet {
 public:
  static constexpr std::size_t kSize = 32;

  /// Takes in a session that is not in the set, for the one that came longest ago.
  void add(Session& session);
  /// To be called for a session that is in the set and about to go.
  void remove(Session& session);

 private:
  std::array<Session*, kSize> sessions_{};
  std::size_t next_ = 0;
};

}  // namespace daffi::controller
