// Whether a side can carry what it is given (L10).

#include "coordinator/core/switch/side_health.h"

#include <functional>

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

struct Way {
  SideSight sight = AWellSide();
  SideReading reading = {.seen = true, .servers = 3, .servers_up = 3, .checked = true, .counted = true};
  SideCount recent;
  SideCount last_second;
  absl::Duration span = absl::Seconds(10);
};

// Traffic goes back to a blue that is well, and to no other; what is not known is neither.
TEST(SideHealthTest, GoesBackOnlyToTheHealthy) {
  const struct {
    const char* name;
    std::function<void(Way&)> change;
    Health health;
  } table[] = {
      {"well", [](Way&) {}, Health::kHealthy},
      {"lost", [](Way& way) { way.sight.lost = true; }, Health::kUnhealthy},
      {"no server answers", [](Way& way) { way.reading.servers_up = 0; }, Health::kUnhealthy},
      {"no server is there", [](Way& way) { way.reading = {.seen = true, .checked = true}; },
       Health::kUnhealthy},
      {"no server is there by our own wish, and no check says more",
       [](Way& way) { way.reading = {.seen = true}; }, Health::kHealthy},
      {"one pod of three restarts", [](Way& way) { way.sight.pods_ready = 2; }, Health::kHealthy},
      {"two pods of three restart", [](Way& way) { way.sight.pods_ready = 1; }, Health::kUnhealthy},
      {"seven pods of ten",
       [](Way& way) {
         way.sight.pods_needed = 10;
         way.sight.pods_ready = 7;
       },
       Health::kHealthy},
      {"all its pods are on nodes that are dead",
       [](Way& way) {
         way.sight.bad_nodes = 2;
         way.sight.ready_on_dead = way.sight.ready_on_bad = 3;
       },
       Health::kUnhealthy},
      {"one of its pods is",
       [](Way& way) {
         way.sight.bad_nodes = 1;
         way.sight.ready_on_dead = way.sight.ready_on_bad = 1;
       },
       Health::kHealthy},
      {"two of its pods are on nodes that are not well",
       [](Way& way) {
         way.sight.bad_nodes = 1;
         way.sight.ready_on_bad = 2;
       },
       Health::kUnknown},
      {"its pods are not seen, the gateway vouches",
       [](Way& way) {
         way.sight.unseen = "not read yet";
         way.sight.pods_ready = 0;
       },
       Health::kHealthy},
      {"its pods are not seen, and nobody vouches",
       [](Way& way) {
         way.sight.unseen = "not read yet";
         way.sight.pods_ready = 0;
         way.reading = {.seen = true};
       },
       Health::kUnknown},
      {"it fails", [](Way& way) { way.recent = {.requests = 100, .server_errors = 50}; }, Health::kUnhealthy},
      {"it has begun to fail",
       [](Way& way) {
         way.recent = {.requests = 3000, .server_errors = 15};
         way.last_second = {.requests = 150, .server_errors = 15};
       },
       Health::kUnhealthy},
      {"one request failed", [](Way& way) { way.recent = {.requests = 100, .server_errors = 1}; },
       Health::kHealthy},
      {"API away, the gateway vouches", [](Way& way) { way.sight.api_reachable = false; }, Health::kHealthy},
      {"API away, and a server down",
       [](Way& way) {
         way.sight.api_reachable = false;
         way.reading.servers_up = 2;
       },
       Health::kUnknown},
      {"API away, and the gateway checks nothing",
       [](Way& way) {
         way.sight.api_reachable = false;
         way.reading = {.seen = true};
       },
       Health::kUnknown},
      {"blind, and one gateway of two checks nothing",
       [](Way& way) {
         way.sight.blind = true;
         way.reading.checked = false;
       },
       Health::kUnknown},
      {"no server answers the one gateway of two that checks",
       [](Way& way) {
         way.reading.checked = false;
         way.reading.servers_up = 0;
       },
       Health::kUnhealthy},
      {"few pods, as it was before the API went away",
       [](Way& way) {
         way.sight.api_reachable = false;
         way.sight.pods_ready = 0;
       },
       Health::kHealthy},
      {"the gateway is away", [](Way& way) { way.reading = {}; }, Health::kUnknown},
      {"it has traffic, watched for a moment only",
       [](Way& way) {
         way.reading.has_share = true;
         way.span = absl::Milliseconds(500);
       },
       Health::kUnknown},
      {"it has none", [](Way& way) { way.span = absl::ZeroDuration(); }, Health::kHealthy},
  };
  for (const auto& row : table) {
    Way way;
    row.change(way);
    const HealthAnswer answer =
        JudgeWayBack(way.sight, way.reading, {way.recent, way.last_second, way.span}, GateRules{});
    EXPECT_EQ(answer.health, row.health) << row.name << ": " << answer.reason;
    EXPECT_FALSE(answer.reason.empty()) << row.name;
  }
}

// Green must have all that is needed: each pod, each server, no node that is not well.
TEST(SideHealthTest, GivesOnlyToTheWhole) {
  const struct {
    const char* name;
    std::function<void(Way&)> change;
    Health health;
  } table[] = {
      {"well", [](Way&) {}, Health::kHealthy},
      {"a pod less", [](Way& way) { way.sight.pods_ready = 2; }, Health::kUnhealthy},
      {"a server less", [](Way& way) { way.reading.servers_up = 2; }, Health::kUnhealthy},
      {"lost", [](Way& way) { way.sight.lost = true; }, Health::kUnhealthy},
      {"no check looks at its servers", [](Way& way) { way.reading = {.seen = true}; }, Health::kHealthy},
      {"a silent node", [](Way& way) { way.sight.bad_nodes = 1; }, Health::kUnknown},
      {"API away", [](Way& way) { way.sight.api_reachable = false; }, Health::kUnknown},
      {"its pods are not seen",
       [](Way& way) {
         way.sight.unseen = "not read yet";
         way.sight.pods_ready = 0;
       },
       Health::kUnknown},
      {"blind", [](Way& way) { way.sight.blind = true; }, Health::kUnknown},
      {"the gateway is away", [](Way& way) { way.reading = {}; }, Health::kUnknown},
  };
  for (const auto& row : table) {
    Way way;
    row.change(way);
    EXPECT_EQ(JudgeCarrier(way.sight, way.reading).health, row.health) << row.name;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
