/// @file  ItemRunner: from one item to the next.
#include "rpc/item_runner.hpp"

#include <utility>

#include "base/after_running.hpp"
#include "rpc/inside.hpp"
#include "rpc/one_shot_responder.hpp"

namespace daffi::rpc {

namespace {
// Items that run before others that wait for a thread have their turn.
constexpr int kSlice = 128;
}  // namespace

// The answer of a coroutine that runs for one item.
class ItemResponder final : public OneShotResponder {
 public:
  ItemResponder(std::shared_ptr<ItemRunner> runner, std::shared_ptr<Engine> engine)
      : OneShotResponder(std::move(engine)), runner_(std::move(runner)) {}
  ~ItemResponder() override {
    if (!claim()) return;
    runner_->returned(
        base::to_exception(base::fail(ErrorCode::cancelled, "the callback was dropped before it gave an answer")));
  }

 private:
  void replied(Writer&) override { runner_->returned(nullptr); }
  void failed(std::exception_ptr error) override { runner_->returned(std::move(error)); }

  const std::shared_ptr<ItemRunner> runner_;
};

// What the callback's shell is given for one item.
class ItemCall final : public detail::Invocation {
 public:
  ItemCall(ItemRunner& runner, base::Bytes arguments) : runner_(runner), arguments_(arguments) {}

  Reader& arguments() override { return arguments_; }
  CallContext& context() override { return *runner_.context_; }
  Writer& result() override { return runner_.result_; }
  void reject_arguments(std::string why) override {
    rejected_ = true;
    runner_.failure_ = base::fail(ErrorCode::remote_arguments, std::move(why));
  }
  std::shared_ptr<detail::Responder> defer() override {
    deferred_ = true;
    return std::make_shared<ItemResponder>(runner_.shared_from_this(), runner_.engine_);
  }
  void stream(std::unique_ptr<detail::ItemProducer>) override {
    rejected_ = true;
    runner_.failure_ =
        base::fail(ErrorCode::remote_arguments, "a callback that yields cannot be called with a stream of arguments");
  }
  bool deferred() const { return deferred_; }
  bool rejected() const { return rejected_; }

 private:
  ItemRunner& runner_;
  Reader arguments_;
  bool deferred_ = false;
  bool rejected_ = false;
};

ItemRunner::ItemRunner(std::shared_ptr<Engine> engine, std::shared_ptr<ServerHost> host,
                       std::shared_ptr<ServedStream> stream, Answer answer, std::optional<CallContext> context,
                       std::function<void()> on_end)
    : engine_(std::move(engine)),
      host_(std::move(host)),
      stream_(std::move(stream)),
      answer_(answer),
      context_(std::move(context)),
      on_end_(std::move(on_end)),
      result_(detail::kResultHeadroom) {}

ItemRunner::~ItemRunner() { end(); }

void ItemRunner::run() {
  const auto keep = shared_from_this();
  const InsideScope inside(&answer_.entry());
  for (int ran = 0; next_item(); ++ran) {
    if (ran < kSlice || engine_->stats().queued == 0) continue;
    return engine_->submit_always(*make_task([keep] { keep->run(); }));
  }
}

// False: this thread is done here, because of the end, or because somebody will call run() again.
bool ItemRunner::next_item() {
  if (error_ || failure_ || stream_->stopped()) {
    if (stream_->stopped()) {
      if (answer_.entry().removed.load()) answer_.failure(unregistered(answer_.entry()), session::Urgency::now);
    } else {
      if (failure_ && ran_) failure_ = base::after_running(std::move(*failure_));
      failure_ ? answer_.failure(*failure_, session::Urgency::now) : answer_.exception(error_, session::Urgency::now);
    }
    end();
    return false;
  }
  base::Bytes item;
  std::optional<Credit> grant;
  const auto taken = stream_->incoming->take(item, grant);
  if (grant) host_->send(stream_->incoming->credit_frame(*grant), session::Urgency::now);
  if (taken == IncomingItems::Taken::item) return call(item) == Ran::returned;
  if (taken == IncomingItems::Taken::nothing) {
    stream_->incoming->on_ready([keep = shared_from_this()] { keep->run(); }, *engine_);
    return false;
  }
  if (stream_->stopped()) return true;
  failure_ = stream_->incoming->failure();
  if (failure_) return true;
  result_.clear();
  result_.nil();
  answer_.result(result_, session::Urgency::now);
  end();
  return false;
}

ItemRunner::Ran ItemRunner::call(base::Bytes arguments) {
  result_.clear();
  state_.store(State::calling);
  ItemCall call(*this, arguments);
  try {
    if (answer_.entry().system) {
      call.reject_arguments("'" + answer_.entry().spec.name + "' takes no stream");
    } else {
      answer_.entry().spec.handler(call);
    }
  } catch (...) {
    if (!call.deferred()) error_ = std::current_exception();
  }
  if (!call.rejected()) ran_ = true;
  if (!call.deferred()) return Ran::returned;
  State calling = State::calling;
  // Not back yet: whoever ends it goes on with the next item.
  return state_.compare_exchange_strong(calling, State::awaited) ? Ran::later : Ran::returned;
}

void ItemRunner::returned(std::exception_ptr error) {
  error_ = std::move(error);
  if (state_.exchange(State::returned) != State::awaited) return;
  engine_->submit_always(*make_task([keep = shared_from_this()] { keep->run(); }));
}

void ItemRunner::end() {
  if (const auto on_end = std::exchange(on_end_, nullptr)) on_end();
}

}  // namespace daffi::rpc
