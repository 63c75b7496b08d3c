#include "coordinator/serve/scaler_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/effects.h"
#include "coordinator/serve/scaler_messages.h"

namespace evenkeel::coordinator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ScalerChanged Scaler(const std::string& policy, int64_t replicas, const std::string& cluster = "blue") {
  ScalerStatus status;
  status.policy = policy;
  status.cluster = cluster;
  status.target = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = policy};
  status.replicas = replicas;
  return {std::make_shared<const ScalerStatus>(std::move(status))};
}

void Tell(ScalerFeed& feed, const ScalerChanged& changed) {
  feed.Put(changed.status->policy, changed.status);
}

void Show(const std::string& policy, const ScalerStatus* status, v1::WatchScalersResponse& out) {
  Fill(policy, status, out);
}

std::vector<std::string> Read(ScalerWatch& watch) {
  std::vector<std::string> seen;
  while (true) {
    v1::WatchScalersResponse response;
    const absl::StatusOr<bool> more = watch.Next(response);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return seen;
    seen.push_back(absl::StrCat(v1::WatchScalersResponse::Type_Name(response.type()).substr(5), " ",
                                response.scaler().name(), " ", response.scaler().replicas()));
  }
}

// A watcher gets the scalers, SYNCED, and then each change, in its latest state and once.
TEST(ScalerFeed, SendsScalersThenChanges) {
  ScalerFeed feed;
  Tell(feed, Scaler("web", 2));
  Tell(feed, Scaler("api", 3));
  int wakes = 0;
  ScalerWatch watch(feed, "", &Show, [&wakes] { ++wakes; });
  Tell(feed, Scaler("new", 1));  // after the beginning
  EXPECT_THAT(Read(watch),
              ElementsAre("ADDED scalers/api 3", "ADDED scalers/web 2", "SYNCED  0", "ADDED scalers/new 1"));
  for (int64_t replicas = 3; replicas <= 9; ++replicas) Tell(feed, Scaler("web", replicas));
  Tell(feed, Scaler("api", 4));
  EXPECT_EQ(wakes, 1);
  EXPECT_THAT(Read(watch), ElementsAre("MODIFIED scalers/web 9", "MODIFIED scalers/api 4"));
  EXPECT_THAT(Read(watch), IsEmpty());
}

// What is gone is told by its name, and what came and went unseen is not told at all.
TEST(ScalerFeed, TellsWhatIsGone) {
  ScalerFeed feed;
  Tell(feed, Scaler("web", 2));
  ScalerWatch watch(feed, "", &Show, [] {});
  EXPECT_THAT(Read(watch), ElementsAre("ADDED scalers/web 2", "SYNCED  0"));
  feed.Erase("web");
  Tell(feed, Scaler("brief", 1));
  feed.Erase("brief");
  feed.Erase("never");
  EXPECT_THAT(Read(watch), ElementsAre("DELETED scalers/web 0"));
  Tell(feed, Scaler("web", 5));
  EXPECT_THAT(Read(watch), ElementsAre("ADDED scalers/web 5"));
}

// Scalers that go before the first part was read do not hold SYNCED up.
TEST(ScalerFeed, SyncsAlsoWhenTheFirstOnesGo) {
  ScalerFeed feed;
  Tell(feed, Scaler("web", 2));
  ScalerWatch watch(feed, "", &Show, [] {});
  feed.Erase("web");
  EXPECT_THAT(Read(watch), ElementsAre("SYNCED  0"));
}

// A watch of one cluster hears nothing of another, but that a scaler has left for it.
TEST(ScalerFeed, IsNarrowedByCluster) {
  ScalerFeed feed;
  Tell(feed, Scaler("web", 2));
  Tell(feed, Scaler("api", 2, "green"));
  ScalerWatch watch(feed, "blue", &Show, [] {});
  EXPECT_THAT(Read(watch), ElementsAre("ADDED scalers/web 2", "SYNCED  0"));
  Tell(feed, Scaler("api", 3, "green"));
  EXPECT_THAT(Read(watch), IsEmpty());
  Tell(feed, Scaler("web", 2, "green"));
  EXPECT_THAT(Read(watch), ElementsAre("DELETED scalers/web 0"));
}

// Lists go by name, in pages, and can be of one cluster.
TEST(ScalerFeed, ListsByName) {
  ScalerFeed feed;
  for (const char* policy : {"c", "a", "b"}) Tell(feed, Scaler(policy, 1));
  Tell(feed, Scaler("aa", 1, "green"));
  const auto names = [&feed](const std::string& after, const std::string& cluster, size_t limit) {
    std::string all;
    for (const auto& [name, status] : feed.After(after, cluster, limit)) absl::StrAppend(&all, name, " ");
    return all;
  };
  EXPECT_EQ(names("", "", 10), "a aa b c ");
  EXPECT_EQ(names("", "blue", 2), "a b ");
  EXPECT_EQ(names("b", "blue", 2), "c ");
  EXPECT_EQ(names("c", "", 2), "");
  EXPECT_EQ(feed.size(), 4U);
  EXPECT_EQ(feed.Find("b")->policy, "b");
  EXPECT_EQ(feed.Find("z"), nullptr);
}

// What a switch of traffic needs of it is told with the switch, and left out where it is not known yet.
TEST(ScalerMessages, ShowsWhatASwitchNeeds) {
  ScalerStatus status = *Scaler("web", 4).status;
  EXPECT_EQ(ToMessage(status).traffic_switch(), "");
  status.floor = {.replicas = 3, .name = "web", .unknown = false};
  EXPECT_EQ(ToMessage(status).traffic_switch(), "switches/web");
  EXPECT_EQ(ToMessage(status).switch_replicas(), 3);
  status.floor = {.replicas = 0, .name = "web", .unknown = true};
  EXPECT_EQ(ToMessage(status).traffic_switch(), "switches/web");
  EXPECT_FALSE(ToMessage(status).has_switch_replicas());
}

// A scaler's message has its figures in the units of its target, and none where nothing is known.
TEST(ScalerMessages, ShowsWhatIsKnownAndNoMore) {
  ScalerStatus status = *Scaler("web", 4).status;
  status.unseen = "";
  status.uid = "u1";
  status.mode = PolicyMode::kEnforce;
  status.cpu = {.kind = CpuTarget::Kind::kMillicores, .value = 100};
  status.minimum = 2;
  status.maximum = 10;
  status.pods = 4;
  status.ready = 3;
  v1::Scaler message = ToMessage(status);
  EXPECT_EQ(message.name(), "scalers/web");
  EXPECT_EQ(message.policy(), "policies/web");
  EXPECT_EQ(message.mode(), v1::POLICY_MODE_ENFORCE);
  EXPECT_TRUE(message.in_millicores());
  EXPECT_EQ(message.target_cpu(), 100);
  EXPECT_FALSE(message.has_cpu());
  EXPECT_FALSE(message.has_look_time());
  EXPECT_EQ(message.reason(), "it has not looked yet");
  EXPECT_EQ(message.pods().total(), 4U);
  EXPECT_EQ(message.pods().ready(), 3U);

  status.looked = absl::FromUnixSeconds(1'700'000'000);
  status.advice.current = 4;
  status.advice.replicas = 6;
  status.advice.wanted = 7;
  status.advice.steady.use = 150;
  status.advice.sudden.use = 190;
  status.advice.steady.counted = 3;
  status.advice.steady.held = 1;
  status.panic_since = *status.looked;
  status.refusal = GuardAnswer{.guard = "pause", .allowed = false, .reason = "the cluster is paused"};
  status.open_decision = DecisionId{3, 4};
  status.last_scaled = DecisionId{3, 1};
  message = ToMessage(status);
  EXPECT_EQ(message.replicas(), 4);
  EXPECT_EQ(message.advised_replicas(), 6);
  EXPECT_EQ(message.wanted_replicas(), 7);
  EXPECT_EQ(message.cpu(), 150);
  EXPECT_EQ(message.sudden_cpu(), 190);
  EXPECT_EQ(message.pods().counted(), 3U);
  EXPECT_EQ(message.pods().held(), 1U);
  EXPECT_TRUE(message.has_panic_start_time());
  EXPECT_NE(message.reason().find("not done: the cluster is paused"), std::string::npos) << message.reason();
  EXPECT_GT(message.conditions_size(), 0);
  EXPECT_EQ(message.open_decision(), "decisions/3-4");
  EXPECT_EQ(message.last_decision(), "decisions/3-1");

  status.unseen = "there is none";
  EXPECT_EQ(ToMessage(status).reason(), "there is none");
}

// Workloads are named as decisions and actions name them.
TEST(ScalerMessages, NamesWorkloadsAndTargets) {
  const Workload workload = {.group = "apps", .kind = "StatefulSet", .name_space = "shop", .name = "db"};
  EXPECT_EQ(WorkloadResource(workload), "namespaces/shop/statefulsets/db");
  EXPECT_EQ(WorkloadResource(Workload{}), "");
  EXPECT_EQ(TargetMessage(workload, "v1").api_version(), "apps/v1");
  EXPECT_EQ(TargetMessage(workload, "").api_version(), "apps");
  EXPECT_EQ(TargetMessage({.kind = "ReplicationController"}, "v1").api_version(), "v1");
}

}  // namespace
}  // namespace evenkeel::coordinator
