// A switch as it is shown: where it stands, why it does not go on, what its routes show and what it has cost.

#include "coordinator/serve/switch_message.h"

#include <gtest/gtest.h>

#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

SwitchStatus Soaking() {
  SwitchStatus status;
  status.decision = {3, 14};
  SwitchRecord& record = status.record;
  record.spec = ASwitch();
  record.phase = SwitchPhase::kSoaking;
  record.phase_since = kStart;
  record.step = 1;
  record.reports.push_back({.step = 1,
                            .decided = kStart - absl::Seconds(1),
                            .moved = kStart,
                            .ended = {},
                            .gates = {{"errors", GateVerdict::kPass, "none"}}});
  const RouteKey key = record.spec.routes[0].key;
  status.routes[key] = AReading(50);
  status.routes[key].backends["west"].in_flight = 7;
  record.routes[key].written = true;
  BeginSpan(record.ledger, SwitchPhase::kSoaking, 1, 50, kStart, record.spec.routes, status.routes);
  RouteReading later = status.routes[key];
  later.backends["west"].counters->requests = 40;
  later.backends["west"].counters->failed = 1;
  NoteReading(record.ledger, record.spec.routes[0], later);
  NoteProbes(record.ledger, 1, {{ProbeKind::kSlow, {.requests = 3, .failed = 1}}},
             {{kStart + absl::Seconds(1), ProbeKind::kSlow, {}, "reset"}});
  status.gates = {{"health", GateVerdict::kInconclusive, "a node is silent"}};
  status.waits_for = "health: a node is silent";
  return status;
}

TEST(SwitchMessageTest, ShowsWhereItStands) {
  const v1::Switch message = ToMessage(Soaking(), kStart - absl::Minutes(1), {});
  EXPECT_EQ(message.name(), "switches/web");
  EXPECT_EQ(message.decision(), "decisions/3-14");
  EXPECT_EQ(message.phase(), v1::Switch::PHASE_SOAKING);
  EXPECT_EQ(message.step(), 1u);
  EXPECT_EQ(message.stop_cause(), v1::Switch::STOP_CAUSE_UNSPECIFIED);
  EXPECT_EQ(message.waiting_for(), "health: a node is silent");
  ASSERT_EQ(message.routes_size(), 1);
  EXPECT_TRUE(message.routes(0).written());
  ASSERT_EQ(message.routes(0).backends_size(), 2);
  EXPECT_EQ(message.routes(0).backends(1).backend(), "west");
  EXPECT_EQ(message.routes(0).backends(1).in_flight(), 7u);
  EXPECT_EQ(message.gates(0).verdict(), v1::GateAnswer::VERDICT_INCONCLUSIVE);
  EXPECT_FALSE(message.has_end_time());
  EXPECT_FALSE(message.has_hold_end_time());
}

// What was lost is shown with the part that it fell into; lists leave the parts out and keep the sums.
TEST(SwitchMessageTest, ShowsWhatItHasCost) {
  v1::Switch message = ToMessage(Soaking(), kStart, {});
  ASSERT_EQ(message.ledger().spans_size(), 1);
  EXPECT_EQ(message.ledger().spans(0).green().requests(), 40u);
  EXPECT_EQ(message.ledger().lost(0).kind(), v1::ProbeCount::KIND_SLOW);
  EXPECT_EQ(message.ledger().lost(0).side(), "");
  EXPECT_EQ(message.ledger().lost(0).span(), 0u);
  Shorten(message);
  EXPECT_EQ(message.ledger().spans_size(), 0);
  EXPECT_EQ(message.ledger().green().failed(), 1u);
  EXPECT_EQ(message.ledger().probes(0).requests(), 3u);
  EXPECT_EQ(message.reports(0).gates_size(), 0);
}

// Why it stopped, and how it ended.
TEST(SwitchMessageTest, ShowsStopsAndEnds) {
  SwitchStatus status = Soaking();
  status.record.stop = SwitchStop{StopCause::kWayBack, "blue is lost", kStart};
  EXPECT_EQ(ToMessage(status, kStart, {}).stop_cause(), v1::Switch::STOP_CAUSE_WAY_BACK);
  status.record.stop.reset();
  status.record.phase = SwitchPhase::kEnded;
  status.record.end = SwitchEnd::kCommitted;
  status.record.outcome = "Cluster west has all traffic";
  const v1::Switch ended = ToMessage(status.decision, status.record, kStart, kStart + absl::Hours(1));
  EXPECT_EQ(ended.name(), "switches/3-14");
  EXPECT_EQ(ended.end(), v1::Switch::END_COMMITTED);
  EXPECT_TRUE(ended.has_end_time());
}

}  // namespace
}  // namespace evenkeel::coordinator
