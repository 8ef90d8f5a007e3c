/// @file  OwnConnector: leads a node to the controller of its own process, without any socket in the file system.
#pragma once

#include <memory>

#include "global/environment.hpp"

namespace daffi::global_ {

/// `controller` outlives it.
std::unique_ptr<net::Connector> make_own_connector(Environment& environment, controller::Controller& controller);

}  // namespace daffi::global_
