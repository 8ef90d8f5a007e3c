/// @file  InlineEngine: everything on the thread that moves a virtual loop, for tests that are exact and instant.
#pragma once

#include <memory>

#include "net/virtual_loop.hpp"
#include "rpc/engine.hpp"

namespace daffi::rpc {

/// Work runs as a task of the loop. A blocking wait moves the loop, and when nothing else can happen, its clock: to the
/// next timer, or to the wait's own deadline. A wait without a deadline that nothing can end any more gives up after
/// an hour of the fake clock (the call then ends as it would with a stuck peer). Threads: the one that moves the loop;
/// callbacks may wait in turn.
std::shared_ptr<Engine> make_inline_engine(net::VirtualLoop& loop, EngineOptions options = {});

}  // namespace daffi::rpc
