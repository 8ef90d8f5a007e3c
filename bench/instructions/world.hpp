/// @file  World: a caller, a controller and a callee over memory, on one thread, each with a loop of its own.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "controller/controller.hpp"
#include "daffi/daffi.hpp"
#include "global/environment.hpp"
#include "global/maker.hpp"
#include "global/pump.hpp"
#include "instructions/party_engine.hpp"
#include "instructions/party_loop.hpp"
#include "instructions/party_stream.hpp"
#include "net/memory.hpp"

namespace bench {

/// Threads: the program's only one. The order in which things happen is the same each time.
class World final : public daffi::global_::Pump {
 public:
  World();
  ~World() override;

  daffi::Global& caller() { return *caller_; }
  daffi::Global& callee() { return *callee_; }
  std::uint64_t frames_switched() const { return controller_->stats().frames_switched; }

  /// Lets every party do what it can do, in turns, until `done()`.
  void run_until(const std::function<bool()>& done) override;

 private:
  class Environment;
  class Connector;

  std::unique_ptr<daffi::Global> make(PartyLoop& loop, const std::string& name);
  void pass_time();

  daffi::base::FakeClock clock_;
  PartyLoop caller_loop_{Party::caller, clock_};
  PartyLoop controller_loop_{Party::controller, clock_};
  PartyLoop callee_loop_{Party::callee, clock_};
  const std::array<PartyLoop*, 3> loops_{&controller_loop_, &callee_loop_, &caller_loop_};
  daffi::global_::PumpScope pumping_{*this};
  std::unique_ptr<daffi::controller::Controller> controller_;
  std::unique_ptr<daffi::Global> callee_, caller_;
};

}  // namespace bench
