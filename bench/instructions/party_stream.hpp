/// @file  PartyStream: a memory stream whose own work is nobody's, as the kernel's would be.
#pragma once

#include <memory>
#include <utility>

#include "instructions/meter.hpp"
#include "net/stream.hpp"

namespace bench {

/// Threads: the program's only one.
class PartyStream final : public daffi::net::Stream {
 public:
  explicit PartyStream(std::unique_ptr<daffi::net::Stream> inner) : inner_(std::move(inner)) {}

  daffi::net::IoResult read(daffi::base::MutableBytes into) override {
    const Meter::Scope pause(Party::nobody);
    return inner_->read(into);
  }
  daffi::net::IoResult write(std::span<const iovec> parts) override {
    const Meter::Scope pause(Party::nobody);
    return inner_->write(parts);
  }
  void close() override { inner_->close(); }
  daffi::base::Result<void> watch(daffi::net::Loop& loop, daffi::net::Watcher& watcher) override {
    return inner_->watch(loop, watcher);
  }
  void unwatch() override { inner_->unwatch(); }
  int fd() const override { return inner_->fd(); }
  const daffi::net::PeerInfo& peer() const override { return inner_->peer(); }

 private:
  const std::unique_ptr<daffi::net::Stream> inner_;
};

}  // namespace bench
