#include "coordinator/program/coordinator.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/http/client.h"
#include "common/kube/client.h"
#include "common/kube/cluster_config.h"
#include "common/log/log.h"
#include "common/observability/server.h"
#include "common/time/steady_clock.h"
#include "coordinator/act/cluster_actor.h"
#include "coordinator/act/gate_hook.h"
#include "coordinator/observe/cluster_observer.h"
#include "coordinator/prober/prober.h"
#include "coordinator/program/api_way.h"
#include "coordinator/program/configured_gateways.h"
#include "coordinator/program/dispatcher.h"
#include "coordinator/runtime/runtime.h"
#include "coordinator/serve/access.h"
#include "coordinator/serve/operator_api.h"
#include "coordinator/session/agent_sessions.h"
#include "coordinator/session/credential_authenticator.h"
#include "coordinator/session/token_authenticator.h"
#include "coordinator/session/transport.h"
#include "coordinator/store/event_log.h"
#include "coordinator/store/rocks_store.h"
#include "coordinator/usage/usage_reports.h"
#include "coordinator/usage/virtual_reader.h"

namespace evenkeel::coordinator {
namespace {

// A loop that has not turned for so long is stuck: the core asks to be called every quarter of a second.
constexpr absl::Duration kLoopStuckAfter = absl::Seconds(10);
// Of the question for machines: whoever is asked may be restarting.
constexpr int kMachineHookTries = 3;
// Calls under way at the stop may end by themselves for so long.
constexpr std::chrono::milliseconds kLastCalls(500);

[[noreturn]] void StopForStore(const absl::Status& cause) {
  // What is on the disk is no longer known, so nothing that follows from it may be done (L3).
  log::Error("the store cannot keep its promise; the coordinator stops at once", {{"cause", cause}});
  std::_Exit(EXIT_FAILURE);
}

std::set<std::string> NamesOf(const std::vector<ClusterConfig>& clusters) {
  std::set<std::string> names;
  for (const ClusterConfig& cluster : clusters) names.insert(cluster.name);
  return names;
}

// The clusters whose agents may prove themselves by a client certificate.
absl::flat_hash_set<std::string> CertificateClusters(const Config& config) {
  if (config.client_ca_file.empty()) return {};
  const std::set<std::string> names = NamesOf(config.clusters);
  return {names.begin(), names.end()};
}

// What the core is told, kept for `evenkeel replay`; null where the flags say so.
std::unique_ptr<EventLog> MakeEventLog(const Config& config) {
  if (config.event_log_mib == 0) return nullptr;
  return std::make_unique<EventLog>(
      EventLog::Options{.folder = absl::StrCat(config.data, "/events"),
                        .coordinator_version = EVENKEEL_VERSION,
                        .age = config.event_log_age,
                        .bytes = static_cast<size_t>(config.event_log_mib) << 20});
}

// The access to one cluster's Kubernetes.
struct MadeClient {
  std::unique_ptr<kube::Client> client;  // null for a cluster that has none
  std::optional<base::IpPort> api = {};  // where others reach it
};

absl::StatusOr<MadeClient> MakeClient(const ClusterConfig& cluster, const time::Clock& clock) {
  if (cluster.access == ClusterConfig::Access::kNone) return MadeClient{};
  absl::StatusOr<kube::ClusterConfig> access = cluster.access == ClusterConfig::Access::kInCluster
                                                   ? kube::LoadInCluster()
                                                   : kube::LoadKubeconfig(cluster.kubeconfig);
  if (!access.ok()) return base::Annotate(access.status(), absl::StrCat("--cluster ", cluster.name));
  MadeClient made;
  // From within a cluster its API has an address that means another one, or nothing, in others.
  if (cluster.access != ClusterConfig::Access::kInCluster) made.api = ApiWay(access->server);
  made.client =
      std::make_unique<kube::Client>(*std::move(access), clock, kube::Client::Options{.name = cluster.name});
  return made;
}

}  // namespace

// Each part uses those above it; the destructor stops them in an order of its own.
struct Coordinator::Parts {
  Parts(const Config& config_in, std::unique_ptr<RocksStore> store_in, Restored restored_in,
        std::map<std::string, std::unique_ptr<kube::Client>> clients_in, kube::KubernetesApi* home,
        std::unique_ptr<FenceHook> fence_hook_in, std::unique_ptr<time::SteadyClock> clock_in);
  ~Parts();

  absl::Status OpenGateways(const std::shared_ptr<grpc::ServerCredentials>& credentials);
  void StartLoop();
  void Watch();
  absl::Status Listen(const std::shared_ptr<grpc::ServerCredentials>& credentials);
  absl::Status ServeHttp();

  absl::flat_hash_map<std::string, kube::KubernetesApi*> Apis() const;
  absl::Status LoopTurns() const;
  absl::Status ClusterSeen() const;

  const Config config;
  const std::unique_ptr<time::SteadyClock> clock;
  const std::unique_ptr<RocksStore> store;
  const Restored restored;
  std::map<std::string, std::unique_ptr<kube::Client>> clients;  // by cluster; null: it has no Kubernetes
  std::map<std::string, base::IpPort> api_ways;                  // by cluster; none: not known

  FleetView view;
  DecisionFeed decisions;
  ScalerFeed scalers;
  BurstFeed bursts;
  SwitchFeed switches;
  StandingFeed standings;
  NoticeLog notice_log;
  Dispatcher dispatcher;
  const std::unique_ptr<EventLog> event_log;  // null: none is kept
  Runtime runtime;
  ReplyBox replies;

  TokenAuthenticator tokens;
  CredentialAuthenticator agents;
  UsageReports usage;
  std::map<std::string, std::unique_ptr<VirtualReader>>
      readers;  // by cluster; none for one without Kubernetes
  AgentSessions sessions;
  std::unique_ptr<FenceHook> fence_hook;  // null: there is none
  std::unique_ptr<HttpHook> machine_hook;
  std::unique_ptr<http::Client> gate_client;  // of the gates' hooks
  GateHooks gate_hooks;
  std::unique_ptr<Prober> prober;
  std::map<std::string, std::unique_ptr<ClusterActor>> actors;
  std::unique_ptr<ConfiguredGateways> gateways;
  std::vector<std::unique_ptr<ClusterObserver>> observers;

  AccessControl access;
  WorkerPool workers;
  OperatorApi operators;
  const std::shared_ptr<Metrics> metrics;
  std::unique_ptr<grpc::Server> server;
  int port = 0;

  observability::Sources sources;
  std::unique_ptr<observability::Endpoint> http;
};

Coordinator::Parts::Parts(const Config& config_in, std::unique_ptr<RocksStore> store_in, Restored restored_in,
                          std::map<std::string, std::unique_ptr<kube::Client>> clients_in,
                          kube::KubernetesApi* home, std::unique_ptr<FenceHook> fence_hook_in,
                          std::unique_ptr<time::SteadyClock> clock_in)
    : config(config_in),
      clock(std::move(clock_in)),
      store(std::move(store_in)),
      restored(std::move(restored_in)),
      clients(std::move(clients_in)),
      view(NamesOf(config.clusters), *clock),
      decisions(restored.open_decisions),
      notice_log(restored.open_decisions),
      event_log(MakeEventLog(config)),
      runtime({.recorder = event_log.get(), .fatal = StopForStore}, restored, *store, dispatcher, *clock),
      replies(runtime),
      tokens({.name_space = config.name_space}, Apis()),
      agents(&tokens, CertificateClusters(config)),
      usage(view, runtime, *clock),
      sessions({.epoch = restored.epoch}, agents, runtime, usage, *clock),
      fence_hook(std::move(fence_hook_in)),
      machine_hook(std::make_unique<HttpHook>(
          HttpHook::Options{.name = "machine-hook", .ca_pem = {}, .tries = kMachineHookTries})),
      gate_client(std::make_unique<http::Client>(http::Client::Options{.name = "gate-hooks"})),
      gate_hooks(
          *gate_client, [this](HookAnswered answer) { runtime.Post(std::move(answer)); },
          config.gate_hook_ca_pem),
      access({}, home, *clock),
      operators({.access = access,
                 .workers = workers,
                 .store = *store,
                 .view = view,
                 .decisions = decisions,
                 .scalers = scalers,
                 .bursts = bursts,
                 .switches = switches,
                 .replies = replies,
                 .event_log = event_log.get(),
                 .clock = *clock,
                 .standings = &standings}),
      metrics(std::make_shared<Metrics>(restored.open_decisions, runtime, sessions.figures(), view,
                                        event_log.get())) {}

absl::flat_hash_map<std::string, kube::KubernetesApi*> Coordinator::Parts::Apis() const {
  absl::flat_hash_map<std::string, kube::KubernetesApi*> apis;
  for (const auto& [cluster, client] : clients) {
    if (client != nullptr) apis.emplace(cluster, client.get());
  }
  return apis;
}

absl::Status Coordinator::Parts::OpenGateways(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  ConfiguredGateways::Surroundings surroundings = {.store_id = store->store_id(),
                                                   .epoch = restored.epoch,
                                                   .clusters = {},
                                                   .credentials = credentials,
                                                   .clock = clock.get(),
                                                   .events = &runtime};
  for (const auto& [cluster, api] : Apis()) surroundings.clusters.emplace(cluster, api);
  EVENKEEL_ASSIGN_OR_RETURN(gateways, ConfiguredGateways::Open(config.gateways, std::move(surroundings)));
  return absl::OkStatus();
}

void Coordinator::Parts::StartLoop() {
  Dispatcher::Receivers receivers{.events = &runtime,
                                  .actors = {},
                                  .gateways = &gateways->gateways(),
                                  .sessions = &sessions,
                                  .usage = &usage,
                                  .prober = prober.get(),
                                  .gate_hooks = &gate_hooks,
                                  .replies = &replies,
                                  .view = &view,
                                  .decisions = &decisions,
                                  .scalers = &scalers,
                                  .bursts = &bursts,
                                  .switches = &switches,
                                  .standings = &standings,
                                  .metrics = metrics.get(),
                                  .log = &notice_log};
  for (const auto& [cluster, api] : Apis()) {
    ClusterActor::Options options;
    options.cluster = cluster;
    options.claimant = {
        .name_space = config.name_space, .store_id = store->store_id(), .epoch = restored.epoch};
    options.fence_hook = fence_hook.get();
    options.machine_hook = machine_hook.get();
    options.superseded = [this, cluster = cluster](const absl::Status& whose) {
      log::Error("another coordinator has this cluster; this one does nothing to it any more",
                 {{"cluster", cluster}, {"cause", whose}});
      gateways->StopFor(cluster, whose);
    };
    const auto [actor, added] =
        actors.emplace(cluster, std::make_unique<ClusterActor>(std::move(options), *api, runtime, *clock));
    receivers.actors.emplace(cluster, actor->second.get());
    const auto take = [this](const NodeKey& node, const std::vector<PulledUsage>& pods, absl::Time received) {
      usage.OnPulled(node, pods, received);
    };
    readers.emplace(cluster, std::make_unique<VirtualReader>(VirtualReader::Options{.cluster = cluster}, *api,
                                                             *clock, take));
  }
  dispatcher.Connect(std::move(receivers));
  usage.Connect([this](const CloseSampling& request) { sessions.Release(request); });
  usage.ConnectPull([this](const NodeKey& node, const std::vector<PulledPod>& pods) {
    if (const auto reader = readers.find(node.cluster); reader != readers.end()) {
      reader->second->Read(node.node, pods);
    }
  });
  runtime.Start();
  usage.Start();
}

void Coordinator::Parts::Watch() {
  constexpr char kNoKubernetes[] = "the coordinator was started without access to this cluster's Kubernetes";
  for (const auto& [cluster, client] : clients) {
    if (client != nullptr) {
      ClusterObserver::Options options;
      options.cluster = cluster;
      if (const auto way = api_ways.find(cluster); way != api_ways.end()) {
        options.api_address = way->second.address;
        options.api_port = way->second.port;
      }
      options.pod_cpu = [this, cluster = cluster](const std::string& node, const std::string& pod_uid) {
        return usage.MillicoresOf({cluster, node}, pod_uid);
      };
      observers.push_back(std::make_unique<ClusterObserver>(std::move(options), *client, runtime, view));
      dispatcher.ConnectObserver(cluster, *observers.back());
      continue;
    }
    runtime.Post(ClusterAdded{.cluster = cluster});
    runtime.Post(ApiChanged{.cluster = cluster, .reachable = false, .detail = kNoKubernetes});
    view.OnApi({.cluster = cluster, .reachable = false, .detail = kNoKubernetes, .version = ""});
  }
}

absl::Status Coordinator::Parts::Listen(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  grpc::ServerBuilder builder;
  // Two coordinators that share a port would each get some of the agents, and both believe the rest dead.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(config.listen.ForGrpc(), credentials, &port);
  sessions.RegisterWith(builder);
  operators.RegisterWith(builder);
  server = builder.BuildAndStart();
  if (server == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("--listen: cannot listen on ", config.listen.ForGrpc(),
                     "; another process may have the port, or the address is not this host's"));
  }
  return absl::OkStatus();
}

absl::Status Coordinator::Parts::ServeHttp() {
  sources.live.Add("loop", [this] { return LoopTurns(); });
  sources.ready.Add("loop", [this] { return LoopTurns(); });
  sources.ready.Add("kubernetes", [this] { return ClusterSeen(); });
  sources.collectables.push_back(metrics.get());
  const bool all = config.http_listen.host.empty();
  absl::StatusOr<std::unique_ptr<observability::Endpoint>> endpoint = observability::Serve(
      {.address = all ? "::" : config.http_listen.host, .port = config.http_listen.port}, sources);
  if (!endpoint.ok()) return base::Annotate(endpoint.status(), "--http-listen");
  http = *std::move(endpoint);
  return absl::OkStatus();
}

absl::Status Coordinator::Parts::LoopTurns() const {
  const absl::Duration still = clock->Now() - metrics->LastTurn();
  if (still < kLoopStuckAfter) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the loop has not turned for ", absl::FormatDuration(still)));
}

// Ready once one cluster has been seen whole. An API server that goes away later is told by /metrics and
// `evenkeel get clusters`, not here: its agents must go on finding the coordinator through its Service.
absl::Status Coordinator::Parts::ClusterSeen() const {
  std::string problems;
  for (const auto& [name, client] : clients) {
    const auto cluster = view.FindCluster(name);
    if (client == nullptr || (cluster && cluster->listed)) return absl::OkStatus();
    absl::StrAppend(&problems, problems.empty() ? "" : "; ", name, ": ",
                    cluster && cluster->api ? cluster->api->detail : "not listed yet");
  }
  return absl::UnavailableError(problems);
}

// No agent's silence may be taken for anything from here on, and nobody may be left waiting.
Coordinator::Parts::~Parts() {
  http.reset();
  if (server != nullptr && server->GetHealthCheckService() != nullptr) {
    server->GetHealthCheckService()->SetServingStatus(false);
  }
  sessions.Stop();
  dispatcher.DisconnectObservers();
  observers.clear();
  usage.Stop();  // while the runtime still takes what it tells, and before those that it asks are gone
  readers.clear();
  runtime.Stop();
  replies.Close();
  access.Stop();
  if (server != nullptr) server->Shutdown(std::chrono::system_clock::now() + kLastCalls);
  sessions.Close();
  actors.clear();  // before the hooks that they ask; what these answer still finds what it needs
  fence_hook.reset();
  machine_hook.reset();
  prober.reset();
  gate_client.reset();
  gateways.reset();  // after the actors, which may stop them
  workers.Stop();
  clients.clear();
}

absl::StatusOr<std::unique_ptr<Coordinator>> Coordinator::Start(const Config& config) {
  EVENKEEL_ASSIGN_OR_RETURN(const auto credentials,
                            MakeServerCredentials({.certificate = config.certificate_file,
                                                   .key = config.key_file,
                                                   .client_ca = config.client_ca_file}));
  auto clock = std::make_unique<time::SteadyClock>();
  EVENKEEL_ASSIGN_OR_RETURN(
      auto store, RocksStore::At({.path = config.data, .identity = config.name_space, .history = {}}));
  EVENKEEL_ASSIGN_OR_RETURN(Restored restored, store->Open());
  std::map<std::string, std::unique_ptr<kube::Client>> clients;
  std::map<std::string, base::IpPort> api_ways;
  kube::KubernetesApi* home = nullptr;
  for (const ClusterConfig& cluster : config.clusters) {
    EVENKEEL_ASSIGN_OR_RETURN(MadeClient made, MakeClient(cluster, *clock));
    if (home == nullptr) home = made.client.get();
    if (made.api) api_ways.emplace(cluster.name, *made.api);
    clients.emplace(cluster.name, std::move(made.client));
  }
  std::unique_ptr<FenceHook> fence_hook;
  if (!config.fence_hook_url.empty() || !config.fence_hook_command.empty()) {
    absl::StatusOr<std::unique_ptr<FenceHook>> made =
        FenceHook::Create({.url = config.fence_hook_url,
                           .command = config.fence_hook_command,
                           .ca_file = config.fence_hook_ca_file,
                           .deadline = config.fence_hook_timeout});
    if (!made.ok()) {
      return base::Annotate(made.status(),
                            absl::IsNotFound(made.status()) ? "--fence-hook-ca-file" : "--fence-hook-url");
    }
    fence_hook = *std::move(made);
  }
  log::Info("store opened", {{"epoch", restored.epoch},
                             {"open_decisions", restored.open_decisions.size()},
                             {"policies", restored.policies.size()}});
  auto parts = std::make_unique<Parts>(config, std::move(store), std::move(restored), std::move(clients),
                                       home, std::move(fence_hook), std::move(clock));
  parts->api_ways = std::move(api_ways);
  // First all that can fail, so that a coordinator that cannot start has claimed no cluster.
  absl::StatusOr<std::unique_ptr<Prober>> prober =
      Prober::Create({.ca_pem = config.prober_ca_pem}, parts->runtime, *parts->clock);
  if (!prober.ok()) return base::Annotate(prober.status(), "--prober-ca-file");
  parts->prober = *std::move(prober);
  EVENKEEL_RETURN_IF_ERROR(parts->ServeHttp());
  EVENKEEL_RETURN_IF_ERROR(parts->OpenGateways(credentials));
  EVENKEEL_RETURN_IF_ERROR(parts->Listen(credentials));
  parts->StartLoop();
  parts->Watch();
  parts->sessions.Start();
  return std::unique_ptr<Coordinator>(new Coordinator(std::move(parts)));
}

Coordinator::Coordinator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Coordinator::~Coordinator() = default;

int Coordinator::port() const {
  return parts_->port;
}

int Coordinator::http_port() const {
  return parts_->http->port();
}

}  // namespace evenkeel::coordinator
