#include "coordinator/observe/workload_picture.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/kube/json.h"

namespace evenkeel::coordinator {

WorkloadPicture::WorkloadPicture(std::string cluster, EventSink& sink)
    : cluster_(std::move(cluster)), sink_(sink) {}

void WorkloadPicture::OnPod(const kube::Json& pod) {
  SelectablePod now = SelectablePodFrom(pod);
  const kube::ObjectName name = kube::NameOf(pod);
  const auto known = pods_.find(name);
  // Without a uid, or with another one, the pod that was known is gone.
  if (known != pods_.end() && known->second.pod.uid != now.uid) OnPodGone(name);
  if (now.uid.empty()) return;
  const auto [found, is_new] = pods_.try_emplace(name);
  PodEntry& entry = found->second;
  if (!is_new && entry.pod == now) return;
  const bool facts_changed = entry.pod.facts != now.facts;
  const std::set<Workload> before = entry.owners;
  entry.pod = std::move(now);
  const std::set<Workload> after = OwnersOf(entry.pod);
  for (const Workload& owner : before) {
    if (after.contains(owner)) continue;
    Disown(owner, name, entry);
    NotePodGone(owner, entry);
  }
  for (const Workload& owner : after) {
    const bool is_added = !before.contains(owner);
    if (is_added) Own(owner, name, entry);
    if (is_added || facts_changed) NotePod(owner, entry);
  }
  Tell();
}

void WorkloadPicture::OnPodGone(const kube::ObjectName& name) {
  const auto found = pods_.find(name);
  if (found == pods_.end()) return;
  const std::set<Workload> owners = found->second.owners;
  for (const Workload& owner : owners) {
    Disown(owner, name, found->second);
    NotePodGone(owner, found->second);
  }
  pods_.erase(found);
  Tell();
}

void WorkloadPicture::Watch(const Workload& workload) {
  const auto [found, is_new] = workloads_.try_emplace(workload);
  Entry& entry = found->second;
  if (entry.facts) {
    TellFacts(workload, entry, true);
    for (const kube::ObjectName& pod : entry.pods) NotePod(workload, pods_.at(pod));
    Tell();
  } else if (!entry.gone.empty()) {
    sink_.Post(WorkloadGone{
        .cluster = cluster_, .workload = workload, .reason = entry.gone, .absent = entry.absent});
  }
}

void WorkloadPicture::Unwatch(const Workload& workload) {
  const auto found = workloads_.find(workload);
  if (found == workloads_.end()) return;
  DisownAll(workload, found->second);
  workloads_.erase(found);
  touched_.erase(workload);
  Tell();
}

void WorkloadPicture::OnScale(const Workload& workload, const ScaleSubresource& scale, bool again) {
  const auto found = workloads_.find(workload);
  if (found == workloads_.end()) return;
  Entry& entry = found->second;
  const bool is_new = !entry.facts;
  const bool is_another = !is_new && entry.facts->uid != scale.uid;
  if (is_another) {
    for (const kube::ObjectName& pod : entry.pods) NotePodGone(workload, pods_.at(pod));
    DisownAll(workload, entry);
  }
  if (is_new) entry.facts.emplace();
  entry.gone.clear();
  entry.facts->uid = scale.uid;
  entry.facts->replicas = scale.replicas;
  entry.facts->status_replicas = scale.status_replicas;
  if (is_new || is_another || entry.selector_text != scale.selector) {
    SetSelector(workload, entry, scale.selector);
  }
  TellFacts(workload, entry, again);
  Tell();
}

void WorkloadPicture::OnWorkloadGone(const Workload& workload, const std::string& reason, bool absent) {
  const auto found = workloads_.find(workload);
  if (found == workloads_.end()) return;
  Entry& entry = found->second;
  if (!entry.facts && entry.gone == reason && entry.absent == absent) return;
  DisownAll(workload, entry);  // nobody is told of each: they are gone with it
  entry = Entry{.gone = reason, .absent = absent};
  sink_.Post(WorkloadGone{.cluster = cluster_, .workload = workload, .reason = reason, .absent = absent});
  Tell();
}

WorkloadPicture::Anchor WorkloadPicture::AnchorOf(const Workload& workload, const Entry& entry) {
  return {workload.name_space, entry.selector.anchor().first, entry.selector.anchor().second};
}

std::set<Workload> WorkloadPicture::OwnersOf(const SelectablePod& pod) const {
  std::set<Workload> owners;
  const auto look = [&](const Anchor& anchor) {
    const auto candidates = anchored_.find(anchor);
    if (candidates == anchored_.end()) return;
    for (const Workload& workload : candidates->second) {
      if (workloads_.at(workload).selector.Matches(pod.labels)) owners.insert(workload);
    }
  };
  look({pod.name_space, "", ""});
  for (const auto& [key, value] : pod.labels) look({pod.name_space, key, value});
  return owners;
}

void WorkloadPicture::Own(const Workload& workload, const kube::ObjectName& name, PodEntry& pod) {
  Entry& entry = workloads_.at(workload);
  entry.pods.insert(name);
  for (const Workload& other : pod.owners) {
    ++entry.shared[other];
    ++workloads_.at(other).shared[workload];
    touched_.insert(other);
    touched_.insert(workload);
  }
  pod.owners.insert(workload);
}

void WorkloadPicture::Disown(const Workload& workload, const kube::ObjectName& name, PodEntry& pod) {
  const auto uncount = [](Entry& entry, const Workload& with) {
    const auto count = entry.shared.find(with);
    if (--count->second == 0) entry.shared.erase(count);
  };
  Entry& entry = workloads_.at(workload);
  entry.pods.erase(name);
  pod.owners.erase(workload);
  for (const Workload& other : pod.owners) {
    uncount(entry, other);
    uncount(workloads_.at(other), workload);
    touched_.insert(other);
    touched_.insert(workload);
  }
}

// As if it had never shown a selector.
void WorkloadPicture::DisownAll(const Workload& workload, Entry& entry) {
  const std::set<kube::ObjectName> pods = entry.pods;
  for (const kube::ObjectName& pod : pods) Disown(workload, pod, pods_.at(pod));
  if (const auto index = anchored_.find(AnchorOf(workload, entry)); index != anchored_.end()) {
    index->second.erase(workload);
    if (index->second.empty()) anchored_.erase(index);
  }
}

void WorkloadPicture::SetSelector(const Workload& workload, Entry& entry, const std::string& text) {
  const std::set<kube::ObjectName> before = entry.pods;
  DisownAll(workload, entry);
  absl::StatusOr<Selector> parsed = Selector::Parse(text);
  entry.selector = parsed.ok() ? *std::move(parsed) : Selector();
  entry.selector_text = text;
  entry.facts->no_selector.clear();
  if (!parsed.ok()) {
    entry.facts->no_selector = absl::StrCat("its selector is not understood: ", parsed.status().message());
  } else if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    entry.facts->no_selector = "its scale subresource names no selector";
  } else {
    anchored_[AnchorOf(workload, entry)].insert(workload);
    for (auto pod = pods_.lower_bound({.name_space = workload.name_space});
         pod != pods_.end() && pod->first.name_space == workload.name_space; ++pod) {
      if (!entry.selector.Matches(pod->second.pod.labels)) continue;
      Own(workload, pod->first, pod->second);
      if (!before.contains(pod->first)) NotePod(workload, pod->second);
    }
  }
  for (const kube::ObjectName& pod : before) {
    if (!entry.pods.contains(pod)) NotePodGone(workload, pods_.at(pod));
  }
}

void WorkloadPicture::NotePod(const Workload& workload, const PodEntry& pod) {
  news_.emplace_back(WorkloadPodObserved{
      .cluster = cluster_, .workload = workload, .pod_uid = pod.pod.uid, .facts = pod.pod.facts});
}

void WorkloadPicture::NotePodGone(const Workload& workload, const PodEntry& pod) {
  news_.emplace_back(WorkloadPodGone{.cluster = cluster_, .workload = workload, .pod_uid = pod.pod.uid});
}

void WorkloadPicture::TellFacts(const Workload& workload, Entry& entry, bool again) {
  WorkloadFacts now = *entry.facts;
  if (!entry.shared.empty()) now.overlaps = entry.shared.begin()->first;
  if (!again && entry.told == now) return;
  entry.told = now;
  sink_.Post(WorkloadObserved{.cluster = cluster_, .workload = workload, .facts = std::move(now)});
}

// A workload before its pods.
void WorkloadPicture::Tell() {
  for (const Workload& workload : std::exchange(touched_, {})) {
    const auto found = workloads_.find(workload);
    if (found != workloads_.end() && found->second.facts) TellFacts(workload, found->second, false);
  }
  for (Event& event : std::exchange(news_, {})) sink_.Post(std::move(event));
}

}  // namespace evenkeel::coordinator
