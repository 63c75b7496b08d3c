#include "cli/command/context.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/print/text.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

absl::StatusOr<std::string> PickCluster(Context& context) {
  if (!context.settings.cluster.empty()) return context.settings.cluster;
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Cluster> clusters, context.client.ListClusters());
  if (clusters.size() == 1) return LastSegment(clusters[0].name());
  if (clusters.empty()) return absl::NotFoundError("the coordinator knows no cluster yet");
  return absl::FailedPreconditionError(
      absl::StrCat("there are several clusters; say which with --cluster: ",
                   absl::StrJoin(clusters, ", ", [](std::string* out, const v1::Cluster& cluster) {
                     absl::StrAppend(out, LastSegment(cluster.name()));
                   })));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FullNames(Context& context, const Request& request) {
  Scope scope{.cluster = context.settings.cluster, .namespace_name = context.settings.namespace_name};
  if (std::any_of(request.names.begin(), request.names.end(),
                  [&](const std::string& name) { return NeedsCluster(request.kind, name); })) {
    EVENKEEL_ASSIGN_OR_RETURN(scope.cluster, PickCluster(context));
  }
  std::vector<std::string> names;
  for (const std::string& name : request.names) {
    EVENKEEL_ASSIGN_OR_RETURN(names.emplace_back(), FullName(request.kind, name, scope));
  }
  return names;
}

std::string PodParent(const Settings& settings, bool all_namespaces) {
  return absl::StrCat("clusters/", settings.cluster.empty() ? "-" : settings.cluster, "/namespaces/",
                      all_namespaces ? "-" : settings.namespace_name);
}

bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsAborted(status) || absl::IsInternal(status);
}

}  // namespace evenkeel::cli
