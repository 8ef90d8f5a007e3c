/// @file  ServedStreams: the table, and how one of them is stopped.
#include "rpc/served_streams.hpp"

#include <utility>

#include "rpc/callbacks.hpp"

namespace daffi::rpc {

bool ServedStream::enter(const CallbackEntry& callback) {
  base::Lock lock(mutex_);
  if (callback.removed.load()) return false;
  callback_ = &callback;
  return true;
}

bool ServedStream::runs_in(const CallbackEntry& callback) const {
  base::Lock lock(mutex_);
  return callback_ == &callback;
}

void ServedStream::begin(const std::shared_ptr<OutgoingItems>& items) {
  {
    base::Lock lock(mutex_);
    outgoing_ = items;
    if (!stopped()) return;
  }
  items->stop();
}

void ServedStream::stop(Engine& engine) {
  std::shared_ptr<OutgoingItems> items;
  {
    base::Lock lock(mutex_);
    stopped_.store(true);
    items = outgoing_;
  }
  if (items) items->stop();
  if (incoming) {
    incoming->close();
    incoming->wake(engine);
  }
}

std::shared_ptr<OutgoingItems> ServedStream::outgoing() const {
  base::Lock lock(mutex_);
  return outgoing_;
}

std::shared_ptr<ServedStream> ServedStreams::open(std::uint32_t member, std::uint64_t id, base::Deadline deadline,
                                                  std::shared_ptr<IncomingItems> incoming) {
  base::Lock lock(mutex_);
  if (streams_.size() >= limit_) return nullptr;
  auto& place = streams_[ExchangeKey{member, id}];
  if (place) return nullptr;
  place = std::make_shared<ServedStream>(deadline, std::move(incoming));
  return place;
}

void ServedStreams::close(std::uint32_t member, std::uint64_t id) {
  base::Lock lock(mutex_);
  streams_.erase(ExchangeKey{member, id});
}

std::shared_ptr<ServedStream> ServedStreams::find(std::uint32_t member, std::uint64_t id) const {
  base::Lock lock(mutex_);
  const auto it = streams_.find(ExchangeKey{member, id});
  return it == streams_.end() ? nullptr : it->second;
}

template <typename Pick>
std::vector<std::shared_ptr<ServedStream>> ServedStreams::pick(Pick wanted) const {
  std::vector<std::shared_ptr<ServedStream>> picked;
  base::Lock lock(mutex_);
  for (const auto& [key, stream] : streams_) {
    if (wanted(key, *stream)) picked.push_back(stream);
  }
  return picked;
}

std::vector<std::shared_ptr<ServedStream>> ServedStreams::of(std::uint32_t member) const {
  return pick([member](const ExchangeKey& key, const ServedStream&) { return key.member == member; });
}

std::vector<ExchangeKey> ServedStreams::of_callback(const CallbackEntry& callback) const {
  std::vector<ExchangeKey> keys;
  base::Lock lock(mutex_);
  for (const auto& [key, stream] : streams_) {
    if (stream->runs_in(callback)) keys.push_back(key);
  }
  return keys;
}

std::vector<std::shared_ptr<ServedStream>> ServedStreams::all() const {
  return pick([](const ExchangeKey&, const ServedStream&) { return true; });
}

std::vector<std::shared_ptr<ServedStream>> ServedStreams::expired(base::SteadyTime now, base::Deadline& next) const {
  return pick([now, &next](const ExchangeKey&, const ServedStream& stream) {
    if (stream.deadline().passed(now)) return true;
    next = base::Deadline::earlier(next, stream.deadline());
    return false;
  });
}

std::size_t ServedStreams::size() const {
  base::Lock lock(mutex_);
  return streams_.size();
}

}  // namespace daffi::rpc
