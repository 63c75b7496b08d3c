#include "coordinator/serve/fleet_listing.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"
#include "coordinator/serve/fleet_watch.h"
#include "coordinator/serve/label_selector.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/page_token.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kScannedAtOnce = 256;

// Where a listing goes on, as text for a page token. Kubernetes' names hold no "/".
std::string TextOf(const FleetKey& key) {
  return absl::StrCat(key.cluster, "/", key.name_space, "/", key.name);
}

absl::StatusOr<FleetKey> KeyFrom(FleetKind kind, const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 3) return base::InvalidField("page_token", "is not one that this API gave");
  return FleetKey{.kind = kind, .cluster = parts[0], .name_space = parts[1], .name = parts[2]};
}

// Where a listing within `scope` goes on. A token gives no rights: whoever makes one up gets nothing that
// lies outside of what was asked for, which is all that the caller was let in for.
absl::StatusOr<FleetKey> KeyWithin(const FleetKey& scope, const std::string& text) {
  EVENKEEL_ASSIGN_OR_RETURN(FleetKey key, KeyFrom(scope.kind, text));
  const bool within = (scope.cluster.empty() || key.cluster == scope.cluster) &&
                      (scope.name_space.empty() || key.name_space == scope.name_space) &&
                      (scope.name.empty() || key.name == scope.name);
  if (!within) return base::InvalidField("page_token", "is not one that this API gave");
  return key;
}

// Calls `visit` with each resource of `scope`'s kind, cluster and namespace that follows `from`, until it
// returns false. Empty parts of `scope` stand for all.
template <typename Snapshot>
void Scan(const FleetView& view, const FleetKey& scope, FleetKey from,
          const std::function<bool(const Snapshot&)>& visit) {
  while (true) {
    const std::vector<FleetSnapshot> read = view.After(from, kScannedAtOnce);
    for (const FleetSnapshot& resource : read) {
      const auto* snapshot = std::get_if<Snapshot>(&resource);
      if (snapshot == nullptr) return;  // of the next kind
      const FleetKey& key = *snapshot->ref;
      if (!scope.cluster.empty() && key.cluster != scope.cluster) return;
      if (!scope.name_space.empty() && key.name_space != scope.name_space) {
        if (!scope.cluster.empty()) return;
        continue;
      }
      if (!visit(*snapshot)) return;
    }
    if (read.size() < kScannedAtOnce) return;
    from = *std::visit([](const auto& last) { return last.ref; }, read.back());
  }
}

absl::Status CheckCluster(const FleetView& view, const std::string& cluster) {
  if (cluster.empty() || view.FindCluster(cluster)) return absl::OkStatus();
  return NotFound(ClusterResource(cluster));
}

const std::map<std::string, std::string>& LabelsOf(const NodeSnapshot& node) {
  static const std::map<std::string, std::string> kNone;
  return node.observed ? node.observed->labels : kNone;
}

}  // namespace

absl::Status NotFound(absl::string_view resource) {
  return base::WithReason(absl::NotFoundError(absl::StrCat(resource, " is not there")), "NOT_FOUND");
}

absl::Status ListClusters(const FleetView& view, const v1::ListClustersRequest& request,
                          v1::ListClustersResponse& response) {
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  EVENKEEL_ASSIGN_OR_RETURN(const std::string after, ReadPageToken({"ListClusters"}, request.page_token()));
  Scan<ClusterSnapshot>(view, {.kind = FleetKind::kCluster}, {.kind = FleetKind::kCluster, .cluster = after},
                        [&](const ClusterSnapshot& cluster) {
                          if (static_cast<size_t>(response.clusters_size()) == page_size) {
                            absl::string_view last = response.clusters().rbegin()->name();
                            last.remove_prefix(absl::string_view("clusters/").size());
                            response.set_next_page_token(MakePageToken({"ListClusters"}, last));
                            return false;
                          }
                          *response.add_clusters() = ToMessage(cluster);
                          return true;
                        });
  return absl::OkStatus();
}

absl::Status ListNodes(const FleetView& view, const v1::ListNodesRequest& request,
                       v1::ListNodesResponse& response) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::string cluster, ParseClusterParent("parent", request.parent()));
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  EVENKEEL_ASSIGN_OR_RETURN(const LabelSelector selector,
                            LabelSelector::Parse("label_selector", request.label_selector()));
  const std::initializer_list<absl::string_view> asked = {"ListNodes", request.parent(),
                                                          request.label_selector()};
  EVENKEEL_ASSIGN_OR_RETURN(const std::string resume, ReadPageToken(asked, request.page_token()));
  EVENKEEL_RETURN_IF_ERROR(CheckCluster(view, cluster));
  const FleetKey scope{.kind = FleetKind::kNode, .cluster = cluster};
  FleetKey last = scope;
  if (!resume.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(last, KeyWithin(scope, resume));
  }
  Scan<NodeSnapshot>(view, scope, last, [&](const NodeSnapshot& node) {
    if (!selector.Matches(LabelsOf(node))) return true;
    if (static_cast<size_t>(response.nodes_size()) == page_size) {
      response.set_next_page_token(MakePageToken(asked, TextOf(last)));
      return false;
    }
    *response.add_nodes() = ToMessage(node);
    last = *node.ref;
    return true;
  });
  return absl::OkStatus();
}

absl::Status ListPods(const FleetView& view, const v1::ListPodsRequest& request,
                      v1::ListPodsResponse& response) {
  EVENKEEL_ASSIGN_OR_RETURN(const PodKey parent, ParseNamespaceParent("parent", request.parent()));
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  EVENKEEL_ASSIGN_OR_RETURN(const LabelSelector selector,
                            LabelSelector::Parse("label_selector", request.label_selector()));
  const std::initializer_list<absl::string_view> asked = {"ListPods", request.parent(),
                                                          request.label_selector(), request.node()};
  EVENKEEL_ASSIGN_OR_RETURN(const std::string resume, ReadPageToken(asked, request.page_token()));
  EVENKEEL_RETURN_IF_ERROR(CheckCluster(view, parent.cluster));
  const FleetKey scope{.kind = FleetKind::kPod, .cluster = parent.cluster, .name_space = parent.name_space};
  FleetKey last = scope;
  if (parent.cluster.empty()) last.name_space.clear();
  if (!resume.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(last, KeyWithin(scope, resume));
  }
  Scan<PodSnapshot>(view, scope, last, [&](const PodSnapshot& pod) {
    if (!request.node().empty() && pod.observed->facts.node != request.node()) return true;
    if (!selector.Matches(pod.observed->labels)) return true;
    if (static_cast<size_t>(response.pods_size()) == page_size) {
      response.set_next_page_token(MakePageToken(asked, TextOf(last)));
      return false;
    }
    *response.add_pods() = ToMessage(pod);
    last = *pod.ref;
    return true;
  });
  return absl::OkStatus();
}

absl::Status ListContainers(const FleetView& view, const v1::ListContainersRequest& request,
                            v1::ListContainersResponse& response) {
  EVENKEEL_ASSIGN_OR_RETURN(const PodKey parent, ParsePodParent("parent", request.parent()));
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  const std::initializer_list<absl::string_view> asked = {"ListContainers", request.parent()};
  EVENKEEL_ASSIGN_OR_RETURN(const std::string resume, ReadPageToken(asked, request.page_token()));
  EVENKEEL_RETURN_IF_ERROR(CheckCluster(view, parent.cluster));

  // False when the page is full. The page's last container is where the next one goes on.
  std::string last = resume;
  const auto add_containers = [&](const PodSnapshot& pod) {
    if (!parent.name.empty() && pod.ref->name != parent.name) return true;
    v1::Pod message = ToMessage(pod);
    auto& containers = *message.mutable_containers();
    std::sort(containers.begin(), containers.end(),
              [](const auto& a, const auto& b) { return a.name() < b.name(); });
    for (v1::Container& container : containers) {
      // The resumed pod's containers up to the last one sent are not sent again.
      const std::string text = absl::StrCat(
          TextOf(*pod.ref), "/", absl::string_view(container.name()).substr(container.name().rfind('/') + 1));
      if (!resume.empty() && text <= resume &&
          text.substr(0, text.rfind('/')) == resume.substr(0, resume.rfind('/'))) {
        continue;
      }
      if (static_cast<size_t>(response.containers_size()) == page_size) {
        response.set_next_page_token(MakePageToken(asked, last));
        return false;
      }
      *response.add_containers() = std::move(container);
      last = text;
    }
    return true;
  };

  const FleetKey scope{.kind = FleetKind::kPod, .cluster = parent.cluster, .name_space = parent.name_space};
  FleetKey from = scope;
  if (parent.cluster.empty()) from.name_space.clear();
  if (!resume.empty()) {
    FleetKey asked_for = scope;
    asked_for.name = parent.name;
    EVENKEEL_ASSIGN_OR_RETURN(from, KeyWithin(asked_for, resume.substr(0, resume.rfind('/'))));
    const auto pod = view.FindPod({from.cluster, from.name_space, from.name});
    if (pod && !add_containers(*pod)) return absl::OkStatus();
  } else if (!scope.cluster.empty() && !scope.name_space.empty() && !parent.name.empty()) {
    const auto pod = view.FindPod(parent);
    if (!pod) return NotFound(PodResource(parent));
    add_containers(*pod);
    return absl::OkStatus();
  }
  Scan<PodSnapshot>(view, scope, from, add_containers);
  return absl::OkStatus();
}

}  // namespace evenkeel::coordinator
