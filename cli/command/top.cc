#include "cli/command/top.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/print/table.h"
#include "cli/print/text.h"
#include "cli/show/fields.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

// What one node or pod uses; none: it is not measured.
struct Use {
  std::string name;
  std::optional<std::uint64_t> cpu_millicores;
  std::optional<std::uint64_t> memory_bytes;
  Row row;
};

void Sort(std::vector<Use>& uses, const std::string& by) {
  const auto most_first = [](const auto& left, const auto& right) {
    if (left.has_value() != right.has_value()) return left.has_value();
    return left.has_value() && *left > *right;
  };
  std::stable_sort(uses.begin(), uses.end(),
                   [](const Use& left, const Use& right) { return left.name < right.name; });
  if (by == "name") return;
  std::stable_sort(uses.begin(), uses.end(), [&](const Use& left, const Use& right) {
    return by == "memory" ? most_first(left.memory_bytes, right.memory_bytes)
                          : most_first(left.cpu_millicores, right.cpu_millicores);
  });
}

Cell CpuCell(const std::optional<std::uint64_t>& millicores) {
  return {millicores ? Millicores(*millicores) : std::string(kNone)};
}

Cell MemoryCell(const std::optional<std::uint64_t>& bytes) {
  return {bytes ? Bytes(*bytes) : std::string(kNone)};
}

void Print(Context& context, std::vector<Column> columns, std::vector<Use> uses, const std::string& by) {
  if (uses.empty()) {
    *context.host.err << "No resources found" << std::endl;
    return;
  }
  Sort(uses, by);
  std::vector<Row> rows;
  rows.reserve(uses.size());
  for (Use& use : uses) rows.push_back(std::move(use.row));
  Table(std::move(columns), UsesColour(context.host)).Print(*context.host.out, rows);
}

absl::Status TopNodes(Context& context, const TopOptions& options) {
  const std::string& cluster = context.settings.cluster;
  EVENKEEL_ASSIGN_OR_RETURN(
      const std::vector<v1::Node> nodes,
      context.client.ListNodes(absl::StrCat("clusters/", cluster.empty() ? "-" : cluster), options.selector));
  std::vector<Column> columns{{"NAME"}, {"CPU"}, {"CPU%"}, {"MEMORY"}, {"MEMORY%"}};
  if (cluster.empty()) columns.insert(columns.begin(), {"CLUSTER"});
  std::vector<Use> uses;
  uses.reserve(nodes.size());
  for (const v1::Node& node : nodes) {
    const v1::NodeReport& report = node.report();
    Use use{.name = node.name(), .cpu_millicores = {}, .memory_bytes = {}, .row = {}};
    if (report.cpu().has_used_millicores()) use.cpu_millicores = report.cpu().used_millicores();
    if (report.memory().has_total_bytes() && report.memory().has_available_bytes() &&
        report.memory().total_bytes() >= report.memory().available_bytes()) {
      use.memory_bytes = report.memory().total_bytes() - report.memory().available_bytes();
    }
    if (cluster.empty()) use.row.push_back({Segment(node.name(), "clusters")});
    use.row.insert(use.row.end(), {{LastSegment(node.name())},
                                   CpuCell(use.cpu_millicores),
                                   {CpuShare(report.cpu())},
                                   MemoryCell(use.memory_bytes),
                                   {MemoryShare(report.memory())}});
    uses.push_back(std::move(use));
  }
  Print(context, std::move(columns), std::move(uses), options.sort_by);
  return absl::OkStatus();
}

absl::Status TopPods(Context& context, const TopOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(
      const std::vector<v1::Pod> pods,
      context.client.ListPods({.parent = PodParent(context.settings, options.all_namespaces),
                               .label_selector = options.selector,
                               .node = ""}));
  std::vector<Column> columns{{"NAME"}, {"NODE"}, {"CPU"}, {"MEMORY"}};
  if (options.all_namespaces) columns.insert(columns.begin(), {"NAMESPACE"});
  if (context.settings.cluster.empty()) columns.insert(columns.begin(), {"CLUSTER"});
  std::vector<Use> uses;
  uses.reserve(pods.size());
  for (const v1::Pod& pod : pods) {
    Use use{.name = pod.name(), .cpu_millicores = {}, .memory_bytes = {}, .row = {}};
    if (pod.has_cpu_used_millicores()) use.cpu_millicores = pod.cpu_used_millicores();
    if (pod.has_memory_working_set_bytes()) use.memory_bytes = pod.memory_working_set_bytes();
    if (context.settings.cluster.empty()) use.row.push_back({Segment(pod.name(), "clusters")});
    if (options.all_namespaces) use.row.push_back({Segment(pod.name(), "namespaces")});
    use.row.insert(use.row.end(), {{LastSegment(pod.name())},
                                   {OrNone(pod.node())},
                                   CpuCell(use.cpu_millicores),
                                   MemoryCell(use.memory_bytes)});
    uses.push_back(std::move(use));
  }
  Print(context, std::move(columns), std::move(uses), options.sort_by);
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& TopOrders() {
  static const auto& orders = *new std::vector<std::string>{"cpu", "memory", "name"};
  return orders;
}

absl::Status RunTop(Context& context, const TopOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const Request request, ParseRequest(options.words));
  if (!request.names.empty()) return absl::InvalidArgumentError("top shows all of them: leave the names out");
  if (request.kind == Kind::kNode) return TopNodes(context, options);
  if (request.kind == Kind::kPod) return TopPods(context, options);
  return absl::InvalidArgumentError(
      absl::StrCat("top knows what nodes and pods use, not ", NameOf(request.kind).plural));
}

}  // namespace evenkeel::cli
