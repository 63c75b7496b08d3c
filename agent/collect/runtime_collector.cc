#include "agent/collect/runtime_collector.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/decode/cgroup_path.h"
#include "agent/decode/procfs.h"
#include "common/base/status.h"

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

bool Has(const CgroupMembership& membership, std::string_view controller) {
  return std::find(membership.controllers.begin(), membership.controllers.end(), controller) !=
         membership.controllers.end();
}

}  // namespace

RuntimeCollector::RuntimeCollector(const HostRoot& host, const std::string& socket, Board& board,
                                   UsageCollector& usage, const time::Clock& clock)
    : host_(host),
      socket_path_(host.Path(socket)),
      board_(board),
      usage_(usage),
      clock_(clock),
      client_(socket_path_) {}

absl::Status RuntimeCollector::Look() {
  whole_ = !whole_;
  return whole_ ? Collect() : CollectDeaths();
}

absl::Status RuntimeCollector::CollectDeaths() {
  if (!version_known_ || !board_.SamplesClosely()) {
    return absl::OkStatus();
  }
  between_.Clear();
  EVENKEEL_RETURN_IF_ERROR(client_.ListContainers(kDeadline, between_));
  const bool same = static_cast<size_t>(between_.containers_size()) == details_.size() &&
                    std::all_of(between_.containers().begin(), between_.containers().end(),
                                [this](const cri::Container& container) {
                                  const auto known = details_.find(container.id());
                                  return known != details_.end() && known->second.state == container.state();
                                });
  return same ? absl::OkStatus() : ReadPods();
}

absl::Status RuntimeCollector::Collect() {
  const absl::Time began = clock_.Now();
  PartObservation seen = ReadHealth();
  seen.latency = clock_.Now() - began;
  const bool answers = seen.state == v1::PART_STATE_HEALTHY || seen.state == v1::PART_STATE_UNHEALTHY;
  has_answered_ = has_answered_ || answers;
  board_.Update([&](NodeState& state) { state.SetRuntime(seen, absl::Now()); });
  if (!answers) {
    version_known_ = false;  // another may come back
    return absl::OkStatus();
  }
  EVENKEEL_RETURN_IF_ERROR(ReadVersion());
  EVENKEEL_RETURN_IF_ERROR(ReadPods());
  return ReadStats();
}

PartObservation RuntimeCollector::ReadHealth() {
  struct stat info {};
  if (stat(socket_path_.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    if (has_answered_) {
      return {.state = v1::PART_STATE_UNREACHABLE,
              .detail = absl::StrCat("its socket ", socket_path_, " is gone"),
              .latency = {}};
    }
    return {
        .state = v1::PART_STATE_ABSENT, .detail = absl::StrCat("there is no ", socket_path_), .latency = {}};
  }
  status_.Clear();
  if (const absl::Status status = client_.Status(kDeadline, status_); !status.ok()) {
    switch (status.code()) {
      case absl::StatusCode::kUnimplemented:
        return {.state = v1::PART_STATE_UNSPECIFIED,
                .detail = "the runtime does not speak version 1 of the Container Runtime Interface",
                .latency = {}};
      case absl::StatusCode::kDeadlineExceeded:
        return {.state = v1::PART_STATE_UNREACHABLE,
                .detail = absl::StrCat("no answer within ", absl::FormatDuration(kDeadline)),
                .latency = {}};
      case absl::StatusCode::kUnavailable:
        return {.state = v1::PART_STATE_UNREACHABLE, .detail = "nobody answers on its socket", .latency = {}};
      default:
        return {.state = v1::PART_STATE_UNHEALTHY, .detail = std::string(status.message()), .latency = {}};
    }
  }
  for (const cri::RuntimeCondition& condition : status_.status().conditions()) {
    if (condition.type() == "RuntimeReady" && !condition.status()) {
      return {.state = v1::PART_STATE_UNHEALTHY,
              .detail = absl::StrCat(condition.reason(), ": ", condition.message()),
              .latency = {}};
    }
  }
  return {.state = v1::PART_STATE_HEALTHY, .detail = "", .latency = {}};
}

absl::Status RuntimeCollector::ReadVersion() {
  if (version_known_) {
    return absl::OkStatus();
  }
  cri::VersionResponse version;
  EVENKEEL_RETURN_IF_ERROR(client_.Version(kDeadline, version));
  version_known_ = true;
  board_.Update([&](NodeState& state) {
    state.SetRuntimeVersion(absl::StrCat(version.runtime_name(), " ", version.runtime_version()));
  });
  return absl::OkStatus();
}

absl::Status RuntimeCollector::ReadPods() {
  sandboxes_.Clear();
  containers_.Clear();
  // Sandboxes last: a container's sandbox was made before it, so each listed container finds its own.
  EVENKEEL_RETURN_IF_ERROR(client_.ListContainers(kDeadline, containers_));
  EVENKEEL_RETURN_IF_ERROR(client_.ListPodSandbox(kDeadline, sandboxes_));
  absl::Status details = UpdateDetails();
  board_.Update([pods = GatherPods(sandboxes_, containers_, details_)](NodeState& state) {
    state.SetPods(pods, absl::Now());
  });
  TellLocations();
  return details;
}

// Asks for the details of containers that are new or have changed their state, and forgets those that are
// gone.
absl::Status RuntimeCollector::UpdateDetails() {
  std::map<std::string, ContainerDetails> before = std::exchange(details_, {});
  int asked = 0;
  absl::Status failure;
  for (const cri::Container& container : containers_.containers()) {
    ContainerDetails details;
    if (auto known = before.extract(container.id())) {
      details = std::move(known.mapped());
    }
    if (details.state != container.state()) {
      details.state = container.state();
      details.complete = false;
    }
    if (!details.complete && failure.ok() && asked < kMostDetailsPerRound) {
      ++asked;
      const absl::Status status = ReadDetails(container, details);
      details.complete =
          status.ok() || absl::IsNotFound(status);  // removed meanwhile: the next listing will say so
      if (!details.complete) {
        failure = status;
      }
    }
    details_.insert_or_assign(container.id(), std::move(details));
  }
  return failure;
}

absl::Status RuntimeCollector::ReadDetails(const cri::Container& container, ContainerDetails& details) {
  const bool find_cgroup = container.state() == cri::CONTAINER_RUNNING && details.cgroup_directory.empty();
  cri::ContainerStatusResponse response;
  EVENKEEL_RETURN_IF_ERROR(client_.ContainerStatus(kDeadline, container.id(), find_cgroup, response));
  TakeStatus(response.status(), details);
  if (find_cgroup) {
    details.cgroup_directory = FindCgroup(response);
  }
  return absl::OkStatus();
}

// The runtime's own specification of the container is the same for every reader; what /proc/PID/cgroup says
// depends on the reader's control group namespace, so it only stands in.
std::string RuntimeCollector::FindCgroup(const cri::ContainerStatusResponse& response) const {
  const auto text = response.info().find("info");
  if (text == response.info().end()) {
    return "";
  }
  const auto info = DecodeRuntimeContainerInfo(text->second);
  if (!info.ok()) {
    return "";
  }
  if (info->cgroups_path) {
    const auto directory = CgroupDirectory(*info->cgroups_path);
    if (directory.ok() && usage_.hierarchies().Exists(*directory)) {
      return *directory;
    }
  }
  if (!info->pid) {
    return "";
  }
  KernelFile file(host_.Path(absl::StrCat("/proc/", *info->pid, "/cgroup")));
  std::string buffer;
  const auto bytes = file.Read(buffer);
  if (!bytes.ok()) {
    return "";
  }
  const auto memberships = DecodeProcessCgroups(*bytes);
  if (!memberships.ok()) {
    return "";
  }
  const bool v2 = usage_.hierarchies().version() == CgroupVersion::kV2;
  for (const CgroupMembership& membership : *memberships) {
    const bool counts = v2 ? membership.controllers.empty() : Has(membership, "cpuacct");
    if (counts && !absl::StrContains(membership.path, "/..") &&
        usage_.hierarchies().Exists(membership.path)) {
      return membership.path;
    }
  }
  return "";
}

// Tells the usage collector which containers run and where, when that has changed.
void RuntimeCollector::TellLocations() {
  std::vector<ContainerLocation> locations;
  std::vector<std::string> located;
  for (const auto& [id, details] : details_) {
    if (details.state == cri::CONTAINER_RUNNING && details.complete) {
      locations.push_back({.container_id = id, .cgroup_directory = details.cgroup_directory});
      located.push_back(absl::StrCat(id, details.cgroup_directory));
    }
  }
  if (located != located_) {
    located_ = std::move(located);
    usage_.SetContainers(std::move(locations));
  }
}

absl::Status RuntimeCollector::ReadStats() {
  if (!usage_.NeedsCounters() || clock_.Now() < stats_due_) {
    return absl::OkStatus();
  }
  stats_due_ = clock_.Now() + kStatsInterval;
  cri::ListContainerStatsResponse stats;
  EVENKEEL_RETURN_IF_ERROR(client_.ListContainerStats(kDeadline, stats));
  std::vector<ContainerCounters> counters;
  for (const cri::ContainerStats& stat : stats.stats()) {
    ContainerCounters& counter = counters.emplace_back();
    counter.container_id = stat.attributes().id();
    if (stat.cpu().has_usage_core_nano_seconds() && stat.cpu().timestamp() > 0) {
      const uint64_t used = stat.cpu().usage_core_nano_seconds().value();
      counter.cpu_total = absl::Nanoseconds(static_cast<int64_t>(std::min<uint64_t>(used, INT64_MAX)));
      counter.cpu_time = absl::FromUnixNanos(stat.cpu().timestamp());
    }
    if (stat.memory().has_working_set_bytes()) {
      counter.memory_working_set_bytes = stat.memory().working_set_bytes().value();
    }
  }
  usage_.AddCounters(UsageCollector::Source::kRuntime, counters);
  return absl::OkStatus();
}

}  // namespace evenkeel::agent
