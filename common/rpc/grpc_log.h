#pragma once

namespace evenkeel::rpc {

// What gRPC itself has to say (a handshake that failed, garbage on the port) goes to our log: one line each
// ten seconds for each place in gRPC's source, since strangers can provoke it. Once per process, before any
// thread uses gRPC.
void RouteGrpcLog();

}  // namespace evenkeel::rpc
