/// @file  Registration: what registering callbacks gives back, to take them out again.
#pragma once

#include <memory>
#include <utility>

#include "daffi/export.hpp"

namespace daffi::inline v1 {

namespace detail {
/// What was registered, and where. Threads: any.
class DAFFI_API Registered {
 public:
  virtual ~Registered();
  virtual void unregister() = 0;
};
}  // namespace detail

/// Refers to callbacks that were registered together. May be dropped: they stay registered as long as their Global (or,
/// in the default registry, the process). Value type: copies refer to the same callbacks. Threads: any.
class Registration {
 public:
  Registration() = default;
  explicit Registration(std::shared_ptr<detail::Registered> registered) noexcept : registered_(std::move(registered)) {}

  /// Takes the callbacks out: the others learn of it at once, later calls do not find them. Blocks until running calls
  /// of them have ended (not for the one it is called from), so that what they use may be destroyed afterwards. Their
  /// streams it ends, with their generators, and callers get CancelledError; not when it is called from
  /// inside. The second time nothing happens.
  void unregister() const {
    if (registered_) registered_->unregister();
  }

 private:
  std::shared_ptr<detail::Registered> registered_;
};

/// A Registration that ends with its scope. Resource, movable. Its destructor blocks as unregister() does.
class [[nodiscard]] ScopedRegistration {
 public:
  ScopedRegistration(Registration registration) noexcept : registration_(std::move(registration)) {}
  ScopedRegistration(ScopedRegistration&& other) noexcept
      : registration_(std::exchange(other.registration_, Registration())) {}
  ScopedRegistration& operator=(ScopedRegistration&& other) noexcept {
    if (this != &other) {
      registration_.unregister();
      registration_ = std::exchange(other.registration_, Registration());
    }
    return *this;
  }
  ~ScopedRegistration() { registration_.unregister(); }

 private:
  Registration registration_;
};

}  // namespace daffi::inline v1
