// How the prober speaks TLS: whom it trusts, and that it asks for HTTP/1.1.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace evenkeel::coordinator {

struct SslDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;

class ProbeTls {
 public:
  // `ca_pem` vouches for servers; empty: the system's authorities. INVALID_ARGUMENT: it holds no certificate.
  static absl::StatusOr<ProbeTls> Create(const std::string& ca_pem);

  // A client for one connection, whose server must be `host`: a name or an IP address.
  SslPointer Begin(const std::string& host) const;

 private:
  explicit ProbeTls(SSL_CTX* context) : context_(context) {}

  std::unique_ptr<SSL_CTX, SslDeleter> context_;
};

}  // namespace evenkeel::coordinator
