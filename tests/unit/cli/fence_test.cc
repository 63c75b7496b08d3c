// `evenkeel fence confirm`: nothing is confirmed that was not meant.

#include <gmock/gmock.h>

#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FenceTest : public CommandTest {
 protected:
  FenceTest() { environment_["EVENKEEL_CLUSTER"] = "east"; }
};

// Proves that the node's name must be typed once more, and what is said then.
TEST_F(FenceTest, TheNameMustBeTyped) {
  ASSERT_EQ(Run({"fence", "confirm", "node-7", "--reason", "pulled the plug"}, "node-7\n"), 0) << err_;
  EXPECT_THAT(coordinator_.calls(), ElementsAre("Confirm clusters/east/nodes/node-7"));
  EXPECT_EQ(coordinator_.seen().confirm_fence.reason(), "pulled the plug");
  EXPECT_THAT(out_, HasSubstr("Type the node's name"));
  EXPECT_THAT(out_, HasSubstr("node/node-7 confirmed to be off; decision 3-4 goes on\n"));
}

// Proves that a wrong word, or none, confirms nothing.
TEST_F(FenceTest, AWrongWordConfirmsNothing) {
  EXPECT_EQ(Run({"fence", "confirm", "node-7"}, "yes\n"), 1);
  EXPECT_THAT(err_, HasSubstr("that is not node-7: nothing was confirmed"));
  EXPECT_EQ(Run({"fence", "confirm", "node-7"}, ""), 1);
  EXPECT_EQ(Run({"fence"}), 1);
  EXPECT_THAT(coordinator_.calls(), IsEmpty());
}

// Proves that --yes asks nobody, and that the coordinator's refusal is shown.
TEST_F(FenceTest, YesAsksNobody) {
  ASSERT_EQ(Run({"fence", "confirm", "node-7", "--yes"}), 0) << err_;
  EXPECT_EQ(out_, "node/node-7 confirmed to be off; decision 3-4 goes on\n");
  EXPECT_EQ(Run({"fence", "confirm", "node-8", "--yes"}), 1);
  EXPECT_THAT(err_, HasSubstr("node-8 is HEALTHY and not DEAD"));
}

}  // namespace
}  // namespace evenkeel::cli
