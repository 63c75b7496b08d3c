#include "agent/session/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/config/file.h"

namespace evenkeel::agent {
namespace {

constexpr int kLargestMessageBytes = 64 << 10;  // a coordinator sends small messages only

// What the connection must do beyond the defaults, and why.
grpc::ChannelArguments Arguments(const SessionOptions& options) {
  grpc::ChannelArguments arguments;
  // Every try is a new connection to what the name resolves to now: back-off is the session's own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A peer that vanished: gRPC also makes the time-out TCP's bound for data that nobody acknowledges, so that
  // with beats under way a dead connection ends within it. Pings faster than every 10 s are not allowed to a
  // client.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 4'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Estimating the bandwidth of a stream of tiny messages costs a ping each way and a wake-up a message.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1 << 20);
  arguments.SetMaxReceiveMessageSize(kLargestMessageBytes);
  if (!options.server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.server_name);
  }
  return arguments;
}

}  // namespace

absl::StatusOr<Credentials> MakeChannel(const SessionOptions& options, const std::string& coordinator) {
  grpc::SslCredentialsOptions tls;
  EVENKEEL_ASSIGN_OR_RETURN(tls.pem_root_certs, config::ReadFile(options.ca_file));
  Credentials credentials;
  if (!options.token_file.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string token, config::ReadFile(options.token_file));
    credentials.token = std::string(absl::StripAsciiWhitespace(token));
    if (credentials.token.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(options.token_file, ": is empty"));
    }
  } else {
    EVENKEEL_ASSIGN_OR_RETURN(tls.pem_cert_chain, config::ReadFile(options.certificate_file));
    EVENKEEL_ASSIGN_OR_RETURN(tls.pem_private_key, config::ReadFile(options.key_file));
  }
  credentials.channel = grpc::CreateCustomChannel(coordinator, grpc::SslCredentials(tls), Arguments(options));
  return credentials;
}

}  // namespace evenkeel::agent
