/// @file  Meter: counts the instructions of one party among several that share a thread.
#pragma once

#include <valgrind/callgrind.h>

#include <string>

namespace bench {

/// Whose code runs. `nobody` is the benchmark itself, and the memory that stands in for sockets.
enum class Party : unsigned char { nobody, caller, controller, callee };

/// Switches callgrind's collecting on while the chosen party runs inside a phase that counts.
/// Threads: the program's only one.
class Meter {
 public:
  static void choose(Party party) { chosen_ = party; }
  static void begin() {
    CALLGRIND_ZERO_STATS;
    counting_ = true;
  }
  /// What was counted goes to a file of its own, which bears that name.
  static void end(const std::string& phase) {
    counting_ = false;
    CALLGRIND_DUMP_STATS_AT(phase.c_str());
  }

  /// From here to the end of the scope it is that party's code that runs.
  class Scope {
   public:
    explicit Scope(Party party) : before_(current_) { enter(party); }
    ~Scope() { enter(before_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const Party before_;
  };

 private:
  static void enter(Party party) {
    current_ = party;
    const bool wanted = counting_ && party == chosen_;
    if (wanted == collecting_) return;
    CALLGRIND_TOGGLE_COLLECT;
    collecting_ = wanted;
  }

  static inline Party chosen_ = Party::nobody, current_ = Party::nobody;
  static inline bool counting_ = false, collecting_ = false;
};

}  // namespace bench
