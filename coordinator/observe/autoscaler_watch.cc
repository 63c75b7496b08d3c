#include "coordinator/observe/autoscaler_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/kube/json.h"
#include "common/log/log.h"
#include "coordinator/observe/autoscaler_facts.h"

namespace evenkeel::coordinator {

AutoscalerWatch::AutoscalerWatch(std::string cluster, kube::KubernetesApi& api, EventSink& sink, Sight sight)
    : cluster_(std::move(cluster)), sink_(sink), sight_(std::move(sight)) {
  kube::ListWatchOptions options = {.resource = kube::HorizontalPodAutoscalers()};
  options.backoff.maximum = absl::Minutes(1);
  watch_ = std::make_unique<kube::ListWatch>(api, options, static_cast<kube::ListWatchListener&>(*this));
}

AutoscalerWatch::~AutoscalerWatch() = default;

void AutoscalerWatch::OnReplaced(std::vector<kube::Json> objects,
                                 const std::vector<kube::ObjectName>& deleted) {
  for (const kube::ObjectName& name : deleted) Forget(name);
  for (kube::Json& object : objects) OnChanged(std::move(object));
  if (!std::exchange(refusal_, {}).empty()) {
    log::Info("the cluster's HorizontalPodAutoscalers can be listed: workloads are scaled",
              {{"cluster", cluster_}});
  }
  sight_.listed();
}

void AutoscalerWatch::OnChanged(kube::Json object) {
  const kube::ObjectName name = kube::NameOf(object);
  const AutoscalerName key = {.name_space = name.name_space, .name = name.name};
  AutoscalerFacts now = AutoscalerFactsFrom(object);
  const auto [told, is_new] = told_.try_emplace(key);
  if (!is_new && told->second == now) return;
  told->second = now;
  sink_.Post(AutoscalerObserved{.cluster = cluster_, .name = key, .facts = std::move(now)});
}

void AutoscalerWatch::OnDeleted(kube::Json object) {
  Forget(kube::NameOf(object));
}

void AutoscalerWatch::Forget(const kube::ObjectName& name) {
  const AutoscalerName key = {.name_space = name.name_space, .name = name.name};
  if (told_.erase(key) != 0) sink_.Post(AutoscalerGone{.cluster = cluster_, .name = key});
}

// While there is only no answer, what was told still counts: that the API is away is told elsewhere (L8).
void AutoscalerWatch::OnState(kube::ListWatchState state, const absl::Status& why) {
  const bool refused = absl::IsPermissionDenied(why) || absl::IsUnauthenticated(why) || absl::IsNotFound(why);
  if (state != kube::ListWatchState::kDisconnected || !refused) return;
  const std::string refusal = absl::StrCat(
      "the cluster's HorizontalPodAutoscalers cannot be listed, and one may scale it: ", why.ToString());
  if (refusal == refusal_) return;
  refusal_ = refusal;
  log::Warn("cannot list the cluster's HorizontalPodAutoscalers: no workload is scaled",
            {{"cluster", cluster_}, {"cause", why}});
  sight_.unknown(refusal);
}

}  // namespace evenkeel::coordinator
