#include "cli/command/show.h"

#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/print/text.h"
#include "cli/show/burst.h"
#include "cli/show/describe.h"
#include "cli/show/explain.h"
#include "cli/show/scaler.h"
#include "cli/show/switch_story.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

std::vector<std::string> NamesOf(const auto& resources) {
  std::vector<std::string> names;
  names.reserve(resources.size());
  for (const auto& resource : resources) names.push_back(resource.name());
  return names;
}

// The names of all resources of a kind.
absl::StatusOr<std::vector<std::string>> AllNames(Context& context, Kind kind, bool all_namespaces) {
  Client& client = context.client;
  switch (kind) {
    case Kind::kCluster: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.ListClusters());
      return NamesOf(found);
    }
    case Kind::kNode: {
      const std::string parent =
          absl::StrCat("clusters/", context.settings.cluster.empty() ? "-" : context.settings.cluster);
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.ListNodes(parent, ""));
      return NamesOf(found);
    }
    case Kind::kPod:
    case Kind::kContainer: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto pods,
                                client.ListPods({.parent = PodParent(context.settings, all_namespaces)}));
      if (kind == Kind::kPod) return NamesOf(pods);
      std::vector<std::string> names;
      for (const v1::Pod& pod : pods) {
        for (const v1::Container& container : pod.containers()) names.push_back(container.name());
      }
      return names;
    }
    case Kind::kDecision: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found,
                                client.ListDecisions({.cluster = context.settings.cluster}));
      return NamesOf(found);
    }
    case Kind::kPolicy: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.ListPolicies());
      return NamesOf(found);
    }
    case Kind::kMaintenance: {
      const std::string& cluster = context.settings.cluster;
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.ListMaintenances(absl::StrCat(
                                                      "clusters/", cluster.empty() ? "-" : cluster)));
      return NamesOf(found);
    }
    case Kind::kScaler: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.ListScalers(context.settings.cluster));
      return NamesOf(found);
    }
    case Kind::kBurst: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.ListBursts(context.settings.cluster));
      return NamesOf(found);
    }
  }
  return absl::InternalError("no such kind");
}

absl::StatusOr<std::string> DescribeOne(Context& context, Kind kind, const std::string& name) {
  Client& client = context.client;
  const absl::Time now = context.host.now();
  switch (kind) {
    case Kind::kCluster: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetCluster(name));
      return Describe(found, now);
    }
    case Kind::kNode: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetNode(name));
      const PodQuery query{.parent = absl::StrCat("clusters/", Segment(name, "clusters"), "/namespaces/-"),
                           .node = LastSegment(name)};
      EVENKEEL_ASSIGN_OR_RETURN(const auto pods, client.ListPods(query));
      return Describe(found, pods, now);
    }
    case Kind::kPod: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetPod(name));
      return Describe(found, now);
    }
    case Kind::kContainer: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetContainer(name));
      return Describe(found, now);
    }
    case Kind::kDecision: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetDecision(name));
      return Describe(found, now);
    }
    case Kind::kPolicy: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetPolicy(name));
      return Describe(found, now);
    }
    case Kind::kMaintenance: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetMaintenance(name));
      return Describe(found, now);
    }
    case Kind::kScaler: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetScaler(name));
      return Describe(found, now);
    }
    case Kind::kBurst: {
      EVENKEEL_ASSIGN_OR_RETURN(const auto found, client.GetBurst(name));
      return Describe(found, now);
    }
  }
  return absl::InternalError("no such kind");
}

absl::StatusOr<v1::Decision> FindDecision(Context& context, const std::string& what) {
  if (!what.empty() && !absl::StrContains(what, '/'))
    return context.client.GetDecision(absl::StrCat("decisions/", what));
  if (absl::StartsWith(what, "switch/") || absl::StartsWith(what, "switches/")) {
    EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one,
                              context.client.GetSwitch(absl::StrCat("switches/", LastSegment(what))));
    return context.client.GetDecision(one.decision());
  }
  DecisionQuery query{.cluster = context.settings.cluster};
  if (!what.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(const Request request, ParseRequest({what}));
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> names, FullNames(context, request));
    if (request.kind == Kind::kDecision) return context.client.GetDecision(names[0]);
    if (request.kind == Kind::kScaler) {
      EVENKEEL_ASSIGN_OR_RETURN(const v1::Scaler scaler, context.client.GetScaler(names[0]));
      return context.client.LatestDecision(
          {.cluster = scaler.cluster(), .node = "", .workload = WorkloadOf(scaler.target())});
    }
    if (request.kind == Kind::kBurst) {
      EVENKEEL_ASSIGN_OR_RETURN(const v1::Burst burst, context.client.GetBurst(names[0]));
      if (burst.last_decision().empty()) {
        return absl::NotFoundError(absl::StrCat("nothing has been decided about bursts of cluster ",
                                                burst.cluster(),
                                                " since the coordinator started; `evenkeel get decisions` "
                                                "shows what was decided before"));
      }
      return context.client.GetDecision(burst.last_decision());
    }
    if (request.kind != Kind::kNode) {
      return absl::InvalidArgumentError(
          absl::StrCat("explain takes a decision, a node, a scaler, a burst or a switch, not ", what));
    }
    query = {.cluster = Segment(names[0], "clusters"), .node = LastSegment(names[0]), .workload = ""};
  }
  return context.client.LatestDecision(query);
}

}  // namespace

absl::Status RunDescribe(Context& context, const DescribeOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const Request request, ParseRequest(options.words));
  std::vector<std::string> names;
  if (request.names.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(names, AllNames(context, request.kind, options.all_namespaces));
    if (names.empty()) *context.host.err << "No resources found" << std::endl;
  } else {
    EVENKEEL_ASSIGN_OR_RETURN(names, FullNames(context, request));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string text, DescribeOne(context, request.kind, names[i]));
    *context.host.out << (i > 0 ? "\n\n" : "") << text << std::flush;
  }
  return absl::OkStatus();
}

absl::Status RunExplain(Context& context, const std::string& what) {
  EVENKEEL_ASSIGN_OR_RETURN(const v1::Decision decision, FindDecision(context, what));
  const absl::Time now = context.host.now();
  *context.host.out << Explain(decision, now) << std::flush;
  if (decision.kind() != v1::Decision::KIND_SWITCH) return absl::OkStatus();
  const absl::StatusOr<v1::Switch> one =
      context.client.GetSwitch(absl::StrCat("switches/", LastSegment(decision.name())));
  if (absl::IsNotFound(one.status())) return absl::OkStatus();  // there is nothing more to tell
  if (!one.ok()) return one.status();
  *context.host.out << SwitchStory(*one, now) << std::flush;
  return absl::OkStatus();
}

}  // namespace evenkeel::cli
