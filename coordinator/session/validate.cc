#include "coordinator/session/validate.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

absl::Status CheckLength(absl::string_view field, const std::string& text, size_t limit) {
  if (text.size() <= limit) return absl::OkStatus();
  return base::InvalidField(field, absl::StrCat("is ", text.size(), " bytes long, the limit is ", limit));
}

absl::Status CheckCount(absl::string_view field, int count, int limit) {
  if (count <= limit) return absl::OkStatus();
  return base::InvalidField(field, absl::StrCat("has ", count, " entries, the limit is ", limit));
}

// Names of Kubernetes: also safe in paths, logs and terminals.
absl::Status CheckName(absl::string_view field, const std::string& name, size_t limit) {
  if (name.empty()) return base::InvalidField(field, "is empty");
  EVENKEEL_RETURN_IF_ERROR(CheckLength(field, name, limit));
  for (const char c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!allowed) return base::InvalidField(field, "holds other characters than a-z, 0-9, '-' and '.'");
  }
  return absl::OkStatus();
}

absl::Status CheckPart(absl::string_view field, const v1::PartHealth& part) {
  return CheckLength(absl::StrCat(field, ".detail"), part.detail(), kMaxLongTextBytes);
}

absl::Status CheckNodeReport(const v1::NodeReport& node) {
  EVENKEEL_RETURN_IF_ERROR(CheckPart("report.node.kubelet", node.kubelet()));
  EVENKEEL_RETURN_IF_ERROR(CheckPart("report.node.runtime", node.runtime()));
  EVENKEEL_RETURN_IF_ERROR(CheckPart("report.node.pleg", node.pleg()));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.node.runtime_version", node.runtime_version(), kMaxNameBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckCount("report.node.filesystems", node.filesystems_size(), kMaxFilesystems));
  for (const v1::FilesystemUsage& filesystem : node.filesystems()) {
    EVENKEEL_RETURN_IF_ERROR(
        CheckLength("report.node.filesystems.role", filesystem.role(), kMaxShortTextBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckContainer(const v1::ContainerReport& container) {
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.pods.containers.name", container.name(), kMaxNameBytes));
  EVENKEEL_RETURN_IF_ERROR(
      CheckLength("report.pods.containers.container_id", container.container_id(), kMaxLongTextBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.pods.containers.image", container.image(), kMaxLongTextBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.pods.containers.previous_end.reason",
                                       container.previous_end().reason(), kMaxNameBytes));
  return CheckLength("report.pods.containers.exit_reason", container.exit_reason(), kMaxNameBytes);
}

absl::Status CheckPod(const v1::PodReport& pod) {
  if (pod.uid().empty()) return base::InvalidField("report.pods.uid", "is empty");
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.pods.uid", pod.uid(), kMaxNameBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.pods.namespace", pod.namespace_(), kMaxNameBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.pods.name", pod.name(), kMaxNameBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckCount("report.pods.containers", pod.containers_size(), kMaxContainers));
  for (const v1::ContainerReport& container : pod.containers()) {
    EVENKEEL_RETURN_IF_ERROR(CheckContainer(container));
  }
  return absl::OkStatus();
}

absl::Status CheckOccurrence(const v1::NodeOccurrence& occurrence) {
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.occurrences.detail", occurrence.detail(), kMaxLongTextBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("report.occurrences.pod_uid", occurrence.pod_uid(), kMaxNameBytes));
  return CheckLength("report.occurrences.container", occurrence.container(), kMaxNameBytes);
}

}  // namespace

absl::Status ValidateHello(const v1::Hello& hello) {
  EVENKEEL_RETURN_IF_ERROR(CheckName("hello.cluster", hello.cluster(), kMaxClusterBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckName("hello.node", hello.node(), kMaxNodeBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("hello.agent_version", hello.agent_version(), kMaxShortTextBytes));
  EVENKEEL_RETURN_IF_ERROR(CheckLength("hello.boot_id", hello.boot_id(), kMaxShortTextBytes));
  if (hello.agent_port() > 65535)
    return base::InvalidField("hello.agent_port", "must be between 0 and 65535");
  return absl::OkStatus();
}

absl::Status ValidateReport(const v1::Report& report) {
  EVENKEEL_RETURN_IF_ERROR(CheckNodeReport(report.node()));
  EVENKEEL_RETURN_IF_ERROR(CheckCount("report.pods", report.pods_size(), kMaxPods));
  EVENKEEL_RETURN_IF_ERROR(CheckCount("report.gone_pod_uids", report.gone_pod_uids_size(), kMaxPods));
  EVENKEEL_RETURN_IF_ERROR(CheckCount("report.occurrences", report.occurrences_size(), kMaxOccurrences));
  for (const v1::PodReport& pod : report.pods()) EVENKEEL_RETURN_IF_ERROR(CheckPod(pod));
  for (const std::string& uid : report.gone_pod_uids()) {
    EVENKEEL_RETURN_IF_ERROR(CheckLength("report.gone_pod_uids", uid, kMaxNameBytes));
  }
  for (const v1::NodeOccurrence& occurrence : report.occurrences()) {
    EVENKEEL_RETURN_IF_ERROR(CheckOccurrence(occurrence));
  }
  return absl::OkStatus();
}

absl::Status ValidateProbeAnswer(const v1::ProbeAnswer& answer) {
  for (const v1::ProbeResult* result : {&answer.kubelet_tcp(), &answer.kubelet_tls(), &answer.agent()}) {
    EVENKEEL_RETURN_IF_ERROR(CheckLength("probe_answer.detail", result->detail(), kMaxLongTextBytes));
  }
  return absl::OkStatus();
}

absl::Status ValidateRestartAnswer(const v1::RestartAnswer& answer) {
  EVENKEEL_RETURN_IF_ERROR(CheckLength("restart_answer.request_id", answer.request_id(), kMaxRequestIdBytes));
  return CheckLength("restart_answer.detail", answer.detail(), kMaxLongTextBytes);
}

absl::Status ValidateFencingStatus(const v1::FencingStatus& status) {
  constexpr int64_t kLongestWatchdogSeconds = 3600;
  constexpr int32_t kNanosInSecond = 1'000'000'000;
  EVENKEEL_RETURN_IF_ERROR(CheckLength("fencing_status.detail", status.detail(), kMaxLongTextBytes));
  const int64_t seconds = status.watchdog_timeout().seconds();
  const int32_t nanos = status.watchdog_timeout().nanos();
  if (seconds < 0 || seconds > kLongestWatchdogSeconds || nanos < 0 || nanos >= kNanosInSecond) {
    return base::InvalidField("fencing_status.watchdog_timeout", "must be from 0 to 1 h");
  }
  return absl::OkStatus();
}

absl::Status ValidateGoodbye(const v1::Goodbye& goodbye) {
  return CheckLength("goodbye.reason", goodbye.reason(), kMaxLongTextBytes);
}

}  // namespace evenkeel::coordinator
