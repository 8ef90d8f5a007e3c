/// @file  ItemRunner: runs a callback once for each item of a stream, one after the other.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "daffi/call_context.hpp"
#include "rpc/request.hpp"
#include "rpc/served_streams.hpp"

namespace daffi::rpc {

/// On handler threads, many items in one go, never two at once; a coroutine is awaited before the next item. Answers
/// with an empty result when all have run, or with the first error. Threads: one at a time, any.
class ItemRunner final : public std::enable_shared_from_this<ItemRunner> {
 public:
  /// `on_end` is called once, after the answer or instead of it.
  ItemRunner(std::shared_ptr<Engine> engine, std::shared_ptr<ServerHost> host, std::shared_ptr<ServedStream> stream,
             Answer answer, std::optional<CallContext> context, std::function<void()> on_end);
  ~ItemRunner();
  /// Runs what is here, then waits for more without a thread.
  void run();

 private:
  friend class ItemCall;
  friend class ItemResponder;
  enum class State : std::uint8_t { idle, calling, awaited, returned };
  enum class Ran : std::uint8_t { returned, later };

  bool next_item();
  Ran call(base::Bytes arguments);
  void returned(std::exception_ptr error);
  void end();

  const std::shared_ptr<Engine> engine_;
  const std::shared_ptr<ServerHost> host_;
  const std::shared_ptr<ServedStream> stream_;
  Answer answer_;
  std::optional<CallContext> context_;
  std::function<void()> on_end_;
  Writer result_;     // of a plain callback; nobody wants it
  bool ran_ = false;  // an item was taken: no failure may say that nothing has run
  std::optional<base::Failure> failure_;
  std::exception_ptr error_;
  std::atomic<State> state_{State::idle};
};

}  // namespace daffi::rpc
