/// @file  StreamCall: taking items, and leaving.
#include "node/stream_call.hpp"

#include <utility>

namespace daffi::node {

void StreamCall::settle(rpc::Engine& engine) {
  const auto keep = std::move(self_);
  const auto items = items_;
  large = {};
  if (!failure && !completed) {
    failure = base::fail(ErrorCode::result_mismatch, "'" + spec.name + "' gave one result and no stream");
  }
  items->end(failure);
  items->wake(engine);
}

std::optional<base::Failure> StreamCall::refused() const {
  auto why = items_->failure();
  return why && !sent ? std::move(why) : std::nullopt;
}

bool CallerStream::ready() { return home_.left() || call_->items().ready(); }

// Between two items there may be a long wait: what was taken is granted anew first.
void CallerStream::on_ready(std::function<void()> task) {
  refuse_in_child(home_);
  grant(call_->items().done_with());
  call_->items().on_ready(std::move(task), *engine_);
}

void CallerStream::grant(const std::optional<rpc::Credit>& credit) {
  if (!credit) return;
  if (const auto host = host_.lock()) host->send(call_->items().credit_frame(*credit), session::Urgency::now);
}

bool CallerStream::next(std::span<const std::byte>& item) {
  refuse_in_child(home_);
  rpc::IncomingItems& items = call_->items();
  for (;;) {
    std::optional<rpc::Credit> due;
    const auto taken = items.take(item, due);
    grant(due);
    if (taken == rpc::IncomingItems::Taken::item) return true;
    if (taken == rpc::IncomingItems::Taken::ended) break;
    if (!items.wait(*engine_)) {
      base::throw_failure(
          base::fail(ErrorCode::timeout, "nothing can end the wait for an item of '" + call_->spec.name + "'"));
    }
  }
  if (auto failure = items.failure()) base::throw_failure(std::move(*failure));
  return false;
}

void CallerStream::close() {
  const auto on_close = std::exchange(on_close_, nullptr);
  // A child has no part in its parent's calls.
  if (!on_close || home_.left()) return;
  call_->items().close();
  cancel_(*call_);
  on_close();
}

}  // namespace daffi::node
