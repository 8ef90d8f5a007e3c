/// @file  The environment of a test cluster's Globals: one virtual loop, memory instead of sockets.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/fake_clock.hpp"
#include "global/environment.hpp"
#include "net/memory.hpp"
#include "net/virtual_loop.hpp"

namespace daffi::global_ {

/// What the Globals of one cluster share. Thread: the cluster's.
struct ClusterWorld {
  base::FakeClock clock;
  net::VirtualLoop loop{clock};
  net::MemoryHub hub{loop};

  /// How one process is connected.
  struct Place {
    std::shared_ptr<net::MemoryLink> link;
    bool isolated = false;
    bool frozen = false;
  };
  std::map<std::string, Place> places;
};

/// Of a process that the cluster knows by that name. `world` outlives it.
std::unique_ptr<Environment> make_cluster_environment(ClusterWorld& world, const std::string& place);

}  // namespace daffi::global_
