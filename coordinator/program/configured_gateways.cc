#include "coordinator/program/configured_gateways.h"

#include <chrono>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kube/cluster_config.h"
#include "common/log/log.h"
#include "coordinator/gateway/haproxy_gateway.h"
#include "coordinator/gateway/http_route_gateway.h"
#include "coordinator/gateway/mark.h"
#include "coordinator/gateway/slice_gateway.h"
#include "coordinator/gateway/xds/xds_gateway.h"

namespace evenkeel::coordinator {
namespace {

// What an xDS client says is short: names, versions and why it refuses something.
constexpr int kLargestRequest = 1 << 20;
// Their streams are ended before; what is left of a call may take so long.
constexpr std::chrono::milliseconds kLastAnswers(500);

std::string Where(const std::string& name, const char* field) {
  return absl::StrCat("--gateways-file: gateways[", name, "].", field);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConfiguredGateways>> ConfiguredGateways::Open(
    const std::vector<GatewayConfig>& configs, Surroundings surroundings) {
  std::unique_ptr<ConfiguredGateways> made(new ConfiguredGateways(std::move(surroundings)));
  for (const GatewayConfig& config : configs) {
    EVENKEEL_ASSIGN_OR_RETURN(
        std::unique_ptr<Gateway> gateway,
        std::visit([&](const auto& settings) { return made->Make(config.name, settings); }, config.settings));
    made->gateways_.Add(config.name, std::move(gateway));
  }
  return made;
}

ConfiguredGateways::~ConfiguredGateways() {
  for (auto& [name, xds] : xds_) {
    xds.ads.End();
    if (xds.server != nullptr) xds.server->Shutdown(std::chrono::system_clock::now() + kLastAnswers);
  }
}

int ConfiguredGateways::PortOf(const std::string& name) const {
  const auto found = xds_.find(name);
  return found == xds_.end() ? 0 : found->second.port;
}

void ConfiguredGateways::StopFor(const std::string& cluster, const absl::Status& whose) {
  gateways_.StopFor(cluster, whose);
  for (auto& [name, xds] : xds_) xds.ads.End();
}

absl::StatusOr<kube::KubernetesApi*> ConfiguredGateways::ApiOf(const std::string& name,
                                                               const ClusterAccess& access) {
  if (access.kubeconfig.empty()) return surroundings_.clusters.at(access.cluster);
  absl::StatusOr<kube::ClusterConfig> config = kube::LoadKubeconfig(access.kubeconfig);
  if (!config.ok()) return base::Annotate(config.status(), Where(name, "kubeconfig"));
  clients_.push_back(std::make_unique<kube::Client>(*std::move(config), *surroundings_.clock,
                                                    kube::Client::Options{.name = access.cluster}));
  return clients_.back().get();
}

absl::StatusOr<std::unique_ptr<Gateway>> ConfiguredGateways::Make(const std::string& /*name*/,
                                                                  const HaproxySettings& settings) {
  HaproxyGateway::Options options;
  options.link.socket = settings.socket;
  options.link.master = settings.master_socket;
  options.link.old_process_lasts = settings.old_process_lasts;
  options.store_id = surroundings_.store_id;
  options.canary_header = settings.canary_header;
  options.keep_files = settings.keep_files;
  options.server_state_is_kept = settings.server_state_is_kept;
  return std::make_unique<HaproxyGateway>(std::move(options));
}

absl::StatusOr<std::unique_ptr<Gateway>> ConfiguredGateways::Make(const std::string& name,
                                                                  const HttpRouteSettings& settings) {
  EVENKEEL_ASSIGN_OR_RETURN(kube::KubernetesApi* const api, ApiOf(name, settings.access));
  return std::make_unique<HttpRouteGateway>(HttpRouteGateway::Options{.store_id = surroundings_.store_id},
                                            *api);
}

absl::StatusOr<std::unique_ptr<Gateway>> ConfiguredGateways::Make(const std::string& name,
                                                                  const EndpointSlicesSettings& settings) {
  EVENKEEL_ASSIGN_OR_RETURN(kube::KubernetesApi* const api, ApiOf(name, settings.access));
  return std::make_unique<SliceGateway>(SliceGateway::Options{.store_id = surroundings_.store_id,
                                                              .clusters = surroundings_.clusters,
                                                              .epoch = surroundings_.epoch},
                                        *api);
}

absl::StatusOr<std::unique_ptr<Gateway>> ConfiguredGateways::Make(const std::string& name,
                                                                  const XdsSettings& settings) {
  XdsServer& xds = xds_[name];
  XdsGateway::Options options = {.instance = absl::StrCat("epoch ", surroundings_.epoch),
                                 .store_id = surroundings_.store_id,
                                 .routes_file = settings.routes_file};
  absl::StatusOr<std::unique_ptr<XdsGateway>> gateway = XdsGateway::Open(std::move(options), xds.ads);
  if (!gateway.ok()) return base::Annotate(gateway.status(), Where(name, "routesFile"));
  grpc::ServerBuilder builder;
  // Two servers that share a port would each tell some of the clients.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  builder.AddListeningPort(settings.listen.ForGrpc(),
                           settings.plaintext ? grpc::InsecureServerCredentials() : surroundings_.credentials,
                           &xds.port);
  builder.RegisterService(&xds.ads);
  xds.server = builder.BuildAndStart();
  if (xds.server == nullptr) {
    return absl::UnavailableError(
        absl::StrCat(Where(name, "listen"), ": cannot listen on ", settings.listen.ForGrpc(),
                     "; another process may have the port, or the address is not this host's"));
  }
  log::Info("serving xDS clients",
            {{"gateway", name}, {"port", xds.port}, {"plaintext", settings.plaintext}});
  return *std::move(gateway);
}

}  // namespace evenkeel::coordinator
