#include "coordinator/core/scale/scaled_pods.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace evenkeel::coordinator {
namespace {

constexpr uint8_t kTooLong = std::numeric_limits<uint8_t>::max();

// What of the row follows from its pod's facts and watch.
void Follow(const ScaledPod& pod, PodRow& row) {
  const WorkloadPodFacts& facts = pod.facts;
  row.request_millicores = facts.request_millicores;
  row.started = facts.started.value_or(absl::InfinitePast());
  row.has_started = facts.started.has_value();
  row.ready_changed = facts.ready_changed.value_or(absl::InfinitePast());
  row.has_ready_changed = facts.ready_changed.has_value();
  row.phase = facts.phase;
  row.deleting = facts.deleting;
  row.ready = facts.ready;
  row.failing = facts.failing;
  row.watched = pod.watch.has_value();
  row.sudden_millicores = pod.watch ? pod.watch->sudden_millicores : 0;
}

}  // namespace

// Its row is there, and nobody else's.
void ScaledPods::Join(Pod& pod) {
  PodRow& row = RowAt(pod.second.place);
  pod.second.row = &row;
  row.pod = &pod;
  row.taken = true;
  const std::string& uid = pod.first;
  row.uid_size = uid.size() <= row.uid_text.size() ? static_cast<uint8_t>(uid.size()) : kTooLong;
  if (row.uid_size != kTooLong) std::copy(uid.begin(), uid.end(), row.uid_text.begin());
  Follow(pod.second, row);
}

std::pair<ScaledPods::iterator, bool> ScaledPods::try_emplace(const std::string& uid) {
  const auto [place, fresh] = pods_.try_emplace(uid);
  if (!fresh) return {place, false};
  if (free_.empty()) {
    const size_t first = blocks_.size() * kRowsInBlock;
    blocks_.emplace_back();
    for (size_t i = 0; i < kRowsInBlock; ++i) free_.insert(first + i);
  }
  place->second.place = *free_.begin();
  free_.erase(free_.begin());
  Join(*place);
  return {place, true};
}

void ScaledPods::erase(iterator pod) {
  *pod->second.row = PodRow();
  free_.insert(pod->second.place);
  pods_.erase(pod);
}

void ScaledPods::clear() {
  pods_.clear();
  blocks_.clear();
  free_.clear();
}

void ScaledPods::SetFacts(ScaledPod& pod, const WorkloadPodFacts& facts) {
  pod.facts = facts;
  Follow(pod, *pod.row);
}

void ScaledPods::SetWatch(ScaledPod& pod, std::optional<PodWatch> watch) {
  pod.watch = std::move(watch);
  Follow(pod, *pod.row);
  if (pod.watch) return;
  SetUsage(*pod.row, {});
  pod.row->told = false;
}

void ScaledPods::SetUsage(PodRow& row, const PodUsage& usage) {
  row.told = true;
  row.has_steady = usage.steady.has_value();
  row.steady = usage.steady.value_or(CpuSample());
  row.has_sudden = usage.sudden.has_value();
  row.sudden = usage.sudden.value_or(CpuSample());
  row.held = usage.held;
  row.has_throttled = usage.throttled_percent.has_value();
  row.throttled_percent = usage.throttled_percent.value_or(0);
  const bool has_died = usage.deaths != PodDeaths();
  if (has_died || row.has_died) row.pod->second.deaths = usage.deaths;
  row.has_died = has_died;
}

void ScaledPods::PartsChanged() {
  std::vector<bool> taken(blocks_.size() * kRowsInBlock);
  for (const auto& [uid, pod] : pods_) {
    // Bytes that were never made of this.
    if (pod.place >= taken.size() || taken[pod.place]) return clear();
    taken[pod.place] = true;
  }
  free_.clear();
  for (size_t place = 0; place < taken.size(); ++place) {
    if (!taken[place]) free_.insert(free_.end(), place);
  }
  for (Pod& pod : pods_) Join(pod);
}

}  // namespace evenkeel::coordinator
