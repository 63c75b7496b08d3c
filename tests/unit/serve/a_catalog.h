// Switches as serve/ finds them: in a store and, while they are under way, in the feed.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "coordinator/serve/switch_catalog.h"
#include "coordinator/serve/switch_feed.h"
#include "coordinator/store/memory_store.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {

class ACatalog {
 public:
  ACatalog() { EXPECT_TRUE(store.Open().ok()); }

  // Decision 1-`number`, soaking at its first step, as the core tells it.
  SwitchStatus Begin(uint64_t number, const std::string& name) {
    SwitchStatus status;
    status.decision = {1, number};
    status.record.spec = ASwitch();
    status.record.spec.name = name;
    status.record.phase = SwitchPhase::kSoaking;
    status.record.phase_since = kStart;
    Store(status, DecisionState::kOpen);
    Tell(status);
    return status;
  }
  void Tell(const SwitchStatus& status) { feed.Put(status); }
  void End(SwitchStatus status, SwitchEnd end) {
    status.record.phase = SwitchPhase::kEnded;
    status.record.end = end;
    status.record.outcome = "It is over";
    Store(status, end == SwitchEnd::kCommitted ? DecisionState::kSucceeded : DecisionState::kFailed);
    feed.Erase(status.decision);
  }
  void Store(const SwitchStatus& status, DecisionState state) {
    Decision decision;
    decision.id = status.decision;
    decision.kind = DecisionKind::kSwitch;
    decision.cluster = status.record.spec.from;
    decision.state = state;
    decision.timings.intended = kStart - absl::Seconds(5);
    if (state != DecisionState::kOpen) decision.timings.closed = kStart + absl::Minutes(1);
    EXPECT_TRUE(
        store.Commit({PutDecision{decision}, PutSwitchRecord{{status.decision, status.record}}}).ok());
  }

  MemoryStore store;
  SwitchFeed feed;
  const SwitchCatalog catalog{store, feed};
};

}  // namespace evenkeel::coordinator
