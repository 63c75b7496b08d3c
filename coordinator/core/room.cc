#include "coordinator/core/room.h"

#include <cstddef>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/plan_failover.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {
namespace {

// A node that does not say what it has is taken to have room for whatever comes.
constexpr Resources kNotTold{
    .cpu_millicores = int64_t{1} << 60, .memory_bytes = int64_t{1} << 60, .pods = 1 << 20};

enum class Lack { kNothing, kToleration, kPlaces, kCpu, kMemory };

Lack LackOf(const FreeNode& node, const PodNeed& pod) {
  if (node.reserved && !pod.tolerates) return Lack::kToleration;
  if (node.free.pods < pod.requests.pods) return Lack::kPlaces;
  if (node.free.cpu_millicores < pod.requests.cpu_millicores) return Lack::kCpu;
  if (node.free.memory_bytes < pod.requests.memory_bytes) return Lack::kMemory;
  return Lack::kNothing;
}

std::string WhyNone(const std::vector<FreeNode>& nodes, const PodNeed& pod) {
  if (nodes.empty()) return "no other node is Ready and in service";
  size_t lacking[5] = {};
  for (const FreeNode& node : nodes) ++lacking[static_cast<size_t>(LackOf(node, pod))];
  std::vector<std::string> parts;
  const auto part = [&](Lack lack, const std::string& one, const std::string& many) {
    const size_t number = lacking[static_cast<size_t>(lack)];
    if (number > 0) parts.push_back(absl::StrCat(number, " ", number == 1 ? one : many));
  };
  const std::string cpu =
      absl::StrCat(" too little CPU free (it asks for ", SayCpu(pod.requests.cpu_millicores), ")");
  const std::string memory =
      absl::StrCat(" too little memory free (it asks for ", SayBytes(pod.requests.memory_bytes), ")");
  part(Lack::kCpu, "has" + cpu, "have" + cpu);
  part(Lack::kMemory, "has" + memory, "have" + memory);
  part(Lack::kPlaces, "has no place for another pod", "have no place for another pod");
  part(Lack::kToleration, "has a taint", "have taints");
  return absl::StrCat("of ", Count(nodes.size(), "node"), " ", Join(parts));
}

}  // namespace

std::vector<std::string> FindRoom(std::vector<FreeNode> nodes, const std::vector<PodNeed>& pods) {
  std::vector<std::string> why;
  why.reserve(pods.size());
  for (const PodNeed& pod : pods) {
    FreeNode* best = nullptr;
    for (FreeNode& node : nodes) {
      if (LackOf(node, pod) != Lack::kNothing) continue;
      if (best == nullptr || node.free.cpu_millicores < best->free.cpu_millicores) best = &node;
    }
    why.push_back(best == nullptr ? WhyNone(nodes, pod) : "");
    if (best != nullptr) best->free -= pod.requests;
  }
  return why;
}

std::vector<FreeNode> FreeNodes(const Cluster& cluster, const std::string& node) {
  std::vector<FreeNode> free;
  for (const auto& [name, other] : cluster.nodes) {
    if (name == node || !other.standing.healthy || other.facts->unschedulable || other.facts->failover_taint)
      continue;
    FreeNode one{.free = other.facts->allocatable, .reserved = other.facts->reserved};
    if (one.free == Resources{}) one.free = kNotTold;
    one.free -= cluster.pods.LoadOf(name);
    free.push_back(one);
  }
  return free;
}

RoomFound LookForRoom(const Cluster& cluster, const std::string& node, std::vector<Action>& actions) {
  std::vector<Action*> deletes;
  std::vector<PodNeed> needs;
  for (Action& action : actions) {
    const PodFacts* pod = cluster.pods.Find({action.name_space, action.name});
    if (action.kind != ActionKind::kDeletePod || pod == nullptr || pod->deleting) continue;
    deletes.push_back(&action);
    needs.push_back({.requests = pod->requests, .tolerates = pod->tolerates});
  }
  if (needs.empty()) return {{"capacity", true, "no pod of it needs a place elsewhere"}, {}};

  const std::vector<std::string> why = FindRoom(FreeNodes(cluster, node), needs);
  RoomFound found;
  for (size_t i = 0; i < why.size(); ++i) {
    if (why[i].empty()) continue;
    deletes[i]->stage = kUnplacedStage;
    const PodFacts& pod = *cluster.pods.Find({deletes[i]->name_space, deletes[i]->name});
    found.unplaced.push_back({.name_space = deletes[i]->name_space,
                              .name = deletes[i]->name,
                              .controller = pod.controller,
                              .priority = pod.priority,
                              .requests = pod.requests,
                              .reason = why[i]});
  }
  std::string reason = absl::StrCat("by a rough count there is room elsewhere for ",
                                    needs.size() - found.unplaced.size(), " of ", Count(needs.size(), "pod"));
  if (!found.unplaced.empty()) {
    absl::StrAppend(&reason, "; the most important come first, and ", found.unplaced.size(),
                    found.unplaced.size() == 1 ? " waits" : " wait", " for more nodes");
  }
  found.answer = {"capacity", true, std::move(reason)};
  return found;
}

}  // namespace evenkeel::coordinator
