// Every failed request is tied to the span that it fell into, and none is lost or counted twice.

#include "coordinator/core/switch/ledger.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

class LedgerTest : public testing::Test {
 protected:
  void Begin(SwitchPhase phase, uint32_t step, absl::Time when) {
    BeginSpan(ledger_, phase, step, spec_.steps[step].percent, when, spec_.routes, readings_);
  }
  void Read(uint64_t blue, uint64_t green, uint64_t green_bad = 0) {
    RouteReading& reading = readings_[spec_.routes[0].key];
    reading = AReading(50);
    reading.backends["east"] = ABackend(50, blue);
    reading.backends["west"] = ABackend(50, green, green_bad);
    NoteReading(ledger_, spec_.routes[0], reading);
  }
  static ProbeFailure Failure(absl::Time when, Side side) {
    return {.time = when, .kind = ProbeKind::kKeepAlive, .side = side, .detail = "reset"};
  }

  SwitchSpec spec_ = ASwitch();
  std::map<RouteKey, RouteReading> readings_;
  LossLedger ledger_;
};

// Spans follow on one another: what one ends with the next begins with.
TEST_F(LedgerTest, LeavesNoGapBetweenSpans) {
  Read(100, 0);  // before anything begins: not ours
  Begin(SwitchPhase::kMoving, 0, kStart);
  Read(110, 1);
  Begin(SwitchPhase::kSoaking, 0, kStart + absl::Seconds(1));
  Read(200, 20, 3);
  ASSERT_EQ(ledger_.spans.size(), 2u);
  EXPECT_EQ(ledger_.spans[0].Total().blue.requests, 10u);
  EXPECT_EQ(ledger_.spans[1].Total().blue.requests, 90u);
  EXPECT_EQ(ledger_.spans[1].Total().green.server_errors, 3u);
  EXPECT_EQ(TotalOf(ledger_).blue.requests, 100u);
  EXPECT_EQ(TotalOf(ledger_).green.requests, 20u);
}

// A failure that is told late belongs to the span in which it happened.
TEST_F(LedgerTest, TiesAFailureToItsSpan) {
  Begin(SwitchPhase::kMoving, 0, kStart);
  NoteProbes(ledger_, 1, {{ProbeKind::kKeepAlive, {.requests = 10}}}, {});
  Begin(SwitchPhase::kSoaking, 0, kStart + absl::Seconds(1));
  NoteProbes(ledger_, 1, {{ProbeKind::kKeepAlive, {.requests = 20, .failed = 2, .failed_on_green = 2}}},
             {Failure(kStart + absl::Milliseconds(900), Side::kGreen),
              Failure(kStart + absl::Milliseconds(1100), Side::kGreen)});
  EXPECT_EQ(ledger_.spans[0].probes[ProbeKind::kKeepAlive],
            (ProbeCount{.requests = 11, .failed = 1, .failed_on_green = 1}));
  EXPECT_EQ(ledger_.spans[1].probes[ProbeKind::kKeepAlive],
            (ProbeCount{.requests = 9, .failed = 1, .failed_on_green = 1}));
  ASSERT_EQ(ledger_.lost.size(), 2u);
  EXPECT_EQ(ledger_.lost[0].span, 0u);
  EXPECT_EQ(ledger_.lost[1].span, 1u);
  EXPECT_EQ(ProbesOf(ledger_)[ProbeKind::kKeepAlive].requests, 20u);
}

// A prober that starts again counts from 0.
TEST_F(LedgerTest, GoesOnWithAnotherRunOfTheProber) {
  Begin(SwitchPhase::kSoaking, 0, kStart);
  NoteProbes(ledger_, 1, {{ProbeKind::kFresh, {.requests = 10}}}, {});
  NoteProbes(ledger_, 1, {{ProbeKind::kFresh, {.requests = 15}}}, {});
  NoteProbes(ledger_, 2, {{ProbeKind::kFresh, {.requests = 4}}}, {});
  EXPECT_EQ(ProbesOf(ledger_)[ProbeKind::kFresh].requests, 19u);
}

// However long a switch goes on and however much it loses, the ledger stays small and its sums right.
TEST_F(LedgerTest, StaysSmall) {
  uint64_t served = 0;
  Read(0, 0);
  for (int i = 0; i < 500; ++i) {
    Begin(SwitchPhase::kSoaking, 0, kStart + absl::Seconds(i));
    served += 7;
    Read(served, 0);
    NoteProbes(ledger_, 1, {{ProbeKind::kFresh, {.requests = served, .failed = static_cast<uint64_t>(i)}}},
               {Failure(kStart + absl::Seconds(i), Side::kBlue)});
  }
  EXPECT_EQ(ledger_.spans.size(), LossLedger::kMostSpans);
  EXPECT_EQ(ledger_.lost.size(), LossLedger::kMostLost);
  EXPECT_EQ(TotalOf(ledger_).blue.requests, served);
  EXPECT_EQ(ProbesOf(ledger_)[ProbeKind::kFresh].requests, served);
}

}  // namespace
}  // namespace evenkeel::coordinator
