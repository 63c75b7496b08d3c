#include "coordinator/store/event_log_pods.h"

namespace evenkeel::coordinator {

void PodNumbers::Shorten(storage::v1::Event& event) {
  if (!event.has_usage_told()) return;
  for (storage::v1::PodUsage& pod : *event.mutable_usage_told()->mutable_pods()) {
    if (pod.pod_uid().empty()) continue;
    if (const auto known = numbers_.find(pod.pod_uid()); known != numbers_.end()) {
      pod.set_number(known->second);
      pod.clear_pod_uid();
    } else if (numbers_.size() < kMostNumberedPods) {
      numbers_.emplace(pod.pod_uid(), static_cast<uint32_t>(numbers_.size() + 1));
    }
  }
}

bool PodNames::Lengthen(storage::v1::Event& event) {
  if (!event.has_usage_told()) return true;
  for (storage::v1::PodUsage& pod : *event.mutable_usage_told()->mutable_pods()) {
    if (!pod.pod_uid().empty()) {
      if (names_.size() < kMostNumberedPods) names_.push_back(pod.pod_uid());
      continue;
    }
    if (pod.number() == 0) continue;
    if (pod.number() > names_.size()) return false;
    pod.set_pod_uid(names_[pod.number() - 1]);
    pod.clear_number();
  }
  return true;
}

}  // namespace evenkeel::coordinator
