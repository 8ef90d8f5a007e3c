/// @file  StreamAnswer: how a callback's stream ends.
#include "rpc/stream_answer.hpp"

#include <utility>

#include "rpc/system_callbacks.hpp"
#include "wire/call_messages.hpp"

namespace daffi::rpc {

std::shared_ptr<OutgoingItems> StreamAnswer::make(std::shared_ptr<Engine> engine,
                                                  const std::shared_ptr<StreamAnswer>& answer,
                                                  std::unique_ptr<detail::ItemProducer> producer) {
  wire::Header header = answer->answer_.call();
  header.flags = wire::kFromCallee;
  auto items = std::make_shared<OutgoingItems>(std::move(engine), answer, std::move(producer));
  items->add_target(header);
  answer->items_ = items;
  return items;
}

// A stream that was stopped needs no end, whoever stopped it knows, or is gone; unless its callback was taken away.
void StreamAnswer::on_end(End end, std::exception_ptr error) {
  const auto items = items_.lock();
  if (items && end == End::complete) items->send_end({});
  if (items && end == End::threw) items->send_end(wire::encode_error(answer_.failure_of(error)));
  if (items && end == End::stopped && answer_.entry().removed.load()) {
    items->send_end(wire::encode_error(unregistered(answer_.entry())));
  }
  on_end_();
}

std::exception_ptr StreamAnswer::too_large(std::size_t bytes) const {
  return std::make_exception_ptr(SystemRefusal{base::fail(
      ErrorCode::result_too_large, "an item of '" + answer_.entry().spec.name + "' has " + std::to_string(bytes) +
                                       " bytes, the limit is " + std::to_string(max_item()) + " (max_message_size)")});
}

}  // namespace daffi::rpc
