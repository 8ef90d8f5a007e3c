/// @file  Sockets that listen: bound to every address of an endpoint, all with one port.
#pragma once

#include <vector>

#include "net/descriptor.hpp"
#include "net/endpoint.hpp"

namespace daffi::net {

/// Binds and listens, non-blocking. A tcp endpoint gets the port that was free; its name is looked up first, which may
/// block. A UNIX socket is 0600; its place must be claimed before. Failure: initialization, naming the address.
base::Result<std::vector<Descriptor>> open_listening_sockets(Endpoint& endpoint);

}  // namespace daffi::net
