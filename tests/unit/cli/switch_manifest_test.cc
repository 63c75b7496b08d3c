// A switch as people write it.

#include "cli/switch_manifest.h"

#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Every shape that a field can have.
constexpr const char* kAll = R"(apiVersion: evenkeel.dev/v1
kind: Switch
metadata:
  name: web
spec:
  from: east
  to: west
  applications:
    - {namespace: shop, service: web}
    - namespace: shop
      selector: app=api,tier=front
  routes:
    - gateway: edge
      route: web
      blue: east
      green: west
      servers:
        east: {names: [e1, e2]}
        west: [west-*]
      checkPort: 8080
      checkPath: /ready
  steps:
    - {percent: 0, canary: {header: x-canary, value: "yes"}, soak: 1m}
    - {percent: 50, soak: 90s, minRequests: 5000000000}
    - {percent: 100, approve: true}
  gates:
    maxErrorPermille: 5
    latencySlack: 15ms
    hooks:
      - {name: orders, url: "http://orders/gate", period: 10s}
  prober: {url: "http://edge/", sideHeader: x-side}
  drain: {deadline: 2m, atDeadline: leave}
  hold: {length: 1h, waitForCommit: true, closeBlue: true}
  onFailedGate: roll_back
  onForeignChange: heal
  onReload: ON_FOREIGN_CHANGE_STOP
  onLostBlue: finish
  freezes:
    - {name: nights, weekdays: [1, 7], begin: 22h, length: 8h, utcOffset: -3h}
    - {startTime: "2026-12-24T00:00:00Z", endTime: "2026-12-27T01:30:00+01:30"}
  maxCpuPercent: 70
  allowDifferences: true
  mode: enforce
)";

absl::Status Refused(const std::string& from, const std::string& to) {
  return ParseSwitchManifest(absl::StrReplaceAll(kAll, {{from, to}}), "switch.yaml").status();
}

// Proves that every field of a switch can be written, lists of a group in short too.
TEST(SwitchManifest, ReadsEveryField) {
  const auto parsed = ParseSwitchManifest(kAll, "switch.yaml");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->name, "web");
  const v1::SwitchSpec& spec = parsed->spec;
  EXPECT_EQ(spec.from(), "east");
  EXPECT_EQ(spec.to(), "west");
  EXPECT_EQ(spec.applications(0).service(), "web");
  EXPECT_EQ(spec.applications(1).selector(), "app=api,tier=front");
  const v1::SwitchedRoute& route = spec.routes(0);
  EXPECT_EQ(route.gateway(), "edge");
  EXPECT_EQ(route.green(), "west");
  EXPECT_THAT(route.servers().at("east").names(), ElementsAre("e1", "e2"));
  EXPECT_THAT(route.servers().at("west").names(), ElementsAre("west-*"));
  EXPECT_EQ(route.check_port(), 8080U);
  EXPECT_EQ(spec.steps(0).canary().value(), "yes");
  EXPECT_EQ(spec.steps(1).soak().seconds(), 90);
  EXPECT_EQ(spec.steps(1).min_requests(), 5'000'000'000U);
  EXPECT_TRUE(spec.steps(2).approve());
  EXPECT_EQ(spec.gates().max_error_permille(), 5U);
  EXPECT_EQ(spec.gates().latency_slack().nanos(), 15'000'000);
  EXPECT_FALSE(spec.gates().has_min_failures());
  EXPECT_EQ(spec.gates().hooks(0).period().seconds(), 10);
  EXPECT_EQ(spec.prober().side_header(), "x-side");
  EXPECT_EQ(spec.drain().at_deadline(), v1::DrainRules::AT_DEADLINE_LEAVE);
  EXPECT_TRUE(spec.hold().wait_for_commit());
  EXPECT_EQ(spec.on_failed_gate(), v1::SwitchSpec::ON_FAILED_GATE_ROLL_BACK);
  EXPECT_EQ(spec.on_foreign_change(), v1::SwitchSpec::ON_FOREIGN_CHANGE_HEAL);
  EXPECT_EQ(spec.on_reload(), v1::SwitchSpec::ON_FOREIGN_CHANGE_STOP);
  EXPECT_EQ(spec.on_lost_blue(), v1::SwitchSpec::ON_LOST_BLUE_FINISH);
  EXPECT_THAT(spec.freezes(0).weekdays(), ElementsAre(1, 7));
  EXPECT_EQ(spec.freezes(0).utc_offset().seconds(), -3 * 3600);
  EXPECT_EQ(spec.freezes(1).start_time().seconds(), 1'798'070'400);
  EXPECT_EQ(spec.freezes(1).end_time().seconds(), 1'798'070'400 + 3 * 86400);
  EXPECT_EQ(spec.max_cpu_percent(), 70U);
  EXPECT_EQ(spec.mode(), v1::SWITCH_MODE_ENFORCE);
}

// Proves that a mistake is told with the file, the line and the field.
TEST(SwitchManifest, TellsWhereAMistakeIs) {
  EXPECT_THAT(Refused("onForeignChange: heal", "onForeignChange: mend").message(),
              HasSubstr("switch.yaml, line 35: spec.onForeignChange: must be one of: stop, heal"));
  EXPECT_THAT(Refused("service: web}", "service: web, selector: app=web}").message(),
              HasSubstr("line 9: spec.applications[0].selector: there is service already: only one may be"));
  EXPECT_THAT(Refused("minRequests: 5000000000", "minRequests: -1").message(),
              HasSubstr("spec.steps[1].minRequests: must be a whole number from 0 on, not \"-1\""));
  EXPECT_THAT(Refused("[west-*]", "west-*").message(),
              HasSubstr("spec.routes[0].servers.west: must hold fields of its own"));
  EXPECT_THAT(Refused("west: [west-*]", "east: [west-*]").message(),
              HasSubstr("spec.routes[0].servers.east: is there twice"));
  EXPECT_THAT(Refused("[1, 7]", "[1, Sunday]").message(),
              HasSubstr("spec.freezes[0].weekdays[1]: must be a whole number"));
  EXPECT_THAT(Refused("2026-12-24T00:00:00Z", "Christmas").message(),
              HasSubstr("spec.freezes[1].startTime: must be a time such as 2026-01-02T03:04:05Z"));
  EXPECT_THAT(Refused("mode: enforce", "moed: enforce").message(), HasSubstr("spec.moed: unknown field"));
  EXPECT_THAT(Refused("kind: Switch", "kind: ScalePolicy").message(),
              HasSubstr("line 2: kind: must be Switch"));
}

// Proves that a file holds exactly one switch.
TEST(SwitchManifest, AFileHoldsOne) {
  EXPECT_THAT(ParseSwitchManifest("---\n", "empty.yaml").status().message(),
              HasSubstr("empty.yaml: there is no switch in it"));
  const std::string one =
      "apiVersion: evenkeel.dev/v1\nkind: Switch\nmetadata: {name: web}\nspec: {from: east}\n";
  EXPECT_TRUE(ParseSwitchManifest(absl::StrCat("---\n", one, "---\n"), "one.yaml").ok());
  EXPECT_THAT(ParseSwitchManifest(absl::StrCat(one, "---\n", one), "two.yaml").status().message(),
              HasSubstr("two.yaml, document 2, line 6: document: is another switch"));
}

}  // namespace
}  // namespace evenkeel::cli
