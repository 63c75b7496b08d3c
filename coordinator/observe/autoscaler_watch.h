// Watches the HorizontalPodAutoscalers of a cluster, whatever they scale, and tells the core of those that
// are new or changed in what it is told.
//
// A coordinator that may not list them is as good as ever at everything but scaling: so this watch is no part
// of the API's health. A refusal is said once in the log, and tried again each minute.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/kube/kubernetes_api.h"
#include "common/kube/list_watch.h"
#include "coordinator/core/scale/workload_facts.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class AutoscalerWatch final : private kube::ListWatchListener {
 public:
  struct Sight {
    // All of them have been told.
    std::function<void()> listed;
    // They are not known any more, or were never, for a cause that somebody must do something about.
    std::function<void(const std::string& why)> unknown;
  };

  // Threading: events and `sight` come from the API's thread. All must outlive it.
  AutoscalerWatch(std::string cluster, kube::KubernetesApi& api, EventSink& sink, Sight sight);
  // Nothing comes any more after it.
  ~AutoscalerWatch() override;

 private:
  void OnReplaced(std::vector<kube::Json> objects, const std::vector<kube::ObjectName>& deleted) override;
  void OnChanged(kube::Json object) override;
  void OnDeleted(kube::Json object) override;
  void OnState(kube::ListWatchState state, const absl::Status& why) override;
  void Forget(const kube::ObjectName& name);

  const std::string cluster_;
  EventSink& sink_;
  const Sight sight_;
  std::map<AutoscalerName, AutoscalerFacts> told_;
  std::string refusal_;                     // as last said
  std::unique_ptr<kube::ListWatch> watch_;  // last: it uses the rest
};

}  // namespace evenkeel::coordinator
