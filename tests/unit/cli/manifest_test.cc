#include "cli/manifest.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/print/structured.h"
#include "tests/unit/cli/test_time.h"

namespace evenkeel::cli {
namespace {

using ::testing::HasSubstr;

constexpr char kComplete[] = R"(# A comment.
apiVersion: evenkeel.dev/v1
kind: FailoverPolicy
metadata:
  name: failover-east
spec:
  cluster: east
  mode: enforce
  beatInterval: 200ms
  suspect_after: 0.6s
  probeTimeout: 300ms
  witnesses: 3
  maxUnavailableNodes: 0
  max_unavailable_percent: 25
  readmitAfter: 1m30s
  maxReadmitAfter: 2h
  rebalance: true
  recoveryTimeout: 5m
  maxSuspectAfter: 2s
  maxUnavailableNodesPerDomain: 0
  maxUnavailablePercentPerDomain: 20
  maxDisruptions: 4
  maxDisruptionsPerDomain: 2
  disruptionWindow: 10m
  minHealthyNodes: 3
  minHealthyPercent: 60
  stormCoolDown: 45s
  releaseBudgetAfter: 1h
  gray:
    after: 20s
    recoverAfter: 2m
    memoryStallPercent: 70
    oomKills: 6
    io_errors: 4
    taint: enforce
    restart: observe
    drain: enforce
    restartTimeout: 1m
    escalateAfter: 10m
  fencing:
    selfFencing: true
    isolationTimeout: 25s
    stop_timeout: 12s
    withoutWatchdog: true
    hook: true
)";

constexpr char kScale[] = R"(apiVersion: evenkeel.dev/v1
kind: ScalePolicy
metadata:
  name: web
spec:
  cluster: east
  target:
    apiVersion: apps/v1
    kind: Deployment
    namespace: shop
    name: web
  mode: enforce
  paused: true
  minReplicas: 2
  maxReplicas: 10
  cpuPercent: 50
  cpuMillicores: 100
  toleranceUpPercent: 0
  toleranceDownPercent: 20
  scaleUp:
    stabilizationWindow: 3s
    select: min
    rates:
      - pods: 4
        period: 15s
      - percent: 100
  scaleDown:
    stabilizationWindow: 2m
    select: disabled
    rates: [{percent: 10, period: 1m}]
  panic:
    disabled: true
    window: 2s
    thresholdPercent: 170
    stableWindow: 45s
    throttledPercent: 30
  startUp:
    initialization: 4m
    readinessDelay: 31s
    firstSample: 50s
  window: 20s
  scaleInInterval: 16s
  scaleInHeldPercent: 0
  missing: as_hpa
  schedule:
    - days: [monday, friday]
      begin: 8h
      length: 10h
      minReplicas: 6
    - length: 90m
      min_replicas: 4
  utcOffsetMinutes: -330
)";

v1::Policy ParseOne(const std::string& text) {
  auto policies = ParseManifests(text, "p.yaml");
  EXPECT_TRUE(policies.ok()) << policies.status();
  EXPECT_EQ(policies->size(), 1U);
  return policies->at(0);
}

// Proves that every field is read, in either spelling, and durations to the nanosecond.
TEST(Manifest, EveryFieldIsRead) {
  const v1::Policy policy = ParseOne(kComplete);
  const v1::FailoverPolicy& failover = policy.failover();
  EXPECT_EQ(policy.name(), "policies/failover-east");
  EXPECT_EQ(failover.cluster(), "east");
  EXPECT_EQ(failover.mode(), v1::POLICY_MODE_ENFORCE);
  EXPECT_EQ(failover.beat_interval().nanos(), 200'000'000);
  EXPECT_EQ(failover.suspect_after().nanos(), 600'000'000);
  EXPECT_EQ(failover.probe_timeout().nanos(), 300'000'000);
  EXPECT_EQ(failover.witnesses(), 3U);
  EXPECT_TRUE(failover.has_max_unavailable_nodes());
  EXPECT_EQ(failover.max_unavailable_nodes(), 0U);
  EXPECT_EQ(failover.max_unavailable_percent(), 25U);
  EXPECT_EQ(failover.readmit_after().seconds(), 90);
  EXPECT_EQ(failover.max_readmit_after().seconds(), 7200);
  EXPECT_TRUE(failover.rebalance());
  EXPECT_EQ(failover.recovery_timeout().seconds(), 300);
  EXPECT_EQ(failover.max_suspect_after().seconds(), 2);
  EXPECT_TRUE(failover.has_max_unavailable_nodes_per_domain());
  EXPECT_EQ(failover.max_unavailable_nodes_per_domain(), 0U);
  EXPECT_EQ(failover.max_unavailable_percent_per_domain(), 20U);
  EXPECT_EQ(failover.max_disruptions(), 4U);
  EXPECT_EQ(failover.max_disruptions_per_domain(), 2U);
  EXPECT_EQ(failover.disruption_window().seconds(), 600);
  EXPECT_EQ(failover.min_healthy_nodes(), 3U);
  EXPECT_EQ(failover.min_healthy_percent(), 60U);
  EXPECT_EQ(failover.storm_cool_down().seconds(), 45);
  EXPECT_EQ(failover.release_budget_after().seconds(), 3600);
  EXPECT_EQ(failover.gray().after().seconds(), 20);
  EXPECT_EQ(failover.gray().io_errors(), 4U);
  EXPECT_EQ(failover.gray().taint(), v1::POLICY_MODE_ENFORCE);
  EXPECT_EQ(failover.gray().restart(), v1::POLICY_MODE_OBSERVE);
  EXPECT_EQ(failover.gray().escalate_after().seconds(), 600);
  EXPECT_TRUE(failover.fencing().self_fencing());
  EXPECT_EQ(failover.fencing().isolation_timeout().seconds(), 25);
  EXPECT_EQ(failover.fencing().stop_timeout().seconds(), 12);
  EXPECT_TRUE(failover.fencing().without_watchdog());
  EXPECT_TRUE(failover.fencing().hook());
}

// Proves that this test knows every field: one that is added to the API must be added above.
TEST(Manifest, CompleteExampleIsComplete) {
  const v1::Policy policy = ParseOne(kComplete);
  std::vector<const google::protobuf::FieldDescriptor*> set;
  policy.failover().GetReflection()->ListFields(policy.failover(), &set);
  EXPECT_EQ(set.size(), static_cast<std::size_t>(v1::FailoverPolicy::descriptor()->field_count()));
  set.clear();
  policy.failover().gray().GetReflection()->ListFields(policy.failover().gray(), &set);
  EXPECT_EQ(set.size(), static_cast<std::size_t>(v1::GrayPolicy::descriptor()->field_count()));
  set.clear();
  policy.failover().fencing().GetReflection()->ListFields(policy.failover().fencing(), &set);
  EXPECT_EQ(set.size(), static_cast<std::size_t>(v1::FencingPolicy::descriptor()->field_count()));
}

// Proves that what `get policy -o yaml` prints is what `apply` takes, with nothing lost.
TEST(Manifest, ManifestsGoThereAndBack) {
  v1::Policy policy = ParseOne(kComplete);
  policy.set_etag("0123");
  std::ostringstream yaml;
  PrintYaml(yaml, ToManifest(policy));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(policy, ParseOne(yaml.str()))) << yaml.str();
  *policy.mutable_create_time() = At(0);
  std::ostringstream with_times;
  PrintYaml(with_times, ToManifest(policy));
  EXPECT_THAT(with_times.str(), HasSubstr("createTime: \"2026-03-01T03:00:00Z\""));
  EXPECT_EQ(ParseOne(with_times.str()).etag(), "0123");
}

// Proves that lists, groups in lists, days and negative numbers of a scale policy are read.
TEST(Manifest, ScalePolicyIsReadWhole) {
  const v1::Policy policy = ParseOne(kScale);
  EXPECT_EQ(policy.name(), "policies/web");
  ASSERT_TRUE(policy.has_scale());
  const v1::ScalePolicy& scale = policy.scale();
  EXPECT_EQ(scale.target().namespace_(), "shop");
  EXPECT_EQ(scale.mode(), v1::POLICY_MODE_ENFORCE);
  EXPECT_TRUE(scale.has_tolerance_up_percent());
  ASSERT_EQ(scale.scale_up().rates_size(), 2);
  EXPECT_EQ(scale.scale_up().rates(0).pods(), 4U);
  EXPECT_EQ(scale.scale_up().rates(0).period().seconds(), 15);
  EXPECT_EQ(scale.scale_up().rates(1).percent(), 100U);
  EXPECT_FALSE(scale.scale_up().rates(1).has_period());
  EXPECT_EQ(scale.scale_down().select(), v1::SCALE_SELECT_DISABLED);
  EXPECT_EQ(scale.scale_down().rates(0).period().seconds(), 60);
  EXPECT_EQ(scale.missing(), v1::SCALE_MISSING_AS_HPA);
  ASSERT_EQ(scale.schedule_size(), 2);
  ASSERT_EQ(scale.schedule(0).days_size(), 2);
  EXPECT_EQ(scale.schedule(0).days(1), v1::WEEKDAY_FRIDAY);
  EXPECT_EQ(scale.schedule(0).begin().seconds(), 28800);
  EXPECT_EQ(scale.schedule(1).min_replicas(), 4U);
  EXPECT_EQ(scale.utc_offset_minutes(), -330);
  // One that is added to the API must be added above.
  std::vector<const google::protobuf::FieldDescriptor*> set;
  scale.GetReflection()->ListFields(scale, &set);
  EXPECT_EQ(set.size(), static_cast<std::size_t>(v1::ScalePolicy::descriptor()->field_count()));
}

// Proves that a scale policy which `get -o yaml` prints is what `apply` takes, with nothing lost.
TEST(Manifest, ScalePolicyGoesThereAndBack) {
  const v1::Policy policy = ParseOne(kScale);
  std::ostringstream yaml;
  PrintYaml(yaml, ToManifest(policy));
  EXPECT_THAT(yaml.str(), HasSubstr("kind: ScalePolicy\n"));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(policy, ParseOne(yaml.str()))) << yaml.str();
}

constexpr char kBurst[] = R"(apiVersion: evenkeel.dev/v1
kind: BurstPolicy
metadata:
  name: burst
spec:
  cluster: east
  mode: enforce
  paused: true
  virtualNodes:
    labels:
      - {key: type, value: virtual-kubelet}
    taints:
      - key: virtual-kubelet.io/provider
  caps:
    pods: 16
    cpuMillicores: 4000
    duration: 2h
    cost: "12.50"
  prices:
    coreHour: 0.0408
    gibHour: 0.004
    currency: USD
  drainBack:
    disabled: true
    surge: 8
    surgeTimeout: 45s
    roomAfter: 20s
  startTimeout: 90s
  headroom:
    disabled: true
    maxPlaceholders: 10
    namespace: burst-room
    webhook: http://machines.example/ask
)";

// Proves that a burst policy is read whole, its amounts of money as they stand there, and printed back.
TEST(Manifest, BurstPolicyGoesThereAndBack) {
  const v1::Policy policy = ParseOne(kBurst);
  ASSERT_TRUE(policy.has_burst());
  const v1::BurstPolicy& burst = policy.burst();
  EXPECT_EQ(burst.virtual_nodes().labels(0).value(), "virtual-kubelet");
  EXPECT_EQ(burst.virtual_nodes().taints(0).key(), "virtual-kubelet.io/provider");
  EXPECT_EQ(burst.caps().pods(), 16U);
  EXPECT_EQ(burst.caps().duration().seconds(), 7200);
  EXPECT_EQ(burst.caps().cost(), "12.50");
  EXPECT_EQ(burst.prices().core_hour(), "0.0408");
  EXPECT_EQ(burst.drain_back().surge(), 8U);
  // One that is added to the API must be added above.
  std::vector<const google::protobuf::FieldDescriptor*> set;
  burst.GetReflection()->ListFields(burst, &set);
  EXPECT_EQ(set.size(), static_cast<std::size_t>(v1::BurstPolicy::descriptor()->field_count()));
  std::ostringstream yaml;
  PrintYaml(yaml, ToManifest(policy));
  EXPECT_THAT(yaml.str(), HasSubstr("kind: BurstPolicy\n"));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(policy, ParseOne(yaml.str()))) << yaml.str();
}

constexpr char kSwitch[] = R"(apiVersion: evenkeel.dev/v1
kind: SwitchPolicy
metadata:
  name: web
spec:
  traffic:
    from: east
    to: west
    applications:
      - {namespace: shop, service: web}
    routes:
      - gateway: edge
        route: web
        blue: east
        green: west
        servers:
          west: {names: [west-1, west-2]}
          east: {names: [east-*]}
    steps:
      - {percent: 100, soak: 5s, minRequests: 5000000000}
    freezes:
      - {weekdays: [5, 7], begin: 16h, length: 2h}
      - {startTime: 2026-12-24T00:00:00Z, endTime: 2026-12-27T00:00:00Z}
    mode: enforce
  onLost: switch
  apiAddress: 10.0.0.1:6443
  lostNodesPercent: 80
  apiAwayFor: 2s
  lostFor: 1.5s
)";

// Proves that a policy for the loss of a cluster is read whole and printed back, lists of servers by their
// backends, words, days and times included.
TEST(Manifest, SwitchPolicyGoesThereAndBack) {
  const v1::Policy policy = ParseOne(kSwitch);
  ASSERT_TRUE(policy.has_switching());
  const v1::SwitchPolicy& switching = policy.switching();
  EXPECT_EQ(switching.on_lost(), v1::SwitchPolicy::ON_LOST_SWITCH);
  EXPECT_EQ(switching.api_address(), "10.0.0.1:6443");
  EXPECT_EQ(switching.traffic().routes(0).servers().at("west").names(1), "west-2");
  EXPECT_EQ(switching.traffic().steps(0).min_requests(), 5'000'000'000U);
  // One that is added to the API must be added above, but for what the coordinator tells.
  std::vector<const google::protobuf::FieldDescriptor*> set;
  switching.GetReflection()->ListFields(switching, &set);
  EXPECT_EQ(set.size() + 1, static_cast<std::size_t>(v1::SwitchPolicy::descriptor()->field_count()));
  std::ostringstream yaml;
  PrintYaml(yaml, ToManifest(policy));
  EXPECT_THAT(yaml.str(), HasSubstr("kind: SwitchPolicy\n"));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(policy, ParseOne(yaml.str()))) << yaml.str();
}

// Proves that what the coordinator tells of the cluster is no part of what operators say.
TEST(Manifest, LeavesOutHowTheClusterIsSeen) {
  v1::Policy policy = ParseOne(kSwitch);
  const nlohmann::ordered_json said = ToManifest(policy);
  policy.mutable_switching()->mutable_watch()->set_life(v1::SwitchWatch::LIFE_LOST);
  EXPECT_EQ(ToManifest(policy), said);
  const std::string told = std::string(kSwitch) + "  watch: {reason: words}\n";
  EXPECT_FALSE(ParseOne(told).switching().has_watch());
}

// Proves that mistakes within lists are told by their place.
TEST(Manifest, MistakesInListsAreToldByTheirPlace) {
  const std::vector<std::pair<std::string, std::pair<std::string, std::string>>> mistakes{
      {"days: [monday, friday]", {"days: monday", "spec.schedule[0].days: must be a list"}},
      {"days: [monday, friday]",
       {"days: [monday, funday]", "spec.schedule[0].days[1]: must be one of: monday"}},
      {"      - percent: 100\n",
       {"      - percentage: 100\n", "spec.scaleUp.rates[1].percentage: unknown field"}},
      {"      - percent: 100\n", {"      - 100\n", "spec.scaleUp.rates[1]: must hold fields of its own"}},
      {"utcOffsetMinutes: -330", {"utcOffsetMinutes: west", "spec.utcOffsetMinutes: must be a whole number"}},
      {"rates: [{percent: 10, period: 1m}]",
       {"rates: {percent: 10}", "spec.scaleDown.rates: must be a list"}},
  };
  for (const auto& [from, wrong] : mistakes) {
    std::string text = kScale;
    text.replace(text.find(from), from.size(), wrong.first);
    const auto policies = ParseManifests(text, "p.yaml");
    ASSERT_FALSE(policies.ok()) << wrong.first;
    EXPECT_THAT(std::string(policies.status().message()), HasSubstr(wrong.second)) << wrong.first;
  }
}

// Proves that several documents are taken in order, and empty ones passed over.
TEST(Manifest, SeveralDocumentsAreTaken) {
  const auto policies = ParseManifests(std::string("---\n") + kComplete + "---\n---\n" + kComplete, "p.yaml");
  ASSERT_TRUE(policies.ok()) << policies.status();
  EXPECT_EQ(policies->size(), 2U);
  EXPECT_EQ(ParseManifests("", "p.yaml")->size(), 0U);
}

// One mistake: the complete example with `from` replaced by `to`, and what the error must name.
struct Mistake {
  std::string from;
  std::string to;
  std::string error;
};

// Proves that each mistake is refused by file, line and field, with what would be right.
TEST(Manifest, MistakesAreToldByLineAndField) {
  const std::vector<Mistake> mistakes{
      {"evenkeel.dev/v1", "evenkeel.dev/v2", "p.yaml, line 2: apiVersion: must be evenkeel.dev/v1"},
      {"FailoverPolicy", "Deployment", "p.yaml, line 3: kind: must be FailoverPolicy"},
      {"kind: FailoverPolicy\n", "", "kind: is missing"},
      {"  name: failover-east\n", "  labels: {}\n", "p.yaml, line 5: metadata.labels: unknown field"},
      {"name: failover-east", "etag: x", "metadata.name: is missing"},
      {"mode: enforce", "mode: force", "p.yaml, line 8: spec.mode: must be one of: observe, enforce"},
      {"beatInterval: 200ms", "beatInterval: fast", "p.yaml, line 9: spec.beatInterval: must be a duration"},
      {"beatInterval: 200ms", "beatInterval: -1s", "p.yaml, line 9: spec.beatInterval: must be a duration"},
      {"beatInterval: 200ms", "beatInterval: [1s]", "p.yaml, line 9: spec.beatInterval: must be one value"},
      {"beatInterval", "beatIntervall",
       "p.yaml, line 9: spec.beatIntervall: unknown field; there are: cluster, mode"},
      {"witnesses: 3", "witnesses: -3", "p.yaml, line 12: spec.witnesses: must be a whole number"},
      {"rebalance: true", "rebalance: maybe", "p.yaml, line 17: spec.rebalance: must be true or false"},
      {"suspect_after: 0.6s", "beat_interval: 1s", "p.yaml, line 10: spec.beat_interval: is there twice"},
      {"    after: 20s", "    before: 20s",
       "p.yaml, line 30: spec.gray.before: unknown field; there are: after"},
      {"    drain: enforce", "    taint: enforce", "p.yaml, line 37: spec.gray.taint: is there twice"},
      {"readmitAfter: 1m30s", "gray: on", "p.yaml, line 15: spec.gray: must hold fields of its own"},
      {"spec:\n", "spec: nothing\nother:\n", "other: unknown field"},
      {"mode: enforce", "mode: [enforce", "not YAML"},
  };
  for (const Mistake& mistake : mistakes) {
    std::string text = kComplete;
    text.replace(text.find(mistake.from), mistake.from.size(), mistake.to);
    const auto policies = ParseManifests(text, "p.yaml");
    ASSERT_FALSE(policies.ok()) << mistake.to;
    EXPECT_THAT(policies.status().message(), HasSubstr(mistake.error)) << mistake.to;
  }
}

// Proves that in a file of several documents the error says which one.
TEST(Manifest, DocumentOfTheMistakeIsNamed) {
  const auto policies = ParseManifests(std::string(kComplete) + "---\nkind: [\n", "p.yaml");
  EXPECT_THAT(policies.status().message(), HasSubstr("p.yaml, line 48: not YAML"));
  const auto second = ParseManifests(std::string(kComplete) + "---\nkind: X\n", "p.yaml");
  EXPECT_THAT(second.status().message(), HasSubstr("p.yaml, document 2, line 47"));
}

// Proves that text which begins no document is refused, and not read for ever.
TEST(Manifest, RefusesWhatBeginsNoDocument) {
  for (const char* text : {",a: 1", "# by hand\n, spec: {}\n---\nkind: FailoverPolicy"}) {
    const auto policies = ParseManifests(text, "p.yaml");
    EXPECT_EQ(policies.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(policies.status().message(), HasSubstr("not YAML")) << text;
  }
}

// Proves that text which could not be sent is refused by its field, and not by the coordinator's decoder.
TEST(Manifest, TextMustBeUtf8) {
  const std::string head = "apiVersion: evenkeel.dev/v1\nkind: FailoverPolicy\n";
  EXPECT_THAT(
      std::string(
          ParseManifests(head + "metadata: {name: caf\xe9}\nspec: {}\n", "p.yaml").status().message()),
      HasSubstr("metadata.name: is not UTF-8 text"));
  EXPECT_THAT(std::string(ParseManifests(head + "metadata: {name: p}\nspec: {cluster: caf\xe9}\n", "p.yaml")
                              .status()
                              .message()),
              HasSubstr("spec.cluster: is not UTF-8 text"));
}

}  // namespace
}  // namespace evenkeel::cli
