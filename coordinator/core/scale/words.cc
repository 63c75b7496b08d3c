#include "coordinator/core/scale/words.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// "CPU at 143 % of the request", and `when` after it.
std::string Figure(const Demand& demand, const CpuTarget& target, absl::string_view when) {
  if (demand.finding == DemandFinding::kNoPods) return "it has no pods";
  if (demand.finding == DemandFinding::kNoRequest) {
    return "a container of its pods asks for no CPU, so there is nothing to take a percentage of";
  }
  if (demand.finding == DemandFinding::kNoSamples || !demand.use) {
    return demand.missing == 0 && demand.unready > demand.broken ? "no pod shows its CPU yet"
                                                                 : "no pod shows its CPU";
  }
  if (target.kind == CpuTarget::Kind::kPercentOfRequest) {
    return absl::StrCat("CPU at ", *demand.use, " % of the request", when, ", target ", target.value, " %");
  }
  return absl::StrCat("CPU at ", *demand.use, " m a pod", when, ", target ", target.value, " m");
}

std::string AtLeast(const Advice& advice, int64_t replicas) {
  return absl::StrCat("no fewer than ", replicas, " may be", advice.minimum.schedule ? " at this time" : "");
}

std::string RateWords(const AdviceReason& reason, int64_t current) {
  const int64_t change = reason.after - current;
  if (change == 0) return "a rate allows no change for now";
  const auto pods = static_cast<uint64_t>(change > 0 ? change : -change);
  return absl::StrCat("a rate allows ", pods, change > 0 ? " more " : " fewer ", pods == 1 ? "pod" : "pods",
                      " for now");
}

// Why the load changes nothing.
absl::string_view Staying(DemandFinding finding) {
  switch (finding) {
    case DemandFinding::kWithinTolerance:
      return "that is within the tolerance";
    case DemandFinding::kStarting:
      return "the pods that are starting may be enough";
    case DemandFinding::kUnseen:
      return "the pods that are not seen may turn the answer";
    case DemandFinding::kUnsettled:
      return "the pods that were asked for last are not there yet";
    case DemandFinding::kAbove:
    case DemandFinding::kBelow:
    case DemandFinding::kNoPods:
    case DemandFinding::kNoRequest:
    case DemandFinding::kNoSamples:
      return "nothing is to be changed";
  }
  return "nothing is to be changed";
}

bool IsBound(AdviceStep step) {
  return step == AdviceStep::kSwitchedOff || step == AdviceStep::kAboveMaximum ||
         step == AdviceStep::kBelowMinimum || step == AdviceStep::kBelowFloor;
}

// It was decided by a bound: nobody looked at the load.
bool IsByBound(const Advice& advice) {
  return !advice.reasons.empty() && IsBound(advice.reasons.front().step);
}

// Stands between what the load asks for and what is advised.
bool IsLimit(AdviceStep step) {
  return step != AdviceStep::kNoDemand && step != AdviceStep::kDemand && step != AdviceStep::kPanic &&
         step != AdviceStep::kSwitchedOff;
}

absl::string_view LimitName(AdviceStep step) {
  switch (step) {
    case AdviceStep::kAboveMaximum:
    case AdviceStep::kMaximum:
      return "Maximum";
    case AdviceStep::kBelowMinimum:
    case AdviceStep::kMinimum:
      return "Minimum";
    case AdviceStep::kBelowFloor:
    case AdviceStep::kFloor:
      return "TrafficSwitch";
    case AdviceStep::kSamplesLost:
      return "SamplesLost";
    case AdviceStep::kStabilisation:
      return "Window";
    case AdviceStep::kScaledInBefore:
      return "ScaledInBefore";
    case AdviceStep::kRate:
      return "Rate";
    case AdviceStep::kSwitchedOff:
    case AdviceStep::kNoDemand:
    case AdviceStep::kDemand:
    case AdviceStep::kPanic:
      return "AsWanted";
  }
  return "AsWanted";
}

ScalerCondition Able(const ScalerStatus& status) {
  if (!status.unseen.empty()) return {"Able", false, "NotSeen", status.unseen};
  if (status.refusal) {
    return {"Able", false, "Refused",
            absl::StrCat("the guard ", status.refusal->guard,
                         " refuses what is advised: ", status.refusal->reason)};
  }
  return {"Able", true, "ReadyToScale", "the workload is read, and nothing refuses what is advised"};
}

ScalerCondition Active(const ScalerStatus& status) {
  const Advice& advice = status.advice;
  if (!status.unseen.empty()) return {"Active", false, "NotSeen", status.unseen};
  if (!status.looked) return {"Active", false, "NotLookedYet", "it has not been looked at yet"};
  if (IsByBound(advice)) {
    return {"Active", false, IsSwitchedOff(advice) ? "SwitchedOff" : "OutOfBounds",
            Words(advice, status.cpu)};
  }
  const bool no_pods = advice.steady.finding == DemandFinding::kNoPods;
  const bool no_request = advice.steady.finding == DemandFinding::kNoRequest;
  const bool no_samples = advice.steady.finding == DemandFinding::kNoSamples;
  return {"Active", !no_pods && !no_request && !no_samples,
          no_pods      ? "NoPods"
          : no_request ? "NoRequest"
          : no_samples ? "NoSamples"
                       : "LoadKnown",
          Words(advice.steady, status.cpu)};
}

ScalerCondition Limited(const ScalerStatus& status) {
  const auto& reasons = status.advice.reasons;
  const auto last = std::find_if(reasons.rbegin(), reasons.rend(),
                                 [](const AdviceReason& reason) { return IsLimit(reason.step); });
  if (last == reasons.rend()) {
    return {"Limited", false, "AsWanted", "what the load asks for is what is advised"};
  }
  return {"Limited", true, LimitName(last->step), Words(*last, status.advice)};
}

ScalerCondition Seen(const ScalerStatus& status) {
  const Demand& demand = status.advice.steady;
  if (!status.unseen.empty()) return {"Seen", false, "NotSeen", status.unseen};
  if (!status.looked) return {"Seen", false, "NotLookedYet", "it has not been looked at yet"};
  if (demand.finding == DemandFinding::kNoSamples && demand.missing == 0) {
    if (demand.broken > 0 && demand.unready == demand.broken) {
      return {"Seen", true, "Broken", "its pods do not become Ready, and none has to show its CPU"};
    }
    return {"Seen", true, "Starting", "its pods are too new to show their CPU"};
  }
  if (demand.held + demand.missing == 0) {
    return {"Seen", true, "AllSeen", "every pod that should show its CPU does"};
  }
  std::string message = absl::StrCat(demand.held + demand.missing, " of ",
                                     Count(demand.counted + demand.missing, "pod"), " not seen");
  if (status.unseen_pods_since) absl::StrAppend(&message, " since ", SayTime(*status.unseen_pods_since));
  absl::StrAppend(&message, ": for ", demand.held, " the last that was seen stands in, of ", demand.missing,
                  " nothing is known");
  return {"Seen", false, "SamplesLost", std::move(message)};
}

ScalerCondition PanicOf(const ScalerStatus& status) {
  if (!status.panic_since) return {"Panic", false, "Calm", "there is no sudden rise"};
  const bool throttling = status.advice.panic_cause == PanicCause::kThrottling;
  const bool death = status.advice.panic_cause == PanicCause::kDeath;
  return {"Panic", true,
          throttling ? "Throttling"
          : death    ? "ContainerDied"
                     : "SuddenRise",
          absl::StrCat("a sudden rise, since ", SayTime(*status.panic_since),
                       throttling ? ": its containers are throttled"
                       : death    ? ": a pod is down, and the others are above the target"
                                  : "",
                       "; no pod is taken away before it is calm")};
}

ScalerCondition Crashing(const ScalerStatus& status) {
  if (!status.unseen.empty()) return {"Crashing", false, "NotSeen", status.unseen};
  if (status.dead_pods.empty()) {
    return {"Crashing", false, "AllRun", "no container of its pods is known to have died"};
  }
  const DeadPod& dead = status.dead_pods.front();
  const std::string words = Words(dead.name, dead.deaths);
  if (status.down == 0) {
    return {"Crashing", false, "AllRun",
            absl::StrCat("all run; the last to die, ", SayTime(dead.deaths.last->at), ": ", words)};
  }
  return {"Crashing", true,
          dead.deaths.crash_loop             ? "CrashLoop"
          : IsOutOfMemory(*dead.deaths.last) ? "OutOfMemory"
                                             : "ContainerDied",
          absl::StrCat(status.down, " of ", Count(status.pods, "pod"),
                       status.down == 1 ? " is down: " : " are down; one of them: ", words)};
}

ScalerCondition Conflicted(const ScalerStatus& status) {
  if (!status.autoscaler.empty() && !status.take_over_waits.empty()) {
    return {"Conflicted", true, "TakingOver",
            absl::StrCat("HorizontalPodAutoscaler ", status.autoscaler,
                         " scales it until enough is seen of its load for its take-over, which is ordered: ",
                         status.take_over_waits)};
  }
  if (!status.autoscaler.empty()) {
    return {"Conflicted", true, "HorizontalPodAutoscaler",
            absl::StrCat("HorizontalPodAutoscaler ", status.autoscaler,
                         " scales it, too; this takes it over: evenkeel takeover hpa ", status.autoscaler,
                         " --cluster ", status.cluster)};
  }
  if (!status.overlaps.empty()) {
    return {"Conflicted", true, "SamePods",
            absl::StrCat(status.overlaps.ToString(), " takes some of its pods for its own, too")};
  }
  return {"Conflicted", false, "Alone", "nothing else that is known scales it"};
}

ScalerCondition PausedOf(const ScalerStatus& status) {
  if (status.paused) return {"Paused", true, "PolicyPaused", "the policy is paused: nothing is done"};
  if (status.mode == PolicyMode::kObserve) {
    return {"Paused", true, "ObserveOnly", "the policy's mode is observe: it decides and does nothing"};
  }
  return {"Paused", false, "Enforced", "the policy's mode is enforce"};
}

}  // namespace

std::string Words(const Demand& demand, const CpuTarget& target) {
  return Figure(demand, target, "");
}

std::string Words(const AdviceReason& reason, const Advice& advice) {
  switch (reason.step) {
    case AdviceStep::kSwitchedOff:
      return "it is switched off: its replicas are set to 0";
    case AdviceStep::kAboveMaximum:
    case AdviceStep::kMaximum:
      return absl::StrCat("no more than ", reason.after, " may be");
    case AdviceStep::kBelowMinimum:
    case AdviceStep::kMinimum:
      return AtLeast(advice, reason.after);
    case AdviceStep::kBelowFloor:
    case AdviceStep::kFloor:
      return absl::StrCat("a switch of traffic needs no fewer than ", reason.after);
    case AdviceStep::kNoDemand:
      return "what the load asks for is not known";
    case AdviceStep::kDemand:
      return absl::StrCat("the load asks for ", reason.after);
    case AdviceStep::kPanic:
      return absl::StrCat("a panic wants ", reason.after);
    case AdviceStep::kSamplesLost:
      return absl::StrCat("none is taken away while the samples of ", advice.steady.held, " of ",
                          Count(advice.steady.counted, "pod"), " are lost");
    case AdviceStep::kStabilisation:
      return reason.after > reason.before
                 ? absl::StrCat(reason.after, " were wanted within the window of scaling in")
                 : absl::StrCat("no more than ", reason.after, " were wanted all through the window of ",
                                "scaling out");
    case AdviceStep::kScaledInBefore:
      return "it was scaled in a moment ago";
    case AdviceStep::kRate:
      return RateWords(reason, advice.current);
  }
  return "";
}

std::string Words(const Advice& advice, const CpuTarget& target) {
  if (IsByBound(advice)) return Words(advice.reasons.front(), advice);
  const bool sudden = advice.panic && advice.sudden.use && advice.sudden.replicas >= advice.steady.replicas;
  std::string text =
      sudden ? Figure(advice.sudden, target, " in the last seconds") : Figure(advice.steady, target, "");
  if (sudden && advice.panic_cause == PanicCause::kThrottling) absl::StrAppend(&text, ", and throttled");
  if (advice.steady.down > 0) {
    absl::StrAppend(&text, ", and ", Count(advice.steady.down, "pod"),
                    advice.steady.down == 1 ? " is down" : " are down");
  }
  std::vector<std::string> steps;
  for (const AdviceReason& reason : advice.reasons) {
    if (reason.step != AdviceStep::kNoDemand) steps.push_back(Words(reason, advice));
  }
  const bool known = advice.steady.use.has_value();
  if (steps.empty() && known) steps.emplace_back(Staying(advice.steady.finding));
  if (!steps.empty()) absl::StrAppend(&text, ": ", absl::StrJoin(steps, "; "));
  return text;
}

std::vector<ScalerCondition> ConditionsOf(const ScalerStatus& status) {
  return {Able(status),    Active(status),   Limited(status),    Seen(status),
          PanicOf(status), Crashing(status), Conflicted(status), PausedOf(status)};
}

}  // namespace evenkeel::coordinator
