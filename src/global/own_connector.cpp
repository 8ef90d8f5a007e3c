/// @file  OwnConnector.
#include "global/own_connector.hpp"

#include <utility>

namespace daffi::global_ {

namespace {

/// Strand: the loop's thread.
class OwnConnector final : public net::Connector {
 public:
  OwnConnector(Environment& environment, controller::Controller& controller)
      : environment_(environment), controller_(controller) {}

  void connect(base::Deadline, Done done) override {
    done_ = std::make_shared<Done>(std::move(done));
    environment_.loop().post([this, waiting = std::weak_ptr<Done>(done_)] {
      if (!waiting.expired()) finish();
    });
  }
  void cancel() override { done_ = nullptr; }
  std::string target() const override { return "the controller in this process"; }

 private:
  void finish() {
    const auto done = std::exchange(done_, nullptr);
    auto connection = environment_.make_own_connection();
    if (!connection.ok()) return (*done)(std::move(connection).failure());
    controller_.adopt(std::move(connection->second));
    (*done)(std::move(connection->first));
  }

  Environment& environment_;
  controller::Controller& controller_;
  std::shared_ptr<Done> done_;  // the one attempt; cancelled when it is gone
};

}  // namespace

std::unique_ptr<net::Connector> make_own_connector(Environment& environment, controller::Controller& controller) {
  return std::make_unique<OwnConnector>(environment, controller);
}

}  // namespace daffi::global_
