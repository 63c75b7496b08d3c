// The ADS server: what is served goes to every client that asks, in the order that AdsStream gives. A gRPC
// service to be registered on a server of the caller's; the server's own limits (TLS, sizes, connections) are
// the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/gateway/call.h"
#include "coordinator/gateway/xds/ads_stream.h"
#include "xds/discovery_v3.grpc.pb.h"

namespace evenkeel::coordinator::xds {

// How a client stands to the routes that are served.
struct ClientView {
  std::string id;  // its own name for itself
  std::string peer;
  Standing routes = Standing::kNotAsked;
  std::string refusal;  // of whatever type; empty: none
};

class AdsServer final : public envoy::service::discovery::v3::AggregatedDiscoveryService::CallbackService {
 public:
  struct Options {
    size_t most_clients = 4096;  // more are refused
  };
  AdsServer() : AdsServer(Options()) {}
  explicit AdsServer(Options options) : options_(options) {}
  // After the gRPC server was shut down.
  ~AdsServer() override;

  // Any thread. Until the first one nothing is said to anybody: an empty answer would take from clients what
  // they have.
  void Serve(Snapshot snapshot);
  // Ends all streams, so that clients go to another server, and takes no new ones. Before the gRPC server is
  // shut down, and when this coordinator is overtaken (L7).
  void End();

  std::vector<ClientView> clients();
  // Those that refuse, now, an answer that holds one of these resources; `refusal` is that answer's.
  std::vector<ClientView> Refusing(const std::map<Type, std::set<std::string>>& names);
  // Waits until no client is pending for its routes. False: the call ended before.
  bool AwaitClients(const Call& call);

  grpc::ServerBidiReactor<envoy::service::discovery::v3::DiscoveryRequest,
                          envoy::service::discovery::v3::DiscoveryResponse>*
  StreamAggregatedResources(grpc::CallbackServerContext* context) override;

 private:
  class Client;

  bool Register(Client& client);
  void Unregister(uint64_t id);

  const Options options_;
  absl::Mutex mutex_;  // before a client's own
  std::map<uint64_t, Client*> clients_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel::coordinator::xds
