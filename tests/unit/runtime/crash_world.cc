#include "tests/unit/runtime/crash_world.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <new>
#include <set>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::testing {

using coordinator::ActionKind;
using coordinator::ActionOutcome;

static_assert(std::is_trivially_copyable_v<CrashWorld>, "it is shared between processes");

CrashWorld* CrashWorld::MakeShared() {
  void* memory =
      ::mmap(nullptr, sizeof(CrashWorld), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EVENKEEL_CHECK(memory != MAP_FAILED) << "no shared memory";
  auto* world = new (memory) CrashWorld;
  world->Reset();
  return world;
}

void CrashWorld::Reset() {
  std::memset(static_cast<void*>(this), 0, sizeof(*this));
  now_ns_ = absl::ToUnixNanos(absl::FromUnixSeconds(1'700'000'000));
  lease_renewed_ns_ = now_ns_;
  powered_ = true;
  AddPod(/*stateful=*/false, 0, true);
  AddPod(/*stateful=*/false, 0, true);
  AddPod(/*stateful=*/false, 1, true);
  AddPod(/*stateful=*/true, 0, true);
}

void CrashWorld::AddPod(bool stateful, int node, bool ready) {
  EVENKEEL_CHECK(pod_count_ < kMostPods) << "pods are made without end";
  pods_[pod_count_] = {.uid = static_cast<uint32_t>(pod_count_ + 1),
                       .stateful = stateful,
                       .node = node,
                       .exists = true,
                       .ready = ready,
                       .ready_at_ns = now_ns_ + absl::ToInt64Nanoseconds(absl::Seconds(1))};
  ++pod_count_;
}

void CrashWorld::Advance(absl::Duration by) {
  now_ns_ += absl::ToInt64Nanoseconds(by);
  if (powered_) lease_renewed_ns_ = now_ns_;
  int replicas = 0;
  for (int i = 0; i < pod_count_; ++i) {
    StoredPod& pod = pods_[i];
    if (!pod.exists || pod.stateful) continue;
    ++replicas;
    if (pod.node != 0 && now_ns_ >= pod.ready_at_ns) pod.ready = true;
  }
  for (; replicas < 3; ++replicas) AddPod(/*stateful=*/false, 1 + pod_count_ % 2, false);
}

void CrashWorld::PowerOff() {
  powered_ = false;
}

bool CrashWorld::MissesPods() const {
  int ready = 0;
  for (int i = 0; i < pod_count_; ++i) ready += pods_[i].exists && !pods_[i].stateful && pods_[i].ready;
  return ready < 3;
}

coordinator::NodeKey CrashWorld::Node(int index) {
  return {.cluster = kCluster, .node = absl::StrCat("node-", index)};
}

coordinator::NodeFacts CrashWorld::NodeFactsOf(int index) const {
  return {.uid = absl::StrCat("uid-node-", index),
          .address = absl::StrCat("10.0.0.", index),
          .failure_domain = absl::StrCat("zone-", index),
          .ready = true,
          .failover_taint = index == 0 && tainted_};
}

std::vector<CrashWorld::Pod> CrashWorld::Pods() const {
  std::vector<Pod> shown;
  for (int i = 0; i < pod_count_; ++i) {
    const StoredPod& pod = pods_[i];
    if (!pod.exists) continue;
    Pod& added = shown.emplace_back();
    added.key = {.cluster = kCluster, .name_space = "shop", .name = absl::StrCat("pod-", pod.uid)};
    added.facts.uid = absl::StrCat(pod.uid);
    added.facts.node = Node(pod.node).node;
    added.facts.phase = pod.ready ? "Running" : "Pending";
    added.facts.ready = pod.ready;
    added.facts.controller.kind = pod.stateful ? "StatefulSet" : "ReplicaSet";
    added.facts.controller.name = "web";
    added.facts.controller.uid = "uid-of-" + added.facts.controller.kind;
  }
  return shown;
}

coordinator::LeaseFacts CrashWorld::LeaseOf(int index) const {
  const int64_t renewed = index == 0 ? lease_renewed_ns_ : now_ns_;
  return {
      .exists = true, .resource_version = absl::StrCat(renewed), .renew_time = absl::FromUnixNanos(renewed)};
}

CrashWorld::StoredPod* CrashWorld::Find(const std::string& name, const std::string& uid) {
  for (int i = 0; i < pod_count_; ++i) {
    if (pods_[i].exists && absl::StrCat("pod-", pods_[i].uid) == name && absl::StrCat(pods_[i].uid) == uid) {
      return &pods_[i];
    }
  }
  return nullptr;
}

ActionOutcome CrashWorld::Do(const coordinator::ReleasedAction& released) {
  const coordinator::Action& action = released.action;
  uint32_t pod_uid = 0;
  switch (action.kind) {
    case ActionKind::kTaintNode:
    case ActionKind::kUntaintNode: {
      if (action.name != Node(0).node || action.uid != NodeFactsOf(0).uid) return ActionOutcome::kNotMine;
      const bool wanted = action.kind == ActionKind::kTaintNode;
      if (tainted_ == wanted) return ActionOutcome::kAlreadyDone;
      tainted_ = wanted;
      break;
    }
    case ActionKind::kTaintOutOfService:
    case ActionKind::kUntaintOutOfService:
    case ActionKind::kFenceNode:
      return ActionOutcome::kRefused;  // nothing here leads to them
    case ActionKind::kDeletePod:
    case ActionKind::kEvictPod:
    case ActionKind::kMarkPodUnready: {
      StoredPod* pod = Find(action.name, action.uid);
      if (pod == nullptr) return ActionOutcome::kAlreadyDone;
      if (action.kind == ActionKind::kMarkPodUnready) {
        if (!pod->ready) return ActionOutcome::kAlreadyDone;
        pod->ready = false;
      } else {
        pod->exists = false;
      }
      pod_uid = pod->uid;
      break;
    }
    case ActionKind::kTaintGray:
    case ActionKind::kUntaintGray:
    case ActionKind::kRestartKubelet:
    case ActionKind::kRestartRuntime:
      return ActionOutcome::kRefused;  // nothing is sick in this world
    case ActionKind::kSetReplicas:
    case ActionKind::kDeleteAutoscaler:
    case ActionKind::kOpenValve:
    case ActionKind::kCloseValve:
    case ActionKind::kSetDeletionCost:
    case ActionKind::kSetPlaceholders:
    case ActionKind::kAskForMachines:
    case ActionKind::kShapeRoute:
      return ActionOutcome::kRefused;  // and nothing is scaled, bursts or is switched
  }
  EVENKEEL_CHECK(effect_count_ < kMostEffects) << "effects without end";
  effects_[effect_count_++] = {.kind = action.kind,
                               .pod_uid = pod_uid,
                               .epoch = released.decision.epoch,
                               .number = released.decision.number};
  return ActionOutcome::kDone;
}

std::string CrashWorld::Summary() const {
  std::string text = absl::StrCat("tainted ", tainted_, "\n");
  for (const Pod& pod : Pods()) {
    absl::StrAppend(&text, pod.facts.controller.kind, " pod ", pod.facts.uid, " on ", pod.facts.node,
                    pod.facts.ready ? " ready\n" : " not ready\n");
  }
  // In one stage the order is free: a crash may have parted the deletions.
  std::multiset<std::pair<int, uint32_t>> done;
  for (const Effect& effect : Effects()) done.emplace(static_cast<int>(effect.kind), effect.pod_uid);
  for (const auto& [kind, pod] : done) absl::StrAppend(&text, "effect ", kind, " on ", pod, "\n");
  return text;
}

void CrashWorld::ArmCrash(int crash_at) {
  crash_at_ = crash_at;
  reached_ = 0;
  crashed_at_[0] = '\0';
}

void CrashWorld::CrashPoint(const char* where) {
  if (++reached_ != crash_at_) return;
  std::snprintf(crashed_at_, sizeof(crashed_at_), "%s", where);
  ::_exit(kCrashed);
}

void CrashWorld::Complain(const std::string& what) {
  std::snprintf(complaint_, sizeof(complaint_), "%s", what.c_str());
}

}  // namespace evenkeel::testing
