#include "coordinator/core/scale/demand.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::coordinator {
namespace {

// Use and requests of some pods, added up.
struct Sum {
  int64_t millicores = 0;
  int64_t requested = 0;
  int64_t pods = 0;

  void Add(int64_t used, int64_t request) {
    millicores += used;
    requested += request;
    ++pods;
  }
  Sum& operator+=(const Sum& other) {
    millicores += other.millicores;
    requested += other.requested;
    pods += other.pods;
    return *this;
  }
};

// The pods of a workload, sorted.
struct Groups {
  Sum counted;
  Sum starting;              // nothing used
  Sum serving;               // of the starting: Ready, so they have their share of the load
  Sum broken;                // the same
  Sum down;                  // of the broken: their containers have died
  Sum missing;               // the same
  int64_t missing_full = 0;  // what the missing would use if each used all that it asked for; see kHpa
  bool no_request = false;
};

// Percent of the request, or millicores a pod; both rounded down, as the HPA does.
int64_t UseOf(const Sum& sum, CpuTarget::Kind kind) {
  return kind == CpuTarget::Kind::kPercentOfRequest ? sum.millicores * 100 / sum.requested
                                                    : sum.millicores / sum.pods;
}

double RatioOf(const Sum& sum, const CpuTarget& target) {
  return static_cast<double>(UseOf(sum, target.kind)) / static_cast<double>(target.value);
}

bool IsWithin(double ratio, const Tolerance& tolerance) {
  return 1.0 - tolerance.down <= ratio && ratio <= 1.0 + tolerance.up;
}

int64_t RoundedUp(double ratio, int64_t pods) {
  return static_cast<int64_t>(std::ceil(ratio * static_cast<double>(pods)));
}

Groups Sort(const std::vector<PodLoad>& pods, const CpuTarget& target, const StartUp& start_up,
            DemandRules rules, absl::Time now, Demand& demand) {
  Groups groups;
  for (const PodLoad& pod : pods) {
    PodGroup group = GroupOf(pod, start_up, now);
    if (rules == DemandRules::kHpa) {
      if (group == PodGroup::kCounted && pod.held) group = PodGroup::kMissing;
    } else if (group == PodGroup::kMissing && IsTooYoungForSamples(pod, start_up, now)) {
      group = PodGroup::kUnready;
    } else if (group != PodGroup::kLeft && IsDown(pod)) {
      group = PodGroup::kUnready;
    }
    if (group == PodGroup::kLeft) {
      ++demand.left;
      continue;
    }
    groups.no_request |= pod.request_millicores == 0;
    switch (group) {
      case PodGroup::kCounted:
        groups.counted.Add(pod.sample->millicores, pod.request_millicores);
        if (pod.held) ++demand.held;
        break;
      case PodGroup::kUnready: {
        const bool broken = IsBroken(pod, start_up, now);
        (broken ? groups.broken : groups.starting).Add(0, pod.request_millicores);
        if (IsDown(pod)) groups.down.Add(0, pod.request_millicores);
        if (!broken && pod.ready) groups.serving.Add(0, pod.request_millicores);
        break;
      }
      default:
        groups.missing.Add(0, pod.request_millicores);
        groups.missing_full += pod.request_millicores * std::max<int64_t>(100, target.value) / 100;
        break;
    }
  }
  demand.counted = static_cast<size_t>(groups.counted.pods);
  demand.unready = static_cast<size_t>(groups.starting.pods + groups.broken.pods);
  demand.broken = static_cast<size_t>(groups.broken.pods);
  demand.down = static_cast<size_t>(groups.down.pods);
  demand.missing = static_cast<size_t>(groups.missing.pods);
  return groups;
}

// What pods use together that are taken for pods like the counted ones.
int64_t LikenedUse(const Groups& groups, const Sum& pods, CpuTarget::Kind kind) {
  const int64_t use = UseOf(groups.counted, kind);
  return kind == CpuTarget::Kind::kPercentOfRequest ? pods.requested * use / 100 : pods.pods * use;
}

// What the missing pods are taken to use together.
int64_t MissingUse(const Groups& groups, double ratio, const CpuTarget& target, DemandRules rules) {
  const bool percent = target.kind == CpuTarget::Kind::kPercentOfRequest;
  if (rules == DemandRules::kEvenkeel) return LikenedUse(groups, groups.missing, target.kind);
  if (ratio > 1.0) return 0;
  return percent ? groups.missing_full : groups.missing.pods * target.value;
}

}  // namespace

Demand DemandOf(const std::vector<PodLoad>& pods, int64_t current, const CpuTarget& target,
                const Tolerance& tolerance, const StartUp& start_up, DemandRules rules, absl::Time now) {
  Demand demand;
  demand.replicas = current;
  const Groups groups = Sort(pods, target, start_up, rules, now, demand);
  if (groups.counted.pods + groups.starting.pods + groups.broken.pods + groups.missing.pods == 0)
    return demand;
  if (groups.no_request && target.kind == CpuTarget::Kind::kPercentOfRequest) {
    demand.finding = DemandFinding::kNoRequest;
    return demand;
  }
  if (groups.counted.pods == 0) {
    demand.finding = DemandFinding::kNoSamples;
    return demand;
  }
  demand.use = UseOf(groups.counted, target.kind);
  demand.ratio = RatioOf(groups.counted, target);
  const bool above = demand.ratio > 1.0;

  // The pods that do not show what they use are added where that could change the answer; at a ratio of
  // exactly 1 the HPA does not add the missing.
  Sum all = groups.counted;
  bool likened = true;  // all that were added use what the counted ones use
  if (groups.missing.pods > 0 && (rules == DemandRules::kEvenkeel || demand.ratio != 1.0)) {
    all += groups.missing;
    all.millicores += MissingUse(groups, demand.ratio, target, rules);
    likened = rules == DemandRules::kEvenkeel;
  }
  if (above && groups.starting.pods > 0) {
    all += groups.starting;
    likened = false;
  }
  // A pod that has just become Ready has taken load off the others, and cannot show it yet. Left out, it
  // would be scaled in again as soon as it helps.
  if (demand.ratio < 1.0 && rules == DemandRules::kEvenkeel && groups.serving.pods > 0) {
    all += groups.serving;
    all.millicores += LikenedUse(groups, groups.serving, target.kind);
  }
  // The load of a dead pod is on the others already, or is lost for as long as it is down: left out, a death
  // would take a pod away.
  if (demand.ratio < 1.0 && rules == DemandRules::kEvenkeel && groups.down.pods > 0) {
    all += groups.down;
    all.millicores += LikenedUse(groups, groups.down, target.kind);
  }
  int64_t made_up_for = 0;
  if (above && groups.broken.pods > 0) {
    if (rules == DemandRules::kEvenkeel) {
      made_up_for = std::min(groups.broken.pods, groups.counted.pods);
    } else {
      all += groups.broken;
      likened = false;
    }
  }
  // Pods like the others change the number that is multiplied, not the ratio: no second rounding.
  demand.full_ratio = likened ? demand.ratio : RatioOf(all, target);

  const bool waits = above && demand.unready > 0;
  if (IsWithin(demand.full_ratio, tolerance)) {
    const bool was_within = IsWithin(demand.ratio, tolerance);
    demand.finding = was_within ? DemandFinding::kWithinTolerance
                     : waits    ? DemandFinding::kStarting
                                : DemandFinding::kUnseen;
    return demand;
  }
  const bool turned = above ? demand.full_ratio < 1.0 : demand.full_ratio > 1.0;
  if (turned) {
    demand.finding = waits ? DemandFinding::kStarting : DemandFinding::kUnseen;
    return demand;
  }
  const int64_t wanted = RoundedUp(demand.full_ratio, all.pods) + made_up_for;
  const bool backwards = above ? wanted < current : wanted > current;
  // The HPA asks this only where it has added pods.
  const bool added = waits || groups.missing.pods > 0;
  if (backwards && (added || rules == DemandRules::kEvenkeel)) {
    demand.finding = waits   ? DemandFinding::kStarting
                     : added ? DemandFinding::kUnseen
                             : DemandFinding::kUnsettled;
    return demand;
  }
  demand.finding = above ? DemandFinding::kAbove : DemandFinding::kBelow;
  demand.replicas = wanted;
  return demand;
}

}  // namespace evenkeel::coordinator
