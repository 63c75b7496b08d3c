// Proves what is read of HorizontalPodAutoscalers, in both of their forms.
#include "coordinator/observe/autoscaler_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::HasSubstr;

Json Autoscaler(const Json& spec, const Json& annotations = Json::object()) {
  Json object = {
      {"metadata", {{"name", "web"}, {"namespace", "shop"}, {"uid", "u1"}, {"annotations", annotations}}},
      {"spec",
       {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "web"}}},
        {"minReplicas", 2},
        {"maxReplicas", 10}}}};
  object["spec"].update(spec);
  return object;
}

Json Resource(const std::string& name, const Json& target) {
  return {{"type", "Resource"}, {"resource", {{"name", name}, {"target", target}}}};
}

// The form that every server has, without and with what it says by default.
TEST(AutoscalerFactsTest, ReadsTheOldForm) {
  const AutoscalerFacts facts = AutoscalerFactsFrom(Autoscaler({{"targetCPUUtilizationPercentage", 50}}));
  EXPECT_EQ(facts.uid, "u1");
  EXPECT_EQ(facts.target,
            (Workload{.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"}));
  EXPECT_EQ(facts.version, "v1");
  ASSERT_TRUE(facts.rules.has_value()) << facts.beyond;
  ScaleRules expected;
  expected.minimums.replicas = 2;
  expected.maximum = 10;
  expected.target = {.kind = CpuTarget::Kind::kPercentOfRequest, .value = 50};
  EXPECT_EQ(*facts.rules, expected);  // behaviour and tolerance are the HPA's by default

  Json bare = Autoscaler(Json::object());
  bare["spec"].erase("minReplicas");
  const AutoscalerFacts by_default = AutoscalerFactsFrom(bare);
  ASSERT_TRUE(by_default.rules.has_value());
  EXPECT_EQ(by_default.rules->target.value, 80);
  EXPECT_EQ(by_default.rules->minimums.replicas, 1);
}

// The old form hides what it has no fields for in annotations, the behaviour with capitals.
TEST(AutoscalerFactsTest, ReadsTheAnnotationsOfTheOldForm) {
  const AutoscalerFacts facts = AutoscalerFactsFrom(Autoscaler(
      Json::object(),
      {{"autoscaling.alpha.kubernetes.io/metrics",
        R"([{"type":"Resource","resource":{"name":"cpu","targetAverageValue":"250m"}}])"},
       {"autoscaling.alpha.kubernetes.io/behavior",
        R"({"ScaleUp":{"StabilizationWindowSeconds":30,"SelectPolicy":"Min","Policies":[{"Type":"Pods","Value":3,"PeriodSeconds":60}],"Tolerance":"50m"},
            "ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Disabled","Policies":null}})"}}));
  ASSERT_TRUE(facts.rules.has_value()) << facts.beyond;
  EXPECT_EQ(facts.rules->target, (CpuTarget{.kind = CpuTarget::Kind::kMillicores, .value = 250}));
  const ScalingRules up = {.stabilisation = absl::Seconds(30),
                           .select = SelectPolicy::kMin,
                           .policies = {{RatePolicy::Kind::kPods, 3, absl::Minutes(1)}}};
  EXPECT_EQ(facts.rules->behaviour.up, up);
  ScalingRules down = Behaviour().down;
  down.select = SelectPolicy::kDisabled;
  EXPECT_EQ(facts.rules->behaviour.down, down);
  EXPECT_DOUBLE_EQ(facts.rules->tolerance.up, 0.05);
  EXPECT_DOUBLE_EQ(facts.rules->tolerance.down, 0.1);
}

// The form of today.
TEST(AutoscalerFactsTest, ReadsTheNewForm) {
  const Json behavior = Json::parse(
      R"({"scaleUp": {"policies": [{"type": "Percent", "value": 200, "periodSeconds": 15}]},
          "scaleDown": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "tolerance": "0.2"}})");
  const Json metrics = Json::array({Resource("cpu", {{"type", "Utilization"}, {"averageUtilization", 65}})});
  const AutoscalerFacts facts =
      AutoscalerFactsFrom(Autoscaler({{"metrics", metrics}, {"behavior", behavior}}));
  ASSERT_TRUE(facts.rules.has_value()) << facts.beyond;
  EXPECT_EQ(facts.rules->target, (CpuTarget{.kind = CpuTarget::Kind::kPercentOfRequest, .value = 65}));
  EXPECT_EQ(facts.rules->behaviour.up.policies,
            (std::vector<RatePolicy>{{RatePolicy::Kind::kPercent, 200, absl::Seconds(15)}}));
  EXPECT_EQ(facts.rules->behaviour.down.stabilisation, absl::ZeroDuration());
  EXPECT_DOUBLE_EQ(facts.rules->tolerance.down, 0.2);
  const Json value = Json::array({Resource("cpu", {{"type", "AverageValue"}, {"averageValue", "1.5"}})});
  EXPECT_EQ(AutoscalerFactsFrom(Autoscaler({{"metrics", value}})).rules->target,
            (CpuTarget{.kind = CpuTarget::Kind::kMillicores, .value = 1500}));
}

// What scales by more than CPU cannot be taken over, and says by what it scales.
TEST(AutoscalerFactsTest, SaysWhatIsBeyondCpu) {
  const auto beyond = [](const Json& spec, const Json& annotations = Json::object()) {
    const AutoscalerFacts facts = AutoscalerFactsFrom(Autoscaler(spec, annotations));
    EXPECT_FALSE(facts.rules.has_value()) << facts.beyond;
    return facts.beyond;
  };
  const Json cpu = Resource("cpu", {{"averageUtilization", 50}});
  const Json memory = Resource("memory", {{"averageUtilization", 50}});
  EXPECT_EQ(beyond({{"metrics", Json::array({memory})}}), "memory");
  EXPECT_EQ(beyond({{"metrics", Json::array({cpu, memory})}}), "CPU and memory");
  EXPECT_EQ(beyond({{"metrics", {{{"type", "Pods"}, {"pods", {{"metric", {{"name", "rps"}}}}}}}}}),
            "the pods' metric rps");
  EXPECT_EQ(beyond({{"metrics", {{{"type", "External"}, {"external", {{"metricName", "queue"}}}}}}}),
            "the external metric queue");
  EXPECT_EQ(beyond({{"metrics",
                     {{{"type", "ContainerResource"},
                       {"containerResource", {{"name", "cpu"}, {"container", "main"}}}}}}}),
            "cpu of the container main");
  EXPECT_EQ(beyond({{"targetCPUUtilizationPercentage", 50}},
                   {{"autoscaling.alpha.kubernetes.io/metrics",
                     R"([{"type":"Resource","resource":{"name":"memory","targetAverageUtilization":50}}])"}}),
            "CPU and memory");
  EXPECT_THAT(beyond(Json::object(), {{"autoscaling.alpha.kubernetes.io/metrics", "{"}}),
              HasSubstr("annotation"));
  EXPECT_THAT(beyond({{"minReplicas", 0}, {"targetCPUUtilizationPercentage", 50}}), HasSubstr("no pods"));
}

// The target by the name that a policy would have for it, whatever its API was called once.
TEST(AutoscalerFactsTest, TargetsAreNamedAsTodays) {
  const auto target = [](const std::string& api_version, const std::string& kind) {
    const AutoscalerFacts facts = AutoscalerFactsFrom(
        Autoscaler({{"scaleTargetRef", {{"apiVersion", api_version}, {"kind", kind}, {"name", "web"}}}}));
    return facts.target.group + "|" + facts.version;
  };
  EXPECT_EQ(target("apps/v1beta1", "Deployment"), "apps|v1");
  EXPECT_EQ(target("extensions/v1beta1", "Deployment"), "apps|v1");
  EXPECT_EQ(target("argoproj.io/v1alpha1", "Rollout"), "argoproj.io|v1alpha1");
  EXPECT_EQ(target("v1", "ReplicationController"), "|v1");
  EXPECT_EQ(target("", "ReplicationController"), "|v1");
}

// Nothing throws, and no rules come of nonsense.
TEST(AutoscalerFactsTest, NothingIsTakenForGranted) {
  for (
      const char* text :
      {"{}", "[]", "null", R"({"spec": 3})", R"({"spec": {"metrics": [1, {}], "behavior": []}})",
       R"({"spec": {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": -5}}}]}})",
       R"({"metadata": {"annotations": {"autoscaling.alpha.kubernetes.io/behavior": "[{\"ScaleUp\":"}}})",
       R"({"spec": {"behavior": {"scaleUp": {"stabilizationWindowSeconds": -4, "policies": [{"type": "Pods", "value": 0}]}}}})"}) {
    const AutoscalerFacts facts = AutoscalerFactsFrom(Json::parse(text));
    EXPECT_EQ(facts.rules.has_value(), facts.beyond.empty()) << text;
    if (facts.rules) {
      EXPECT_FALSE(facts.rules->behaviour.up.policies.empty()) << text;
      EXPECT_GE(facts.rules->behaviour.up.stabilisation, absl::ZeroDuration()) << text;
    }
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
