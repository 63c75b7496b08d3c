// A cluster that has lost all its nodes is lost; one that has only lost its link to the coordinator is not.

#include "coordinator/core/switch/cluster_loss.h"

#include <functional>

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

OutsideAnswer Denies(const std::string& witness, const std::string& domain, const std::string& target) {
  return {.witness = {"west", witness},
          .failure_domain = domain,
          .target = target,
          .reach = Reach::kNoAnswer,
          .proven = true,
          .control_ok = true};
}

// All three nodes and the API are silent to the coordinator, to two witnesses of cluster west and to the
// gateway.
LossSight AllSilent() {
  LossSight sight;
  sight.now = kStart;
  sight.api_away_since = kStart - absl::Seconds(2);
  sight.nodes = sight.silent = sight.tried = 3;
  for (const char* target : {"", "n1", "n2", "n3"}) {
    sight.answers.push_back(Denies("w1", "a", target));
    sight.answers.push_back(Denies("w2", "b", target));
  }
  GatewayVoice gateway;
  gateway.gateway = "edge";
  gateway.read = gateway.checks = true;
  sight.gateways = {gateway};
  return sight;
}

TEST(ClusterLossTest, JudgesByAllThatIsKnown) {
  const struct {
    const char* name;
    std::function<void(LossSight&)> change;
    ClusterLife life;
    Confidence confidence;
  } table[] = {
      {"all silent", [](LossSight&) {}, ClusterLife::kLost, Confidence::kHigh},
      {"its API answers the coordinator", [](LossSight& sight) { sight.api_reachable = true; },
       ClusterLife::kAlive, Confidence::kHigh},
      {"two of its nodes speak", [](LossSight& sight) { sight.silent = 1; }, ClusterLife::kAlive,
       Confidence::kHigh},
      {"a witness reaches its API", [](LossSight& sight) { sight.answers[0].reach = Reach::kReached; },
       ClusterLife::kCutOff, Confidence::kHigh},
      {"a witness whose way was never proven reaches its API",
       [](LossSight& sight) {
         sight.answers[0].reach = Reach::kReached;
         sight.answers[0].proven = false;
       },
       ClusterLife::kCutOff, Confidence::kHigh},
      {"two of three nodes are reached from elsewhere",
       [](LossSight& sight) {
         sight.answers[2].reach = Reach::kReached;
         sight.answers[5].reach = Reach::kReached;
       },
       ClusterLife::kCutOff, Confidence::kHigh},
      {"one of three nodes is reached from elsewhere, the API is not",
       [](LossSight& sight) { sight.answers[2].reach = Reach::kReached; }, ClusterLife::kLost,
       Confidence::kHigh},
      {"a server answers the gateway", [](LossSight& sight) { sight.gateways[0].servers_up = 1; },
       ClusterLife::kCutOff, Confidence::kHigh},
      {"requests are answered, without checks",
       [](LossSight& sight) {
         sight.gateways[0].checks = false;
         sight.gateways[0].answered = 7;
       },
       ClusterLife::kCutOff, Confidence::kHigh},
      {"the gateway checks nothing", [](LossSight& sight) { sight.gateways[0].checks = false; },
       ClusterLife::kLost, Confidence::kMedium},
      {"the gateway is away, too", [](LossSight& sight) { sight.gateways[0].read = false; },
       ClusterLife::kLost, Confidence::kMedium},
      {"one witness and the gateway",
       [](LossSight& sight) {
         std::erase_if(sight.answers, [](const OutsideAnswer& one) { return one.witness.node == "w2"; });
       },
       ClusterLife::kLost, Confidence::kMedium},
      {"one witness alone",
       [](LossSight& sight) {
         std::erase_if(sight.answers, [](const OutsideAnswer& one) { return one.witness.node == "w2"; });
         sight.gateways.clear();
       },
       ClusterLife::kUnsure, Confidence::kNone},
      {"nobody has ever reached it",
       [](LossSight& sight) {
         for (OutsideAnswer& answer : sight.answers) answer.proven = false;
       },
       ClusterLife::kUnsure, Confidence::kNone},
      {"witnesses that reach nobody",
       [](LossSight& sight) {
         for (OutsideAnswer& answer : sight.answers) answer.control_ok = false;
       },
       ClusterLife::kUnsure, Confidence::kNone},
      {"nobody could try",
       [](LossSight& sight) {
         for (OutsideAnswer& answer : sight.answers) answer.reach = Reach::kNotTried;
       },
       ClusterLife::kUnsure, Confidence::kNone},
      {"no witness at all", [](LossSight& sight) { sight.answers.clear(); }, ClusterLife::kUnsure,
       Confidence::kNone},
      {"its nodes were not tried",
       [](LossSight& sight) {
         std::erase_if(sight.answers, [](const OutsideAnswer& one) { return !one.target.empty(); });
       },
       ClusterLife::kUnsure, Confidence::kNone},
      {"for a moment", [](LossSight& sight) { sight.api_away_since = kStart - absl::Milliseconds(300); },
       ClusterLife::kUnsure, Confidence::kNone},
      {"the three of forty that were tried", [](LossSight& sight) { sight.nodes = sight.silent = 40; },
       ClusterLife::kLost, Confidence::kHigh},
      {"two of the three of forty that were tried are reached",
       [](LossSight& sight) {
         sight.nodes = sight.silent = 40;
         sight.answers[2].reach = Reach::kReached;
         sight.answers[5].reach = Reach::kReached;
       },
       ClusterLife::kCutOff, Confidence::kHigh},
      {"it has no agents", [](LossSight& sight) { sight.nodes = sight.silent = sight.tried = 0; },
       ClusterLife::kUnsure, Confidence::kNone},
  };
  for (const auto& row : table) {
    LossSight sight = AllSilent();
    row.change(sight);
    const LossAnswer answer = JudgeLoss(LossRules{}, sight);
    EXPECT_EQ(answer.life, row.life) << row.name << ": " << answer.reason;
    EXPECT_EQ(answer.confidence, row.confidence) << row.name << ": " << answer.reason;
    EXPECT_FALSE(answer.reason.empty()) << row.name;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
