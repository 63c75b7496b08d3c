#include "coordinator/serve/fleet_service.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "coordinator/serve/fleet_listing.h"
#include "coordinator/serve/fleet_watch.h"
#include "coordinator/serve/label_selector.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/watch_call.h"

namespace evenkeel::coordinator {
namespace {

// A name that cannot be read asks for the right over all, and is refused by its field once the caller has
// been let in.
Permission Of(absl::string_view verb, absl::string_view resource, const absl::StatusOr<PodKey>& pod) {
  Permission permission{
      .verb = std::string(verb), .resource = std::string(resource), .name_space = "", .name = ""};
  if (pod.ok()) {
    permission.name_space = pod->name_space;
    permission.name = pod->name;
  }
  return permission;
}

absl::StatusOr<FleetFilter> FilterFrom(const v1::WatchFleetRequest& request) {
  FleetFilter filter;
  for (const int kind : request.kinds()) {
    switch (kind) {
      case v1::WatchFleetRequest::KIND_CLUSTER:
        filter.kinds.insert(FleetKind::kCluster);
        break;
      case v1::WatchFleetRequest::KIND_NODE:
        filter.kinds.insert(FleetKind::kNode);
        break;
      case v1::WatchFleetRequest::KIND_POD:
        filter.kinds.insert(FleetKind::kPod);
        break;
      default:
        return base::InvalidField("kinds", "must each be KIND_CLUSTER, KIND_NODE or KIND_POD");
    }
  }
  if (!request.parent().empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(filter.cluster, ParseClusterParent("parent", request.parent()));
  }
  filter.name_space = request.namespace_();
  EVENKEEL_ASSIGN_OR_RETURN(filter.selector,
                            LabelSelector::Parse("label_selector", request.label_selector()));
  return filter;
}

}  // namespace

grpc::ServerUnaryReactor* FleetService::ListClusters(grpc::CallbackServerContext* context,
                                                     const v1::ListClustersRequest* request,
                                                     v1::ListClustersResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "clusters"},
                [this, request, response] { return coordinator::ListClusters(view_, *request, *response); });
}

grpc::ServerUnaryReactor* FleetService::GetCluster(grpc::CallbackServerContext* context,
                                                   const v1::GetClusterRequest* request,
                                                   v1::GetClusterResponse* response) {
  const auto cluster = ParseCluster("name", request->name());
  return Answer(environment_, context, {.verb = "get", .resource = "clusters", .name = cluster.value_or("")},
                [this, cluster, response]() -> absl::Status {
                  if (!cluster.ok()) return cluster.status();
                  const auto found = view_.FindCluster(*cluster);
                  if (!found) return NotFound(ClusterResource(*cluster));
                  *response->mutable_cluster() = ToMessage(*found);
                  return absl::OkStatus();
                });
}

grpc::ServerUnaryReactor* FleetService::ListNodes(grpc::CallbackServerContext* context,
                                                  const v1::ListNodesRequest* request,
                                                  v1::ListNodesResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "nodes"},
                [this, request, response] { return coordinator::ListNodes(view_, *request, *response); });
}

grpc::ServerUnaryReactor* FleetService::GetNode(grpc::CallbackServerContext* context,
                                                const v1::GetNodeRequest* request,
                                                v1::GetNodeResponse* response) {
  const auto key = ParseNode("name", request->name());
  return Answer(environment_, context,
                {.verb = "get", .resource = "nodes", .name = key.ok() ? key->node : ""},
                [this, key, response]() -> absl::Status {
                  if (!key.ok()) return key.status();
                  const auto found = view_.FindNode(*key);
                  if (!found) return NotFound(NodeResource(*key));
                  *response->mutable_node() = ToMessage(*found);
                  return absl::OkStatus();
                });
}

grpc::ServerUnaryReactor* FleetService::ListPods(grpc::CallbackServerContext* context,
                                                 const v1::ListPodsRequest* request,
                                                 v1::ListPodsResponse* response) {
  return Answer(environment_, context, Of("list", "pods", ParseNamespaceParent("parent", request->parent())),
                [this, request, response] { return coordinator::ListPods(view_, *request, *response); });
}

grpc::ServerUnaryReactor* FleetService::GetPod(grpc::CallbackServerContext* context,
                                               const v1::GetPodRequest* request,
                                               v1::GetPodResponse* response) {
  const auto key = ParsePod("name", request->name());
  return Answer(environment_, context, Of("get", "pods", key), [this, key, response]() -> absl::Status {
    if (!key.ok()) return key.status();
    const auto found = view_.FindPod(*key);
    if (!found) return NotFound(PodResource(*key));
    *response->mutable_pod() = ToMessage(*found);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* FleetService::ListContainers(grpc::CallbackServerContext* context,
                                                       const v1::ListContainersRequest* request,
                                                       v1::ListContainersResponse* response) {
  return Answer(
      environment_, context, Of("list", "containers", ParsePodParent("parent", request->parent())),
      [this, request, response] { return coordinator::ListContainers(view_, *request, *response); });
}

grpc::ServerUnaryReactor* FleetService::GetContainer(grpc::CallbackServerContext* context,
                                                     const v1::GetContainerRequest* request,
                                                     v1::GetContainerResponse* response) {
  const auto name = ParseContainer("name", request->name());
  const absl::StatusOr<PodKey> pod = name.ok() ? absl::StatusOr<PodKey>(name->pod) : name.status();
  return Answer(environment_, context, Of("get", "containers", pod),
                [this, name, response]() -> absl::Status {
                  if (!name.ok()) return name.status();
                  const std::string resource = ContainerResource(name->pod, name->container);
                  const auto found = view_.FindPod(name->pod);
                  if (!found) return NotFound(resource);
                  const v1::Pod message = ToMessage(*found);
                  for (const v1::Container& container : message.containers()) {
                    if (container.name() != resource) continue;
                    *response->mutable_container() = container;
                    return absl::OkStatus();
                  }
                  return NotFound(resource);
                });
}

grpc::ServerWriteReactor<v1::WatchFleetResponse>* FleetService::WatchFleet(
    grpc::CallbackServerContext* context, const v1::WatchFleetRequest* request) {
  auto filter = FilterFrom(*request);
  const auto shows = [&filter](FleetKind kind) {
    return !filter.ok() || filter->kinds.empty() || filter->kinds.contains(kind);
  };
  std::vector<Permission> permissions;
  if (shows(FleetKind::kCluster)) permissions.push_back({.verb = "watch", .resource = "clusters"});
  if (shows(FleetKind::kNode)) permissions.push_back({.verb = "watch", .resource = "nodes"});
  if (shows(FleetKind::kPod)) {
    permissions.push_back({.verb = "watch", .resource = "pods", .name_space = request->namespace_()});
  }
  return WatchCall<v1::WatchFleetResponse>::Start(
      environment_, context, std::move(permissions),
      [this, filter](std::function<void()> wake)
          -> absl::StatusOr<std::unique_ptr<WatchSource<v1::WatchFleetResponse>>> {
        if (!filter.ok()) return filter.status();
        return std::make_unique<FleetWatch>(view_, *filter, std::move(wake));
      });
}

}  // namespace evenkeel::coordinator
