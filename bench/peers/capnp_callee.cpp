/// @file  Callee over Cap'n Proto: a call that gives back what it is given, and streaming calls to a sink of the
/// caller's.
#include <capnp/ez-rpc.h>

#include "echo.capnp.h"
#include "program.hpp"

namespace {

class EchoServer final : public Echo::Server {
  kj::Promise<void> call(CallContext context) override {
    const auto bytes = context.getParams().getBytes();
    context.getResults(capnp::MessageSize{bytes.size() / 8 + 16, 0}).setBytes(bytes);
    return kj::READY_NOW;
  }
  kj::Promise<void> items(ItemsContext context) override {
    auto params = context.getParams();
    return send(params.getTo(), kj::heapArray<kj::byte>(params.getBytes()), params.getCount());
  }

  // Each send is ready when the flow control of the stream has room for the next.
  static kj::Promise<void> send(Sink::Client to, kj::Array<kj::byte> bytes, std::uint32_t left) {
    if (left == 0) return kj::READY_NOW;
    auto request = to.takeRequest();
    request.setBytes(bytes);
    return request.send().then(
        [to, bytes = kj::mv(bytes), left]() mutable { return send(kj::mv(to), kj::mv(bytes), left - 1); });
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  const std::string address = options.port ? "127.0.0.1" : "unix:" + options.unix_path + "/capnp.sock";
  capnp::EzRpcServer server{kj::heap<EchoServer>(), address.c_str()};
  auto& scope = server.getWaitScope();
  const unsigned port = server.getPort().wait(scope);
  bench::report_ready(options.port ? port : 0);
  kj::NEVER_DONE.wait(scope);
}
