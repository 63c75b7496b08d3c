#include "agent/core/node_state.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/bounded_text.h"
#include "agent/core/significance.h"
#include "agent/core/timestamps.h"

namespace evenkeel::agent {
namespace {

// What the coordinator accepts of names and texts.
constexpr size_t kLongestName = 253;
constexpr size_t kLongestText = 1024;
constexpr size_t kLongestDetail = 512;

void SetOptional(std::optional<uint64_t> value, v1::ContainerReport& report,
                 void (v1::ContainerReport::*set)(uint64_t), void (v1::ContainerReport::*clear)()) {
  value ? (report.*set)(*value) : (report.*clear)();
}

std::string ExitDetail(const RuntimeContainer& container) {
  if (!container.exit_code) {
    return "ended";
  }
  std::string detail = absl::StrCat("ended with exit code ", *container.exit_code);
  if (!container.exit_reason.empty()) {
    absl::StrAppend(&detail, " (", BoundedText(container.exit_reason, kLongestName), ")");
  }
  return detail;
}

constexpr char kOomKilled[] = "OOMKilled";
constexpr int32_t kKilledCode = 137;  // 128 + SIGKILL

// The runtime hears of a kill for want of memory from a watcher of its own, which may come late or miss it;
// the kernel has said so of this very container.
void NameOomKill(v1::ContainerReport& report) {
  if (report.state() == v1::CONTAINER_STATE_EXITED && report.oom_kills() > 0 &&
      report.exit_code() == kKilledCode) {
    report.set_exit_reason(kOomKilled);
  }
}

// How the container ended that had the name before, as the runtime still lists it.
void RefreshPreviousEnd(const RuntimeContainer& previous, v1::ContainerReport& report) {
  if (previous.state != v1::CONTAINER_STATE_EXITED) {
    return;
  }
  v1::ContainerEnd& end = *report.mutable_previous_end();
  if (previous.exit_code) {
    end.set_exit_code(*previous.exit_code);
  }
  if (!previous.exit_reason.empty() && end.reason() != kOomKilled) {
    end.set_reason(BoundedText(previous.exit_reason, kLongestName));
  }
  if (previous.finished) {
    *end.mutable_end_time() = AsTimestamp(*previous.finished);
  }
}

// The same as this agent saw it, of a container that runs no more; `now`: it was still running at the last
// look.
void TakePreviousEnd(const v1::ContainerReport& previous, absl::Time now, v1::ContainerReport& report) {
  v1::ContainerEnd& end = *report.mutable_previous_end();
  if (previous.has_exit_code()) {
    end.set_exit_code(previous.exit_code());
  }
  end.set_reason(previous.oom_kills() > 0 && previous.exit_reason().empty() ? kOomKilled
                                                                            : previous.exit_reason());
  *end.mutable_end_time() = previous.has_ended_time() ? previous.ended_time() : AsTimestamp(now);
}

// Brings what the runtime says of a container into its report.
void Refresh(const RuntimeContainer& container, v1::ContainerReport& report) {
  report.set_name(BoundedText(container.name, kLongestName));
  report.set_state(container.state);
  report.set_restarts(std::max(report.restarts(), container.restarts));
  if (container.exit_code) {
    report.set_exit_code(*container.exit_code);
  }
  if (!container.exit_reason.empty()) {
    report.set_exit_reason(BoundedText(container.exit_reason, kLongestName));
  }
  if (container.started) {
    *report.mutable_started_time() = AsTimestamp(*container.started);
  }
  if (container.finished) {
    *report.mutable_ended_time() = AsTimestamp(*container.finished);
  }
  NameOomKill(report);
  if (container.state == v1::CONTAINER_STATE_EXITED) {  // it uses nothing any more
    report.clear_cpu_used_millicores();
    report.clear_cpu_throttled_percent();
    report.clear_memory_working_set_bytes();
  }
}

}  // namespace

// Marks that there is news when `now` differs from what was sent enough to be worth a report.
template <typename Group>
void NodeState::Note(const Group& now, bool was_sent, const Group& sent) {
  news_ = news_ || !was_sent || WorthSending(now, sent);
}

void NodeState::SetPart(const PartObservation& seen, absl::Time now, v1::PartHealth& part, bool was_sent,
                        const v1::PartHealth& sent) {
  if (part.state() != seen.state) {
    *part.mutable_since() = AsTimestamp(now);
  }
  // The latency is that of the reading that led to what is told, so it changes only with it.
  const std::string detail = BoundedText(seen.detail, kLongestDetail);
  if (part.state() != seen.state || part.detail() != detail) {
    part.set_latency_us(static_cast<uint64_t>(std::max<int64_t>(0, absl::ToInt64Microseconds(seen.latency))));
  }
  part.set_state(seen.state);
  part.set_detail(detail);
  Note(part, was_sent, sent);
}

void NodeState::SetKubelet(const PartObservation& seen, absl::Time now) {
  SetPart(seen, now, *node_.mutable_kubelet(), sent_node_.has_kubelet(), sent_node_.kubelet());
}

void NodeState::SetRuntime(const PartObservation& seen, absl::Time now) {
  SetPart(seen, now, *node_.mutable_runtime(), sent_node_.has_runtime(), sent_node_.runtime());
}

void NodeState::SetPleg(const PartObservation& seen, absl::Time now) {
  SetPart(seen, now, *node_.mutable_pleg(), sent_node_.has_pleg(), sent_node_.pleg());
}

void NodeState::SetRuntimeVersion(const std::string& runtime_version) {
  std::string version = BoundedText(runtime_version, kLongestName);
  news_ = news_ || version != sent_node_.runtime_version();
  node_.set_runtime_version(std::move(version));
}

void NodeState::SetCpu(v1::NodeCpu cpu) {
  *node_.mutable_cpu() = std::move(cpu);
  Note(node_.cpu(), sent_node_.has_cpu(), sent_node_.cpu());
}

void NodeState::SetMemory(v1::NodeMemory memory) {
  *node_.mutable_memory() = std::move(memory);
  Note(node_.memory(), sent_node_.has_memory(), sent_node_.memory());
}

void NodeState::SetPressure(v1::Pressure pressure) {
  *node_.mutable_pressure() = std::move(pressure);
  Note(node_.pressure(), sent_node_.has_pressure(), sent_node_.pressure());
}

void NodeState::SetFilesystems(std::vector<v1::FilesystemUsage> filesystems) {
  node_.mutable_filesystems()->Clear();
  for (v1::FilesystemUsage& filesystem : filesystems) {
    *node_.add_filesystems() = std::move(filesystem);
  }
  news_ = news_ || FilesystemsChanged();
}

bool NodeState::FilesystemsChanged() const {
  const auto& now = node_.filesystems();
  const auto& sent = sent_node_.filesystems();
  return now.size() != sent.size() ||
         !std::equal(
             now.begin(), now.end(), sent.begin(),
             [](const v1::FilesystemUsage& a, const v1::FilesystemUsage& b) { return !WorthSending(a, b); });
}

void NodeState::SetBootTime(absl::Time boot_time) {
  // Uptime is told in hundredths of a second and read a moment later each time: a second's difference is no
  // other boot.
  const auto stamp = AsTimestamp(boot_time);
  if (!node_.has_boot_time() || std::abs(node_.boot_time().seconds() - stamp.seconds()) > 1) {
    *node_.mutable_boot_time() = stamp;
    news_ = true;
  }
}

void NodeState::SetPods(const std::vector<RuntimePod>& pods, absl::Time now) {
  const bool first = !pods_seen_;
  pods_seen_ = true;
  containers_.clear();
  std::map<std::string, Pod> before = std::exchange(pods_, {});
  for (const RuntimePod& seen : pods) {
    if (seen.uid.empty() || seen.uid.size() > kLongestName || pods_.size() == kMostPods) {
      continue;
    }
    if (auto node = before.extract(seen.uid)) {
      pods_.insert(std::move(node));
    }
    ReplacePod(seen, now, first);
  }
  for (const auto& [uid, pod] : before) {
    RemovePod(pod, now);
  }
}

void NodeState::ReplacePod(const RuntimePod& seen, absl::Time now, bool first) {
  Pod& pod = pods_[seen.uid];
  const v1::PodReport before = std::exchange(pod.now, {});
  pod.close = close_.contains(seen.uid);
  pod.now.set_uid(seen.uid);
  pod.now.set_namespace_(BoundedText(seen.pod_namespace, kLongestName));
  pod.now.set_name(BoundedText(seen.name, kLongestName));
  pod.now.set_sandbox_ready(seen.sandbox_ready);
  TellVanished(seen, before, now);
  for (const RuntimeContainer& container : seen.containers) {
    if (container.id.size() > kLongestText || pod.now.containers_size() == kMostContainers) {
      continue;
    }
    containers_[container.id] = {.pod_uid = seen.uid, .index = pod.now.containers_size()};
    const auto was =
        std::find_if(before.containers().begin(), before.containers().end(),
                     [&](const v1::ContainerReport& c) { return c.container_id() == container.id; });
    const bool known = was != before.containers().end();
    v1::ContainerReport& report = *pod.now.add_containers();
    if (known) {
      report = *was;  // keeps the gauges and what the kubelet added
    } else {
      report.set_container_id(container.id);
      report.set_image(BoundedText(container.image, kLongestText));
      const auto named =
          std::find_if(before.containers().begin(), before.containers().end(),
                       [&](const v1::ContainerReport& c) { return c.name() == container.name; });
      if (named != before.containers().end()) {
        TakePreviousEnd(*named, now, report);
      }
    }
    const auto replaced = std::find_if(seen.replaced.begin(), seen.replaced.end(),
                                       [&](const RuntimeContainer& c) { return c.name == container.name; });
    if (replaced != seen.replaced.end()) {
      RefreshPreviousEnd(*replaced, report);
    }
    Refresh(container, report);
    if (known || !first) {
      const auto state_before = known ? was->state() : v1::CONTAINER_STATE_UNSPECIFIED;
      TellTransition(seen.uid, container, state_before, report, now);
    }
  }
  NotePod(pod);
}

// Containers that ran and that the runtime no longer has as the newest of their name.
void NodeState::TellVanished(const RuntimePod& seen, const v1::PodReport& before, absl::Time now) {
  const auto find = [](const std::vector<RuntimeContainer>& containers, const std::string& id) {
    return std::find_if(containers.begin(), containers.end(),
                        [&](const RuntimeContainer& c) { return c.id == id; });
  };
  for (const v1::ContainerReport& was : before.containers()) {
    if (was.state() != v1::CONTAINER_STATE_RUNNING ||
        find(seen.containers, was.container_id()) != seen.containers.end()) {
      continue;
    }
    // It ended and was started again between two looks: how it ended may still be known.
    const auto replaced = find(seen.replaced, was.container_id());
    const bool known = replaced != seen.replaced.end();
    AddContainerOccurrence(v1::NodeOccurrence::KIND_CONTAINER_EXITED,
                           known ? replaced->finished.value_or(now) : now, seen.uid, was,
                           known ? ExitDetail(*replaced) : "gone from the runtime");
  }
}

void NodeState::TellTransition(const std::string& pod_uid, const RuntimeContainer& container,
                               v1::ContainerState before, const v1::ContainerReport& report, absl::Time now) {
  if (container.state == before) {
    return;
  }
  if (container.state == v1::CONTAINER_STATE_RUNNING) {
    AddContainerOccurrence(v1::NodeOccurrence::KIND_CONTAINER_STARTED, container.started.value_or(now),
                           pod_uid, report, "started");
  } else if (container.state == v1::CONTAINER_STATE_EXITED) {
    AddContainerOccurrence(v1::NodeOccurrence::KIND_CONTAINER_EXITED, container.finished.value_or(now),
                           pod_uid, report, ExitDetail(container));
  }
}

void NodeState::RemovePod(const Pod& pod, absl::Time now) {
  for (const v1::ContainerReport& was : pod.now.containers()) {
    if (was.state() == v1::CONTAINER_STATE_RUNNING) {
      AddContainerOccurrence(v1::NodeOccurrence::KIND_CONTAINER_EXITED, now, pod.now.uid(), was,
                             "gone with its pod");
    }
  }
  if (!pod.sent.uid().empty() && gone_.size() < kMostPods) {
    gone_.push_back(pod.now.uid());
    news_ = true;
  }
}

void NodeState::NotePod(Pod& pod) {
  pod.news = pod.sent.uid().empty() || pod.again ||
             (pod.close ? WorthSendingClosely(pod.now, pod.sent) : WorthSending(pod.now, pod.sent));
  news_ = news_ || pod.news;
  urgent_ = urgent_ || (pod.close && pod.news && !pod.sent.uid().empty() && LivesMoved(pod.now, pod.sent));
}

void NodeState::SampleClosely(const std::vector<std::string>& pod_uids) {
  close_.clear();
  for (const std::string& uid : pod_uids) {
    if (close_.size() == kMostPods) {
      break;
    }
    if (!uid.empty() && uid.size() <= kLongestName) {
      close_.insert(uid);
    }
  }
  for (auto& [uid, pod] : pods_) {
    const bool close = close_.contains(uid);
    if (close == pod.close) {
      continue;
    }
    // What was too little to be told until now may be news, and is what the first look is made from.
    pod.close = close;
    pod.again = false;
    pod.told_again = 0;
    NotePod(pod);
    urgent_ = urgent_ || (close && pod.news);
  }
}

v1::ContainerReport* NodeState::FindContainer(const std::string& container_id, Pod** pod) {
  const auto key = containers_.find(container_id);
  if (key == containers_.end()) {
    return nullptr;
  }
  *pod = &pods_.at(key->second.pod_uid);
  return (*pod)->now.mutable_containers(key->second.index);
}

void NodeState::SetUsage(const std::vector<ContainerUsage>& usage) {
  for (const ContainerUsage& used : usage) {
    Pod* pod = nullptr;
    v1::ContainerReport* report = FindContainer(used.container_id, &pod);
    if (report == nullptr || report->state() == v1::CONTAINER_STATE_EXITED) {
      continue;
    }
    SetOptional(used.cpu_millicores, *report, &v1::ContainerReport::set_cpu_used_millicores,
                &v1::ContainerReport::clear_cpu_used_millicores);
    SetOptional(used.memory_working_set_bytes, *report, &v1::ContainerReport::set_memory_working_set_bytes,
                &v1::ContainerReport::clear_memory_working_set_bytes);
    used.cpu_throttled_percent ? report->set_cpu_throttled_percent(*used.cpu_throttled_percent)
                               : report->clear_cpu_throttled_percent();
    pod->read = pod->close;
    NotePod(*pod);
  }
  for (const ContainerUsage& used : usage) {
    Pod* pod = nullptr;
    if (FindContainer(used.container_id, &pod) != nullptr && std::exchange(pod->read, false)) {
      NoteReading(*pod);
    }
  }
}

// A reading of a closely sampled pod, all its containers together.
void NodeState::NoteReading(Pod& pod) {
  if (CpuMoved(pod.now, pod.sent)) {
    pod.told_again = kToldAgain;
  } else if (pod.told_again > 0) {
    --pod.told_again;
    pod.again = true;
    NotePod(pod);
  }
  urgent_ = urgent_ || pod.news;
}

void NodeState::SetKubeletStatuses(const std::vector<KubeletContainerStatus>& statuses) {
  for (const KubeletContainerStatus& status : statuses) {
    Pod* pod = nullptr;
    v1::ContainerReport* report = FindContainer(status.container_id, &pod);
    if (report == nullptr) {
      continue;
    }
    if (!status.image.empty()) {
      report->set_image(BoundedText(status.image, kLongestText));
    }
    report->set_restarts(std::max(report->restarts(), status.restarts));
    if (status.exit_code && report->state() == v1::CONTAINER_STATE_EXITED) {
      report->set_exit_code(*status.exit_code);
      report->set_exit_reason(BoundedText(status.exit_reason, kLongestName));
      NameOomKill(*report);
    }
    NotePod(*pod);
  }
}

void NodeState::AddContainerOccurrence(v1::NodeOccurrence::Kind kind, absl::Time at,
                                       const std::string& pod_uid, const v1::ContainerReport& container,
                                       std::string detail) {
  v1::NodeOccurrence occurrence;
  occurrence.set_kind(kind);
  *occurrence.mutable_node_time() = AsTimestamp(at);
  occurrence.set_detail(std::move(detail));
  occurrence.set_pod_uid(pod_uid);
  occurrence.set_container(container.name());
  occurrences_.Add(std::move(occurrence));
}

void NodeState::AddKernelOccurrence(v1::NodeOccurrence::Kind kind, absl::Time at, std::string detail,
                                    const std::optional<std::string>& container_id) {
  v1::NodeOccurrence occurrence;
  occurrence.set_kind(kind);
  *occurrence.mutable_node_time() = AsTimestamp(at);
  occurrence.set_detail(BoundedText(detail, kLongestDetail));
  if (container_id) {
    Pod* pod = nullptr;
    if (v1::ContainerReport* container = FindContainer(*container_id, &pod); container != nullptr) {
      occurrence.set_pod_uid(pod->now.uid());
      occurrence.set_container(container->name());
      if (kind == v1::NodeOccurrence::KIND_OOM_KILL) {
        container->set_oom_kills(container->oom_kills() + 1);
        *container->mutable_oom_kill_time() = AsTimestamp(at);
        NameOomKill(*container);
        NotePod(*pod);
      }
    }
  }
  occurrences_.Add(std::move(occurrence));
}

v1::Report NodeState::TakeAll(absl::Time now) {
  v1::Report report;
  report.set_full(true);
  *report.mutable_node_time() = AsTimestamp(now);
  *report.mutable_node() = node_;
  sent_node_ = node_;
  for (auto& [uid, pod] : pods_) {
    *report.add_pods() = pod.now;
    pod.sent = pod.now;
    pod.news = false;
    pod.again = false;
  }
  gone_.clear();
  report_number_ = 1;
  occurrences_.Restart(now);
  occurrences_.MoveInto(report, report_number_);
  news_ = false;
  urgent_ = false;
  return report;
}

v1::Report NodeState::TakeChanges(absl::Time now) {
  v1::Report report;
  *report.mutable_node_time() = AsTimestamp(now);
  v1::NodeReport changed;
  // A group travels whole, or not at all when nothing of it is worth it.
#define EVENKEEL_TAKE_GROUP(group)                                                      \
  if (node_.has_##group() &&                                                            \
      (!sent_node_.has_##group() || WorthSending(node_.group(), sent_node_.group()))) { \
    *changed.mutable_##group() = node_.group();                                         \
    *sent_node_.mutable_##group() = node_.group();                                      \
  }
  EVENKEEL_TAKE_GROUP(kubelet)
  EVENKEEL_TAKE_GROUP(runtime)
  EVENKEEL_TAKE_GROUP(pleg)
  EVENKEEL_TAKE_GROUP(cpu)
  EVENKEEL_TAKE_GROUP(memory)
  EVENKEEL_TAKE_GROUP(pressure)
#undef EVENKEEL_TAKE_GROUP
  if (node_.runtime_version() != sent_node_.runtime_version()) {
    changed.set_runtime_version(node_.runtime_version());
    sent_node_.set_runtime_version(node_.runtime_version());
  }
  if (FilesystemsChanged()) {
    *changed.mutable_filesystems() = node_.filesystems();
    *sent_node_.mutable_filesystems() = node_.filesystems();
  }
  if (node_.has_boot_time() &&
      (!sent_node_.has_boot_time() || sent_node_.boot_time().seconds() != node_.boot_time().seconds())) {
    *changed.mutable_boot_time() = node_.boot_time();
    *sent_node_.mutable_boot_time() = node_.boot_time();
  }
  if (changed.ByteSizeLong() > 0) {
    *report.mutable_node() = std::move(changed);
  }
  for (auto& [uid, pod] : pods_) {
    if (pod.news) {
      *report.add_pods() = pod.now;
      pod.sent = pod.now;
      pod.news = false;
      pod.again = false;
    }
  }
  for (std::string& uid : gone_) {
    if (!pods_.contains(uid)) {
      report.add_gone_pod_uids(std::move(uid));
    }
  }
  gone_.clear();
  ++report_number_;
  occurrences_.MoveInto(report, report_number_);
  news_ = false;
  urgent_ = false;
  return report;
}

}  // namespace evenkeel::agent
