// What every StateStore promises (coordinator/store/state_store.h), asked of each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/store/engines.h"
#include "tests/unit/store/samples.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StateStoreContract : public ::testing::TestWithParam<Engine> {
 protected:
  Restored OpenNew(HistoryBounds bounds = {}) {
    store_ = medium_->NewStore(bounds);
    auto restored = store_->Open();
    EXPECT_TRUE(restored.ok()) << restored.status();
    return *std::move(restored);
  }

  Restored Restart(HistoryBounds bounds = {}) {
    store_.reset();
    medium_->Restart();
    return OpenNew(bounds);
  }

  void Commit(const std::vector<Write>& writes) {
    const absl::Status status = store_->Commit(writes);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::unique_ptr<Medium> medium_ = GetParam().make();
  std::unique_ptr<StateStore> store_;
};

INSTANTIATE_TEST_SUITE_P(, StateStoreContract, ::testing::ValuesIn(Engines()),
                         [](const auto& engine) { return engine.param.name; });

// A new store is empty and starts with epoch 1; each opening raises it by one.
TEST_P(StateStoreContract, EpochRisesWithEachOpening) {
  const Restored first = OpenNew();
  EXPECT_EQ(first.epoch, 1u);
  EXPECT_THAT(first.open_decisions, IsEmpty());
  EXPECT_THAT(first.nodes, IsEmpty());
  EXPECT_THAT(first.policies, IsEmpty());
  EXPECT_EQ(Restart().epoch, 2u);
  EXPECT_EQ(Restart().epoch, 3u);
}

// L4: a start gets every open decision, node and policy as it was last written, and no closed decision.
TEST_P(StateStoreContract, StartGetsWhatWasLastWritten) {
  OpenNew();
  Decision open = SampleDecision({1, 2});
  Commit({PutDecision{SampleDecision({1, 1}, DecisionState::kSucceeded)}, PutDecision{open},
          PutNodeRecord{SampleNode("node-1")}, PutNodeRecord{SampleNode("node-2")},
          PutPolicy{SamplePolicy("one")}, PutPolicy{SamplePolicy("two")}});
  open.actions[0].state = ActionState::kFailed;
  NodeRecord returned = SampleNode("node-1");
  returned.failed_over = false;
  Commit({PutDecision{open}, PutNodeRecord{returned}, DeleteNodeRecord{SampleNode("node-2").key},
          ErasePolicy{"one"}});
  const Restored restored = Restart();
  EXPECT_THAT(restored.open_decisions, ElementsAre(open));
  EXPECT_THAT(restored.nodes, ElementsAre(returned));
  EXPECT_THAT(restored.policies, ElementsAre(SamplePolicy("two")));
}

// L3: what a Commit has acknowledged survives a loss of power in the next instant, whole, and so does the
// epoch.
TEST_P(StateStoreContract, WhatIsCommittedSurvivesLossOfPower) {
  EXPECT_EQ(OpenNew().epoch, 1u);
  const Decision open = SampleDecision({1, 1});
  Commit({PutDecision{open}, PutNodeRecord{SampleNode("node-1")}, PutPolicy{SamplePolicy("one")}});
  Commit({PutPolicy{SamplePolicy("two")}, ErasePolicy{"one"}});
  medium_->LosePower(std::move(store_));
  const Restored restored = OpenNew();
  EXPECT_EQ(restored.epoch, 2u);
  EXPECT_THAT(restored.open_decisions, ElementsAre(open));
  EXPECT_THAT(restored.nodes, ElementsAre(SampleNode("node-1")));
  EXPECT_THAT(restored.policies, ElementsAre(SamplePolicy("two")));
}

// L3: a Commit that fails is told as failed; what of it is found after the start is all of it or nothing, and
// nothing that was acknowledged before is lost.
TEST_P(StateStoreContract, AFailedCommitIsAllOrNothing) {
  for (const CommitFault fault : {CommitFault::kSyncFails, CommitFault::kDiskIsFull}) {
    medium_ = GetParam().make();
    OpenNew();
    Commit({PutDecision{SampleDecision({1, 1})}});
    if (!medium_->Arrange(fault)) GTEST_SKIP() << "it has no such faults";
    EXPECT_FALSE(store_->Commit({PutDecision{SampleDecision({1, 2})}, PutNodeRecord{SampleNode("n")}}).ok());
    medium_->LosePower(std::move(store_));
    const Restored restored = OpenNew();
    ASSERT_FALSE(restored.open_decisions.empty());
    EXPECT_EQ(restored.open_decisions.front(), SampleDecision({1, 1}));
    EXPECT_EQ(restored.open_decisions.size() - 1, restored.nodes.size()) << "half of a batch";
    Commit({PutDecision{SampleDecision({2, 1})}});
    store_.reset();
  }
}

// L6: what is booked of the budgets, and what operators have ordered, is there after a start as it was last
// written.
TEST_P(StateStoreContract, StartGetsBudgetsAndOrders) {
  OpenNew();
  Commit({PutClusterRecord{SampleCluster("east")}, PutClusterRecord{SampleCluster("west")},
          PutMaintenance{SampleMaintenance("node-2")}, PutMaintenance{SampleMaintenance("node-1")}});
  ClusterRecord resumed = SampleCluster("east");
  resumed.pause.reset();
  Commit({PutClusterRecord{resumed}, PutMaintenance{SampleMaintenance("node-3")},
          EraseMaintenance{{"east", "node-2"}}, EraseMaintenance{{"east", "never"}}});
  EXPECT_THAT(*store_->ListMaintenances(),
              ElementsAre(SampleMaintenance("node-1"), SampleMaintenance("node-3")));
  const Restored restored = Restart();
  EXPECT_THAT(restored.clusters, ElementsAre(resumed, SampleCluster("west")));
  EXPECT_THAT(restored.maintenances, ElementsAre(SampleMaintenance("node-1"), SampleMaintenance("node-3")));
}

// No window, rate or panic of a scaler is forgotten by a start; a scaler whose record was erased is gone.
TEST_P(StateStoreContract, StartGetsScalersAsTheyWereLastWritten) {
  OpenNew();
  Commit({PutScalerRecord{SampleScaler("web")}, PutScalerRecord{SampleScaler("api")},
          PutScalerRecord{SampleScaler("old")}});
  ScalerRecord calm = SampleScaler("web");
  calm.memory.panic.reset();
  Commit({PutScalerRecord{calm}, EraseScalerRecord{"old"}, EraseScalerRecord{"never"}});
  medium_->LosePower(std::move(store_));
  EXPECT_THAT(OpenNew().scalers, ElementsAre(SampleScaler("api"), calm));
}

// L4: a start gets the record of each switch that is under way, as it was last written, and of no other; one
// that has ended can be looked up for as long as its decision.
TEST_P(StateStoreContract, StartGetsTheSwitchesThatAreUnderWay) {
  OpenNew();
  SwitchRecord moving;
  moving.spec.name = "web";
  moving.phase = SwitchPhase::kMoving;
  SwitchRecord soaking = moving;
  soaking.phase = SwitchPhase::kSoaking;
  const Decision ended = SampleDecision({1, 2}, DecisionState::kSucceeded);
  Commit({PutSwitchRecord{{{1, 1}, moving}}, PutDecision{SampleDecision({1, 1})}, PutDecision{ended},
          PutSwitchRecord{{{1, 2}, moving}}});
  Commit({PutSwitchRecord{{{1, 1}, soaking}}});
  EXPECT_EQ(*store_->GetSwitch({1, 2}), moving);
  medium_->LosePower(std::move(store_));
  EXPECT_THAT(OpenNew().switches, ElementsAre(StoredSwitch{{1, 1}, soaking}));
  EXPECT_EQ(*store_->GetSwitch({1, 1}), soaking);
  EXPECT_EQ(*store_->GetSwitch({1, 2}), moving);
  EXPECT_EQ(store_->GetSwitch({1, 3}).status().code(), absl::StatusCode::kNotFound);
}

// How many pods a cluster had whose loss is waited for is known after a start.
TEST_P(StateStoreContract, StartGetsWhatStandingSwitchesRemember) {
  OpenNew();
  StandingRecord web{.policy = "web", .needed = {{Application{"shop", "web", ""}, 3}}};
  const StandingRecord api{.policy = "api", .needed = {}};
  Commit(
      {PutStandingRecord{web}, PutStandingRecord{api}, PutStandingRecord{{.policy = "old", .needed = {}}}});
  web.needed.begin()->second = 5;
  Commit({PutStandingRecord{web}, EraseStandingRecord{"old"}, EraseStandingRecord{"never"}});
  medium_->LosePower(std::move(store_));
  EXPECT_THAT(OpenNew().standings, ElementsAre(api, web));
}

// The history's bounds hold for switches, too: a record counts with its decision and goes with it.
TEST_P(StateStoreContract, ASwitchGoesWithItsDecision) {
  if (!medium_->BoundsHistory()) GTEST_SKIP() << "it keeps all";
  OpenNew({.age = absl::InfiniteDuration(), .bytes = 20'000});
  SwitchRecord large;
  large.spec.name = "web";
  large.outcome = std::string(15'000, 'x');
  for (uint64_t number = 1; number <= 2; ++number) {
    Commit({PutDecision{SampleDecision({1, number}, DecisionState::kSucceeded)},
            PutSwitchRecord{{{1, number}, large}}});
  }
  EXPECT_EQ(store_->GetDecision({1, 1}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->GetSwitch({1, 1}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*store_->GetSwitch({1, 2}), large);
}

// A batch holds the last word on each object: writes of one batch apply in their order.
TEST_P(StateStoreContract, WritesOfABatchApplyInOrder) {
  OpenNew();
  Decision closed = SampleDecision({1, 1}, DecisionState::kSucceeded);
  Commit({PutDecision{SampleDecision({1, 1})}, PutDecision{closed}, PutPolicy{SamplePolicy("one")},
          ErasePolicy{"one"}, ErasePolicy{"two"}, PutPolicy{SamplePolicy("two")},
          PutNodeRecord{SampleNode("n")}, DeleteNodeRecord{SampleNode("n").key},
          PutScalerRecord{SampleScaler("web")}, EraseScalerRecord{"web"}, EraseScalerRecord{"api"},
          PutScalerRecord{SampleScaler("api")}});
  EXPECT_EQ(*store_->GetDecision({1, 1}), closed);
  EXPECT_THAT(*store_->ListPolicies(), ElementsAre(SamplePolicy("two")));
  const Restored restored = Restart();
  EXPECT_THAT(restored.nodes, IsEmpty());
  EXPECT_THAT(restored.scalers, ElementsAre(SampleScaler("api")));
}

// An empty batch is fine, and so is taking away what is not there.
TEST_P(StateStoreContract, NothingToDoIsFine) {
  OpenNew();
  Commit({});
  Commit({ErasePolicy{"never"}, DeleteNodeRecord{{.cluster = "east", .node = "never"}}});
}

// L7: once a newer epoch has opened the store, the older coordinator cannot write; the newer one can, and
// both may read.
TEST_P(StateStoreContract, OlderEpochCannotWrite) {
  OpenNew();
  const std::unique_ptr<StateStore> older = std::move(store_);
  ASSERT_TRUE(older->Commit({PutDecision{SampleDecision({1, 1})}}).ok());
  EXPECT_EQ(OpenNew().epoch, 2u);
  const absl::Status fenced = older->Commit({PutDecision{SampleDecision({1, 2})}});
  EXPECT_EQ(fenced.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(fenced.message().find("epoch 2"), std::string::npos) << fenced;
  Commit({PutDecision{SampleDecision({2, 1})}});
  EXPECT_EQ(older->ListDecisions({}, std::nullopt, 10)->decisions.size(), 2u);
}

// Decisions and policies are found by name; what is not there is NOT_FOUND.
TEST_P(StateStoreContract, GetFindsOrSaysNotFound) {
  OpenNew();
  Commit({PutDecision{SampleDecision({1, 1})}, PutPolicy{SamplePolicy("failover")}});
  EXPECT_EQ(*store_->GetDecision({1, 1}), SampleDecision({1, 1}));
  EXPECT_EQ(*store_->GetPolicy("failover"), SamplePolicy("failover"));
  EXPECT_EQ(store_->GetDecision({1, 2}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->GetPolicy("other").status().code(), absl::StatusCode::kNotFound);
}

std::vector<DecisionId> Ids(const DecisionPage& page) {
  std::vector<DecisionId> ids;
  for (const Decision& decision : page.decisions) ids.push_back(decision.id);
  return ids;
}

// Newest first over epochs and numbers, also where bytes and digits would sort otherwise; pages join without
// a gap or a repetition, and the last one says that it is the last.
TEST_P(StateStoreContract, ListsNewestFirstInPages) {
  OpenNew();
  for (const DecisionId id : {DecisionId{1, 9}, {1, 10}, {1, 256}, {2, 1}, {256, 1}}) {
    Commit({PutDecision{SampleDecision(id)}});
  }
  const auto first = store_->ListDecisions({}, std::nullopt, 2);
  EXPECT_THAT(Ids(*first), ElementsAre(DecisionId{256, 1}, DecisionId{2, 1}));
  ASSERT_TRUE(first->next);
  const auto second = store_->ListDecisions({}, first->next, 2);
  EXPECT_THAT(Ids(*second), ElementsAre(DecisionId{1, 256}, DecisionId{1, 10}));
  ASSERT_TRUE(second->next);
  const auto third = store_->ListDecisions({}, second->next, 2);
  EXPECT_THAT(Ids(*third), ElementsAre(DecisionId{1, 9}));
  EXPECT_FALSE(third->next);
  // A page can start at a decision that is gone.
  EXPECT_THAT(Ids(*store_->ListDecisions({}, DecisionId{1, 200}, 1)), ElementsAre(DecisionId{1, 10}));
  EXPECT_THAT(Ids(*store_->ListDecisions({}, DecisionId{1, 1}, 5)), IsEmpty());
}

// Filters combine, and pages count what passes them.
TEST_P(StateStoreContract, ListsWhatTheFilterLetsPass) {
  OpenNew();
  std::vector<Write> writes;
  for (uint64_t number = 1; number <= 40; ++number) {
    Decision decision = SampleDecision({1, number});
    decision.cluster = number % 2 == 0 ? "east" : "west";
    decision.node = number % 4 < 2 ? "a" : "b";
    decision.kind = number % 8 < 4 ? DecisionKind::kFailover : DecisionKind::kBlind;
    decision.workload = {};
    if (number % 10 == 0) {
      decision.workload = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
      if (number == 20) decision.workload.kind = "StatefulSet";
      if (number == 30) decision.workload.name_space = "test";
    }
    writes.push_back(PutDecision{decision});
  }
  Commit(writes);
  EXPECT_EQ(store_->ListDecisions({.cluster = "west"}, std::nullopt, 100)->decisions.size(), 20u);
  EXPECT_EQ(store_->ListDecisions({.node = "b"}, std::nullopt, 100)->decisions.size(), 20u);
  const DecisionFilter of_workload = {
      .workload = {.kinds = "deployments", .name_space = "shop", .name = "web"}};
  EXPECT_THAT(Ids(*store_->ListDecisions(of_workload, std::nullopt, 100)),
              ElementsAre(DecisionId{1, 40}, DecisionId{1, 10}));
  const DecisionFilter all_three = {.cluster = "east", .node = "a", .kinds = {DecisionKind::kBlind}};
  const auto first = store_->ListDecisions(all_three, std::nullopt, 3);
  EXPECT_THAT(Ids(*first), ElementsAre(DecisionId{1, 36}, DecisionId{1, 28}, DecisionId{1, 20}));
  const auto second = store_->ListDecisions(all_three, first->next, 3);
  EXPECT_THAT(Ids(*second), ElementsAre(DecisionId{1, 12}, DecisionId{1, 4}));
  EXPECT_FALSE(second->next);
  const DecisionFilter two_kinds = {.kinds = {DecisionKind::kBlind, DecisionKind::kFailover}};
  EXPECT_EQ(store_->ListDecisions(two_kinds, std::nullopt, 100)->decisions.size(), 40u);
}

// Policies are listed by name.
TEST_P(StateStoreContract, ListsPoliciesByName) {
  OpenNew();
  Commit({PutPolicy{SamplePolicy("b")}, PutPolicy{SamplePolicy("c")}, PutPolicy{SamplePolicy("a")}});
  EXPECT_THAT(*store_->ListPolicies(), ElementsAre(SamplePolicy("a"), SamplePolicy("b"), SamplePolicy("c")));
}

// History is bounded: the oldest closed decisions go, after a restart too; what is open stays, whatever its
// age (L3).
TEST_P(StateStoreContract, HistoryIsBounded) {
  if (!medium_->BoundsHistory()) GTEST_SKIP() << "it keeps all";
  const HistoryBounds bounds = {.age = absl::Seconds(10), .bytes = 1 << 20};
  OpenNew(bounds);
  Commit({PutDecision{SampleDecision({1, 1})}});
  for (uint64_t number = 2; number <= 20; ++number) {
    Commit(
        {PutDecision{SampleDecision({1, number}, DecisionState::kSucceeded)}});  // closed at second `number`
  }
  Restart(bounds);
  Commit({PutDecision{SampleDecision({2, 21}, DecisionState::kSucceeded)}});
  const auto page = store_->ListDecisions({}, std::nullopt, 100);
  EXPECT_EQ(page->decisions.front().id, (DecisionId{2, 21}));
  EXPECT_EQ(page->decisions.back().id, (DecisionId{1, 1}));
  EXPECT_EQ(page->decisions[page->decisions.size() - 2].id, (DecisionId{1, 12}));
  EXPECT_EQ(page->decisions.size(), 11u);
}

}  // namespace
}  // namespace evenkeel::coordinator
