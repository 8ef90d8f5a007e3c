/// @file  FeedCall: items streamed to a callback, at one process or at all that hold it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/annotations.hpp"
#include "daffi/detail/item_stream.hpp"
#include "node/node.hpp"
#include "node/pending.hpp"
#include "rpc/outgoing_call.hpp"
#include "rpc/outgoing_items.hpp"
#include "rpc/server.hpp"

namespace daffi::node {

class FeedCall;

/// What a feed needs of its node. Threads: any.
class FeedHost {
 public:
  virtual ~FeedHost() = default;
  /// Begins the calls at all holders, or at the receiver: add_call() for each. Blocks while there is no controller.
  virtual base::Result<void> open_feed(FeedCall& feed) = 0;
  virtual void abandon_feed_call(rpc::OutgoingCall& call, const base::Failure& why) = 0;
  /// It failed while it waited for its eta.
  virtual void feed_failed_early() = 0;
  /// It has ended, in whichever way.
  virtual void feed_ended() = 0;
};

/// One of the calls of a feed: at one process. Strand: as OutgoingCall.
class FeedLeg final : public rpc::OutgoingCall {
 public:
  /// `items`: those of the feed, once there are any.
  FeedLeg(FeedCall& feed, detail::CallSpec call_spec, std::shared_ptr<rpc::OutgoingItems> items = nullptr);
  void settle(rpc::Engine& engine) override;
  std::shared_ptr<rpc::OutgoingItems> outgoing() override { return items_; }

 private:
  FeedCall& feed_;
  const std::shared_ptr<rpc::OutgoingItems> items_;
  const detail::CallSpec own_spec_;
};

/// Ends when all have taken all, or with the first error of one of them or of the source; the others are cancelled
/// then. Keeps itself alive until it has ended. Threads: any.
class FeedCall final : public detail::PendingCall,
                       public rpc::ItemsOwner,
                       public std::enable_shared_from_this<FeedCall> {
 public:
  FeedCall(detail::CallSpec spec, base::Deadline deadline, std::shared_ptr<rpc::Engine> engine,
           std::shared_ptr<FeedHost> host, std::shared_ptr<rpc::ServerHost> items_host);
  /// Asks the source on this thread, to its end.
  void run_here(std::unique_ptr<detail::ItemProducer> source);
  /// Asks it on handler threads.
  void start(std::unique_ptr<detail::ItemProducer> source);
  /// Something has gone wrong: nothing more is to be begun.
  bool failed() const;
  /// Its time is up before it has begun anywhere, or nobody can wait for it to begin: as if one of its calls had failed
  /// so. Not under the read role.
  void give_up(base::Failure why) { fail(base::to_exception(std::move(why))); }

  detail::CallSpec& spec() { return spec_; }
  base::Deadline deadline() const { return deadline_; }
  /// A further process; before anything is sent to it.
  FeedLeg& add_leg(detail::CallSpec spec);
  /// Its source has given an item: whoever opens it watches its deadline from then on, and its calls do later.
  bool begun() const;
  /// The leg's call was sent over that connection: items follow, over no other one.
  void leg_sent(const wire::Header& call, const std::shared_ptr<session::Channel>& over);
  void leg_settled(FeedLeg& leg);

  // rpc::ItemsOwner
  void send_item(base::Bytes frame) override { items_host_->send_item(frame, *over_); }
  void send_part(const wire::Header& part, base::Bytes front, const base::Slice& bytes) override {
    items_host_->send_part(part, front, bytes, *over_);
  }
  std::size_t max_item() const override { return items_host_->transfers().in.limits().max_value; }
  bool on_first(detail::ItemProducer& source) override;
  void on_end(End end, std::exception_ptr error) override;
  std::exception_ptr too_large(std::size_t bytes) const override;

  // detail::PendingCall
  bool ready() const override { return done_.done(); }
  const detail::Reply& wait(std::optional<std::chrono::nanoseconds> limit) override;
  std::exception_ptr error() const override;
  void cancel() override;
  void on_done(std::function<void()> task) override;
  const std::string& func_name() const override { return spec_.name; }
  std::string uuid() const override { return uuid_.text(); }

 private:
  std::shared_ptr<rpc::OutgoingItems> items() const;
  std::shared_ptr<rpc::OutgoingItems> take(std::unique_ptr<detail::ItemProducer> source);
  void fail(std::exception_ptr error);
  base::Failure broken_off(bool sent) const;
  void try_finish();

  detail::CallSpec spec_;
  const base::Deadline deadline_;
  const std::shared_ptr<rpc::Engine> engine_;
  std::shared_ptr<FeedHost> host_;
  const std::shared_ptr<rpc::ServerHost> items_host_;
  const CallUuid uuid_;
  const base::HomeProcess home_;
  std::shared_ptr<session::Channel> over_;  // of the first leg; a later one of another is lost with it
  detail::Reply nothing_;
  Continuations continuations_;

  mutable base::Mutex mutex_;
  rpc::Completion done_;
  std::shared_ptr<rpc::OutgoingItems> items_ DAFFI_GUARDED_BY(mutex_);  // set once, before anything runs
  std::vector<std::unique_ptr<FeedLeg>> legs_ DAFFI_GUARDED_BY(mutex_);
  std::size_t open_legs_ DAFFI_GUARDED_BY(mutex_) = 0;
  bool begun_ DAFFI_GUARDED_BY(mutex_) = false;
  bool source_ended_ DAFFI_GUARDED_BY(mutex_) = false;
  bool all_sent_ DAFFI_GUARDED_BY(mutex_) = false;
  std::exception_ptr error_ DAFFI_GUARDED_BY(mutex_);
  std::shared_ptr<FeedCall> self_ DAFFI_GUARDED_BY(mutex_);
};

}  // namespace daffi::node
