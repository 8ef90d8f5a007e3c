/// @file  Cable: two network namespaces with a pair of interfaces between, a network of the kernel's own that can
/// break.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "support/process.hpp"

namespace daffi::tests {

enum class End { near, far };

/// Both are this test's alone and go with it: nothing has a name, and nobody else sees them. Resource. Threads: the
/// test's first, which changes places; whatever process it starts meanwhile stays there.
class Cable {
 public:
  /// Why there can be none here; empty when there can. Needs root, and the commands ip and nft.
  static std::string obstacle();

  /// Throws std::system_error or std::runtime_error.
  Cable();
  ~Cable();
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  /// The address of an end.
  static std::string address(End end);
  /// Runs `body` there.
  template <typename F>
  auto at(End end, F body) {
    const Visit visit(*this, end);
    return body();
  }

  /// The interface has no carrier, and the routes are gone.
  void cut();
  void join();
  /// What arrives at `end` is dropped: `percent` of it, at random.
  void lose(End end, int percent);
  /// Every TCP segment that arrives at `end` is answered by a reset.
  void reset(End end);
  /// Everything arrives again.
  void let_through();
  /// Each way takes so long, and loses so much. False: this kernel cannot.
  bool slow_down(std::chrono::milliseconds delay, std::chrono::milliseconds jitter, int percent);

 private:
  class Visit {
   public:
    Visit(const Cable& cable, End end);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    const int home_;
  };

  void filter(End end, const std::string& rule);

  int home_ = -1;
  int near_ = -1;
  int far_ = -1;
};

}  // namespace daffi::tests
