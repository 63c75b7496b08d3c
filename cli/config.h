#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/host.h"

namespace evenkeel::cli {

// How the coordinator is reached and as whom. Either a token or a client certificate is the identity.
struct Settings {
  std::string server;              // HOST:PORT
  std::string server_name;         // the name in its certificate, where it is not HOST
  std::string ca_file;             // the authority that signed it, PEM
  std::string token_file;          // a bearer token, read again for each call
  std::string client_certificate;  // PEM files
  std::string client_key;
  std::string cluster;         // what a name belongs to when nothing else is said; empty = any
  std::string namespace_name;  // the same for pods; empty = "default"
  absl::Duration request_timeout = absl::Seconds(10);
};

// Puts the settings together. Each field comes from, in this order: `flags` (where it is not empty), the
// environment (EVENKEEL_SERVER, EVENKEEL_SERVER_NAME, EVENKEEL_CA_FILE, EVENKEEL_TOKEN_FILE,
// EVENKEEL_CLIENT_CERTIFICATE, EVENKEEL_CLIENT_KEY, EVENKEEL_CLUSTER, EVENKEEL_NAMESPACE), and the context.
// The context is `context`, else EVENKEEL_CONTEXT, else the file's `current-context`.
//
// The file is $EVENKEEL_CONFIG, else $XDG_CONFIG_HOME/evenkeel/config.yaml, else
// ~/.config/evenkeel/config.yaml; it need not be there unless a context is asked for by name or
// EVENKEEL_CONFIG is set:
//
//   current-context: production
//   contexts:
//     - name: production
//       server: evenkeel.example:7443
//       ca-file: production-ca.crt       # relative to this file; ~ is the home folder
//       token-file: ~/.config/evenkeel/production.token
//       cluster: production
//
// Keys of a context: name, server, server-name, ca-file, token-file, client-certificate, client-key, cluster,
// namespace. Errors name the file, the line and the key. Files that the settings name are not opened.
absl::StatusOr<Settings> LoadSettings(const Host& host, const std::string& context, const Settings& flags);

}  // namespace evenkeel::cli
