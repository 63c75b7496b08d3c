#include "coordinator/act/announcement.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

kube::Json EventFor(const Announce& announcement, absl::Time now) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone());
  const std::string about = announcement.node.empty() ? announcement.cluster : announcement.node;
  kube::Json event = {
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata",
       {{"name", absl::StrCat(about, ".evenkeel-", announcement.decision.ToString(), "-", announcement.step)},
        {"namespace", kEventNamespace}}},
      {"type", announcement.warning ? "Warning" : "Normal"},
      {"reason", announcement.reason},
      {"message", announcement.message},
      {"source", {{"component", "evenkeel-coordinator"}}},
      {"firstTimestamp", time},
      {"lastTimestamp", time},
      {"count", 1}};
  // kubectl describe node looks for Events that name the node in the place of its uid, as the kubelet's own
  // do.
  event["involvedObject"] =
      announcement.node.empty()
          ? kube::Json{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", kEventNamespace}}
          : kube::Json{{"apiVersion", "v1"},
                       {"kind", "Node"},
                       {"name", announcement.node},
                       {"uid", announcement.node}};
  return event;
}

}  // namespace evenkeel::coordinator
