#include "coordinator/serve/burst_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/serve/burst_messages.h"

namespace evenkeel::coordinator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// A burst of two pods that has lasted for half an hour, and presses against its cap.
BurstStatus Burst(const std::string& cluster, ValveState valve = ValveState::kClosed) {
  BurstStatus status;
  status.cluster = cluster;
  status.listed = true;
  status.valve = valve;
  BurstStanding& standing = status.standing;
  standing.mode = PolicyMode::kEnforce;
  standing.policy = "burst";
  standing.api_reachable = true;
  standing.caps.pods = 2;
  standing.caps.cost_micros = 1'000'000;
  standing.prices = {.core_hour_micros = 40'000, .gib_hour_micros = 0, .currency = "USD"};
  standing.ledger = {.began = kStart - absl::Minutes(30),
                     .use = {.cpu_millicores = 1000, .memory_bytes = int64_t{1} << 30, .pods = 2},
                     .counted = kStart - absl::Minutes(30),
                     .peak_pods = 2};
  status.nodes = {{.name = "virtual-1", .ready = true, .use = standing.ledger.use}};
  status.node_count = 1;
  status.any_ready = true;
  return status;
}

void Press(BurstStatus& status) {
  status.pressing = {{.pod = {"shop", "web-9"}, .since = kStart - absl::Seconds(5), .waits_for = "no cpu"}};
  status.pressing_count = 1;
  status.pressing_since = status.pressing[0].since;
  status.standing.pressing = {.cpu_millicores = 500, .memory_bytes = 1 << 20, .pods = 1};
}

std::vector<std::string> Read(BurstWatch& watch) {
  std::vector<std::string> seen;
  while (true) {
    v1::WatchBurstsResponse response;
    const absl::StatusOr<bool> more = watch.Next(response);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return seen;
    seen.push_back(absl::StrCat(v1::WatchBurstsResponse::Type_Name(response.type()).substr(5), " ",
                                response.burst().name(), " ",
                                v1::Burst::Valve_Name(response.burst().valve()).substr(6)));
  }
}

void Show(const std::string& cluster, const BurstStatus* status, v1::WatchBurstsResponse& out) {
  Fill(cluster, status, kStart, out);
}

// A watcher gets what is there, SYNCED, then each change in its latest state, and what has gone.
TEST(BurstFeed, SendsBurstsThenChanges) {
  BurstFeed feed;
  feed.Put("east", Burst("east"));
  feed.Put("west", Burst("west"));
  int wakes = 0;
  BurstWatch watch(feed, "east", &Show, [&wakes] { ++wakes; });
  EXPECT_THAT(Read(watch), ElementsAre("ADDED bursts/east CLOSED", "SYNCED  UNSPECIFIED"));
  feed.Put("east", Burst("east", ValveState::kOpening));
  feed.Put("east", Burst("east", ValveState::kOpen));
  feed.Put("west", Burst("west", ValveState::kOpen));
  EXPECT_EQ(wakes, 1);
  EXPECT_THAT(Read(watch), ElementsAre("MODIFIED bursts/east OPEN"));
  feed.Erase("east");
  EXPECT_THAT(Read(watch), ElementsAre("DELETED bursts/east UNSPECIFIED"));
  EXPECT_THAT(Read(watch), IsEmpty());
}

// Lists go by cluster, in pages; a token is of its own list only.
TEST(BurstFeed, ListsInPages) {
  BurstFeed feed;
  for (const char* cluster : {"c", "a", "b"}) feed.Put(cluster, Burst(cluster));
  std::string all;
  v1::ListBurstsRequest request;
  request.set_page_size(2);
  for (int pages = 0; pages < 5; ++pages) {
    v1::ListBurstsResponse response;
    ASSERT_TRUE(ListStatuses(feed, "ListBursts", request, response, [&all](const BurstStatus& status) {
                  absl::StrAppend(&all, status.cluster, " ");
                }).ok());
    absl::StrAppend(&all, "| ");
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  EXPECT_EQ(all, "a b | c | ");
  v1::ListBurstsResponse response;
  EXPECT_TRUE(absl::IsInvalidArgument(
      ListStatuses(feed, "ListScalers", request, response, [](const BurstStatus&) {})));
}

// What is told of time and money is as of when it is read; nothing is told where nothing is.
TEST(BurstMessages, TellsTimeAndMoneyAsOfNow) {
  const BurstStatus status = Burst("east");
  v1::Burst message = ToMessage(status, kStart);
  EXPECT_EQ(message.name(), "bursts/east");
  EXPECT_EQ(message.policy(), "policies/burst");
  EXPECT_EQ(message.mode(), v1::POLICY_MODE_ENFORCE);
  EXPECT_EQ(message.use().pods(), 2U);
  EXPECT_EQ(message.use().cost_per_hour(), "0.04");
  EXPECT_EQ(message.caps().pods(), 2U);
  EXPECT_EQ(message.caps().cost(), "1");
  EXPECT_FALSE(message.caps().has_duration());
  EXPECT_EQ(message.ledger().duration().seconds(), 1800);
  EXPECT_EQ(message.ledger().cost(), "0.02");
  EXPECT_DOUBLE_EQ(message.ledger().core_hours(), 0.5);
  EXPECT_DOUBLE_EQ(message.ledger().gib_hours(), 0.5);
  EXPECT_DOUBLE_EQ(message.ledger().pod_hours(), 1);
  EXPECT_EQ(ToMessage(status, kStart + absl::Minutes(30)).ledger().cost(), "0.04");
  // A dollar lasts for 25 hours, of which half an hour has gone.
  EXPECT_NEAR(static_cast<double>(message.use().used_up_time().seconds() - absl::ToUnixSeconds(kStart)),
              24.5 * 3600, 1);
  EXPECT_FALSE(message.has_last());
  EXPECT_FALSE(message.has_back_off());
  EXPECT_FALSE(message.has_open_time());
  EXPECT_EQ(message.refused_by(), "");
  EXPECT_EQ(message.would(), "");
  EXPECT_EQ(message.reason(), "no pod that may go to virtual nodes waits for room");
  EXPECT_EQ(message.nodes(0).node(), "virtual-1");
  EXPECT_FALSE(message.nodes(0).open());
}

// What waits, what keeps it out, why the provider is left alone, and how pods come home.
TEST(BurstMessages, TellsWhatKeepsPodsOut) {
  BurstStatus status = Burst("east");
  Press(status);
  status.standing.provider = {.failures = 2, .failed = kStart - absl::Seconds(30), .cause = "quota"};
  status.last = EndedBurst{.ledger = status.standing.ledger, .cost_micros = 250'000, .currency = "EUR"};
  status.room_after = absl::Seconds(60);
  status.damping.relapses = 1;
  status.room_from = kStart + absl::Seconds(20);
  const Workload web = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
  status.homeward = {{.scaler = "web", .workload = web, .pods = 2, .waits_for = "there is a panic"}};
  status.strangers = 1;
  status.headroom = {
      .placeholders = true,
      .webhook = true,
      .deployment = {.group = "apps", .kind = "Deployment", .name_space = "evenkeel", .name = "room"},
      .unseen = "there is none",
      .unknown = true,
      .number = 3,
      .each = {.cpu_millicores = 200, .memory_bytes = 1 << 20, .pods = 1},
      .asked = {.cpu_millicores = 600, .memory_bytes = 3 << 20, .pods = 3},
      .asked_in_vain = "it answered 500",
      .change = DecisionId{3, 2},
      .ask = DecisionId{3, 3}};
  status.last_decision = DecisionId{3, 4};
  const v1::Burst message = ToMessage(status, kStart);
  EXPECT_EQ(message.refused_by(), "provider");
  EXPECT_EQ(message.would(),
            "open virtual nodes to 1 pod, which asks for 500m of CPU and 1 MiB, for 0.0200 USD an hour more");
  EXPECT_EQ(message.pressing_pods(0).pod(), "clusters/east/namespaces/shop/pods/web-9");
  EXPECT_EQ(message.pressing_pods(0).message(), "no cpu");
  EXPECT_EQ(message.back_off().failures(), 2U);
  EXPECT_EQ(message.back_off().cause(), "quota");
  EXPECT_EQ(message.back_off().end_time().seconds(), absl::ToUnixSeconds(kStart) - 30 + 120);
  EXPECT_EQ(message.last().cost(), "0.25");
  EXPECT_EQ(message.last().currency(), "EUR");
  EXPECT_TRUE(message.last().has_end_time());
  const v1::DrainBack& drain_back = message.drain_back();
  EXPECT_EQ(drain_back.room_after().seconds(), 60);
  EXPECT_EQ(drain_back.relapses(), 1U);
  EXPECT_TRUE(drain_back.has_room_time());
  EXPECT_FALSE(drain_back.has_last_time());
  EXPECT_EQ(drain_back.unscaled_pods(), 1U);
  EXPECT_EQ(drain_back.workloads(0).workload(), "namespaces/shop/deployments/web");
  EXPECT_EQ(drain_back.workloads(0).scaler(), "scalers/web");
  EXPECT_EQ(drain_back.workloads(0).reason(), "there is a panic");
  const v1::Headroom& headroom = message.headroom();
  EXPECT_TRUE(headroom.placeholders_enabled());
  EXPECT_TRUE(headroom.webhook_enabled());
  EXPECT_EQ(headroom.deployment(), "namespaces/evenkeel/deployments/room");
  EXPECT_EQ(headroom.reason(), "there is none");
  EXPECT_TRUE(headroom.placeholders_unknown());
  EXPECT_EQ(headroom.placeholders(), 3U);
  EXPECT_EQ(headroom.cpu_millicores(), 200);
  EXPECT_EQ(headroom.memory_bytes(), 1 << 20);
  EXPECT_EQ(headroom.asked_pods(), 3U);
  EXPECT_EQ(headroom.asked_cpu_millicores(), 600);
  EXPECT_EQ(headroom.asked_memory_bytes(), 3 << 20);
  EXPECT_EQ(headroom.ask_failure(), "it answered 500");
  EXPECT_EQ(headroom.change_decision(), "decisions/3-2");
  EXPECT_EQ(headroom.ask_decision(), "decisions/3-3");
  EXPECT_EQ(message.last_decision(), "decisions/3-4");
  // When the time of the back-off is over, the next guard in the row is told.
  EXPECT_EQ(ToMessage(status, kStart + absl::Minutes(2)).refused_by(), "burst-cap");
}

}  // namespace
}  // namespace evenkeel::coordinator
