/// @file  Server, calls without a wire: the same handlers, entered and counted like any other call.
#include "rpc/local_call.hpp"

#include <utility>

#include "rpc/callback_failure.hpp"
#include "rpc/inside.hpp"
#include "rpc/one_shot_responder.hpp"
#include "rpc/server.hpp"
#include "session/permission.hpp"

namespace daffi::rpc {
namespace {

// An answer that is given later, to nobody.
class LocalResponder final : public OneShotResponder {
 public:
  LocalResponder(std::shared_ptr<Engine> engine, std::string callback, std::string language, LocalDone end)
      : OneShotResponder(std::move(engine)),
        callback_(std::move(callback)),
        language_(std::move(language)),
        end_(std::move(end)) {}
  ~LocalResponder() override {
    if (!claim()) return;
    end_(base::fail(ErrorCode::cancelled, "the callback '" + callback_ + "' was dropped before it came to its end"));
  }

 private:
  void replied(Writer&) override { end_(std::nullopt); }
  void failed(std::exception_ptr error) override { end_(callback_failure(error, callback_, language_)); }

  const std::string callback_, language_;
  const LocalDone end_;
};

class LocalInvocation final : public detail::Invocation {
 public:
  LocalInvocation(const LocalCall& call, std::function<std::shared_ptr<detail::Responder>()> make_responder)
      : arguments_(*call.arguments),
        context_(call.caller.name, std::nullopt, call.stop),
        make_responder_(std::move(make_responder)) {}

  Reader& arguments() override { return arguments_; }
  CallContext& context() override { return context_; }
  Writer& result() override { return result_; }
  void reject_arguments(std::string why) override { rejected_ = std::move(why); }
  std::shared_ptr<detail::Responder> defer() override {
    deferred_ = true;
    return make_responder_();
  }
  // Its scheduler was told so, unless the callback has been replaced by one that yields since then.
  void stream(std::unique_ptr<detail::ItemProducer>) override { rejected_ = "a callback that yields is not scheduled"; }
  bool deferred() const { return deferred_; }
  const std::optional<std::string>& rejected() const { return rejected_; }

 private:
  Reader arguments_;
  CallContext context_;
  Writer result_{detail::kResultHeadroom};
  const std::function<std::shared_ptr<detail::Responder>()> make_responder_;
  bool deferred_ = false;
  std::optional<std::string> rejected_;
};

}  // namespace

std::shared_ptr<void> Server::busy() {
  begun();
  return {nullptr, [self = shared_from_this()](void*) { self->ended(); }};
}

bool Server::run_local(LocalCall call, LocalDone done) {
  const auto entry = callbacks_.find(call.callback);
  if (!entry) return false;
  callbacks_.enter(*entry);
  if (entry->removed.load()) {
    callbacks_.leave(*entry, *engine_);
    return false;
  }
  // Given back when the call ends, not when a responder that somebody keeps is destroyed.
  const auto busy = std::make_shared<std::shared_ptr<void>>(std::move(call.busy));
  const LocalDone end = [self = shared_from_this(), entry, done = std::move(done), busy](const auto& failure) {
    self->callbacks_.leave(*entry, *self->engine_);
    self->served_.fetch_add(1);
    done(failure);
    busy->reset();
  };
  if (!may_call(*entry, call.caller)) {
    end(session::may_not_call(call.callback));
    return true;
  }
  std::optional<base::Failure> failure;
  bool deferred = false;
  {
    const InsideScope inside(&*entry);
    LocalInvocation invocation(
        call, [&] { return std::make_shared<LocalResponder>(engine_, call.callback, language_, end); });
    try {
      entry->spec.handler(invocation);
      if (invocation.rejected()) failure = base::fail(ErrorCode::remote_arguments, *invocation.rejected());
    } catch (...) {
      failure = callback_failure(std::current_exception(), call.callback, language_);
    }
    deferred = invocation.deferred();
  }
  if (!deferred) end(failure);
  return true;
}

}  // namespace daffi::rpc
