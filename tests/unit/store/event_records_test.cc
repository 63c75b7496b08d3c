// What the event log keeps comes back as it was told, every field of every event, also of those that somebody
// adds tomorrow: nothing here names one.

#include "coordinator/store/event_records.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "common/base/bytes_of.h"
#include "tests/support/every_field.h"
#include "tests/support/every_value.h"

namespace evenkeel::coordinator {
namespace {

// Calls `check` with events of each kind, in the rounds of EveryField.
template <std::size_t index = 0>
void ForEachEvent(const auto& check) {
  if constexpr (index < std::variant_size_v<Event>) {
    using Kind = std::variant_alternative_t<index, Event>;
    for (int round = 0; round < test::EveryField::kRounds; ++round) {
      check(Event(std::in_place_index<index>, test::WithEveryField<Kind>(round)));
    }
    ForEachEvent<index + 1>(check);
  }
}

TEST(EventRecordsTest, EveryFieldOfEveryEventComesBack) {
  ForEachEvent([](const Event& event) {
    const std::string bytes = ToRecord(event).SerializeAsString();
    storage::v1::Event record;
    ASSERT_TRUE(record.ParseFromString(bytes));
    const auto back = FromRecord(record);
    ASSERT_TRUE(back.ok()) << "event " << event.index() << ": " << back.status();
    EXPECT_EQ(base::BytesOf(*back), base::BytesOf(event))
        << "event " << event.index() << " of core/events.h has a field that store/*event_records.cc forgets: "
        << record.ShortDebugString();
  });
}

TEST(EventRecordsTest, DefaultsComeBackToo) {
  const auto check = [](const Event& event) {
    const auto back = FromRecord(ToRecord(event));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(base::BytesOf(*back), base::BytesOf(event)) << "event " << event.index();
  };
  check(SessionClosed{});
  check(NodeObserved{});
  check(PodObserved{});
  check(LeaseRead{});  // renewed in the infinite past
  check(ApplyPolicy{});
  check(WorkloadObserved{});  // overlaps with none
  check(WorkloadPodObserved{});
  check(AutoscalerObserved{});
  check(UsageTold{.cluster = "east", .pods = {PodUsage{}}});
  PodUsage dead{.deaths = {.restarts = 2, .down = 1, .last = ContainerDeath{}}};
  check(UsageTold{.cluster = "east", .pods = {dead}});
  dead.deaths.last = ContainerDeath{
      .container = "app", .exit_code = 0, .reason = "Completed", .at = absl::FromUnixSeconds(90)};
  check(UsageTold{.cluster = "east", .pods = {dead}});
  check(TakeOverAutoscaler{});
  check(RouteRead{});
  check(RouteLost{});
  check(ApplicationObserved{});
  check(ProbesTold{.failures = {ProbeFailure{}}});
  check(StartSwitch{});
  check(OrderSwitch{});
  check(Tick{});
}

// Each value that the records know, also one that somebody adds tomorrow, comes out as it went in: the switch
// that writes it and the last one that is read for it go together.
TEST(EventRecordsTest, EveryValueOfEveryEnumComesBack) {
  const auto check = [](const storage::v1::Event& record) {
    const auto event = FromRecord(record);
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_EQ(ToRecord(*event).SerializeAsString(), record.SerializeAsString()) << record.ShortDebugString();
  };
  test::ForEachStoredValue<storage::v1::ProbeOutcome>([&](storage::v1::ProbeOutcome outcome) {
    storage::v1::Event record = ToRecord(Event(ProbeAnswered{}));
    record.mutable_probe_answered()->set_agent(outcome);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::ActionOutcome>([&](storage::v1::ActionOutcome outcome) {
    storage::v1::Event record = ToRecord(Event(ActionFinished{}));
    record.mutable_action_finished()->set_outcome(outcome);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::KubeletWay>([&](storage::v1::KubeletWay way) {
    storage::v1::Event record = ToRecord(Event(KubeletAnswered{}));
    record.mutable_kubelet_answered()->set_way(way);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::DelaySource>([&](storage::v1::DelaySource source) {
    storage::v1::Event record = ToRecord(Event(OwnDelay{}));
    record.mutable_own_delay()->set_source(source);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::SymptomKind>([&](storage::v1::SymptomKind kind) {
    storage::v1::Event record = ToRecord(Event(NodeHealthChanged{.symptoms = {Symptom{}}}));
    record.mutable_node_health_changed()->mutable_symptoms(0)->set_kind(kind);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::PodPhase>([&](storage::v1::PodPhase phase) {
    storage::v1::Event record = ToRecord(Event(WorkloadPodObserved{}));
    record.mutable_workload_pod_observed()->set_phase(phase);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::PolicyMode>([&](storage::v1::PolicyMode mode) {
    storage::v1::Event record = ToRecord(Event(TakeOverAutoscaler{}));
    record.mutable_take_over_autoscaler()->set_mode(mode);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::BackendMode>([&](storage::v1::BackendMode mode) {
    storage::v1::Event record = ToRecord(Event(RouteRead{.reading = {.backends = {{"east", {}}}}}));
    (*record.mutable_route_read()->mutable_reading()->mutable_backends())["east"].set_mode(mode);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::Proof>([&](storage::v1::Proof proof) {
    storage::v1::Event record = ToRecord(Event(RouteRead{}));
    record.mutable_route_read()->mutable_reading()->set_proof(proof);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::GateVerdict>([&](storage::v1::GateVerdict verdict) {
    storage::v1::Event record = ToRecord(Event(HookAnswered{}));
    record.mutable_hook_answered()->set_verdict(verdict);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::SwitchOrder>([&](storage::v1::SwitchOrder order) {
    storage::v1::Event record = ToRecord(Event(OrderSwitch{}));
    record.mutable_order_switch()->set_order(order);
    check(record);
  });
  test::ForEachStoredValue<storage::v1::SelectPolicy>([&](storage::v1::SelectPolicy select) {
    storage::v1::Event record = ToRecord(Event(AutoscalerObserved{.facts = {.rules = ScaleRules{}}}));
    record.mutable_autoscaler_observed()->mutable_rules()->mutable_up()->set_select(select);
    check(record);
  });
}

// What a coordinator starts from: decisions, nodes, policies and scalers whole.
TEST(EventRecordsTest, EveryFieldOfAStartComesBack) {
  for (int round = 0; round < test::EveryField::kRounds; ++round) {
    auto restored = test::WithEveryField<Restored>(round);
    for (ClusterRecord& cluster : restored.clusters) {
      cluster.pause->cluster = cluster.cluster;  // stored once
      cluster.burst.last->ledger.use = {};       // what is over uses nothing
    }
    const auto back = FromRecord(ToRecord(restored));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(base::BytesOf(*back), base::BytesOf(restored))
        << "store/*_records.cc forgets or swaps a field of Decision, NodeRecord, Policy or ScalerRecord, in "
           "round "
        << round;
  }
}

TEST(EventRecordsTest, WhatThisVersionDoesNotKnowIsSaid) {
  storage::v1::Event newer;
  newer.GetReflection()->MutableUnknownFields(&newer)->AddLengthDelimited(1000, "something new");
  EXPECT_EQ(FromRecord(newer).status().code(), absl::StatusCode::kDataLoss);

  storage::v1::Event outcome;
  outcome.mutable_probe_answered()->set_agent(static_cast<storage::v1::ProbeOutcome>(77));
  EXPECT_EQ(FromRecord(outcome).status().code(), absl::StatusCode::kDataLoss);

  storage::v1::Event no_outcome;
  no_outcome.mutable_action_finished();
  EXPECT_EQ(FromRecord(no_outcome).status().code(), absl::StatusCode::kDataLoss);

  storage::v1::Event phase;
  phase.mutable_workload_pod_observed()->set_phase(static_cast<storage::v1::PodPhase>(77));
  EXPECT_EQ(FromRecord(phase).status().code(), absl::StatusCode::kDataLoss);

  storage::v1::Event port;
  port.mutable_session_opened()->set_agent_port(65536);
  EXPECT_EQ(FromRecord(port).status().code(), absl::StatusCode::kDataLoss);
  storage::v1::Event kubelet;
  kubelet.mutable_node_observed()->mutable_facts()->set_kubelet_port(70000);
  EXPECT_EQ(FromRecord(kubelet).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace evenkeel::coordinator
