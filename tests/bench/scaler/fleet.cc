#include "tests/bench/scaler/fleet.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tests/bench/cpu_time.h"

namespace evenkeel::scaler_bench {
namespace {

using namespace coordinator;  // it speaks the core's language

constexpr char kCluster[] = "bench";
constexpr char kNamespace[] = "shop";
constexpr int64_t kRequest = 100;  // millicores
constexpr int64_t kTarget = 50;    // percent
constexpr size_t kPodsOnNode = 100;
constexpr absl::Duration kGrace = absl::Seconds(10);

Workload TargetOf(size_t workload) {
  return {"apps", "Deployment", kNamespace, absl::StrCat("web-", workload)};
}

// Two more replicas than the minimum, so that no scaler rests.
Policy PolicyOf(size_t workload) {
  ScalePolicy scale;
  scale.cluster = kCluster;
  scale.target = TargetOf(workload);
  scale.version = "v1";
  scale.mode = PolicyMode::kEnforce;
  scale.rules.minimums.replicas = kPodsEach - 2;
  scale.rules.maximum = 4 * kPodsEach;
  scale.rules.target = {CpuTarget::Kind::kPercentOfRequest, kTarget};
  scale.rules.behaviour.down.stabilisation = absl::ZeroDuration();
  Policy policy;
  policy.name = absl::StrCat("scale-web-", workload);
  policy.spec = scale;
  return policy;
}

}  // namespace

Fleet::Fleet(size_t workloads)
    : now_(absl::FromUnixSeconds(1'767'225'600)), core_(Restored{.epoch = 1}, now_) {
  Step(ClusterAdded{kCluster});
  for (size_t i = 0; i < workloads; ++i) {
    ApplyPolicy apply;
    apply.policy = PolicyOf(i);
    Step(apply);
  }
  const size_t nodes = (workloads * kPodsEach + kPodsOnNode - 1) / kPodsOnNode;
  for (size_t node = 0; node < nodes; ++node) {
    NodeFacts facts;
    facts.uid = NextUid();
    facts.ready = true;
    Step(NodeObserved{{kCluster, absl::StrCat("node-", node)}, facts});
  }
  std::map<std::string, std::set<std::string>> uids;  // by node
  for (size_t i = 0; i < workloads; ++i) {
    const Workload target = TargetOf(i);
    WorkloadFacts facts;
    facts.uid = NextUid();
    facts.replicas = facts.status_replicas = kPodsEach;
    Step(WorkloadObserved{kCluster, target, facts});
    for (size_t pod = 0; pod < kPodsEach; ++pod) {
      WorkloadPodFacts seen;
      seen.name = absl::StrCat(target.name, "-", pod);
      seen.node = absl::StrCat("node-", Chance() % nodes);
      seen.phase = PodPhase::kRunning;
      seen.ready = true;
      seen.started = seen.ready_changed = now_ - absl::Hours(1);
      seen.request_millicores = kRequest;
      const std::string uid = NextUid();
      Step(WorkloadPodObserved{kCluster, target, uid, seen});
      uids[seen.node].insert(uid);
    }
  }
  for (const auto& [node, on_node] : uids) uids_.insert(uids_.end(), on_node.begin(), on_node.end());
  Step(ApiChanged{kCluster, true, ""});
  TickUntil(now_ + kGrace);
}

uint64_t Fleet::Chance() {
  chance_ = chance_ * 6364136223846793005 + 1442695040888963407;
  return chance_ >> 33;
}

// As Kubernetes gives them: random, so that their order says nothing of whose they are.
std::string Fleet::NextUid() {
  std::string uid;
  for (const char* c = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"; *c != 0; ++c) {
    uid.push_back(*c == 'x' ? "0123456789abcdef"[Chance() % 16] : *c);
  }
  return uid;
}

void Fleet::Step(const Event& event) {
  const absl::Duration before = bench::CpuTime();
  const Effects effects = core_.Step(event, now_);
  counted_.cpu += bench::CpuTime() - before;
  counted_.actions += effects.actions.size();
  counted_.writes += effects.writes.size();
  for (const Notice& notice : effects.notices) {
    if (std::holds_alternative<ScalerChanged>(notice)) ++counted_.statuses;
  }
}

void Fleet::TickUntil(absl::Time end) {
  while (core_.NextDeadline() <= end) {
    now_ = std::max(now_, core_.NextDeadline());
    Step(Tick{});
  }
  now_ = end;
}

// Every pod's figure is another one, about so many percent of the target. At 100 every workload stays within
// its tolerance.
UsageTold Fleet::NextUsage(int64_t percent) {
  UsageTold told{kCluster, {}};
  told.pods.reserve(uids_.size());
  for (const std::string& uid : uids_) {
    const int64_t use = kRequest * kTarget / 100 * percent / 100 - 4 + static_cast<int64_t>(Chance() % 9);
    PodUsage usage;
    usage.pod_uid = uid;
    usage.steady = CpuSample{.millicores = use, .taken = now_, .window = absl::Seconds(15)};
    usage.sudden = CpuSample{.millicores = use, .taken = now_, .window = absl::Seconds(2)};
    usage.throttled_percent = 0;
    told.pods.push_back(std::move(usage));
  }
  return told;
}

Fleet::Second Fleet::Count(const Event& usage) {
  counted_ = {};
  const absl::Time end = now_ + absl::Seconds(1);
  Step(usage);
  TickUntil(end);
  return counted_;
}

Fleet::Second Fleet::Advance() {
  return Count(NextUsage(100));
}

Fleet::Second Fleet::Fall() {
  return Count(NextUsage(50));
}

}  // namespace evenkeel::scaler_bench
