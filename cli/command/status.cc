#include "cli/command/status.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/failure.h"
#include "cli/print/table.h"
#include "cli/print/text.h"
#include "cli/show/fields.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

constexpr absl::Duration kLookAgainAfter = absl::Milliseconds(500);
// Of many alike problems, so many are told by name.
constexpr std::size_t kTold = 10;

struct Fleet {
  std::vector<v1::Cluster> clusters;
  std::vector<v1::Node> nodes;
  std::vector<v1::Decision> open_decisions;
};

absl::StatusOr<Fleet> Look(Context& context) {
  const std::string& cluster = context.settings.cluster;
  Fleet fleet;
  if (cluster.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(fleet.clusters, context.client.ListClusters());
  } else {
    EVENKEEL_ASSIGN_OR_RETURN(fleet.clusters.emplace_back(),
                              context.client.GetCluster(absl::StrCat("clusters/", cluster)));
  }
  EVENKEEL_ASSIGN_OR_RETURN(
      fleet.nodes, context.client.ListNodes(absl::StrCat("clusters/", cluster.empty() ? "-" : cluster), ""));
  EVENKEEL_ASSIGN_OR_RETURN(fleet.open_decisions, context.client.OpenDecisions(cluster));
  return fleet;
}

bool IsVirtual(const v1::Node& node) {
  const auto type = node.labels().find("type");
  return type != node.labels().end() && type->second == "virtual-kubelet";
}

std::string NodeProblem(const v1::Node& node) {
  const bool unwatched = node.verdict() == v1::VERDICT_UNSPECIFIED;
  if (unwatched && IsVirtual(node)) return "";
  if (node.has_maintenance()) return "";  // whatever is true of it is expected
  const std::string who =
      absl::StrCat("node ", LastSegment(node.name()), " of cluster ", Segment(node.name(), "clusters"));
  if (unwatched) return absl::StrCat(who, " has no agent");
  if (node.verdict() != v1::VERDICT_HEALTHY) {
    return absl::StrCat(who, " is ", VerdictCell(node.verdict()).text,
                        node.verdict_reason().empty() ? "" : absl::StrCat(": ", node.verdict_reason()));
  }
  if (!node.agent_connected()) return absl::StrCat("the agent of ", who, " is not in session");
  if (node.failed_over()) return absl::StrCat(who, " is failed over and not readmitted yet");
  return "";
}

void PrintFleet(Context& context, const Fleet& fleet, absl::Duration took) {
  const Host& host = context.host;
  *host.out << "Coordinator " << context.settings.server << " answered in " << Span(took) << ".\n\n";
  for (const v1::Cluster& cluster : fleet.clusters) {
    if (!cluster.has_pause()) continue;
    *host.out << "*** Cluster " << LastSegment(cluster.name()) << " is "
              << Printable(PauseText(cluster.pause()))
              << ". NOTHING IS DONE in it; `evenkeel resume` ends that. ***\n\n";
  }
  const TableOptions options{};
  std::vector<Row> clusters;
  for (const v1::Cluster& cluster : fleet.clusters) clusters.push_back(MakeRow(cluster, options, host.now()));
  MakeTable<v1::Cluster>(options, UsesColour(host)).Print(*host.out, clusters);
  if (!fleet.open_decisions.empty()) {
    *host.out << "\nOpen decisions:\n";
    std::vector<Row> decisions;
    for (const v1::Decision& decision : fleet.open_decisions)
      decisions.push_back(MakeRow(decision, options, host.now()));
    MakeTable<v1::Decision>(options, UsesColour(host)).Print(*host.out, decisions);
  }
  *host.out << std::endl;
}

absl::Status AsStatus(const std::vector<std::string>& problems) {
  if (problems.empty()) return absl::OkStatus();
  std::string text = "not all is well:";
  for (std::size_t i = 0; i < problems.size() && i < kTold; ++i)
    absl::StrAppend(&text, "\n- ", Printable(problems[i]));
  if (problems.size() > kTold) absl::StrAppend(&text, "\n- and ", problems.size() - kTold, " more");
  return absl::FailedPreconditionError(text);
}

}  // namespace

std::vector<std::string> Problems(const std::vector<v1::Cluster>& clusters,
                                  const std::vector<v1::Node>& nodes,
                                  const std::vector<v1::Decision>& open_decisions) {
  std::vector<std::string> problems;
  if (clusters.empty()) problems.emplace_back("the coordinator watches no cluster");
  for (const v1::Cluster& cluster : clusters) {
    const std::string who = absl::StrCat("cluster ", LastSegment(cluster.name()));
    if (cluster.api_state() != v1::Cluster::API_STATE_READY) {
      problems.push_back(
          absl::StrCat("the Kubernetes API of ", who, " cannot be used: ",
                       cluster.api_detail().empty() ? "nothing has come from it yet" : cluster.api_detail()));
    }
    if (cluster.has_pause()) {
      problems.push_back(absl::StrCat("NOTHING IS DONE in ", who, ": it is ", PauseText(cluster.pause())));
    }
    if (cluster.blind()) problems.push_back(absl::StrCat(who, " is not judged: ", cluster.blind_reason()));
    for (const v1::Cluster::BlindDomain& domain : cluster.blind_domains()) {
      problems.push_back(absl::StrCat(domain.domain(), " of ", who, " is not judged: ", domain.reason()));
    }
    if (cluster.nodes() == 0) problems.push_back(absl::StrCat(who, " has no nodes"));
  }
  for (const v1::Node& node : nodes) {
    if (std::string problem = NodeProblem(node); !problem.empty()) problems.push_back(std::move(problem));
  }
  for (const v1::Decision& decision : open_decisions) {
    problems.push_back(
        absl::StrCat("decision ", LastSegment(decision.name()), " is open: ", decision.summary()));
  }
  return problems;
}

absl::Status RunStatus(Context& context, const StatusOptions& options) {
  const Host& host = context.host;
  const absl::Time end = host.now() + options.timeout;
  std::string told;
  for (;;) {
    const absl::Time start = host.now();
    const absl::StatusOr<Fleet> fleet = Look(context);
    const absl::Duration took = host.now() - start;
    absl::Status status = fleet.ok()
                              ? AsStatus(Problems(fleet->clusters, fleet->nodes, fleet->open_decisions))
                              : fleet.status();
    const bool worth_waiting = fleet.ok() || IsPassing(status);
    if (status.ok() || !options.wait || !worth_waiting || host.now() >= end) {
      if (fleet.ok()) PrintFleet(context, *fleet, took);
      if (status.ok()) *host.out << "All is well." << std::endl;
      return status;
    }
    if (std::string waits_for = ErrorText(status, context.settings); waits_for != told) {
      told = std::move(waits_for);
      *host.err << "waiting, " << Age(end - host.now())
                << " left: " << told.substr(std::string("error: ").size()) << std::flush;
    }
    host.sleep(kLookAgainAfter);
  }
}

}  // namespace evenkeel::cli
