#include "cli/command/get.h"

#include <algorithm>
#include <functional>
#include <map>
#include <ostream>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "cli/print/structured.h"
#include "cli/print/table.h"
#include "cli/print/text.h"
#include "cli/show/burst.h"
#include "cli/show/fields.h"
#include "cli/show/scaler.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/time/backoff.h"

namespace evenkeel::cli {
namespace {

// Where resources of one type come from.
template <typename Resource>
struct Source {
  using OnChange = absl::FunctionRef<void(const Resource&, bool deleted)>;

  std::function<absl::StatusOr<std::vector<Resource>>()> list;
  std::function<absl::StatusOr<Resource>(const std::string& full_name)> get;
  // One watch, to its end; empty where there is none.
  std::function<absl::Status(OnChange)> watch;
};

// Prints resources of one type in the format that was asked for.
template <typename Resource>
class Printer {
 public:
  Printer(const Host& host, const GetOptions& options, const TableOptions& table)
      : host_(host),
        options_(options),
        table_options_(table),
        table_(MakeTable<Resource>(table, UsesColour(host))) {}

  // What is there at first. `one` says that a single resource was asked for: programs then get it, and not a
  // list of it.
  void PrintAll(const std::vector<Resource>& resources, bool one) {
    if (options_.output == "json" || options_.output == "yaml") {
      std::vector<nlohmann::ordered_json> objects;
      objects.reserve(resources.size());
      for (const Resource& resource : resources) objects.push_back(ToObject(resource));
      Remember(resources);
      PrintObject(one && objects.size() == 1 ? objects[0] : ToList(std::move(objects)));
      return;
    }
    Remember(resources);
    if (options_.output == "name") {
      for (const Resource& resource : resources) *host_.out << Printable(resource.name()) << '\n';
      return;
    }
    std::vector<Row> rows;
    rows.reserve(resources.size());
    for (const Resource& resource : resources) rows.push_back(MakeRow(resource, table_options_, host_.now()));
    table_.Print(*host_.out, rows);
  }

  // A change during a watch; what looks as it did before is not printed again.
  void PrintChange(const Resource& resource, bool deleted) {
    const Row row = MakeRow(resource, table_options_, host_.now());
    const bool is_table = options_.output.empty() || options_.output == "wide";
    const std::string look = is_table ? table_.Fingerprint(row) : resource.SerializeAsString();
    if (deleted) {
      looks_.erase(resource.name());
    } else {
      std::string& last = looks_[resource.name()];
      if (last == look) return;
      last = look;
    }
    if (is_table) {
      table_.Print(*host_.out, {row});
    } else if (options_.output == "name") {
      *host_.out << Printable(resource.name()) << std::endl;
    } else {
      PrintObject(ToObject(resource));
    }
  }

 private:
  void PrintObject(const nlohmann::ordered_json& object) {
    if (options_.output == "json") {
      PrintJson(*host_.out, object);
    } else {
      if (printed_) *host_.out << "---\n";
      PrintYaml(*host_.out, object);
    }
    printed_ = true;
    host_.out->flush();
  }

  void Remember(const std::vector<Resource>& resources) {
    const bool is_table = options_.output.empty() || options_.output == "wide";
    for (const Resource& resource : resources) {
      looks_[resource.name()] = is_table ? table_.Fingerprint(MakeRow(resource, table_options_, host_.now()))
                                         : resource.SerializeAsString();
    }
  }

  const Host& host_;
  const GetOptions& options_;
  TableOptions table_options_;
  Table table_;
  bool printed_ = false;
  std::map<std::string, std::string> looks_;  // by name; as many as the fleet has
};

// Fetches those that are named; what is there is returned even when others are missing, which `missing` then
// tells.
template <typename Resource>
std::vector<Resource> GetNamed(const Source<Resource>& source, const std::vector<std::string>& names,
                               absl::Status& missing) {
  std::vector<Resource> found;
  for (const std::string& name : names) {
    absl::StatusOr<Resource> resource = source.get(name);
    if (resource.ok()) {
      found.push_back(*std::move(resource));
    } else if (missing.ok()) {
      missing = resource.status();
    } else {
      missing = {missing.code(), absl::StrCat(missing.message(), "; ", resource.status().message())};
    }
  }
  return found;
}

template <typename Resource>
absl::Status WatchForever(Context& context, const Source<Resource>& source,
                          const std::set<std::string>& names, Printer<Resource>& printer) {
  for (int failures = 0;;) {
    absl::Status status = source.watch([&](const Resource& resource, bool deleted) {
      failures = 0;
      if (names.empty() || names.count(resource.name()) > 0) printer.PrintChange(resource, deleted);
    });
    if (!IsPassing(status)) return status;
    // A watch that came to the end of its time is simply continued.
    if (!absl::IsDeadlineExceeded(status)) {
      *context.host.err << "the watch was cut, trying again: " << Printable(status.message()) << std::endl;
    }
    context.host.sleep(time::Backoff({.initial = absl::Milliseconds(250)}, ++failures, base::RandomUnit()));
  }
}

template <typename Resource>
absl::Status Get(Context& context, const GetOptions& options, const Request& request,
                 const TableOptions& table, const Source<Resource>& source) {
  if (options.watch && !source.watch) {
    return absl::InvalidArgumentError(absl::StrCat(NameOf(request.kind).plural, " cannot be watched"));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> names, FullNames(context, request));
  std::vector<Resource> resources;
  absl::Status missing;
  if (names.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(resources, source.list());
  } else {
    resources = GetNamed(source, names, missing);
    if (resources.empty()) return missing;
  }
  Printer<Resource> printer(context.host, options, table);
  if (resources.empty() && options.output != "json" && options.output != "yaml") {
    *context.host.err << "No resources found" << std::endl;
  }
  if (!resources.empty() || options.output == "json" || options.output == "yaml") {
    printer.PrintAll(resources, names.size() == 1);
  }
  if (!options.watch || !missing.ok()) return missing;
  return WatchForever<Resource>(context, source, {names.begin(), names.end()}, printer);
}

// A watch of the fleet that hands on the resources of one kind.
template <typename Resource>
std::function<absl::Status(typename Source<Resource>::OnChange)> FleetWatch(
    Context& context, v1::WatchFleetRequest request,
    const Resource& (v1::WatchFleetResponse::*resource)() const,
    bool (v1::WatchFleetResponse::*has_resource)() const, std::string node = "") {
  return [=, &context](typename Source<Resource>::OnChange on_change) {
    return context.client.WatchFleet(request, [&](const v1::WatchFleetResponse& response) {
      if constexpr (std::is_same_v<Resource, v1::Pod>) {
        if (!node.empty() && response.pod().node() != node) return true;
      }
      if ((response.*has_resource)()) {
        on_change((response.*resource)(), response.type() == v1::WatchFleetResponse::TYPE_DELETED);
      }
      return true;
    });
  };
}

v1::WatchFleetRequest FleetWatchRequest(const Settings& settings, const GetOptions& options,
                                        v1::WatchFleetRequest::Kind kind) {
  v1::WatchFleetRequest request;
  request.add_kinds(kind);
  request.set_parent(absl::StrCat("clusters/", settings.cluster.empty() ? "-" : settings.cluster));
  request.set_label_selector(options.selector);
  if (kind == v1::WatchFleetRequest::KIND_POD && !options.all_namespaces) {
    request.set_namespace_(settings.namespace_name);
  }
  return request;
}

Source<v1::Cluster> Clusters(Context& context, const GetOptions& options) {
  return {[&] { return context.client.ListClusters(); },
          [&](const std::string& name) { return context.client.GetCluster(name); },
          FleetWatch<v1::Cluster>(
              context, FleetWatchRequest(context.settings, options, v1::WatchFleetRequest::KIND_CLUSTER),
              &v1::WatchFleetResponse::cluster, &v1::WatchFleetResponse::has_cluster)};
}

Source<v1::Node> Nodes(Context& context, const GetOptions& options) {
  const v1::WatchFleetRequest watch =
      FleetWatchRequest(context.settings, options, v1::WatchFleetRequest::KIND_NODE);
  return {
      [&context, &options, parent = watch.parent()] {
        return context.client.ListNodes(parent, options.selector);
      },
      [&](const std::string& name) { return context.client.GetNode(name); },
      FleetWatch<v1::Node>(context, watch, &v1::WatchFleetResponse::node, &v1::WatchFleetResponse::has_node)};
}

Source<v1::Pod> Pods(Context& context, const GetOptions& options) {
  return {[&] {
            return context.client.ListPods({.parent = PodParent(context.settings, options.all_namespaces),
                                            .label_selector = options.selector,
                                            .node = options.node});
          },
          [&](const std::string& name) { return context.client.GetPod(name); },
          FleetWatch<v1::Pod>(context,
                              FleetWatchRequest(context.settings, options, v1::WatchFleetRequest::KIND_POD),
                              &v1::WatchFleetResponse::pod, &v1::WatchFleetResponse::has_pod, options.node)};
}

// Containers come with their pods, which is how they can be selected by label and watched.
Source<v1::Container> Containers(Context& context, const GetOptions& options) {
  const Source<v1::Pod> pods = Pods(context, options);
  return {[pods]() -> absl::StatusOr<std::vector<v1::Container>> {
            EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Pod> found, pods.list());
            std::vector<v1::Container> containers;
            for (const v1::Pod& pod : found) {
              containers.insert(containers.end(), pod.containers().begin(), pod.containers().end());
            }
            return containers;
          },
          [&](const std::string& name) { return context.client.GetContainer(name); },
          [pods](Source<v1::Container>::OnChange on_change) {
            return pods.watch([&](const v1::Pod& pod, bool deleted) {
              for (const v1::Container& container : pod.containers()) on_change(container, deleted);
            });
          }};
}

Source<v1::Decision> Decisions(Context& context, const GetOptions& options) {
  return {[&] {
            return context.client.ListDecisions({.cluster = context.settings.cluster, .node = options.node});
          },
          [&](const std::string& name) { return context.client.GetDecision(name); },
          [&](Source<v1::Decision>::OnChange on_change) {
            v1::WatchDecisionsRequest request;
            request.set_cluster(context.settings.cluster);
            return context.client.WatchDecisions(request, [&](const v1::WatchDecisionsResponse& response) {
              const bool wanted = options.node.empty() || response.decision().node() == options.node;
              if (response.has_decision() && wanted) on_change(response.decision(), false);
              return true;
            });
          }};
}

Source<v1::Policy> Policies(Context& context) {
  return {[&] { return context.client.ListPolicies(); },
          [&](const std::string& name) { return context.client.GetPolicy(name); }, nullptr};
}

Source<v1::Maintenance> Maintenances(Context& context) {
  return {
      [&] {
        const std::string& cluster = context.settings.cluster;
        return context.client.ListMaintenances(absl::StrCat("clusters/", cluster.empty() ? "-" : cluster));
      },
      [&](const std::string& name) { return context.client.GetMaintenance(name); }, nullptr};
}

// A watch of one kind, narrowed by the cluster.
template <typename Resource, typename WatchRequest, typename WatchResponse>
std::function<absl::Status(typename Source<Resource>::OnChange)> ClusterWatch(
    Context& context,
    absl::Status (Client::*watch)(const WatchRequest&, absl::FunctionRef<bool(const WatchResponse&)>),
    const Resource& (WatchResponse::*resource)() const, bool (WatchResponse::*has_resource)() const) {
  return [=, &context](typename Source<Resource>::OnChange on_change) {
    WatchRequest request;
    request.set_cluster(context.settings.cluster);
    return (context.client.*watch)(request, [&](const WatchResponse& response) {
      if ((response.*has_resource)()) {
        on_change((response.*resource)(), response.type() == WatchResponse::TYPE_DELETED);
      }
      return true;
    });
  };
}

Source<v1::Scaler> Scalers(Context& context) {
  return {[&] { return context.client.ListScalers(context.settings.cluster); },
          [&](const std::string& name) { return context.client.GetScaler(name); },
          ClusterWatch<v1::Scaler>(context, &Client::WatchScalers, &v1::WatchScalersResponse::scaler,
                                   &v1::WatchScalersResponse::has_scaler)};
}

Source<v1::Burst> Bursts(Context& context) {
  return {[&] { return context.client.ListBursts(context.settings.cluster); },
          [&](const std::string& name) { return context.client.GetBurst(name); },
          ClusterWatch<v1::Burst>(context, &Client::WatchBursts, &v1::WatchBurstsResponse::burst,
                                  &v1::WatchBurstsResponse::has_burst)};
}

// Options that would be passed over in silence are refused: who gives them expects that they count.
absl::Status CheckOptions(const GetOptions& options, Kind kind) {
  const bool has_labels = kind == Kind::kNode || kind == Kind::kPod || kind == Kind::kContainer;
  if (!options.selector.empty() && !has_labels) {
    return absl::InvalidArgumentError(absl::StrCat("-l: ", NameOf(kind).plural, " have no labels"));
  }
  const bool has_node = kind == Kind::kPod || kind == Kind::kContainer || kind == Kind::kDecision;
  if (!options.node.empty() && !has_node) {
    return absl::InvalidArgumentError(
        absl::StrCat("--node: ", NameOf(kind).plural, " do not belong to a node"));
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& OutputFormats() {
  static const auto& formats = *new std::vector<std::string>{"wide", "json", "yaml", "name"};
  return formats;
}

absl::Status RunGet(Context& context, const GetOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const Request request, ParseRequest(options.words));
  EVENKEEL_RETURN_IF_ERROR(CheckOptions(options, request.kind));
  if (!request.names.empty() && !(options.selector.empty() && options.node.empty())) {
    return absl::InvalidArgumentError("name resources, or select them with -l or --node, but not both");
  }
  const TableOptions table{.wide = options.output == "wide",
                           .show_cluster = context.settings.cluster.empty(),
                           .show_namespace = options.all_namespaces};
  switch (request.kind) {
    case Kind::kCluster:
      return Get(context, options, request, table, Clusters(context, options));
    case Kind::kNode:
      return Get(context, options, request, table, Nodes(context, options));
    case Kind::kPod:
      return Get(context, options, request, table, Pods(context, options));
    case Kind::kContainer:
      return Get(context, options, request, table, Containers(context, options));
    case Kind::kDecision:
      return Get(context, options, request, table, Decisions(context, options));
    case Kind::kPolicy:
      return Get(context, options, request, table, Policies(context));
    case Kind::kMaintenance:
      return Get(context, options, request, table, Maintenances(context));
    case Kind::kScaler:
      return Get(context, options, request, table, Scalers(context));
    case Kind::kBurst:
      return Get(context, options, request, table, Bursts(context));
  }
  return absl::InternalError("no such kind");
}

}  // namespace evenkeel::cli
