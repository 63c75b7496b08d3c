// What machines use is told while somebody asks, when it has moved, and forgotten with their agents'
// sessions.

#include "coordinator/usage/node_usages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const Application kWeb = {.name_space = "shop", .service = "web", .selector = ""};
const Application kApi = {.name_space = "shop", .service = "api", .selector = ""};

v1::Report Uses(uint64_t millicores) {
  v1::Report report;
  report.mutable_node()->mutable_cpu()->set_used_millicores(millicores);
  return report;
}

TEST(NodeUsagesTest, TellsWhileSomebodyAsks) {
  NodeUsages machines;
  machines.OnSession("n1");
  machines.OnReport("n1", Uses(1000));
  EXPECT_THAT(machines.TakeChanged(), IsEmpty());
  EXPECT_TRUE(machines.Watch(kWeb));
  EXPECT_FALSE(machines.Watch(kApi));
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n1", 1000)));
  EXPECT_THAT(machines.TakeChanged(), IsEmpty());
  machines.Unwatch(kWeb);
  machines.OnReport("n2", Uses(500));
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n2", 500)));
  // Nobody asks any more: what was told is not true for ever.
  machines.Unwatch(kApi);
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n1", std::nullopt), Pair("n2", std::nullopt)));
  machines.OnReport("n1", Uses(2000));
  EXPECT_THAT(machines.TakeChanged(), IsEmpty());
  EXPECT_TRUE(machines.Watch(kWeb));
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n1", 2000), Pair("n2", 500)));
}

TEST(NodeUsagesTest, TellsWhatHasMoved) {
  NodeUsages machines;
  machines.Watch(kWeb);
  machines.OnReport("n1", Uses(1000));
  machines.TakeChanged();
  machines.OnReport("n1", Uses(1049));
  EXPECT_THAT(machines.TakeChanged(), IsEmpty());
  machines.OnReport("n1", Uses(1050));
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n1", 1050)));
  machines.OnReport("n1", v1::Report());  // nothing new of the machine
  EXPECT_THAT(machines.TakeChanged(), IsEmpty());
}

TEST(NodeUsagesTest, ForgetsWithTheSession) {
  NodeUsages machines;
  machines.Watch(kWeb);
  machines.OnReport("n1", Uses(1000));
  machines.TakeChanged();
  machines.OnSession("n1");
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n1", std::nullopt)));
  v1::Report full = Uses(1000);
  full.set_full(true);
  machines.OnReport("n1", full);
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n1", 1000)));
}

// An agent is not believed what no machine has.
TEST(NodeUsagesTest, BoundsWhatIsTold) {
  NodeUsages machines;
  machines.Watch(kWeb);
  machines.OnReport("n1", Uses(std::numeric_limits<uint64_t>::max()));
  EXPECT_THAT(machines.TakeChanged(), ElementsAre(Pair("n1", 10'000'000)));
}

}  // namespace
}  // namespace evenkeel::coordinator
