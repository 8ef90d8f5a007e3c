/// @file  Request: running one call; Answer: the frames it ends with.
#include "rpc/request.hpp"

#include <array>
#include <cstring>

#include "base/log.hpp"
#include "base/per_thread.hpp"
#include "base/recycled.hpp"
#include "rpc/callback_failure.hpp"
#include "rpc/inside.hpp"
#include "rpc/item_runner.hpp"
#include "rpc/one_shot_responder.hpp"
#include "rpc/stream_answer.hpp"
#include "rpc/system_callbacks.hpp"
#include "wire/limits.hpp"

namespace daffi::rpc {
namespace {

// A result's buffer, one for each level of callbacks that run inside each other on this thread (inline engine only).
class ResultBuffer {
 public:
  ResultBuffer() {
    Level& level = base::PerThread<Level>::mine();
    if (level.depth == level.writers.size()) {
      level.writers.push_back(std::make_unique<Writer>(detail::kResultHeadroom));
    }
    writer_ = level.writers[level.depth++].get();
    writer_->clear(detail::kResultHeadroom);
  }
  ~ResultBuffer() { --base::PerThread<Level>::mine().depth; }
  ResultBuffer(const ResultBuffer&) = delete;
  ResultBuffer& operator=(const ResultBuffer&) = delete;
  Writer& writer() { return *writer_; }

 private:
  struct Level {
    std::vector<std::unique_ptr<Writer>> writers;
    std::size_t depth = 0;
  };
  Writer* writer_;
};

// An answer that is given later.
class Deferred final : public OneShotResponder {
 public:
  /// `on_end` keeps alive what `answer` refers to.
  Deferred(const Answer& answer, std::shared_ptr<Engine> engine, std::function<void()> on_end)
      : OneShotResponder(std::move(engine)), answer_(answer), on_end_(std::move(on_end)) {}
  ~Deferred() override {
    if (!claim()) return;
    answer_.failure(base::fail(ErrorCode::cancelled,
                               "the callback '" + answer_.entry().spec.name + "' was dropped before it gave an answer"),
                    session::Urgency::now);
    on_end_();
  }

 private:
  void replied(Writer& result) override {
    answer_.result(result, session::Urgency::now);
    on_end_();
  }
  void failed(std::exception_ptr error) override {
    answer_.exception(error, session::Urgency::now);
    on_end_();
  }

  const Answer answer_;
  const std::function<void()> on_end_;
};

// What a callback's shell is given.
class Call final : public detail::Invocation {
 public:
  Call(Request& request, Answer& answer, CallContext* context)
      : request_(request), answer_(answer), arguments_(request.arguments()), context_(context) {}

  Reader& arguments() override { return arguments_; }
  CallContext& context() override { return *context_; }
  Writer& result() override { return buffer_.writer(); }
  void reject_arguments(std::string why) override { rejected_ = std::move(why); }
  std::shared_ptr<detail::Responder> defer() override {
    deferred_ = true;
    return request_.make_responder(answer_);
  }
  void stream(std::unique_ptr<detail::ItemProducer> items) override {
    if (!request_.stream) return reject_arguments("'" + answer_.entry().spec.name + "' gives a stream");
    deferred_ = true;
    request_.begin_stream(answer_, std::move(items));
  }
  bool deferred() const { return deferred_; }
  const std::optional<std::string>& rejected() const { return rejected_; }

 private:
  Request& request_;
  Answer& answer_;
  Reader arguments_;
  CallContext* context_;
  ResultBuffer buffer_;
  bool deferred_ = false;
  std::optional<std::string> rejected_;
};

using Memory = base::Recycled<Request, sizeof(Request), 256>;

}  // namespace

void Answer::send(wire::FrameKind kind, std::span<std::byte> frame, session::Urgency urgency,
                  std::uint8_t flags) const {
  wire::Header header;
  header.size = static_cast<std::uint32_t>(frame.size() - wire::kHeaderSize);
  header.kind = kind;
  header.flags = flags;
  header.epoch = call_.epoch;
  header.member = call_.member;
  header.id = call_.id;
  wire::encode_header(header, frame.first<wire::kHeaderSize>());
  server_.host_->send(frame, urgency);
}

void Answer::result(Writer& result, session::Urgency urgency) const {
  const std::size_t limit = server_.limits_.max_message_size;
  if (result.size() > limit) {
    const std::string text = "the result of '" + entry_.spec.name + "' has " + std::to_string(result.size()) +
                             " bytes, the limit is " + std::to_string(limit) + " (max_message_size)";
    if (wanted_) base::log(LogLevel::error, "node", text);
    return failure(base::fail(ErrorCode::result_too_large, text), urgency);
  }
  if (!wanted_) return;
  if (out_of_time()) return;
  if (result.size() > wire::kMaxUnchunked) return send_large(result, urgency);
  send(wire::FrameKind::result, result.buffer(), urgency);
}

bool Answer::out_of_time() const { return !deadline_.is_never() && deadline_.passed(server_.host_->clock().now()); }

// Announced, and sent as the caller takes it.
void Answer::send_large(Writer& result, session::Urgency urgency) const {
  std::array<std::byte, wire::kHeaderSize + wire::kTotalSize> frame;
  wire::encode_total(result.size(), std::span(frame).last<wire::kTotalSize>());
  ServerHost& host = *server_.host_;
  OutTransfers& out = host.transfers().out;
  const TransferKey key{call_.member, call_.id, true};
  out.add(key, take_over(result));
  // Looked at afterwards: a caller that is lost from here on ends the transfer with it.
  if (!host.reaches(call_.member, call_.epoch)) return (void)out.abort(key);
  send(wire::FrameKind::result, frame, urgency, wire::kChunked);
  out.release(key, call_.epoch);
  out.pump();
}

void Answer::failure(const base::Failure& failure, session::Urgency urgency) const {
  if (!wanted_) {
    return base::log(LogLevel::error, "node",
                     "callback '" + entry_.spec.name + "', called without wanting a result, failed: " +
                         (failure.remote ? failure.remote->type + ": " + failure.remote->message : failure.message));
  }
  if (out_of_time()) return;
  std::vector<std::byte> frame = wire::encode_error(failure);
  frame.insert(frame.begin(), wire::kHeaderSize, std::byte{0});
  send(wire::FrameKind::error, frame, urgency);
}

void Answer::exception(const std::exception_ptr& error, session::Urgency urgency) const {
  failure(failure_of(error), urgency);
}

base::Failure Answer::failure_of(const std::exception_ptr& error) const {
  if (server_.stopping_.load() && was_ended(error)) {
    // Not the callback's own doing.
    return base::fail(ErrorCode::remote_stopped, "the process that ran '" + entry_.spec.name + "' was stopped");
  }
  return callback_failure(error, entry_.spec.name, server_.language_);
}

Request::Request(std::shared_ptr<Server> owner, const wire::Frame& frame, const wire::CallHead& call_head,
                 base::SteadyTime now)
    : header(frame.header), head(call_head), server(std::move(owner)) {
  if (frame.payload.size() <= small_.size()) {
    std::memcpy(small_.data(), frame.payload.data(), frame.payload.size());
    payload = std::span(small_).first(frame.payload.size());
  } else {
    large_.assign(frame.payload.begin(), frame.payload.end());
    payload = large_;
  }
  if (head.remaining_ms != wire::CallHead::kNoLimit) deadline.at = now + std::chrono::milliseconds(head.remaining_ms);
}

void* Request::operator new(std::size_t) { return Memory::take(); }
void Request::operator delete(void* memory) { Memory::give(memory); }

bool Request::refuse() {
  // Whoever wants no result was told that the call is taken.
  if ((head.flags & wire::CallHead::kNoReply) != 0) return false;
  server->count_busy("all handler threads are taken");
  server->refuse(*this, ErrorCode::busy, "all handler threads are taken");
  discard();
  return true;
}

void Request::discard() {
  server->queued_bytes_.fetch_sub(payload.size());
  server->queued_.fetch_sub(1);
  forget();
}

void Request::forget() {
  leave_unrun();
  delete this;
}

void Request::leave_unrun() {
  if (stop) server->unwatch({header.member, header.id});
  if (stream) server->streams_.close(header.member, header.id);
}

// Nobody waits for an answer any more.
bool Request::given_up() const {
  if ((stop && stop->stop_requested()) || (stream && stream->stopped())) return true;
  return !deadline.is_never() && deadline.passed(server->host_->clock().now());
}

void Request::run(bool last) {
  const std::unique_ptr<Request> self(this);
  const session::Urgency urgency = last ? session::Urgency::now : session::Urgency::corked;
  server->begun();
  server->queued_bytes_.fetch_sub(payload.size());
  server->queued_.fetch_sub(1);
  if (given_up()) {
    server->expired_unrun_.fetch_add(1);
  } else if (!enter()) {
    const bool system = head.callback_id >= wire::kFirstSystemCallback;
    server->refuse(*this, ErrorCode::no_candidate,
                   system ? "it serves no such system callback" : "this callback is not registered any more");
  } else {
    return invoke(urgency);
  }
  leave_unrun();
  server->ended();
}

// Entered first, looked at afterwards: whoever takes the callback away either waits for us or is seen here.
bool Request::enter() {
  if (!entry) return false;
  server->callbacks_.enter(*entry);
  if (stream ? stream->enter(*entry) : !entry->removed.load()) return true;
  server->callbacks_.leave(*entry, *server->engine_);
  return enter_successor();
}

// Replaced while the call waited. What was made ready for it has to do for the other one as well.
bool Request::enter_successor() {
  const auto successor = server->callbacks_.find(entry->id);
  if (!successor || successor->spec.wants_context != entry->spec.wants_context) return false;
  if (!may_call(*successor, server->host_->caller(header.member))) return false;
  entry = successor;
  return enter();
}

void Request::invoke(session::Urgency urgency) {
  CallbackEntry& callback = *entry;
  Answer answer(*server, callback, header, (head.flags & wire::CallHead::kNoReply) == 0, deadline);
  std::optional<CallContext> context;
  if (callback.spec.wants_context) {
    std::optional<std::chrono::steady_clock::time_point> until;
    if (!deadline.is_never()) {
      // The context outlives the call and knows no clock but the machine's.
      until = base::Clock::system().now() + deadline.left(server->host_->clock().now());
    }
    context.emplace(server->host_->name_of(header.member), until, stop ? stop->get_token() : std::stop_token());
  }
  if (stream && stream->incoming) return run_items(answer, std::move(context));
  bool deferred = false;
  {
    const InsideScope inside(&callback);
    Call call(*this, answer, context ? &*context : nullptr);
    try {
      if (callback.system) {
        callback.system(call, server->host_->caller(header.member));
      } else {
        callback.spec.handler(call);
      }
      deferred = call.deferred();
      if (!deferred && call.rejected()) {
        answer.failure(base::fail(ErrorCode::remote_arguments, *call.rejected()), urgency);
      } else if (!deferred) {
        answer.result(call.result(), urgency);
      }
    } catch (const SystemRefusal& refusal) {
      deferred = call.deferred();
      if (!deferred) refused(answer, refusal.failure, urgency);
    } catch (...) {
      deferred = call.deferred();
      if (!deferred) answer.exception(std::current_exception(), urgency);
    }
  }
  if (deferred) return;
  if (stream) server->streams_.close(header.member, header.id);
  server->answered(callback, {header.member, header.id}, stop.has_value());
}

// What the system says no to. What somebody else might take goes back, as from a callee that is saturated.
void Request::refused(const Answer& answer, const base::Failure& why, session::Urgency urgency) {
  const bool elsewhere =
      why.code == ErrorCode::busy || why.code == ErrorCode::draining || why.code == ErrorCode::no_candidate;
  if (!elsewhere || (head.flags & wire::CallHead::kNoReply) != 0) return answer.failure(why, urgency);
  if (why.code == ErrorCode::busy) server->count_busy(why.message);
  server->refuse(*this, why.code, why.message);
}

// What is to be done once the answer has left.
std::function<void()> Request::on_end() const {
  return [keep = server, entry = entry, key = ExchangeKey{header.member, header.id}, watched = stop.has_value(),
          streams = stream != nullptr] {
    if (streams) keep->streams_.close(key.member, key.id);
    keep->answered(*entry, key, watched);
  };
}

void Request::begin_stream(const Answer& answer, std::unique_ptr<detail::ItemProducer> producer) {
  const auto owner = std::make_shared<StreamAnswer>(server->host_, answer, on_end());
  auto items = StreamAnswer::make(server->engine_, owner, std::move(producer));
  stream->begin(items);
  items->run();
}

void Request::run_items(const Answer& answer, std::optional<CallContext> context) {
  std::make_shared<ItemRunner>(server->engine_, server->host_, stream, answer, std::move(context), on_end())->run();
}

std::shared_ptr<detail::Responder> Request::make_responder(const Answer& answer) {
  return std::make_shared<Deferred>(answer, server->engine_, on_end());
}

}  // namespace daffi::rpc
