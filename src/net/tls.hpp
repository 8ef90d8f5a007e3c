/// @file  TlsContext: certificates and rules for TLS, made once, shared by connections.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

namespace daffi::net {

/// What the user gave. Value.
struct TlsFiles {
  std::string certificate;  ///< PEM file, may hold a chain
  std::string key;          ///< PEM file
  std::string ca;           ///< PEM file; empty: the certificate is its own trust anchor on both sides (pinned)
  bool any() const { return !certificate.empty() || !key.empty() || !ca.empty(); }
};

/// Immutable; threads: any.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  /// Reads and checks the files (exist, fit together). Failure: initialization, naming the argument.
  static base::Result<std::shared_ptr<const TlsContext>> load(const TlsFiles& files);
  virtual bool pinned() const = 0;
};

}  // namespace daffi::net
