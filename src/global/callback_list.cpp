/// @file  Callbacks on their way into a registry.
#include "global/callback_list.hpp"

#include <utility>

#include "base/result.hpp"
#include "daffi/callback.hpp"
#include "wire/callers.hpp"
#include "wire/limits.hpp"

namespace daffi::inline v1::detail {

struct CallbackWords::Impl {
  std::string name;
  Parameters parameters;
  std::string documentation;
  std::optional<Callers> callers;
};

CallbackWords::CallbackWords(std::string_view name) : impl_(std::make_unique<Impl>()) { impl_->name = name; }
CallbackWords::CallbackWords(CallbackWords&&) noexcept = default;
CallbackWords::~CallbackWords() = default;

void CallbackWords::take(std::string_view alias) { impl_->name = alias; }
void CallbackWords::take(Parameters named) { impl_->parameters = std::move(named); }
void CallbackWords::take(Callers named) { impl_->callers = std::move(named); }
void CallbackWords::take(Doc text) { impl_->documentation = std::move(text.text); }

void CallbackWords::take(std::string_view method, std::span<const CallbackWords* const> described) {
  for (const auto* words : described) {
    if (words->name() != method) continue;
    impl_->parameters = words->parameters();
    impl_->documentation = words->documentation();
    impl_->callers = words->callers();
  }
}

std::string_view CallbackWords::name() const { return impl_->name; }
const Parameters& CallbackWords::parameters() const { return impl_->parameters; }
const std::string& CallbackWords::documentation() const { return impl_->documentation; }
const std::optional<Callers>& CallbackWords::callers() const { return impl_->callers; }

Face::Face() = default;
Face::~Face() = default;

CallbackList::CallbackList() : impl_(std::make_unique<Impl>()) {}
CallbackList::CallbackList(CallbackList&&) noexcept = default;
CallbackList::~CallbackList() = default;

namespace {

void check_name(std::string_view name) {
  if (name.empty()) base::throw_failure(base::fail(ErrorCode::initialization, "a callback's name must not be empty"));
  if (name.size() > wire::kMaxCallbackName || !is_utf8(name))
    base::throw_failure(base::fail(ErrorCode::initialization, "a callback's name must be UTF-8 of at most " +
                                                                  std::to_string(wire::kMaxCallbackName) + " bytes"));
}

}  // namespace

void CallbackList::add(Face* given, const CallbackWords& words, std::span<const ParameterType> types,
                       std::string returns, bool wants_context, bool stream) {
  std::shared_ptr<Face> face(given);
  check_name(words.name());
  Signature signature = make_signature(types, words.parameters());
  signature.returns = std::move(returns);
  signature.stream = stream;
  signature.documentation = words.documentation();
  CallbackSpec spec;
  spec.name = words.name();
  spec.signature = signature;
  spec.wants_context = wants_context;
  spec.reads_bodies = true;
  if (words.callers()) {
    if (auto mistake = wire::mistake_in_callers(words.callers()->names))
      base::throw_failure(base::fail(ErrorCode::initialization, "callback '" + spec.name + "': " + *mistake));
    spec.callers = words.callers()->names;
  }
  face->name_ = spec.name;
  face->signature_ = std::make_unique<const Signature>(std::move(signature));
  spec.handler = [face = std::move(face)](Invocation& invocation) { face->serve(face, invocation); };
  impl_->specs.push_back(std::move(spec));
}

void reject_arguments(Invocation& invocation, const Face& face) {
  invocation.reject_arguments(invocation.arguments().error() +
                              ". Function signature: " + face.signature().text(face.name()));
}

}  // namespace daffi::inline v1::detail
