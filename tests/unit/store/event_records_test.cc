// What the event log keeps comes back as it was told, every field of every event, also of those that somebody
// adds tomorrow: nothing here names one.

#include "coordinator/store/event_records.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "common/base/bytes_of.h"
#include "tests/support/every_field.h"

namespace evenkeel::coordinator {
namespace {

// Calls `check` with an event of each kind, no field of which has its default.
template <std::size_t index = 0>
void ForEachEvent(const auto& check) {
  if constexpr (index < std::variant_size_v<Event>) {
    check(
        Event(std::in_place_index<index>, test::WithEveryField<std::variant_alternative_t<index, Event>>()));
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
        << "event " << event.index()
        << " of core/events.h has a field that store/event_records.cc forgets: " << record.ShortDebugString();
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
  check(Tick{});
}

TEST(EventRecordsTest, EveryOutcomeComesBack) {
  for (int i = 0; i <= static_cast<int>(ProbeOutcome::kProberFailed); ++i) {
    const Event event = ProbeAnswered{.agent = static_cast<ProbeOutcome>(i)};
    EXPECT_EQ(base::BytesOf(FromRecord(ToRecord(event)).value()), base::BytesOf(event));
  }
  for (int i = 0; i <= static_cast<int>(ActionOutcome::kWithdrawn); ++i) {
    const Event event = ActionFinished{.outcome = static_cast<ActionOutcome>(i)};
    EXPECT_EQ(base::BytesOf(FromRecord(ToRecord(event)).value()), base::BytesOf(event));
  }
}

// What a coordinator starts from: decisions, nodes and policies whole.
TEST(EventRecordsTest, EveryFieldOfAStartComesBack) {
  auto restored = test::WithEveryField<Restored>();
  for (ClusterRecord& cluster : restored.clusters) cluster.pause->cluster = cluster.cluster;  // stored once
  const auto back = FromRecord(ToRecord(restored));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(base::BytesOf(*back), base::BytesOf(restored))
      << "store/records.cc forgets a field of Decision, NodeRecord or Policy";
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

  storage::v1::Event port;
  port.mutable_session_opened()->set_agent_port(65536);
  EXPECT_EQ(FromRecord(port).status().code(), absl::StatusCode::kDataLoss);
  storage::v1::Event kubelet;
  kubelet.mutable_node_observed()->mutable_facts()->set_kubelet_port(70000);
  EXPECT_EQ(FromRecord(kubelet).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace evenkeel::coordinator
