/// @file  A module's side of the boundary: its functions listed and called, whatever they throw kept inside. Linked
/// into each module, together with the codec.
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/raised.hpp"
#include "daffi/module.hpp"
#include "global/callback_list.hpp"

namespace daffi::inline v1::detail {

namespace {

daffi_bytes bytes_of(std::string_view text) { return {text.data(), text.size()}; }
std::span<const std::byte> span_of(daffi_bytes bytes) {
  return {static_cast<const std::byte*>(bytes.data), bytes.size};
}
std::string_view text_of(daffi_bytes bytes) { return {static_cast<const char*>(bytes.data), bytes.size}; }

void give(const daffi_module_answer& answer, const Writer& value) {
  const auto bytes = value.payload();
  answer.result(answer.host, {bytes.data(), bytes.size()});
}

void give_exception(const daffi_module_answer& answer) {
  const auto raised = base::describe_raised(std::current_exception());
  answer.failure(answer.host, DAFFI_MODULE_RAISED, bytes_of(raised.type), bytes_of(raised.message));
}

/// Of one copy of this code there is one module, so its functions may stand here.
const std::vector<CallbackSpec>& functions_of(ModuleMaker make) {
  static const std::vector<CallbackSpec> all = [make] {
    std::vector<CallbackSpec> specs;
    auto made = make();
    for (CallbackList& list : made.lists())
      for (CallbackSpec& spec : list.impl().specs) specs.push_back(std::move(spec));
    return specs;
  }();
  return all;
}

/// Lives as long as the call.
class ModuleInvocation final : public Invocation {
 public:
  ModuleInvocation(const daffi_module_call& call, bool wants_context)
      : call_(call), arguments_(span_of(call.arguments)) {
    if (!wants_context) return;
    std::optional<std::chrono::steady_clock::time_point> until;
    if (call.remaining_ns >= 0) until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(call.remaining_ns);
    context_.emplace(std::string(text_of(call.caller)), until, stop_.get_token());
    call.watch(
        call.host, [](void* stop) { static_cast<std::stop_source*>(stop)->request_stop(); }, &stop_);
  }
  ~ModuleInvocation() override {
    if (context_) call_.watch(call_.host, nullptr, nullptr);
  }
  ModuleInvocation(const ModuleInvocation&) = delete;
  ModuleInvocation& operator=(const ModuleInvocation&) = delete;

  Reader& arguments() override { return arguments_; }
  CallContext& context() override { return *context_; }
  Writer& result() override { return result_; }
  void reject_arguments(std::string why) override { rejected_ = std::move(why); }
  // export_function takes no coroutine, and no generator.
  std::shared_ptr<Responder> defer() override { std::terminate(); }
  void stream(std::unique_ptr<ItemProducer>) override { std::terminate(); }
  const std::optional<std::string>& rejected() const { return rejected_; }

 private:
  const daffi_module_call& call_;
  Reader arguments_;
  Writer result_;
  std::stop_source stop_;
  std::optional<CallContext> context_;
  std::optional<std::string> rejected_;
};

void invoke_function(const CallbackSpec& function, const daffi_module_call& call, const daffi_module_answer& answer) {
  ModuleInvocation invocation(call, function.wants_context);
  try {
    function.handler(invocation);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unencodable) throw;
    return answer.failure(answer.host, DAFFI_MODULE_UNENCODABLE, {}, bytes_of(error.message()));
  }
  if (invocation.rejected())
    return answer.failure(answer.host, DAFFI_MODULE_ARGUMENTS, {}, bytes_of(*invocation.rejected()));
  give(answer, invocation.result());
}

}  // namespace

void describe_module(ModuleMaker make, const daffi_module_answer& answer) noexcept {
  try {
    const auto& functions = functions_of(make);
    Writer list;
    list.array(functions.size());
    for (const CallbackSpec& function : functions) {
      list.array(2);
      list.text(function.name);
      Codec<Signature>::write(list, function.signature);
    }
    give(answer, list);
  } catch (...) {
    give_exception(answer);
  }
}

void invoke_module(ModuleMaker make, const daffi_module_call& call, const daffi_module_answer& answer) noexcept {
  try {
    invoke_function(functions_of(make).at(call.function), call, answer);
  } catch (...) {
    give_exception(answer);
  }
}

}  // namespace daffi::inline v1::detail
