// What Kubernetes says of a pod, as a switch of its application asks for it. Pure; any field may be missing,
// and nothing here throws.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "common/kube/kubernetes_api.h"

namespace evenkeel::coordinator {

// An image as it runs: "shop/web:1@sha256:...", without the digest where it is not known (yet).
struct RunningImage {
  std::string name;    // as the pod asks for it
  std::string digest;  // "sha256:..."; empty: not known, or the name holds it already
  bool operator==(const RunningImage&) const = default;
};

struct ApplicationPod {
  // Of settings that one pod names; more are left out, and nobody writes such a pod.
  static constexpr size_t kMostSettings = 256;

  std::string uid;
  std::string node;        // empty: not bound
  std::string controller;  // uid of what controls it; empty: nothing does
  std::map<std::string, std::string> labels;
  bool stays = false;  // it is neither going nor ended
  bool ready = false;
  std::map<std::string, RunningImage> images;  // by container, init containers among them
  // "ConfigMap web-settings", "Secret web-key": what it is configured by; whether it must be there. Without
  // what Kubernetes itself gives to every pod (the token of its service account, the cluster's CA), which
  // differs from cluster to cluster, and without pull secrets, which configure nothing.
  std::map<std::string, bool> settings;
  bool operator==(const ApplicationPod&) const = default;
};

ApplicationPod ApplicationPodFrom(const kube::Json& pod);

}  // namespace evenkeel::coordinator
