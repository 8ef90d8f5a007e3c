/// @file  Callbacks on their way into a registry, with every type erased and nothing for a user's compiler to do.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daffi/args.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/export.hpp"
#include "daffi/signature.hpp"

namespace daffi::inline v1 {

/// Documentation text of a callback, shown by `daffi ls` and Global::documentation(). Value.
struct Doc {
  std::string text;
};

inline Doc doc(std::string text) { return {std::move(text)}; }

/// Who may call a callback; the others get NotPermittedError, and do not see it. Value.
struct Callers {
  std::vector<std::string> names;
};

/// `g.callback<&restart>(daffi::callers("role:operator", "certificate:console"))`: the token's role or the name in the
/// certificate that the controller has verified; one that fits is enough. docs/security.md
template <typename... Texts>
Callers callers(const Texts&... names) {
  return {{std::string(names)...}};
}

namespace detail {

/// What a registration says about a callback beyond the function itself: name, parameters, documentation. Value.
class DAFFI_API CallbackWords {
 public:
  explicit CallbackWords(std::string_view name);
  CallbackWords(CallbackWords&&) noexcept;
  ~CallbackWords();

  void take(std::string_view alias);
  void take(Parameters named);
  void take(Doc text);
  void take(Callers named);
  /// Takes parameters, documentation and callers over from the words for the method of that name, if there are any.
  void take(std::string_view method, std::span<const CallbackWords* const> described);

  std::string_view name() const;
  const Parameters& parameters() const;
  const std::string& documentation() const;
  /// Nothing: every process may call.
  const std::optional<Callers>& callers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A registered callable, shared by its handler and its running coroutines. Threads: any.
class DAFFI_API Face {
 public:
  Face();
  virtual ~Face();
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;

  /// Decodes, calls, encodes; throws what the callable throws. `self` is this.
  virtual void serve(const std::shared_ptr<Face>& self, Invocation& invocation) = 0;

  std::string_view name() const { return name_; }
  const Signature& signature() const { return *signature_; }

 private:
  friend class CallbackList;
  std::string name_;
  std::unique_ptr<const Signature> signature_;
};

class DAFFI_API CallbackList {
 public:
  CallbackList();
  CallbackList(CallbackList&&) noexcept;
  ~CallbackList();

  /// Owns `face` at once. Throws InitializationError when the words do not fit the callable.
  void add(Face* face, const CallbackWords& words, std::span<const ParameterType> types, std::string returns,
           bool wants_context, bool stream);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace detail
}  // namespace daffi::inline v1
