/// @file  Node, code of one process that another runs: who runs it here, and sending it where it is missing.
#include "node/node_impl.hpp"
#include "rpc/code_message.hpp"
#include "rpc/module_table.hpp"

namespace daffi::node {

void Node::Impl::serve_code() {
  rpc::CodeService::Options known;
  known.process_name = options.process_name;
  known.allow_code = options.allow_code;
  known.identity = [weak = weak_from_this()] {
    const auto self = weak.lock();
    return self ? self->caller(self->own_id.load()).identity : wire::Identity{};
  };
  code = std::make_shared<rpc::CodeService>(std::move(known));
  code->add_runner("elf", {std::shared_ptr<void>(), &rpc::ModuleTable::of_process()});
  server->callbacks().add_system(
      rpc::SystemCallback::run_code, "run_code",
      [code = code](detail::Invocation& call, const rpc::Caller& from) { code->serve(call, from); });
}

// What can be told here about whether the receiver will run our code. It decides for itself.
std::optional<base::Failure> Node::Impl::forbidden(const detail::CallSpec& spec) const {
  const auto receiver = directory.find_process(spec.receiver);
  if (!receiver) return std::nullopt;
  const auto identity = caller(receiver->member).identity;
  if (rpc::may_run_code(identity, true, caller(own_id.load()).identity)) return std::nullopt;
  return rpc::not_permitted(spec.receiver, options.process_name);
}

// Its callee knows no code of that hash: the same call again, with the code.
void Node::Impl::send_code(rpc::OutgoingCall& call) {
  const detail::CodeToRun& to_run = *call.spec.code;
  const detail::CodeBytes& code = *to_run.code;
  Writer again(detail::kCallHeadroom);
  rpc::write_code_message(again, {code.kind, code.hash, to_run.function, to_run.arguments, base::Bytes(code.bytes)});
  call.code_sent = true;
  call.sent = false;
  if (auto admitted = admit(call.spec, again); !admitted.ok()) return fail(call, admitted.failure());
  Announcement announcement;
  place(call, frame_of(call, again, announcement), false);
}

}  // namespace daffi::node
