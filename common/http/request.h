#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::http {

// Whom to trust and who we are. Shared by requests; connections are reused only between requests with equal
// contents.
struct Tls {
  std::string ca_pem;                  // certificates that vouch for the server; empty: the system's
  std::string client_certificate_pem;  // with client_key_pem: both or none
  std::string client_key_pem;
  // Verify (and announce) this name instead of the URL's host. Empty: the URL's host, a DNS or an IP name.
  std::string server_name;
  // Talks to anybody who answers. Only where an operator asked for it by name.
  bool insecure_skip_verify = false;
};

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string
      url;  // http or https. Redirects are not followed and proxies are not used: tokens go nowhere else
  std::vector<Header> headers;
  std::string body;
  std::shared_ptr<const Tls> tls;  // for https; nullptr: the system's CAs, no client certificate

  // From Start to the last byte, waiting in the queue included. InfiniteDuration is for streams.
  absl::Duration deadline = absl::Seconds(10);
  absl::Duration connect_timeout = absl::Seconds(3);  // DNS, TCP and TLS together
  // The longest silence between two bytes of the answer, and before the first.
  absl::Duration idle_timeout = absl::InfiniteDuration();
  // Of the answer; of a stream's answer only when it is not 2xx.
  std::size_t max_body_bytes = std::size_t{8} << 20;
};

struct Response {
  int code = 0;      // whatever the server said: 404 and 503 are answers too
  std::string body;  // empty for a stream's 2xx
  std::string content_type;
  std::optional<absl::Duration> retry_after;
  bool reused_connection = false;
  bool http2 = false;
};

// Machine-readable reasons of failures without an answer, in the status's detail "reason"
// (common/base/status.h). The first three also mean that the server cannot have seen the request.
inline constexpr char kReasonResolve[] = "RESOLVE_FAILED";
inline constexpr char kReasonConnect[] = "CONNECT_FAILED";
inline constexpr char kReasonTls[] = "TLS_FAILED";
inline constexpr char kReasonBroken[] = "CONNECTION_BROKEN";
inline constexpr char kReasonTooLarge[] = "RESPONSE_TOO_LARGE";
inline constexpr char kReasonQueueFull[] = "TOO_MANY_REQUESTS_WAITING";

}  // namespace evenkeel::http
