// What a switch finds before anything is moved: one row for each thing that can be wrong.

#include "coordinator/core/switch/preflight.h"

#include <functional>
#include <utility>

#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

const Application& Web(const SwitchSpec& spec) {
  return spec.applications.front();
}

ApplicationFacts AnApplication() {
  ApplicationFacts facts;
  facts.pods = facts.ready = 3;
  facts.images["web"] = {"web:1@sha256:aa"};
  facts.settings["ConfigMap shop/web"] = "c1";
  facts.settings["Secret shop/web-key"] = "s1";
  facts.cpu_millicores = 1500;
  facts.cpu_known = true;
  return facts;
}

ClusterFacts ACluster() {
  ClusterFacts facts;
  facts.known = facts.api_reachable = true;
  facts.nodes = facts.nodes_healthy = 3;
  facts.cpu_millicores = 6000;
  facts.cpu_used_millicores = 600;
  return facts;
}

std::vector<ServerCheck> OneServer(bool tried, bool answered, std::string detail = "") {
  ServerCheck check;
  check.server = "west-1";
  check.tried = tried;
  check.answered = answered;
  check.detail = std::move(detail);
  return {check};
}

GatewayAbilities Able() {
  GatewayAbilities abilities;
  abilities.weights = abilities.canary = abilities.counts_in_flight = abilities.counts_requests =
      abilities.fences = true;
  abilities.least_percent = 1;
  return abilities;
}

struct World {
  SwitchSpec spec = ASwitch();
  PreflightFacts facts;

  World() {
    facts.now = kStart;
    facts.blue = facts.green = ACluster();
    facts.blue_applications[Web(spec)] = facts.green_applications[Web(spec)] = AnApplication();
    facts.needed[Web(spec)] = 3;
    RouteFacts& route = facts.routes[spec.routes[0].key];
    route.known = true;
    route.reading = AReading(0);
    route.abilities = Able();
    route.checks = OneServer(true, true);
  }
  RouteFacts& Route() { return facts.routes[spec.routes[0].key]; }
  ApplicationFacts& Green() { return facts.green_applications[Web(spec)]; }
};

// Where all is well there is a note about the headroom and nothing else.
TEST(PreflightTest, PassesWhatIsWell) {
  const World world;
  const std::vector<Finding> findings = Preflight(world.spec, world.facts);
  ASSERT_EQ(findings.size(), 1u) << findings[0].words;
  EXPECT_EQ(
      findings[0],
      (Finding{FindingCode::kHeadroom, Severity::kNote, "cluster west",
               "CPU of its nodes with blue's load of 1.5: 13 % at 10 %, 23 % at 50 % and 35 % at 100 %; "
               "at most 80 % may be"}));
  EXPECT_FALSE(HasBlocker(findings));
}

// Each thing that is wrong gives one finding, of its code and severity, with words that name it.
TEST(PreflightTest, FindsWhatIsWrong) {
  const struct {
    const char* part;  // of the words
    FindingCode code;
    Severity severity;
    std::function<void(World&)> harm;
  } table[] = {
      {"does not watch it", FindingCode::kCluster, Severity::kBlocker,
       [](World& world) { world.facts.green.known = false; }},
      {"API cannot be relied on", FindingCode::kCluster, Severity::kBlocker,
       [](World& world) { world.facts.blue.api_reachable = false; }},
      {"does not trust what it sees", FindingCode::kCluster, Severity::kBlocker,
       [](World& world) { world.facts.green.blind = true; }},
      {"it is lost", FindingCode::kCluster, Severity::kBlocker,
       [](World& world) { world.facts.green.lost = true; }},
      {"has paused it", FindingCode::kCluster, Severity::kBlocker,
       [](World& world) { world.facts.green.paused = true; }},
      {"1 of its 3 nodes is not healthy", FindingCode::kAgents, Severity::kWarning,
       [](World& world) { world.facts.green.nodes_healthy = 2; }},
      {"2 nodes without an agent", FindingCode::kAgents, Severity::kWarning,
       [](World& world) { world.facts.green.nodes_without_agent = 2; }},
      {"it is not seen in cluster west", FindingCode::kApplication, Severity::kBlocker,
       [](World& world) { world.facts.green_applications.clear(); }},
      {"it is not seen in cluster west: there is no Service shop/web", FindingCode::kApplication,
       Severity::kBlocker,
       [](World& world) {
         const Application web = world.facts.green_applications.begin()->first;
         world.facts.green_applications.clear();
         world.facts.green_missing[web] = "there is no Service shop/web";
       }},
      {"green has 2 Ready pods and needs 3", FindingCode::kApplication, Severity::kBlocker,
       [](World& world) { world.Green().ready = 2; }},
      {"no Ready pod in blue", FindingCode::kApplication, Severity::kBlocker,
       [](World& world) { world.facts.needed.clear(); }},
      {"answers name their side \"web-7d9f\" in the header x-served-by, which is neither",
       FindingCode::kProof, Severity::kWarning,
       [](World& world) {
         world.spec.prober.side_header = "x-served-by";
         world.facts.unknown_side = "web-7d9f";
       }},
      {"container web runs web:2 in green and web:1@sha256:aa in blue", FindingCode::kDifference,
       Severity::kBlocker, [](World& world) { world.Green().images["web"] = {"web:2"}; }},
      {"container proxy runs envoy:1 in green and none in blue", FindingCode::kDifference, Severity::kBlocker,
       [](World& world) { world.Green().images["proxy"] = {"envoy:1"}; }},
      {"Secret shop/web-key does not hold the same", FindingCode::kDifference, Severity::kBlocker,
       [](World& world) { world.Green().settings["Secret shop/web-key"] = "s2"; }},
      {"Secret shop/web-key does not hold the same", FindingCode::kDifference, Severity::kNote,
       [](World& world) {
         world.Green().settings["Secret shop/web-key"] = "s2";
         world.spec.allow_differences = true;
       }},
      {"ConfigMap shop/web is missing in green", FindingCode::kDifference, Severity::kBlocker,
       [](World& world) {
         world.Green().settings["ConfigMap shop/web"] = "";
         world.spec.allow_differences = true;
       }},
      {"ConfigMap shop/web is used in blue only", FindingCode::kDifference, Severity::kBlocker,
       [](World& world) { world.Green().settings.erase("ConfigMap shop/web"); }},
      {"west-1 does not answer from the gateway's side (refused)", FindingCode::kAnswer, Severity::kBlocker,
       [](World& world) { world.Route().checks = OneServer(true, false, "refused"); }},
      {"by the gateway's own checks 1 of green's 3 servers answers", FindingCode::kAnswer, Severity::kBlocker,
       [](World& world) {
         world.Route().abilities.checks_servers = true;
         world.Route().reading->backends["west"].servers_up = 1;
       }},
      {"could not be tried", FindingCode::kAnswer, Severity::kWarning,
       [](World& world) { world.Route().checks = OneServer(false, false); }},
      {"has no server for green", FindingCode::kAnswer, Severity::kBlocker,
       [](World& world) { world.Route().checks = std::vector<ServerCheck>(); }},
      {"not known whether", FindingCode::kAnswer, Severity::kBlocker,
       [](World& world) { world.Route().checks.reset(); }},
      {"no gateway edge", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) { world.facts.routes.clear(); }},
      {"could not be read (no such file)", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) {
         world.Route().reading.reset();
         world.Route().detail = "no such file";
       }},
      {"has no backend west", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) { world.Route().reading->backends.erase("west"); }},
      {"it has 40 % green and 60 % blue", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) { world.Route().reading = AReading(40); }},
      {"20 % north", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) {
         world.Route().reading->backends["north"] = ABackend(20);
         world.Route().reading->backends["east"].percent = 80;
       }},
      {"knows no weights", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) {
         world.Route().abilities.weights = false;
         world.spec.steps.erase(world.spec.steps.begin());
       }},
      {"smallest share is 20 %", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) { world.Route().abilities.least_percent = 20; }},
      {"cannot choose by a header", FindingCode::kGateway, Severity::kBlocker,
       [](World& world) {
         world.Route().abilities.canary = false;
         world.spec.steps[0].canary = HeaderMatch{"x-canary", "yes"};
       }},
      {"cannot be proven", FindingCode::kProof, Severity::kNote,
       [](World& world) { world.Route().abilities.counts_in_flight = false; }},
      {"could not be closed without cutting", FindingCode::kProof, Severity::kBlocker,
       [](World& world) {
         world.Route().abilities.counts_in_flight = false;
         world.spec.hold.close_blue = true;
       }},
      {"the prober and the hooks speak for it", FindingCode::kProof, Severity::kNote,
       [](World& world) { world.Route().abilities.counts_requests = false; }},
      {"neither a prober nor a hook", FindingCode::kProof, Severity::kBlocker,
       [](World& world) {
         world.Route().abilities.counts_requests = false;
         world.spec.prober.url.clear();
       }},
      {"refused after it was seen", FindingCode::kProof, Severity::kNote,
       [](World& world) { world.Route().abilities.fences = false; }},
      {"frozen (fair) until 2023-11-15", FindingCode::kFreeze, Severity::kBlocker,
       [](World& world) {
         FreezeWindow freeze;
         freeze.name = "fair";
         freeze.from = kStart - absl::Hours(1);
         freeze.until = kStart + absl::Hours(12);
         world.spec.freezes = {freeze};
       }},
      {"its first step waits for that", FindingCode::kFreeze, Severity::kNote,
       [](World& world) {
         FreezeWindow freeze;
         freeze.from = kStart - absl::Hours(1);
         freeze.until = kStart + absl::Hours(12);
         world.spec.freezes = {freeze};
         world.facts.began = kStart - absl::Hours(2);
       }},
      {"switch other has the same", FindingCode::kConflict, Severity::kBlocker,
       [](World& world) { world.facts.conflicts = {"other"}; }},
  };
  for (const auto& row : table) {
    World world;
    row.harm(world);
    const std::vector<Finding> findings = Preflight(world.spec, world.facts);
    bool found = false;
    for (const Finding& finding : findings) {
      if (finding.words.find(row.part) == std::string::npos) continue;
      found = true;
      EXPECT_EQ(finding.code, row.code) << row.part;
      EXPECT_EQ(finding.severity, row.severity) << row.part;
      EXPECT_FALSE(finding.subject.empty()) << row.part;
    }
    EXPECT_TRUE(found) << row.part << "; first: " << (findings.empty() ? "none" : findings[0].words);
    EXPECT_EQ(HasBlocker(findings), row.severity == Severity::kBlocker) << row.part;
  }
}

// Blockers come first.
TEST(PreflightTest, TellsBlockersFirst) {
  World world;
  world.facts.green.nodes_healthy = 2;
  world.facts.conflicts = {"other"};
  const std::vector<Finding> findings = Preflight(world.spec, world.facts);
  EXPECT_EQ(findings.front().code, FindingCode::kConflict);
}

// Green must carry blue's load on its real nodes; what fits only with virtual ones is said.
TEST(PreflightTest, ForecastsEachStep) {
  World world;
  world.facts.blue_applications[Web(world.spec)].cpu_millicores = 5000;
  EXPECT_EQ(
      ForecastOf(world.spec, world.facts)[1],
      (Forecast{.percent = 50, .load_millicores = 2500, .cpu_percent = 52, .with_virtual_percent = 52}));
  EXPECT_TRUE(HasBlocker(Preflight(world.spec, world.facts)));
  world.facts.green.virtual_nodes = 1;
  world.facts.green.virtual_cpu_millicores = 4000;
  const std::vector<Finding> findings = Preflight(world.spec, world.facts);
  EXPECT_FALSE(HasBlocker(findings));
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_NE(findings[0].words.find("only with its 1 virtual node"), std::string::npos) << findings[0].words;
  world.facts.blue_applications[Web(world.spec)].cpu_known = false;
  EXPECT_NE(Preflight(world.spec, world.facts)[0].words.find("no forecast"), std::string::npos);
}

// Of a lost blue nothing is asked that only a living one could answer; of green everything is.
TEST(PreflightTest, AsksLessOfALostBlue) {
  World world;
  world.facts.of_lost_blue = true;
  world.facts.blue.api_reachable = false;
  world.facts.blue.lost = true;
  world.facts.blue_applications.clear();
  EXPECT_FALSE(HasBlocker(Preflight(world.spec, world.facts)));
  world.Green().ready = 2;
  EXPECT_TRUE(HasBlocker(Preflight(world.spec, world.facts)));
}

// Green may be closed before the switch: it is opened by the first step.
TEST(PreflightTest, AcceptsAClosedGreen) {
  World world;
  world.Route().reading->backends["west"].mode = BackendMode::kClosed;
  EXPECT_FALSE(HasBlocker(Preflight(world.spec, world.facts)));
  world.Route().reading->backends["east"].mode = BackendMode::kClosed;
  EXPECT_TRUE(HasBlocker(Preflight(world.spec, world.facts)));
}

}  // namespace
}  // namespace evenkeel::coordinator
