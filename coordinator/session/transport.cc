#include "coordinator/session/transport.h"

#include <grpc/grpc.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

using File = std::unique_ptr<BIO, decltype(&BIO_free)>;

absl::StatusOr<File> Open(absl::string_view field, const std::string& path) {
  File file(BIO_new_file(path.c_str(), "r"), &BIO_free);
  if (file == nullptr) return base::InvalidField(field, absl::StrCat("the file ", path, " cannot be read"));
  return file;
}

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

absl::StatusOr<Certificate> ReadCertificate(absl::string_view field, const std::string& path) {
  EVENKEEL_ASSIGN_OR_RETURN(const File file, Open(field, path));
  Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
  if (certificate == nullptr)
    return base::InvalidField(field, absl::StrCat(path, " holds no certificate in PEM"));
  return certificate;
}

absl::Status CheckKey(const std::string& path, X509* certificate) {
  EVENKEEL_ASSIGN_OR_RETURN(const File file, Open("--key-file", path));
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (key == nullptr)
    return base::InvalidField("--key-file", absl::StrCat(path, " holds no private key in PEM"));
  if (X509_check_private_key(certificate, key.get()) != 1) {
    return base::InvalidField("--key-file", absl::StrCat(path, " is not the key of the certificate"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const TlsFiles& files) {
  namespace tls = grpc::experimental;
  // gRPC itself would only log a file that it cannot use, and refuse every connection.
  EVENKEEL_ASSIGN_OR_RETURN(const Certificate certificate,
                            ReadCertificate("--certificate-file", files.certificate));
  EVENKEEL_RETURN_IF_ERROR(CheckKey(files.key, certificate.get()));
  if (!files.client_ca.empty()) {
    EVENKEEL_RETURN_IF_ERROR(ReadCertificate("--client-ca-file", files.client_ca).status());
  }
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.client_ca,
      static_cast<unsigned int>(absl::ToInt64Seconds(files.reload_interval))));
  options.watch_identity_key_cert_pairs();
  if (files.client_ca.empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls::TlsServerCredentials(options);
}

void ConfigureTransport(grpc::ServerBuilder& builder) {
  // A second limit behind the one that names the message (Session::kMaxMessageBytes), for what must not even
  // be buffered.
  builder.SetMaxReceiveMessageSize(2 << 20);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 64);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);

  // The bandwidth probe costs a PING each way for every message of a quiet stream, a third of all CPU time;
  // the large window lets a node's first report come in one go. (A window update for each beat remains: gRPC
  // 1.51 sends one whenever a reader waits.)
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1 << 20);

  // Memory of each connection: the buffer for a TLS record, of 16 KiB otherwise, and gRPC's diary for its
  // debugger.
  builder.AddChannelArgument(GRPC_ARG_TSI_MAX_FRAME_SIZE, 4096);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  // Nobody here compresses, and a few bytes must not unfold to a megabyte.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);

  // A peer that is gone without a word gives its connection back; one PING a minute where nothing else is
  // sent.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Operators' clients may ping as often as gRPC lets them (every 10 s).
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 9'000);
}

}  // namespace evenkeel::coordinator
