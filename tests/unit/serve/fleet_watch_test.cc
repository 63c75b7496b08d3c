#include "coordinator/serve/fleet_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/time/fake_clock.h"
#include "tests/unit/serve/fleet.h"

namespace evenkeel::coordinator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FleetWatchTest : public testing::Test {
 protected:
  FleetWatchTest() { view_.OnApi({.cluster = "blue", .reachable = true, .detail = "", .version = ""}); }

  static std::string Show(const v1::WatchFleetResponse& response) {
    const std::string type = v1::WatchFleetResponse::Type_Name(response.type()).substr(5);
    if (response.has_cluster()) return absl::StrCat(type, " ", response.cluster().name());
    if (response.has_node()) return absl::StrCat(type, " ", response.node().name());
    if (response.has_pod()) return absl::StrCat(type, " ", response.pod().name());
    return type;
  }

  void Start(FleetFilter filter, size_t max_pending = FleetWatch::kMaxPending) {
    watch_ = std::make_unique<FleetWatch>(
        view_, std::move(filter), [this] { ++wakes_; }, max_pending);
  }

  // All that the watch has now.
  std::vector<std::string> Read() {
    std::vector<std::string> seen;
    while (true) {
      v1::WatchFleetResponse response;
      const absl::StatusOr<bool> more = watch_->Next(response);
      status_ = more.status();
      if (!more.ok() || !*more) return seen;
      seen.push_back(Show(response));
      last_ = response;
    }
  }

  time::FakeClock clock_;
  FleetView view_{{"blue"}, clock_};
  std::unique_ptr<FleetWatch> watch_;
  absl::Status status_;
  v1::WatchFleetResponse last_;
  int wakes_ = 0;
};

// First what is there, of every kind and in order, then SYNCED, then what changes.
TEST_F(FleetWatchTest, SendsWhatIsThereThenSyncedThenChanges) {
  for (int i = 0; i < 100; ++i) view_.OnNode(MakeNode("blue", absl::StrCat("n", 100 + i)));
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n100"));
  Start({});
  const std::vector<std::string> first = Read();
  ASSERT_EQ(first.size(), 103U);
  EXPECT_EQ(first[0], "ADDED clusters/blue");
  EXPECT_EQ(first[1], "ADDED clusters/blue/nodes/n100");
  EXPECT_EQ(first[100], "ADDED clusters/blue/nodes/n199");
  EXPECT_EQ(first[101], "ADDED clusters/blue/namespaces/shop/pods/a");
  EXPECT_EQ(first[102], "SYNCED");

  EXPECT_EQ(wakes_, 0);
  view_.OnNotice(MakeVerdict({"blue", "n150"}, Verdict::kDead));
  EXPECT_EQ(wakes_, 1);
  EXPECT_THAT(Read(), ElementsAre("MODIFIED clusters/blue/nodes/n150", "MODIFIED clusters/blue"));
}

// However often a resource changes before it is read, it is sent once, as it is then; and the reader is woken
// once.
TEST_F(FleetWatchTest, JoinsChangesOfOneResource) {
  view_.OnNode(MakeNode("blue", "n1"));
  Start({.kinds = {FleetKind::kNode}, .cluster = "", .name_space = "", .selector = {}});
  EXPECT_THAT(Read(), ElementsAre("ADDED clusters/blue/nodes/n1", "SYNCED"));
  view_.OnNotice(MakeVerdict({"blue", "n1"}, Verdict::kSuspect));
  view_.OnNotice(MakeVerdict({"blue", "n1"}, Verdict::kDead));
  EXPECT_EQ(wakes_, 1);
  EXPECT_THAT(Read(), ElementsAre("MODIFIED clusters/blue/nodes/n1"));
  EXPECT_EQ(last_.node().verdict(), v1::VERDICT_DEAD);
  EXPECT_THAT(Read(), IsEmpty());
}

// What is gone is sent with its last state; what came and went unread is not sent at all.
TEST_F(FleetWatchTest, SendsTheLastStateOfWhatIsGone) {
  const FleetFilter pods{.kinds = {FleetKind::kPod}, .cluster = "", .name_space = "", .selector = {}};
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1"));
  Start(pods);
  Read();
  view_.OnPodGone({"blue", "shop", "a"});
  view_.OnPod(MakePod({"blue", "shop", "b"}, "n1"));
  view_.OnPodGone({"blue", "shop", "b"});
  EXPECT_THAT(Read(), ElementsAre("DELETED clusters/blue/namespaces/shop/pods/a"));
  EXPECT_EQ(last_.pod().uid(), "uid-a");
}

// A pod that was deleted and made again under its name is another pod, also when both happened between two
// looks.
TEST_F(FleetWatchTest, TellsAPodsTwoLivesApart) {
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1", "first"));
  Start({.kinds = {FleetKind::kPod}, .cluster = "", .name_space = "", .selector = {}});
  Read();
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1", "second"));
  EXPECT_THAT(Read(), ElementsAre("DELETED clusters/blue/namespaces/shop/pods/a",
                                  "ADDED clusters/blue/namespaces/shop/pods/a"));
  EXPECT_EQ(last_.pod().uid(), "second");
}

// With a selector, a change of labels makes resources come and go for the reader.
TEST_F(FleetWatchTest, FollowsLabels) {
  view_.OnNode(MakeNode("blue", "n1", {{"zone", "a"}}));
  view_.OnNode(MakeNode("blue", "n2", {{"zone", "b"}}));
  Start({.kinds = {FleetKind::kNode},
         .cluster = "",
         .name_space = "",
         .selector = *LabelSelector::Parse("label_selector", "zone=a")});
  EXPECT_THAT(Read(), ElementsAre("ADDED clusters/blue/nodes/n1", "SYNCED"));
  view_.OnNode(MakeNode("blue", "n2", {{"zone", "a"}}));
  EXPECT_THAT(Read(), ElementsAre("ADDED clusters/blue/nodes/n2"));
  view_.OnNode(MakeNode("blue", "n1", {{"zone", "b"}}));
  EXPECT_THAT(Read(), ElementsAre("DELETED clusters/blue/nodes/n1"));
  view_.OnNode(MakeNode("blue", "n1", {{"zone", "c"}}));
  EXPECT_THAT(Read(), IsEmpty());
}

// Cluster, namespace and kind narrow what is sent.
TEST_F(FleetWatchTest, IsNarrowed) {
  view_.OnPod(MakePod({"blue", "shop", "a"}, "n1"));
  view_.OnPod(MakePod({"blue", "test", "a"}, "n1"));
  view_.OnPod(MakePod({"green", "shop", "a"}, "n1"));
  Start({.kinds = {FleetKind::kPod}, .cluster = "blue", .name_space = "shop", .selector = {}});
  EXPECT_THAT(Read(), ElementsAre("ADDED clusters/blue/namespaces/shop/pods/a", "SYNCED"));
  view_.OnPodGone({"blue", "test", "a"});
  view_.OnPodGone({"green", "shop", "a"});
  EXPECT_EQ(wakes_, 0);
}

// What changes while the first part is being read is neither lost nor sent before it was added.
TEST_F(FleetWatchTest, MissesNothingDuringTheFirstPart) {
  for (int i = 0; i < 200; ++i) view_.OnNode(MakeNode("blue", absl::StrCat("n", 100 + i)));
  Start({.kinds = {FleetKind::kNode}, .cluster = "", .name_space = "", .selector = {}});
  v1::WatchFleetResponse response;
  ASSERT_TRUE(*watch_->Next(response));
  view_.OnNodeGone({"blue", "n100"});                             // sent already
  view_.OnNodeGone({"blue", "n299"});                             // still to come: never sent
  view_.OnNotice(MakeVerdict({"blue", "n101"}, Verdict::kDead));  // read already, perhaps not sent
  view_.OnNode(MakeNode("blue", "n400"));                         // still to come
  std::vector<std::string> seen = Read();
  EXPECT_THAT(seen, testing::Not(testing::Contains(testing::HasSubstr("n299"))));
  EXPECT_THAT(seen, testing::Contains("ADDED clusters/blue/nodes/n400"));
  EXPECT_THAT(seen, testing::Contains("DELETED clusters/blue/nodes/n100"));
  EXPECT_THAT(seen, testing::Contains("MODIFIED clusters/blue/nodes/n101"));
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "SYNCED"), 1);
}

// A reader that lets too much gather is told so and ended, whatever it would have read next.
TEST_F(FleetWatchTest, EndsASlowReader) {
  Start({.kinds = {FleetKind::kNode}, .cluster = "", .name_space = "", .selector = {}}, 3);
  EXPECT_THAT(Read(), ElementsAre("SYNCED"));
  for (int i = 0; i < 3; ++i) view_.OnNode(MakeNode("blue", absl::StrCat("n", i)));
  EXPECT_EQ(Read().size(), 3U);
  for (int i = 0; i < 4; ++i) view_.OnNode(MakeNode("blue", absl::StrCat("m", i)));
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_EQ(status_.code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace evenkeel::coordinator
