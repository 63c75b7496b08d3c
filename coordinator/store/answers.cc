#include "coordinator/store/answers.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

static bool Matches(const WorkloadFilter& filter, const Workload& workload) {
  if (filter.name.empty()) return true;
  return filter.name == workload.name && filter.name_space == workload.name_space &&
         filter.kinds == absl::StrCat(absl::AsciiStrToLower(workload.kind), "s");
}

bool Matches(const DecisionFilter& filter, const Decision& decision) {
  if (!filter.cluster.empty() && filter.cluster != decision.cluster) return false;
  if (!filter.node.empty() && filter.node != decision.node) return false;
  if (!Matches(filter.workload, decision.workload)) return false;
  return filter.kinds.empty() ||
         std::find(filter.kinds.begin(), filter.kinds.end(), decision.kind) != filter.kinds.end();
}

absl::Status NoSuchDecision(DecisionId id) {
  return absl::NotFoundError(absl::StrCat("there is no decision ", id.ToString(),
                                          ": it never was, or it is older than the history that is kept"));
}

absl::Status NoSuchSwitch(DecisionId id) {
  return absl::NotFoundError(absl::StrCat("there is no switch ", id.ToString(),
                                          ": it never was, or it is older than the history that is kept"));
}

absl::Status NoSuchPolicy(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("there is no policy ", name));
}

absl::Status SupersededEpoch(uint64_t own, uint64_t newer) {
  return absl::FailedPreconditionError(
      absl::StrCat("this coordinator has epoch ", own, ", but epoch ", newer,
                   " has opened the store since: a newer coordinator has taken over, and this one must end"));
}

}  // namespace evenkeel::coordinator
