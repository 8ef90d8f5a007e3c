/// @file  Request: one incoming call between the wire and its callback. Answer: how it is replied to.
#pragma once

#include <array>
#include <stop_token>
#include <vector>

#include "daffi/codec.hpp"
#include "rpc/server.hpp"

namespace daffi::rpc {

/// Writes answers to one call. Refers to server and entry, which outlive it. Value; threads: any.
class Answer {
 public:
  /// `deadline`: the end of the caller's patience.
  Answer(Server& server, const CallbackEntry& entry, const wire::Header& call, bool wanted, base::Deadline deadline)
      : server_(server), entry_(entry), call_(call), wanted_(wanted), deadline_(deadline) {}

  /// `result` has detail::kResultHeadroom in front. Out of time nothing is sent, errors neither: the caller has said so
  /// already, and an answer that overtakes that would only make it a matter of luck.
  void result(Writer& result, session::Urgency urgency) const;
  void failure(const base::Failure& failure, session::Urgency urgency) const;
  /// What a callback threw, as its caller is to see it.
  void exception(const std::exception_ptr& error, session::Urgency urgency) const;
  /// The same account as a failure, for other kinds of frames.
  base::Failure failure_of(const std::exception_ptr& error) const;
  const CallbackEntry& entry() const { return entry_; }
  const wire::Header& call() const { return call_; }

 private:
  void send(wire::FrameKind kind, std::span<std::byte> frame, session::Urgency urgency, std::uint8_t flags = 0) const;
  bool out_of_time() const;
  void send_large(Writer& result, session::Urgency urgency) const;

  Server& server_;
  const CallbackEntry& entry_;
  wire::Header call_;
  bool wanted_;
  base::Deadline deadline_;
};

/// From the read role to a handler thread. Owned as Work says.
class Request final : public Work {
 public:
  Request(std::shared_ptr<Server> server, const wire::Frame& frame, const wire::CallHead& head, base::SteadyTime now);
  void run(bool last) override;
  bool refuse() override;
  void discard() override;
  /// The same for one that was never queued.
  void forget();

  static void* operator new(std::size_t size);
  static void operator delete(void* memory);

  /// The call is answered by these items.
  void begin_stream(const Answer& answer, std::unique_ptr<detail::ItemProducer> items);
  Reader arguments() const {
    if (assembled.bytes.owner) return {assembled.bytes.bytes, assembled.body.get()};
    return Reader(payload.subspan(wire::kCallHeadSize));
  }
  /// For an answer that is given later.
  std::shared_ptr<detail::Responder> make_responder(const Answer& answer);

  wire::Header header;
  wire::CallHead head;
  base::Deadline deadline;
  std::shared_ptr<CallbackEntry> entry;  ///< nullptr: no such callback
  base::Bytes payload;                   ///< call head and arguments, or their length when they came in chunks
  Received assembled;                    ///< … those arguments
  BudgetShare share;                     ///< … and their place in the budget
  std::optional<std::stop_source> stop;  ///< for callbacks that take a context
  std::shared_ptr<ServedStream> stream;  ///< of a call that wants a stream, or takes one
  std::shared_ptr<Server> server;

 private:
  bool given_up() const;
  void leave_unrun();
  std::function<void()> on_end() const;
  bool enter();
  bool enter_successor();
  void run_items(const Answer& answer, std::optional<CallContext> context);
  void invoke(session::Urgency urgency);
  void refused(const Answer& answer, const base::Failure& why, session::Urgency urgency);

  // Where the payload is: inside when it is small.
  std::array<std::byte, 256> small_;
  std::vector<std::byte> large_;
};

}  // namespace daffi::rpc
