#include "coordinator/core/confidence.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kProofs = 4;

size_t Agreeing(const ProofsOfDeath& proofs) {
  return std::min<size_t>(proofs.domains, 2) + (proofs.api_server ? 1 : 0) + (proofs.lease ? 1 : 0);
}

}  // namespace

Confidence ConfidenceOf(const ProofsOfDeath& proofs) {
  const size_t agreeing = Agreeing(proofs);
  return agreeing == kProofs ? Confidence::kHigh : agreeing == 3 ? Confidence::kMedium : Confidence::kLow;
}

std::string Say(const ProofsOfDeath& proofs) {
  std::vector<std::string> parts;
  if (proofs.domains > 0)
    parts.push_back(absl::StrCat("witnesses of ", Count(proofs.domains, "failure domain")));
  if (proofs.api_server) parts.push_back("the API server");
  if (proofs.lease) parts.push_back("its lease");
  return absl::StrCat(Agreeing(proofs), " of ", kProofs, " independent proofs agree: ", Join(parts));
}

Confidence UsualConfidence(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown:
      return Confidence::kNone;
    case Verdict::kSuspect:
    case Verdict::kDead:
      return Confidence::kLow;
    case Verdict::kGray:
      return Confidence::kMedium;
    case Verdict::kHealthy:
    case Verdict::kAgentLost:
    case Verdict::kPartitioned:
      return Confidence::kHigh;
  }
  return Confidence::kNone;
}

}  // namespace evenkeel::coordinator
