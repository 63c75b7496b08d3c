#include "coordinator/observe/application_pod.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/kube/json.h"
#include "coordinator/observe/json_reading.h"
#include "coordinator/observe/kubernetes_facts.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using kube::Text;

// Where Kubernetes mounts what it gives to every pod: a Secret before 1.21, a projected volume since.
constexpr char kServiceAccountPath[] = "/var/run/secrets/kubernetes.io/serviceaccount";
// The cluster's own CA, which it puts into every namespace.
constexpr char kRootCa[] = "kube-root-ca.crt";

constexpr const char* kContainerLists[] = {"containers", "initContainers"};

class Settings {
 public:
  explicit Settings(std::map<std::string, bool>& named) : named_(named) {}

  // `reference` is of the object that names it, as {"name": ..., "optional": ...}.
  void Add(const char* kind, const Json* reference, const char* name_field = "name") {
    if (reference == nullptr) return;
    const std::string name = Text(*reference, {name_field});
    if (name.empty() || name == kRootCa || named_.size() >= ApplicationPod::kMostSettings) return;
    const bool needed = !IsTrue(*reference, {"optional"});
    bool& known = named_.try_emplace(absl::StrCat(kind, " ", name), needed).first->second;
    known = known || needed;
  }

 private:
  std::map<std::string, bool>& named_;
};

// Names of volumes.
std::set<std::string> MountedAsServiceAccount(const Json& pod) {
  std::set<std::string> volumes;
  for (const char* list : kContainerLists) {
    for (const Json& container : Array(pod, {"spec", list})) {
      for (const Json& mount : Array(container, {"volumeMounts"})) {
        if (Text(mount, {"mountPath"}) == kServiceAccountPath) volumes.insert(Text(mount, {"name"}));
      }
    }
  }
  return volumes;
}

void AddOfVolumes(const Json& pod, Settings& settings) {
  const std::set<std::string> given = MountedAsServiceAccount(pod);
  for (const Json& volume : Array(pod, {"spec", "volumes"})) {
    if (given.contains(Text(volume, {"name"}))) continue;
    settings.Add("ConfigMap", kube::Find(volume, {"configMap"}));
    settings.Add("Secret", kube::Find(volume, {"secret"}), "secretName");
    for (const Json& source : Array(volume, {"projected", "sources"})) {
      settings.Add("ConfigMap", kube::Find(source, {"configMap"}));
      settings.Add("Secret", kube::Find(source, {"secret"}));
    }
  }
}

void AddOfEnvironment(const Json& container, Settings& settings) {
  for (const Json& source : Array(container, {"envFrom"})) {
    settings.Add("ConfigMap", kube::Find(source, {"configMapRef"}));
    settings.Add("Secret", kube::Find(source, {"secretRef"}));
  }
  for (const Json& variable : Array(container, {"env"})) {
    settings.Add("ConfigMap", kube::Find(variable, {"valueFrom", "configMapKeyRef"}));
    settings.Add("Secret", kube::Find(variable, {"valueFrom", "secretKeyRef"}));
  }
}

// "docker-pullable://shop/web@sha256:...", "docker.io/shop/web@sha256:...", "sha256:...".
std::string DigestIn(const std::string& image_id) {
  const size_t at = image_id.rfind("sha256:");
  return at == std::string::npos ? std::string() : image_id.substr(at);
}

std::map<std::string, RunningImage> ImagesOf(const Json& pod) {
  std::map<std::string, RunningImage> images;
  for (const char* list : kContainerLists) {
    for (const Json& container : Array(pod, {"spec", list})) {
      images[Text(container, {"name"})].name = Text(container, {"image"});
    }
  }
  for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
    for (const Json& status : Array(pod, {"status", list})) {
      const auto image = images.find(Text(status, {"name"}));
      if (image == images.end() || absl::StrContains(image->second.name, "@")) continue;
      image->second.digest = DigestIn(Text(status, {"imageID"}));
    }
  }
  return images;
}

}  // namespace

ApplicationPod ApplicationPodFrom(const Json& pod) {
  ApplicationPod read;
  read.uid = kube::UidOf(pod);
  read.node = Text(pod, {"spec", "nodeName"});
  read.controller = ControllerOf(pod).uid;
  read.labels = Labels(pod);
  const std::string phase = Text(pod, {"status", "phase"});
  const bool going = kube::Find(pod, {"metadata", "deletionTimestamp"}) != nullptr;
  read.stays = !going && phase != "Succeeded" && phase != "Failed";
  read.ready = ConditionIsTrue(pod, "Ready");
  read.images = ImagesOf(pod);
  Settings settings(read.settings);
  AddOfVolumes(pod, settings);
  for (const char* list : kContainerLists) {
    for (const Json& container : Array(pod, {"spec", list})) AddOfEnvironment(container, settings);
  }
  return read;
}

}  // namespace evenkeel::coordinator
