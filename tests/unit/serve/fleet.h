// Pieces of a fleet for the tests of the read model.
#pragma once

#include <memory>
#include <string>

#include "coordinator/core/effects.h"
#include "coordinator/observe/fleet_observer.h"
#include "coordinator/session/report_sink.h"

namespace evenkeel::coordinator {

inline ObservedNode MakeNode(const std::string& cluster, const std::string& name,
                             std::map<std::string, std::string> labels = {}) {
  ObservedNode node;
  node.key = {cluster, name};
  node.facts.uid = "uid-" + name;
  node.facts.ready = true;
  node.labels = std::move(labels);
  return node;
}

inline ObservedPod MakePod(const PodKey& key, const std::string& node, const std::string& uid = "",
                           std::map<std::string, std::string> labels = {}) {
  ObservedPod pod;
  pod.key = key;
  pod.facts.uid = uid.empty() ? "uid-" + key.name : uid;
  pod.facts.node = node;
  pod.facts.phase = "Running";
  pod.labels = std::move(labels);
  pod.containers = {{.name = "app", .image = "app:1", .ready = true, .restarts = 0}};
  return pod;
}

inline SessionDescription MakeSession(uint64_t id) {
  SessionDescription session;
  session.session_id = id;
  session.agent_version = "1.0";
  session.opened = absl::FromUnixSeconds(1'700'000'000);
  session.last_beat = std::make_shared<LastBeat>(session.opened);
  return session;
}

inline Notice MakeVerdict(const NodeKey& node, Verdict verdict) {
  VerdictChanged changed;
  changed.node = node;
  changed.verdict = verdict;
  changed.reason = "as the test says";
  changed.since = absl::FromUnixSeconds(1'700'000'001);
  return changed;
}

}  // namespace evenkeel::coordinator
