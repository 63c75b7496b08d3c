// The gateways of the configuration, made and running: adapters, their threads, and the servers of those that
// are served by the coordinator itself (xDS).
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kube/client.h"
#include "common/time/clock.h"
#include "coordinator/act/gateways.h"
#include "coordinator/gateway/xds/ads_server.h"
#include "coordinator/program/gateways_file.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class ConfiguredGateways {
 public:
  struct Surroundings {
    std::string store_id;
    uint64_t epoch = 0;
    std::map<std::string, kube::KubernetesApi*> clusters;  // by name; none for one without Kubernetes
    std::shared_ptr<grpc::ServerCredentials> credentials;  // of the coordinator
    const time::Clock* clock = nullptr;
    EventSink* events = nullptr;
  };

  // Listens where a gateway says so. All that the surroundings name outlives it. An error names the gateway,
  // and what helps.
  static absl::StatusOr<std::unique_ptr<ConfiguredGateways>> Open(const std::vector<GatewayConfig>& configs,
                                                                  Surroundings surroundings);
  // Ends what is under way and the threads; xDS clients go to the next server of their list. The sink must
  // not be stuck.
  ~ConfiguredGateways();
  ConfiguredGateways(const ConfiguredGateways&) = delete;
  ConfiguredGateways& operator=(const ConfiguredGateways&) = delete;

  Gateways& gateways() { return gateways_; }
  // Of an xDS gateway that listens at port 0; 0: there is none of that name.
  int PortOf(const std::string& name) const;

  // L7: another coordinator has this cluster. Nothing is written for its switches any more, and xDS clients
  // are sent away: to them the coordinator speaks for all of their routes or for none. Any thread.
  void StopFor(const std::string& cluster, const absl::Status& whose);

 private:
  struct XdsServer {
    xds::AdsServer ads;
    int port = 0;
    std::unique_ptr<grpc::Server> server;  // ends before what it serves
  };

  explicit ConfiguredGateways(Surroundings surroundings)
      : surroundings_(std::move(surroundings)), gateways_(*surroundings_.events) {}
  absl::StatusOr<std::unique_ptr<Gateway>> Make(const std::string& name, const HaproxySettings& settings);
  absl::StatusOr<std::unique_ptr<Gateway>> Make(const std::string& name, const HttpRouteSettings& settings);
  absl::StatusOr<std::unique_ptr<Gateway>> Make(const std::string& name,
                                                const EndpointSlicesSettings& settings);
  absl::StatusOr<std::unique_ptr<Gateway>> Make(const std::string& name, const XdsSettings& settings);
  absl::StatusOr<kube::KubernetesApi*> ApiOf(const std::string& name, const ClusterAccess& access);

  const Surroundings surroundings_;
  std::vector<std::unique_ptr<kube::Client>> clients_;  // with credentials of their own
  std::map<std::string, XdsServer> xds_;                // by gateway
  Gateways gateways_;                                   // ends before what its adapters use
};

}  // namespace evenkeel::coordinator
