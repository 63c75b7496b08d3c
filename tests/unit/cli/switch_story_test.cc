// A switch in figures, as `explain` tells it.

#include "cli/show/switch_story.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/unit/cli/a_switch.h"

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::LedgerSpan& AddSpan(v1::LossLedger& ledger, v1::Switch::Phase phase, std::uint32_t percent,
                        std::int64_t begin) {
  v1::LedgerSpan& span = *ledger.add_spans();
  span.set_phase(phase);
  span.set_percent(percent);
  *span.mutable_begin_time() = At(begin);
  return span;
}

// Proves that each step and each part is told with its figures, and each loss with the part that it fell
// into.
TEST(SwitchStory, TellsStepsPartsAndLosses) {
  v1::Switch one = EndedSwitch(v1::Switch::END_ROLLED_BACK);
  v1::GateAnswer& failed = *one.mutable_reports(1)->add_gates();
  failed.set_gate("errors");
  failed.set_verdict(v1::GateAnswer::VERDICT_FAIL);
  failed.set_reason("40 of 400 requests failed");
  *one.mutable_reports(1)->mutable_move_time() = At(-2'900);
  *one.mutable_reports(1)->mutable_end_time() = At(-1'000);
  v1::LossLedger& ledger = *one.mutable_ledger();
  v1::LedgerSpan& soak = AddSpan(ledger, v1::Switch::PHASE_SOAKING, 50, -2'900);
  soak.mutable_blue()->set_requests(400);
  soak.mutable_green()->set_requests(400);
  soak.mutable_green()->set_server_errors(40);
  v1::ProbeCount& probes = *soak.add_probes();
  probes.set_requests(60);
  probes.set_failed(1);
  AddSpan(ledger, v1::Switch::PHASE_ROLLING_BACK, 0, -1'000).mutable_blue()->set_requests(300);
  *ledger.add_probes() = probes;
  v1::LostRequest& lost = *ledger.add_lost();
  *lost.mutable_time() = At(-1'500);
  lost.set_kind(v1::ProbeCount::KIND_FRESH);
  lost.set_side("green");
  lost.set_detail("503\x1b[2J");
  EXPECT_EQ(SwitchStory(one, Start() + absl::Hours(1)),
            "\n"
            "Steps:\n"
            "  STEP   DECIDED                       MOVED AFTER   LASTED    GATES\n"
            "  10 %   2026-03-01 02:59:10.000 UTC   1.00 s        47.00 s   2 pass\n"
            "  50 %   2026-03-01 02:59:57.000 UTC   100 ms        2.00 s    errors FAILS: 40 of 400 requests "
            "failed\n"
            "\n"
            "Requests, by part of the switch:\n"
            "  PHASE          GREEN'S SHARE   BEGAN                         LASTED   BLUE             GREEN  "
            "           PROBER\n"
            "  soaking        50 %            2026-03-01 02:59:57.100 UTC   1.90 s   400 (0 failed)   400 "
            "(40 failed)   60 (1 lost)\n"
            "  rolling back   0 %             2026-03-01 02:59:59.000 UTC   1.00 s   300 (0 failed)   0 (0 "
            "failed)      0 (0 lost)\n"
            "\n"
            "In all: blue 1340 (0 failed), green 1200 (0 failed), prober 60 (1 lost).\n"
            "\n"
            "Lost by the prober:\n"
            "  2026-03-01 02:59:58.500 UTC  fresh  503?[2J on green, soaking at 50 %\n");
}

// Proves that what has not happened is not told, and what still lasts lasts until now.
TEST(SwitchStory, TellsWhatStillLasts) {
  v1::Switch one = SoakingSwitch();
  std::string story = SwitchStory(one, Start());
  EXPECT_THAT(story, HasSubstr("  50 %   2026-03-01 02:59:57.000 UTC   <none>        3.00 s    <none>\n"));
  EXPECT_THAT(story, Not(HasSubstr("by part")));
  EXPECT_THAT(story, Not(HasSubstr("Lost")));
  one.clear_reports();
  one.mutable_ledger()->set_earlier_spans(7);
  AddSpan(*one.mutable_ledger(), v1::Switch::PHASE_HOLDING, 100, -1'000);
  story = SwitchStory(one, Start());
  EXPECT_THAT(story, Not(HasSubstr("Steps:")));
  EXPECT_THAT(story, HasSubstr("by part of the switch (7 earlier parts are left out):\n"));
}

}  // namespace
}  // namespace evenkeel::cli
