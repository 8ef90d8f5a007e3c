/// @file  Request: one incoming call between the wire and its callback. Answer: how it is replied to.
#pragma once

#include <stop_token>
#include <vector>

#include "daffi/codec.hpp"
#include "rpc/server.hpp"

namespace daffi::rpc {

/// Writes answers to one call. Value; threads: any.
class Answer {
 public:
  Answer(std::shared_ptr<Server> server, std::shared_ptr<CallbackEntry> entry, const wire::Header& call, bool wanted)
      : server_(std::move(server)), entry_(std::move(entry)), call_(call), wanted_(wanted) {}

  /// `result` has detail::kResultHeadroom in front.
  void result(Writer& result, session::Urgency urgency);
  void failure(const base::Failure& failure, session::Urgency urgency);
  /// What a callback threw, as its caller is to see it.
  void exception(std::exception_ptr error, session::Urgency urgency);
  const CallbackEntry& entry() const { return *entry_; }
  const std::shared_ptr<CallbackEntry>& shared_entry() const { return entry_; }

 private:
  void send(wire::FrameKind kind, std::span<std::byte> frame, session::Urgency urgency);

  std::shared_ptr<Server> server_;
  std::shared_ptr<CallbackEntry> entry_;
  wire::Header call_;
  bool wanted_;
};

/// From the read role to a handler thread. Owned as Work says.
class Request final : public Work {
 public:
  Request(std::shared_ptr<Server> server, const wire::Frame& frame, const wire::CallHead& head, base::SteadyTime now);
  void run(bool last) override;
  bool refuse() override;
  void discard() override;

  /// Takes the memory of a finished one, or makes new.
  static Request* make(std::shared_ptr<Server> server, const wire::Frame& frame, const wire::CallHead& head,
                       base::SteadyTime now);

  /// For an answer that is given later.
  std::shared_ptr<detail::Responder> make_responder(const Answer& answer);

  wire::Header header;
  wire::CallHead head;
  base::Deadline deadline;
  std::shared_ptr<CallbackEntry> entry;  ///< nullptr: no such callback
  std::vector<std::byte> payload;        ///< call head and arguments
  std::optional<std::stop_source> stop;  ///< for callbacks that take a context
  std::shared_ptr<Server> server;

 private:
  bool enter();
  void invoke(std::shared_ptr<CallbackEntry> entry, session::Urgency urgency);
};

}  // namespace daffi::rpc
