/// @file  Callee over gRPC's callback API: a unary call that gives back what it is given, and a stream without end.
#include <grpcpp/grpcpp.h>

#include "echo.grpc.pb.h"
#include "program.hpp"

namespace {

class Items final : public grpc::ServerWriteReactor<bench::Data> {
 public:
  explicit Items(bench::Data item) : item_(std::move(item)) { StartWrite(&item_); }
  void OnWriteDone(bool ok) override {
    if (ok)
      StartWrite(&item_);
    else
      Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  const bench::Data item_;
};

class Service final : public bench::Echo::CallbackService {
  grpc::ServerUnaryReactor* Call(grpc::CallbackServerContext* context, const bench::Data* request,
                                 bench::Data* response) override {
    *response = *request;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<bench::Data>* Items(grpc::CallbackServerContext*, const bench::Data* request) override {
    return new ::Items(*request);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  Service service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.port ? "127.0.0.1:0" : "unix:" + options.unix_path + "/grpc.sock",
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (!server) bench::fail("gRPC does not listen");
  bench::report_ready(options.port ? static_cast<unsigned>(port) : 0);
  server->Wait();
}
