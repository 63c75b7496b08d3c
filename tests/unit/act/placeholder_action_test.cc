// Proves what comes of a change of the placeholders' Deployment, also when somebody gets in between.
#include "coordinator/act/placeholder_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/kube/json.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::HasSubstr;

class PlaceholderActionTest : public ::testing::Test {
 protected:
  PlaceholderActionTest() {
    const Json container = {{"name", "placeholder"},
                            {"image", "pause"},
                            {"resources", {{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}}}}};
    kubernetes_.Put(
        kube::Deployments(),
        {{"metadata", {{"name", "evenkeel-headroom"}, {"namespace", "evenkeel"}}},
         {"spec", {{"replicas", 0}, {"template", {{"spec", {{"containers", Json::array({container})}}}}}}}});
  }

  Json Deployment() { return *kubernetes_.Peek(kube::Deployments(), kName); }
  Json Container() { return Deployment()["spec"]["template"]["spec"]["containers"][0]; }
  size_t Patches() {
    size_t count = 0;
    for (const auto& write : kubernetes_.writes()) count += write.verb == "patch";
    return count;
  }

  Answer Set(int64_t replicas, const Resources& requests, const std::string& uid = "") {
    const auto found = kubernetes_.Peek(kube::Deployments(), kName);
    const PlaceholderTarget target = {.name = kName,
                                      .uid = !uid.empty() ? uid
                                             : found.ok() ? kube::UidOf(*found)
                                                          : "gone",
                                      .replicas = replicas,
                                      .requests = requests};
    Answer answer;
    absl::Notification told;
    SetPlaceholders(
        kubernetes_, target, absl::Seconds(5), [this] { return instead_; },
        [&](Answer given) {
          answer = std::move(given);
          told.Notify();
        });
    told.WaitForNotification();
    return answer;
  }

  const kube::ObjectName kName = {.name_space = "evenkeel", .name = "evenkeel-headroom"};
  const Resources kEach = {.cpu_millicores = 250, .memory_bytes = int64_t{32} << 20, .pods = 1};
  std::optional<Answer> instead_;
  testing::FakeKubernetes kubernetes_;
};

// Number and shape are set at once, and nothing else of the container; none leaves the shape as it is.
TEST_F(PlaceholderActionTest, SetsNumberAndShape) {
  EXPECT_EQ(Set(5, kEach).outcome, ActionOutcome::kDone);
  EXPECT_EQ(Deployment()["spec"]["replicas"], 5);
  const Json requests = {{"cpu", "250m"}, {"memory", "33554432"}};
  EXPECT_EQ(Container()["resources"]["requests"], requests);
  EXPECT_EQ(Container()["image"], "pause");
  EXPECT_EQ(Set(0, kEach).outcome, ActionOutcome::kDone);
  EXPECT_EQ(Deployment()["spec"]["replicas"], 0);
  EXPECT_EQ(Container()["resources"]["requests"], requests);
  EXPECT_EQ(Set(0, kEach).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Patches(), 2u);
}

// Pods that ask for nothing are stood for by such.
TEST_F(PlaceholderActionTest, AsksForNothingWhereNothingIsAskedFor) {
  EXPECT_EQ(Set(1, {.pods = 1}).outcome, ActionOutcome::kDone);
  EXPECT_EQ(Container()["resources"]["requests"], Json::object());
}

// Another of its name, or none: nothing is written. What is taken back is not written either.
TEST_F(PlaceholderActionTest, WhatIsNotAsDecidedIsLeftAlone) {
  const Answer another = Set(5, kEach, "other-uid");
  EXPECT_EQ(another.outcome, ActionOutcome::kNotMine);
  EXPECT_THAT(another.detail, HasSubstr("not other-uid"));
  instead_ = Withdrawn();
  EXPECT_EQ(Set(5, kEach).outcome, ActionOutcome::kWithdrawn);
  instead_.reset();
  kubernetes_.Remove(kube::Deployments(), kName);
  EXPECT_EQ(Set(5, kEach).outcome, ActionOutcome::kNotMine);
  EXPECT_EQ(Patches(), 0u);
}

// Its controller writes the status between our reading and our writing: read again, and then it is done.
TEST_F(PlaceholderActionTest, AConflictIsReadAgain) {
  std::atomic<int> writes = 0;
  kubernetes_.SetFault([&](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    if (verb == "patch" && resource.plural == "deployments" && ++writes == 1) {
      Json object = Deployment();
      object["status"]["replicas"] = 2;
      kubernetes_.Put(kube::Deployments(), object);
    }
    return absl::OkStatus();
  });
  EXPECT_EQ(Set(5, kEach).outcome, ActionOutcome::kDone);
  EXPECT_EQ(writes, 2);
}

// Without the right, what would help is named.
TEST_F(PlaceholderActionTest, AMissingRightIsNamed) {
  kubernetes_.SetFault([](const std::string& verb, const kube::Resource&, const kube::ObjectName&) {
    return verb == "patch" ? absl::PermissionDeniedError("forbidden") : absl::OkStatus();
  });
  const Answer answer = Set(5, kEach);
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("extras/bursting"));
}

}  // namespace
}  // namespace evenkeel::coordinator
