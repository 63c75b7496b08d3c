// What is seen of a switched application in one cluster: told by observe/ (pods, images, what they are
// configured by) and by usage/ (what they use).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace evenkeel::coordinator {

struct ApplicationFacts {
  uint32_t pods = 0;   // that are to stay: neither going nor ended
  uint32_t ready = 0;  // of them
  // By container: each image that any of its pods runs, with its digest where it is known.
  std::map<std::string, std::set<std::string>> images;
  // Of each ConfigMap and Secret that a pod of it names, a hash of what it holds; empty: it is not there.
  // Keys are "ConfigMap shop/web-settings". Hashes of secrets are keyed with what no store ever holds, so
  // that they tell nothing.
  std::map<std::string, std::string> settings;
  std::map<std::string, uint32_t> nodes;  // pods by node
  // Pods by the uid of what controls them (a ReplicaSet, a StatefulSet): by it their scaler is found. Those
  // that nothing controls are left out.
  std::map<std::string, uint32_t> controllers;
  int64_t cpu_millicores = 0;  // that its pods use now
  bool cpu_known = false;      // of most of them
  bool operator==(const ApplicationFacts&) const = default;
};

}  // namespace evenkeel::coordinator
