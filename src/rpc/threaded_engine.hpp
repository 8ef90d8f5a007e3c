/// @file  ThreadedEngine: handler threads and blocked callers on one socket, each woken only when it has something to
/// do.
#pragma once

#include <memory>

#include "rpc/engine.hpp"

namespace daffi::rpc {

/// The engine of programs. A thread that is woken by the socket reads it: a blocked caller before any handler thread
/// (net::WaitSets). A caller never runs callbacks; a handler thread runs what it has read in place, having made sure
/// that another one waits. A tick of one millisecond watches batches: when a callback blocks, others take over.
/// Two threads to begin with; more only while none makes progress; idle ones end.
base::Result<std::shared_ptr<Engine>> make_threaded_engine(EngineOptions options);

}  // namespace daffi::rpc
