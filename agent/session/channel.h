#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/session/session.h"

namespace evenkeel::agent {

// What one connection to a coordinator needs: a channel with a connection of its own, and the token to
// present.
struct Credentials {
  std::shared_ptr<grpc::Channel> channel;
  std::string token;  // empty: the channel carries a client certificate
};

// Reads the files anew and makes a channel that has not connected yet. NotFound or InvalidArgument name the
// file.
absl::StatusOr<Credentials> MakeChannel(const SessionOptions& options, const std::string& coordinator);

}  // namespace evenkeel::agent
