// Proves what comes of a change of replicas when somebody or something gets in between; what it does to each
// kind of object is in tests/contract/act.
#include "coordinator/act/scale_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "absl/synchronization/notification.h"
#include "common/kube/json.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::HasSubstr;

class ScaleActionTest : public ::testing::Test {
 protected:
  ScaleActionTest() { PutReplicas(2); }

  void PutReplicas(int replicas) {
    kubernetes_.Put(kube::Deployments(), {{"metadata", {{"name", "web"}, {"namespace", "shop"}}},
                                          {"spec", {{"replicas", replicas}}}});
  }
  int Replicas() { return (*kubernetes_.Peek(kube::Deployments(), kName))["spec"]["replicas"]; }
  size_t Patches() {
    size_t count = 0;
    for (const auto& write : kubernetes_.writes()) count += write.verb == "patch";
    return count;
  }

  Answer Scale(int64_t from, int64_t to, const std::string& uid = "") {
    const auto found = kubernetes_.Peek(kube::Deployments(), kName);
    ScaleTargetObject target = {
        .name = kName,
        .uid = !uid.empty() ? uid
               : found.ok() ? kube::UidOf(*found)
                            : "gone",
        .change = {.group = "apps", .version = "v1", .kind = "Deployment", .from = from, .to = to}};
    return Wait([&](AnswerDone done) {
      SetReplicas(
          kubernetes_, discovery_, target, absl::Seconds(5), [this] { return instead_; }, done);
    });
  }
  static Answer Wait(const std::function<void(AnswerDone)>& start) {
    Answer answer;
    absl::Notification told;
    start([&](Answer given) {
      answer = std::move(given);
      told.Notify();
    });
    told.WaitForNotification();
    return answer;
  }

  // From now on `verb` of the scale ends like this; `meanwhile` happens before.
  void Fail(const std::string& verb, const absl::Status& status, std::function<void()> meanwhile = nullptr) {
    kubernetes_.SetFault([verb, status, meanwhile](const std::string& asked, const kube::Resource& resource,
                                                   const kube::ObjectName&) {
      if (asked != verb || resource.plural != "deployments/scale") return absl::OkStatus();
      if (meanwhile) meanwhile();
      return status;
    });
  }

  const kube::ObjectName kName = {.name_space = "shop", .name = "web"};
  std::optional<Answer> instead_;
  testing::FakeKubernetes kubernetes_;
  kube::Discovery discovery_{kubernetes_};
};

// From the number that the decision saw to the one that it wants; a second time it is done already (L4).
TEST_F(ScaleActionTest, SetsReplicasOnce) {
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kDone);
  EXPECT_EQ(Replicas(), 5);
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Patches(), 1u);
}

// Somebody else has scaled it, or put another in its place, or deleted it: nothing is written, and what is
// there is told.
TEST_F(ScaleActionTest, WhatIsNotAsDecidedIsLeftAlone) {
  const Answer scaled = Scale(3, 5);
  EXPECT_EQ(scaled.outcome, ActionOutcome::kNotMine);
  EXPECT_THAT(scaled.detail, HasSubstr("it has 2 replicas and no longer 3"));
  const Answer another = Scale(2, 5, "other-uid");
  EXPECT_EQ(another.outcome, ActionOutcome::kNotMine);
  EXPECT_THAT(another.detail, HasSubstr("not other-uid"));
  // Done already by uid and number, but of another object.
  EXPECT_EQ(Scale(1, 2, "other-uid").outcome, ActionOutcome::kNotMine);
  kubernetes_.Remove(kube::Deployments(), kName);
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kNotMine);
  EXPECT_EQ(Patches(), 0u);
}

// The object changes between our reading and our writing, in something else: read again, and then it is done.
TEST_F(ScaleActionTest, AConflictIsReadAgain) {
  std::atomic<int> writes = 0;
  Fail("patch", absl::OkStatus(), [&] {
    if (++writes > 1) return;
    Json object = *kubernetes_.Peek(kube::Deployments(), kName);
    object["status"]["replicas"] = 2;
    kubernetes_.Put(kube::Deployments(), object);
  });
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kDone);
  EXPECT_EQ(writes, 2);
  EXPECT_EQ(Replicas(), 5);
}

// L4: the object is scaled by somebody else between our reading and our writing: theirs stands.
TEST_F(ScaleActionTest, SomebodyElseWinsTheRace) {
  Fail("patch", absl::OkStatus(), [this] { PutReplicas(7); });
  const Answer answer = Scale(2, 5);
  EXPECT_EQ(answer.outcome, ActionOutcome::kNotMine);
  EXPECT_THAT(answer.detail, HasSubstr("it has 7 replicas"));
  EXPECT_EQ(Replicas(), 7);
}

// One that changes before each of our writes is given up after some, not tried for ever.
TEST_F(ScaleActionTest, EndlessConflictsEnd) {
  std::atomic<int> writes = 0;
  Fail("patch", absl::OkStatus(), [&] {
    Json object = *kubernetes_.Peek(kube::Deployments(), kName);
    object["metadata"]["labels"]["n"] = std::to_string(++writes);
    kubernetes_.Put(kube::Deployments(), object);
  });
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kUnreachable);
  EXPECT_LT(writes, 10);
}

// The answer to the write was lost: reading tells whether it was carried out.
TEST_F(ScaleActionTest, DoubtIsSettledByReading) {
  Fail("patch", absl::UnavailableError("connection reset"), [this] { PutReplicas(5); });
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kDone);
  PutReplicas(2);
  Fail("patch", absl::DeadlineExceededError("no answer within 5s"));
  const Answer unknown = Scale(2, 5);
  EXPECT_EQ(unknown.outcome, ActionOutcome::kUnreachable);
  EXPECT_THAT(unknown.detail, HasSubstr("no answer within 5s"));
  Fail("get", absl::UnavailableError("refused"));
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kUnreachable);
}

// What Kubernetes forbids is refused, in its words and with the role that is missing.
TEST_F(ScaleActionTest, ForbiddenIsRefused) {
  for (const char* verb : {"get", "patch"}) {
    Fail(verb, absl::PermissionDeniedError("scaling is forbidden"));
    const Answer answer = Scale(2, 5);
    EXPECT_EQ(answer.outcome, ActionOutcome::kRefused) << verb;
    EXPECT_THAT(answer.detail, HasSubstr("scaling is forbidden"));
    EXPECT_THAT(answer.detail, HasSubstr("evenkeel-scaler"));
  }
}

// A kind that the server does not know is refused by its name.
TEST_F(ScaleActionTest, UnknownKindIsRefused) {
  const ScaleTargetObject target = {
      .name = kName,
      .uid = "u",
      .change = {.group = "example.com", .version = "v1", .kind = "Rollout", .from = 2, .to = 5}};
  const Answer answer = Wait([&](AnswerDone done) {
    SetReplicas(
        kubernetes_, discovery_, target, absl::Seconds(5), [] { return std::nullopt; }, done);
  });
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("knows no kind Rollout in example.com/v1"));
}

// To the last instant: what is taken back between reading and writing is not written.
TEST_F(ScaleActionTest, WithdrawnBetweenReadingAndWriting) {
  instead_ = Withdrawn();
  EXPECT_EQ(Scale(2, 5).outcome, ActionOutcome::kWithdrawn);
  EXPECT_EQ(Scale(1, 2).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Patches(), 0u);
}

class DeleteAutoscalerTest : public ScaleActionTest {
 protected:
  std::string PutAutoscaler() {
    return kube::UidOf(kubernetes_.Put(kube::HorizontalPodAutoscalers(),
                                       {{"metadata", {{"name", "web"}, {"namespace", "shop"}}}}));
  }
  Answer DeleteIt(const std::string& uid) {
    return Wait([&](AnswerDone done) {
      DeleteAutoscaler(kubernetes_, kName, uid, absl::Seconds(5), std::move(done));
    });
  }
  bool Exists() { return kubernetes_.Peek(kube::HorizontalPodAutoscalers(), kName).ok(); }
};

// Once; and only the one that was meant.
TEST_F(DeleteAutoscalerTest, DeletesTheOneThatIsMeant) {
  const std::string uid = PutAutoscaler();
  EXPECT_EQ(DeleteIt("other-uid").outcome, ActionOutcome::kNotMine);
  EXPECT_TRUE(Exists());
  EXPECT_EQ(DeleteIt(uid).outcome, ActionOutcome::kDone);
  EXPECT_FALSE(Exists());
  EXPECT_EQ(DeleteIt(uid).outcome, ActionOutcome::kAlreadyDone);
}

// The answer was lost, and it is gone: done. It is still there: nobody knows.
TEST_F(DeleteAutoscalerTest, DoubtIsSettledByReading) {
  const std::string uid = PutAutoscaler();
  std::atomic<bool> carried_out = false;
  kubernetes_.SetFault([&](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    if (verb != "delete" || resource != kube::HorizontalPodAutoscalers()) return absl::OkStatus();
    if (carried_out) kubernetes_.Remove(kube::HorizontalPodAutoscalers(), kName);
    return absl::UnavailableError("connection reset");
  });
  EXPECT_EQ(DeleteIt(uid).outcome, ActionOutcome::kUnreachable);
  carried_out = true;
  EXPECT_EQ(DeleteIt(uid).outcome, ActionOutcome::kDone);
}

}  // namespace
}  // namespace evenkeel::coordinator
