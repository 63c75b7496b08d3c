#include "coordinator/act/announcement.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

// What the Event is about, in the words that kubectl describe looks for.
kube::Json AboutWhat(const Announce& announcement) {
  if (const Workload& workload = announcement.workload; !workload.empty()) {
    const std::string version = announcement.workload_version.empty() ? "v1" : announcement.workload_version;
    kube::Json about = {
        {"apiVersion", workload.group.empty() ? version : absl::StrCat(workload.group, "/", version)},
        {"kind", workload.kind},
        {"namespace", workload.name_space},
        {"name", workload.name}};
    if (!announcement.workload_uid.empty()) about["uid"] = announcement.workload_uid;
    return about;
  }
  if (announcement.node.empty()) {
    return {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", kEventNamespace}};
  }
  // kubectl describe node looks for Events that name the node in the place of its uid, as the kubelet's own
  // do.
  return {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", announcement.node}, {"uid", announcement.node}};
}

}  // namespace

std::string NamespaceFor(const Announce& announcement) {
  return announcement.workload.name_space.empty() ? kEventNamespace : announcement.workload.name_space;
}

kube::Json EventFor(const Announce& announcement, absl::Time now) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone());
  const std::string about = !announcement.workload.empty() ? announcement.workload.name
                            : announcement.node.empty()    ? announcement.cluster
                                                           : announcement.node;
  const std::string step = announcement.decision == DecisionId{}
                               ? announcement.step
                               : absl::StrCat(announcement.decision.ToString(), "-", announcement.step);
  kube::Json event = {
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata",
       {{"name", absl::StrCat(about, ".evenkeel-", step)}, {"namespace", NamespaceFor(announcement)}}},
      {"type", announcement.warning ? "Warning" : "Normal"},
      {"reason", announcement.reason},
      {"message", announcement.message},
      {"source", {{"component", "evenkeel-coordinator"}}},
      {"firstTimestamp", time},
      {"lastTimestamp", time},
      {"count", 1}};
  event["involvedObject"] = AboutWhat(announcement);
  return event;
}

}  // namespace evenkeel::coordinator
