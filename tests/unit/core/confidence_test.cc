// How sure a verdict is, by table.

#include "coordinator/core/confidence.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

// Four proofs of death can agree; each is named.
TEST(ConfidenceTest, CountsTheProofsThatAgree) {
  const struct {
    ProofsOfDeath proofs;
    Confidence confidence;
    const char* words;
  } table[] = {
      {{2, true, true},
       Confidence::kHigh,
       "4 of 4 independent proofs agree: witnesses of 2 failure domains, the API server and its lease"},
      {{3, true, true},
       Confidence::kHigh,
       "4 of 4 independent proofs agree: witnesses of 3 failure domains, the API server and its lease"},
      {{1, true, true},
       Confidence::kMedium,
       "3 of 4 independent proofs agree: witnesses of 1 failure domain, the API server and its lease"},
      {{2, false, true},
       Confidence::kMedium,
       "3 of 4 independent proofs agree: witnesses of 2 failure domains and its lease"},
      {{1, false, true},
       Confidence::kLow,
       "2 of 4 independent proofs agree: witnesses of 1 failure domain and its lease"},
      {{1, true, false},
       Confidence::kLow,
       "2 of 4 independent proofs agree: witnesses of 1 failure domain and the API server"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(ConfidenceOf(row.proofs), row.confidence) << row.words;
    EXPECT_EQ(Say(row.proofs), row.words);
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
