#include "coordinator/core/switch/lost_cluster.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace evenkeel::coordinator {

SwitchSpec SpecForLostCluster(const SwitchSpec& spec, bool ask) {
  SwitchSpec quick = spec;
  SwitchStep all = spec.steps.back();
  all.canary.reset();
  all.approve = ask;
  all.soak = std::min(all.soak, kShortSoak);
  all.min_requests = std::min<uint64_t>(all.min_requests, 20);
  quick.steps = {all};
  quick.gates.min_probes = 0;
  // Until the weights are there the prober goes to the lost cluster, too: what it loses is told, and says
  // nothing of green.
  quick.gates.max_probe_failures = std::numeric_limits<uint64_t>::max();
  quick.gates.hooks.clear();
  quick.drain.deadline = absl::ZeroDuration();
  quick.drain.at_deadline = AtDrainDeadline::kLeave;
  quick.hold.commit_by_itself = false;
  quick.hold.close_blue = false;
  quick.on_failed_gate = OnFailedGate::kStop;
  quick.on_foreign_change = OnForeignChange::kHeal;
  quick.freezes.clear();
  return quick;
}

}  // namespace evenkeel::coordinator
