// L2 for one failure domain: what is said of a domain in which more nodes are silent than may be.

#include "coordinator/core/domain_sight.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/unit/core/step_world.h"

namespace evenkeel::coordinator {
namespace {

// 33 nodes in zones of three: zone-0 has the nodes 1 to 3. One of a zone and three of all may be silent at
// once.
class DomainSightTest : public StepTest {
 protected:
  static constexpr int kNodes = 33;

  void RaiseZones() {
    Raise(kNodes);
    for (int i = 1; i <= kNodes; ++i) {
      NodeFacts facts;
      facts.uid = absl::StrCat("uid-", i);
      facts.address = absl::StrCat("10.0.0.", i);
      facts.ready = true;
      facts.failure_domain = absl::StrCat("zone-", (i - 1) / 3);
      Do(NodeObserved{Key(i), facts});
    }
    ASSERT_TRUE(domain_sights_.empty());
  }

  void MissAll(int first, int last) {
    for (int i = first; i <= last; ++i) Miss(i, static_cast<uint64_t>(i));
  }
};

// The doubt is said when it begins, with its reason, again when its reason changes, and when it ends.
TEST_F(DomainSightTest, SaysWhenItBeginsChangesAndEnds) {
  RaiseZones();
  Miss(1, 1);
  EXPECT_TRUE(domain_sights_.empty());
  Miss(2, 2);
  ASSERT_EQ(domain_sights_.size(), 1u);
  const absl::Time began = now_;
  EXPECT_EQ(domain_sights_[0].cluster, "local");
  EXPECT_EQ(domain_sights_[0].domain, "zone-0");
  EXPECT_TRUE(domain_sights_[0].blind);
  EXPECT_EQ(domain_sights_[0].since, began);
  EXPECT_TRUE(absl::StrContains(domain_sights_[0].reason, "2 of 3 nodes of zone-0 are silent"))
      << domain_sights_[0].reason;
  EXPECT_FALSE(blind_);

  now_ += absl::Milliseconds(50);
  Miss(3, 3);
  ASSERT_EQ(domain_sights_.size(), 2u);
  EXPECT_TRUE(domain_sights_[1].blind);
  EXPECT_EQ(domain_sights_[1].since, began);
  EXPECT_TRUE(absl::StrContains(domain_sights_[1].reason, "3 of 3 nodes of zone-0 are silent"))
      << domain_sights_[1].reason;

  Do(BeatResumed{Key(1), 1});
  Do(BeatResumed{Key(2), 2});
  ASSERT_EQ(domain_sights_.size(), 4u);
  EXPECT_TRUE(domain_sights_[2].blind);
  EXPECT_FALSE(domain_sights_[3].blind);
  EXPECT_EQ(domain_sights_[3].since, now_);
  EXPECT_EQ(domain_sights_[3].reason, "");
}

// While the whole cluster is in doubt, its domains are not in doubt apart.
TEST_F(DomainSightTest, AMassSilenceIsSaidOnce) {
  RaiseZones();
  MissAll(1, 3);
  ASSERT_EQ(domain_sights_.size(), 2u);
  EXPECT_FALSE(blind_);
  Miss(4, 4);
  EXPECT_TRUE(blind_);
  ASSERT_EQ(domain_sights_.size(), 3u);
  EXPECT_EQ(domain_sights_[2].domain, "zone-0");
  EXPECT_FALSE(domain_sights_[2].blind);
}

}  // namespace
}  // namespace evenkeel::coordinator
