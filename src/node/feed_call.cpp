/// @file  FeedCall: from the first item to the last answer.
#include "node/feed_call.hpp"

#include <utility>

#include "base/after_running.hpp"
#include "rpc/interrupt.hpp"
#include "rpc/task_work.hpp"

namespace daffi::node {

FeedLeg::FeedLeg(FeedCall& feed, detail::CallSpec call_spec, std::shared_ptr<rpc::OutgoingItems> items)
    : OutgoingCall(own_spec_), feed_(feed), items_(std::move(items)), own_spec_(std::move(call_spec)) {}

void FeedLeg::settle(rpc::Engine&) { feed_.leg_settled(*this); }

FeedCall::FeedCall(detail::CallSpec spec, base::Deadline deadline, std::shared_ptr<rpc::Engine> engine,
                   std::shared_ptr<FeedHost> host, std::shared_ptr<rpc::ServerHost> items_host)
    : spec_(std::move(spec)),
      deadline_(deadline),
      engine_(std::move(engine)),
      host_(std::move(host)),
      items_host_(std::move(items_host)) {}

std::shared_ptr<rpc::OutgoingItems> FeedCall::take(std::unique_ptr<detail::ItemProducer> source) {
  auto items = std::make_shared<rpc::OutgoingItems>(engine_, shared_from_this(), std::move(source));
  bool cancelled = false;
  {
    base::Lock lock(mutex_);
    self_ = shared_from_this();
    items_ = items;
    cancelled = error_ != nullptr;
  }
  if (cancelled) items->stop();
  return items;
}

void FeedCall::run_here(std::unique_ptr<detail::ItemProducer> source) { take(std::move(source))->run_here(); }

void FeedCall::start(std::unique_ptr<detail::ItemProducer> source) {
  engine_->submit_always(*rpc::make_task([items = take(std::move(source))] { items->run(); }));
}

FeedLeg& FeedCall::add_leg(detail::CallSpec spec) {
  base::Lock lock(mutex_);
  ++open_legs_;
  return *legs_.emplace_back(std::make_unique<FeedLeg>(*this, std::move(spec), items_));
}

std::shared_ptr<rpc::OutgoingItems> FeedCall::items() const {
  base::Lock lock(mutex_);
  return items_;
}

bool FeedCall::begun() const {
  base::Lock lock(mutex_);
  return begun_;
}

bool FeedCall::failed() const {
  base::Lock lock(mutex_);
  return error_ != nullptr;
}

void FeedCall::leg_sent(const wire::Header& call, const std::shared_ptr<session::Channel>& over) {
  if (!over_) over_ = over;
  items()->add_target(call);
}

bool FeedCall::on_first(detail::ItemProducer& source) {
  {
    base::Lock lock(mutex_);
    begun_ = true;
  }
  source.describe(spec_);
  const auto opened = host_->open_feed(*this);
  if (!opened.ok()) fail(base::to_exception(opened.failure()));
  return !failed();
}

void FeedCall::on_end(End end, std::exception_ptr error) {
  bool empty = false, all_sent = false;
  {
    base::Lock lock(mutex_);
    empty = end == End::complete && legs_.empty();
    all_sent = all_sent_ = end == End::complete && !empty && !error_;
    if (end == End::stopped && !error_) error = base::to_exception(broken_off(!legs_.empty()));
  }
  if (empty) error = base::to_exception(base::fail(ErrorCode::initialization, "Stream is empty"));
  if (error) fail(std::move(error));
  if (all_sent) items()->send_end({});
  over_ = nullptr;  // whoever asks for the outcome later keeps no connection
  {
    base::Lock lock(mutex_);
    source_ended_ = true;
  }
  try_finish();
}

// Its source was not asked to its end, and nothing has failed: the engine stops, or does not wait any longer.
base::Failure FeedCall::broken_off(bool sent) const {
  if (rpc::WaitInterrupt::happened()) {
    return base::fail(ErrorCode::cancelled, "Function " + spec_.name + " was interrupted by a signal");
  }
  return base::fail(sent ? ErrorCode::cancelled : ErrorCode::stopped, "Global was stopped before the stream had ended");
}

void FeedCall::leg_settled(FeedLeg& leg) {
  // From the moment on in which it counts no more the source's thread may end it all, whoever waits may let go of it.
  const auto keep = shared_from_this();
  {
    base::Lock lock(mutex_);
    if (!leg.failure && !all_sent_ && !error_) {
      leg.failure = base::fail(ErrorCode::protocol, "'" + spec_.name + "' was answered before its stream had ended");
    }
    // Of this process it is true that nothing has run; the others have taken what they were sent.
    if (leg.failure && legs_.size() > 1) leg.failure = base::after_running(std::move(*leg.failure));
  }
  // Known before the leg counts no more: else the source's thread, which may just have sent the last item, would find
  // all legs at their end and no error.
  if (leg.failure) fail(base::to_exception(*leg.failure));
  {
    base::Lock lock(mutex_);
    --open_legs_;
  }
  try_finish();
}

// The first error is the one that counts; it ends the source and all legs.
void FeedCall::fail(std::exception_ptr error) {
  std::vector<FeedLeg*> others;
  std::shared_ptr<rpc::OutgoingItems> items;
  {
    base::Lock lock(mutex_);
    if (error_) return;
    error_ = std::move(error);
    items = items_;
    for (const auto& leg : legs_) others.push_back(leg.get());
  }
  if (!items) return host_->feed_failed_early();
  items->stop();
  const auto why = base::fail(ErrorCode::cancelled, "the stream to '" + spec_.name + "' broke off");
  for (FeedLeg* leg : others) host_->abandon_feed_call(*leg, why);
}

void FeedCall::try_finish() {
  std::shared_ptr<FeedCall> keep;
  {
    base::Lock lock(mutex_);
    if (!source_ended_ || open_legs_ > 0 || done_.done()) return;
    keep = std::exchange(self_, nullptr);
    engine_->finish(done_);
  }
  continuations_.run(*engine_);
  host_->feed_ended();
}

// Items before it may have been taken.
std::exception_ptr FeedCall::too_large(std::size_t bytes) const {
  const std::string why = "an item for '" + spec_.name + "' has " + std::to_string(bytes) + " bytes, the limit is " +
                          std::to_string(max_item()) + " (max_message_size)";
  return base::to_exception(base::after_running(base::fail(ErrorCode::too_large, why)));
}

const detail::Reply& FeedCall::wait(std::optional<std::chrono::nanoseconds> limit) {
  if (!done_.done()) {
    refuse_in_child(home_);
    const auto deadline = limit ? base::Deadline::in(items_host_->clock(), *limit) : base::Deadline::never();
    if (!engine_->wait(done_, deadline)) {
      base::throw_failure(base::fail(ErrorCode::timeout, "Function " + spec_.name + " result timed out"));
    }
  }
  if (const auto thrown = error()) std::rethrow_exception(thrown);
  return nothing_;
}

std::exception_ptr FeedCall::error() const {
  base::Lock lock(mutex_);
  return done_.done() ? error_ : nullptr;
}

void FeedCall::cancel() {
  if (done_.done() || home_.left()) return;
  fail(base::to_exception(base::fail(ErrorCode::cancelled, "Function " + spec_.name + " was cancelled")));
}

void FeedCall::on_done(std::function<void()> task) {
  refuse_in_child(home_);
  continuations_.add(std::move(task), done_, *engine_);
}

}  // namespace daffi::node
