// What is seen in one namespace of one cluster that applications are made of: pods, Services, and hashes of
// ConfigMaps and Secrets. Pure: fed by ApplicationWatch, which asks it.
//
// Memory: of each pod its labels, images and the names of its settings; of each ConfigMap and Secret a hash.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/switch/application_facts.h"
#include "coordinator/core/switch/switch_spec.h"
#include "coordinator/observe/application_pod.h"
#include "coordinator/observe/selector.h"
#include "coordinator/observe/settings_hash.h"

namespace evenkeel::coordinator {

// What a pod's containers use now, in millicores; none: it is not known. Short; the API's thread.
using PodCpu = std::function<std::optional<int64_t>(const std::string& node, const std::string& pod_uid)>;

class ApplicationPicture {
 public:
  // `hash` outlives it.
  ApplicationPicture(std::string name_space, const SettingsHash& hash)
      : name_space_(std::move(name_space)), hash_(hash) {}

  // Each says whether anything is different now that applications are made of.
  bool OnPod(const kube::Json& pod);
  bool OnPodGone(const std::string& name);
  bool OnService(const kube::Json& service);
  bool OnServiceGone(const std::string& name);
  // `kind`: "ConfigMap", "Secret".
  bool OnSettings(const char* kind, const kube::Json& object);
  bool OnSettingsGone(const char* kind, const std::string& name);

  // Of an application of this namespace. NOT_FOUND, FAILED_PRECONDITION or INVALID_ARGUMENT: there is no such
  // Service, it picks no pods, or the selector is none; the message is for people. Pods whose use is not
  // known count as the mean of the others. O(pods of the namespace).
  absl::StatusOr<ApplicationFacts> FactsOf(const Application& application, const PodCpu& cpu) const;

 private:
  absl::StatusOr<Selector> SelectorOf(const Application& application) const;
  void AddSettings(const ApplicationPod& pod, ApplicationFacts& facts) const;

  const std::string name_space_;
  const SettingsHash& hash_;
  std::map<std::string, ApplicationPod> pods_;                          // by name
  std::map<std::string, std::map<std::string, std::string>> services_;  // selectors by name
  std::map<std::string, std::string> settings_;                         // hashes by "ConfigMap web-settings"
};

}  // namespace evenkeel::coordinator
