#include "coordinator/prober/probe_tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <array>

#include "absl/status/status.h"
#include "common/base/check.h"

namespace evenkeel::coordinator {
namespace {

struct PemDeleter {
  void operator()(BIO* bytes) const { BIO_free(bytes); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

absl::Status Trust(SSL_CTX* context, const std::string& ca_pem) {
  const std::unique_ptr<BIO, PemDeleter> bytes(
      BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())));
  EVENKEEL_CHECK(bytes != nullptr) << "out of memory";
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  int found = 0;
  for (;;) {
    const std::unique_ptr<X509, PemDeleter> certificate(
        PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) break;
    if (X509_STORE_add_cert(store, certificate.get()) == 1) ++found;
  }
  ERR_clear_error();  // that the text has an end
  return found > 0 ? absl::OkStatus() : absl::InvalidArgumentError("the CA file holds no certificate in PEM");
}

bool IsAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace

absl::StatusOr<ProbeTls> ProbeTls::Create(const std::string& ca_pem) {
  ProbeTls tls(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = tls.context_.get();
  EVENKEEL_CHECK(context != nullptr) << "out of memory";
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // What was written in part is written on from wherever the bytes are then.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A server that ends the connection without a farewell ends it all the same: answers say how long they are.
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  constexpr unsigned char kHttp1[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kHttp1, sizeof(kHttp1) - 1);
  if (ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context);  // where there are none, each handshake says so
  } else if (const absl::Status status = Trust(context, ca_pem); !status.ok()) {
    return status;
  }
  return tls;
}

SslPointer ProbeTls::Begin(const std::string& host) const {
  SslPointer ssl(SSL_new(context_.get()));
  EVENKEEL_CHECK(ssl != nullptr) << "out of memory";
  if (IsAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set1_host(ssl.get(), host.c_str());
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace evenkeel::coordinator
