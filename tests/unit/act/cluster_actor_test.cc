// What an actor answers when things go wrong; what each action does is in tests/contract/act.
#include "coordinator/act/cluster_actor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/synchronization/notification.h"
#include "common/kube/json.h"
#include "common/time/fake_clock.h"
#include "coordinator/act/announcement.h"
#include "coordinator/core/facts.h"
#include "tests/support/event_log.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::HasSubstr;

constexpr uint32_t kAttempt = 3;

class ClusterActorTest : public ::testing::Test {
 protected:
  ClusterActorTest() {
    options_ = {.cluster = "east",
                .claimant = {.name_space = "evenkeel", .store_id = "store-a", .epoch = 5},
                .most_in_flight = 4};
    kubernetes_.Put(kube::Nodes(), {{"metadata", {{"name", "node-1"}}}});
    kubernetes_.Put(kube::Pods(), {{"metadata", {{"name", "a"}, {"namespace", "shop"}}},
                                   {"spec", {{"nodeName", "node-1"}}},
                                   {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}});
  }

  // Begins when its claim stands, so that what a test counts is its own.
  void Begin() {
    actor_ = std::make_unique<ClusterActor>(options_, kubernetes_, events_, clock_);
    kubernetes_.WaitUntilIdle();
  }

  std::string UidOf(const kube::Resource& resource, const kube::ObjectName& name) {
    const auto found = kubernetes_.Peek(resource, name);
    return found.ok() ? kube::UidOf(*found) : "gone";
  }
  void Release(ActionKind kind, uint32_t number = 1) {
    const bool on_node = kind == ActionKind::kTaintNode || kind == ActionKind::kUntaintNode ||
                         kind == ActionKind::kTaintOutOfService || kind == ActionKind::kUntaintOutOfService ||
                         kind == ActionKind::kFenceNode;
    Action action =
        on_node ? Action{.number = number, .kind = kind, .name = "node-1", .uid = UidOf(kube::Nodes(), kNode)}
                : Action{.number = number,
                         .kind = kind,
                         .name_space = "shop",
                         .name = "a",
                         .uid = UidOf(kube::Pods(), kPod)};
    action.attempts = kAttempt;
    actor_->Do({.decision = {5, 12}, .cluster = "east", .action = action});
  }
  ActionFinished Do(ActionKind kind) {
    const size_t before = events_.Of<ActionFinished>().size();
    Release(kind);
    return events_.WaitFor<ActionFinished>(before + 1).back();
  }

  // From now on `verb` fails like this; `meanwhile` happens before.
  void Fail(const std::string& verb, const absl::Status& status, std::function<void()> meanwhile = nullptr) {
    kubernetes_.SetFault([verb, status, meanwhile](const std::string& asked, const kube::Resource& resource,
                                                   const kube::ObjectName&) {
      if (asked != verb || resource == kube::Leases()) return absl::OkStatus();
      if (meanwhile) meanwhile();
      return status;
    });
  }

  void PutClaim(int epoch) {
    kubernetes_.Put(kube::Leases(), {{"metadata",
                                      {{"name", kClaimName},
                                       {"namespace", "evenkeel"},
                                       {"annotations", {{kEpochAnnotation, std::to_string(epoch)}}}}},
                                     {"spec", {{"holderIdentity", "store-a"}}}});
  }

  size_t Writes(const std::string& verb) {
    size_t count = 0;
    for (const auto& write : kubernetes_.writes()) count += write.verb == verb;
    return count;
  }

  const kube::ObjectName kNode = {.name = "node-1"};
  const kube::ObjectName kPod = {.name_space = "shop", .name = "a"};
  ClusterActor::Options options_;
  time::FakeClock clock_;
  testing::EventLog events_;
  testing::FakeKubernetes kubernetes_;
  std::unique_ptr<ClusterActor> actor_;
};

// An answer names the decision, the action and the attempt that it is for.
TEST_F(ClusterActorTest, AnswersByName) {
  Begin();
  Release(ActionKind::kDeletePod, 7);
  const ActionFinished finished = events_.WaitFor<ActionFinished>(1)[0];
  EXPECT_EQ(finished.decision, (DecisionId{5, 12}));
  EXPECT_EQ(finished.number, 7u);
  EXPECT_EQ(finished.attempt, kAttempt);
}

// A kubelet is asked through the log of the agent's pod in our own namespace, once, and what came of it is
// told.
TEST_F(ClusterActorTest, AsksTheApiServerForAKubelet) {
  kubernetes_.Put(kube::Pods(), {{"metadata", {{"name", "agent-x"}, {"namespace", "evenkeel"}}},
                                 {"spec", {{"nodeName", "node-1"}}}});
  Begin();
  const AskKubelet ask{.request_id = 7,
                       .node = {"east", "node-1"},
                       .agent_pod = "agent-x",
                       .timeout = absl::Milliseconds(300)};
  actor_->Do(ask);
  const KubeletAnswered reached = events_.WaitFor<KubeletAnswered>(1)[0];
  EXPECT_EQ(reached.request_id, 7u);
  EXPECT_EQ(reached.node, ask.node);
  EXPECT_EQ(reached.way, KubeletWay::kAnswered);

  Fail("log", absl::DeadlineExceededError("no answer within 300ms"));
  actor_->Do(ask);
  EXPECT_EQ(events_.WaitFor<KubeletAnswered>(2)[1].way, KubeletWay::kNoAnswer);
  kubernetes_.Remove(kube::Pods(), {.name_space = "evenkeel", .name = "agent-x"});
  kubernetes_.SetFault(nullptr);
  actor_->Do(ask);
  EXPECT_EQ(events_.WaitFor<KubeletAnswered>(3)[2].way, KubeletWay::kNotTried);
}

// An API server that answers at all is there; one that does not is away.
TEST_F(ClusterActorTest, AsksWhetherTheApiServerIsThere) {
  Begin();
  const AskApi ask{.request_id = 8, .cluster = "east", .timeout = absl::Milliseconds(400)};
  actor_->Do(ask);
  const ApiAnswered there = events_.WaitFor<ApiAnswered>(1)[0];
  EXPECT_EQ(there.request_id, 8u);
  EXPECT_EQ(there.cluster, "east");
  EXPECT_TRUE(there.answered) << there.detail;

  kubernetes_.SetConnected(false);
  actor_->Do(ask);
  const ApiAnswered away = events_.WaitFor<ApiAnswered>(2)[1];
  EXPECT_FALSE(away.answered);
  EXPECT_EQ(away.detail, "no connection to the API server");
}

// The answer to a deletion was lost, and the pod is gone: done. So it is for an eviction.
TEST_F(ClusterActorTest, LostAnswerIsSettledByReading) {
  for (const auto& [kind, verb] :
       {std::pair(ActionKind::kDeletePod, "delete"), std::pair(ActionKind::kEvictPod, "evict")}) {
    kubernetes_.Put(kube::Pods(), {{"metadata", {{"name", "a"}, {"namespace", "shop"}}}});
    Begin();
    Fail(verb, absl::UnavailableError("connection reset"),
         [this] { kubernetes_.Remove(kube::Pods(), kPod); });
    EXPECT_EQ(Do(kind).outcome, ActionOutcome::kDone) << verb;
    kubernetes_.SetFault(nullptr);
  }
}

// No answer, and the pod is still there: whether it will be done is not known, and that is what is said.
TEST_F(ClusterActorTest, NoAnswerIsUnreachable) {
  Begin();
  for (const auto& [kind, verb] :
       {std::pair(ActionKind::kDeletePod, "delete"), std::pair(ActionKind::kEvictPod, "evict"),
        std::pair(ActionKind::kMarkPodUnready, "patch")}) {
    Fail(verb, absl::DeadlineExceededError("no answer within 5s"));
    const ActionFinished finished = Do(kind);
    EXPECT_EQ(finished.outcome, ActionOutcome::kUnreachable) << verb;
    EXPECT_THAT(finished.detail, HasSubstr("no answer within 5s"));
  }
  Fail("get", absl::UnavailableError("refused"));
  EXPECT_EQ(Do(ActionKind::kTaintNode).outcome, ActionOutcome::kUnreachable);
  EXPECT_EQ(Do(ActionKind::kMarkPodUnready).outcome, ActionOutcome::kUnreachable);
}

// What Kubernetes forbids is refused, with its words; asking again would not help.
TEST_F(ClusterActorTest, ForbiddenIsRefused) {
  Begin();
  Fail("delete", absl::PermissionDeniedError("pods is forbidden"));
  const ActionFinished finished = Do(ActionKind::kDeletePod);
  EXPECT_EQ(finished.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(finished.detail, HasSubstr("delete pod shop/a: PERMISSION_DENIED: pods is forbidden"));
  Fail("patch", absl::PermissionDeniedError("nodes is forbidden"));
  EXPECT_EQ(Do(ActionKind::kTaintNode).outcome, ActionOutcome::kRefused);
}

// Somebody changes the node between our reading and our writing: theirs is kept, and ours comes after it.
TEST_F(ClusterActorTest, TaintSurvivesAConflict) {
  Begin();
  std::atomic<int> writes = 0;
  Fail("patch", absl::OkStatus(), [&] {
    if (++writes > 1) return;
    Json node = *kubernetes_.Peek(kube::Nodes(), kNode);
    node["spec"]["taints"] = {{{"key", "theirs"}, {"effect", "NoExecute"}}};
    kubernetes_.Put(kube::Nodes(), node);
  });
  EXPECT_EQ(Do(ActionKind::kTaintNode).outcome, ActionOutcome::kDone);
  EXPECT_EQ(writes, 2);
  const Json taints = (*kubernetes_.Peek(kube::Nodes(), kNode))["spec"]["taints"];
  ASSERT_EQ(taints.size(), 2u);
  EXPECT_EQ(taints[0]["key"], "theirs");
  EXPECT_EQ(taints[1]["key"], kFailoverTaintKey);
}

// A node that somebody changes before each of our writes is given up after some, not tried for ever.
TEST_F(ClusterActorTest, EndlessConflictsEnd) {
  Begin();
  std::atomic<int> writes = 0;
  Fail("patch", absl::OkStatus(), [&] {
    Json node = *kubernetes_.Peek(kube::Nodes(), kNode);
    node["metadata"]["labels"]["n"] = std::to_string(++writes);
    kubernetes_.Put(kube::Nodes(), node);
  });
  EXPECT_EQ(Do(ActionKind::kTaintNode).outcome, ActionOutcome::kUnreachable);
  EXPECT_LT(writes, 10);
}

// The taint's answer was lost, and it is there: done, not "done before".
TEST_F(ClusterActorTest, LostAnswerToATaintIsSettled) {
  Begin();
  Fail("patch", absl::UnavailableError("connection reset"), [this] {
    Json node = *kubernetes_.Peek(kube::Nodes(), kNode);
    node["spec"]["taints"] = {{{"key", kFailoverTaintKey}, {"effect", kFailoverTaintEffect}}};
    kubernetes_.Put(kube::Nodes(), node);
  });
  EXPECT_EQ(Do(ActionKind::kTaintNode).outcome, ActionOutcome::kDone);
}

// A pod that is held by a finalizer counts as deleted: it is out of the traffic and replaced; the detail says
// what holds it.
TEST_F(ClusterActorTest, FinalizersAreTold) {
  Json pod = *kubernetes_.Peek(kube::Pods(), kPod);
  pod["metadata"]["finalizers"] = {"example.com/hold"};
  kubernetes_.Put(kube::Pods(), pod);
  Begin();
  const ActionFinished finished = Do(ActionKind::kDeletePod);
  EXPECT_EQ(finished.outcome, ActionOutcome::kDone);
  EXPECT_THAT(finished.detail, HasSubstr("example.com/hold"));
}

// L7: when whose the cluster is cannot be read, nothing is sent, and the answer is that nobody knows.
TEST_F(ClusterActorTest, UnreadableClaimStopsActions) {
  Begin();
  kubernetes_.SetFault([](const std::string&, const kube::Resource& resource, const kube::ObjectName&) {
    return resource == kube::Leases() ? absl::UnavailableError("no answer") : absl::OkStatus();
  });
  const ActionFinished finished = Do(ActionKind::kDeletePod);
  EXPECT_EQ(finished.outcome, ActionOutcome::kUnreachable);
  EXPECT_THAT(finished.detail, HasSubstr("claim"));
  EXPECT_EQ(Writes("delete"), 0u);
}

// L7: the claim is written with the version that was read: when two start at once, the one with the lower
// epoch loses, also when it read first.
TEST_F(ClusterActorTest, RaceForTheClaimHasOneWinner) {
  std::atomic<bool> first = true;
  kubernetes_.SetFault([&](const std::string& verb, const kube::Resource&, const kube::ObjectName&) {
    if (verb == "create" && first.exchange(false)) PutClaim(6);
    return absl::OkStatus();
  });
  absl::Notification told;
  options_.superseded = [&](const absl::Status& status) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("epoch 6"));
    told.Notify();
  };
  Begin();
  told.WaitForNotification();
  EXPECT_EQ(Do(ActionKind::kDeletePod).outcome, ActionOutcome::kRefused);
}

// L7: whoever acts elsewhere finds out as well, without an action in Kubernetes.
TEST_F(ClusterActorTest, AsksWhoseTheClusterIs) {
  absl::Notification told;
  options_.superseded = [&](const absl::Status& status) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("epoch 6"));
    told.Notify();
  };
  Begin();
  EXPECT_EQ(Do(ActionKind::kDeletePod).outcome, ActionOutcome::kDone);
  EXPECT_FALSE(told.HasBeenNotified());
  PutClaim(6);
  actor_->ReadClaim();
  told.WaitForNotification();
}

// L7: a coordinator that stood still between the claim's answer and the write that it allows asks again
// before it writes: another has claimed the cluster meanwhile.
TEST_F(ClusterActorTest, AnOldAnswerOfTheClaimIsNotBelieved) {
  Begin();
  std::atomic<int> reads = 0;
  kubernetes_.SetFault([&](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
    if (verb != "get" || resource != kube::Leases()) return absl::OkStatus();
    if (++reads == 1) {
      clock_.Advance(kClaimHolds + absl::Seconds(1));
    } else {
      PutClaim(6);
    }
    return absl::OkStatus();
  });
  EXPECT_EQ(Do(ActionKind::kDeletePod).outcome, ActionOutcome::kRefused);
  EXPECT_EQ(reads, 2);
  EXPECT_EQ(Writes("delete"), 0u);
}

// L7: nor is a node, or a pod, written when reading it took so long.
TEST_F(ClusterActorTest, NothingIsWrittenOnAnOldClaim) {
  Begin();
  for (const ActionKind kind : {ActionKind::kTaintNode, ActionKind::kMarkPodUnready}) {
    Fail("get", absl::OkStatus(), [this] { clock_.Advance(kClaimHolds + absl::Seconds(1)); });
    const ActionFinished finished = Do(kind);
    EXPECT_EQ(finished.outcome, ActionOutcome::kUnreachable);
    EXPECT_THAT(finished.detail, HasSubstr("claim"));
    EXPECT_EQ(Writes("patch"), 0u);
    kubernetes_.SetFault(nullptr);
  }
}

// The actions of a stage come in a burst: all are answered, and reading the claim is not repeated for each.
TEST_F(ClusterActorTest, BurstSharesTheClaim) {
  Begin();
  std::atomic<int> claim_reads = 0;
  kubernetes_.SetFault([&](const std::string&, const kube::Resource& resource, const kube::ObjectName&) {
    claim_reads += resource == kube::Leases();
    return absl::OkStatus();
  });
  absl::Notification go_on;
  kubernetes_.After(absl::ZeroDuration(), [&] { go_on.WaitForNotification(); });
  for (uint32_t number = 1; number <= 50; ++number) Release(ActionKind::kMarkPodUnready, number);
  go_on.Notify();
  EXPECT_EQ(events_.WaitFor<ActionFinished>(50).size(), 50u);
  EXPECT_EQ(claim_reads, 1);
}

// Beyond what may wait, actions are answered at once instead of piling up.
TEST_F(ClusterActorTest, TooManyWaitingAreTurnedAway) {
  options_.most_waiting = 3;
  Begin();
  absl::Notification go_on;
  kubernetes_.After(absl::ZeroDuration(), [&] { go_on.WaitForNotification(); });
  for (uint32_t number = 1; number <= 5; ++number) Release(ActionKind::kMarkPodUnready, number);
  const auto refused = events_.Of<ActionFinished>();
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].number, 4u);
  EXPECT_EQ(refused[0].outcome, ActionOutcome::kUnreachable);
  go_on.Notify();
  events_.WaitFor<ActionFinished>(5);
  Release(ActionKind::kMarkPodUnready, 6);  // there is room again
  EXPECT_EQ(events_.WaitFor<ActionFinished>(6).back().outcome, ActionOutcome::kAlreadyDone);
}

// A lease that cannot be read is answered too, with the cause; so is one that makes no sense.
TEST_F(ClusterActorTest, FailedLeaseReadsAreAnswered) {
  Begin();
  kubernetes_.Put(kube::Leases(), {{"metadata", {{"name", "node-1"}, {"namespace", "kube-node-lease"}}},
                                   {"spec", {{"renewTime", "yesterday"}}}});
  actor_->Do(ReadLease{.request_id = 1, .node = {"east", "node-1"}});
  EXPECT_THAT(events_.WaitFor<LeaseRead>(1).back().error, HasSubstr("yesterday"));
  kubernetes_.SetConnected(false);
  actor_->Do(ReadLease{.request_id = 2, .node = {"east", "node-1"}});
  const LeaseRead read = events_.WaitFor<LeaseRead>(2).back();
  EXPECT_FALSE(read.ok);
  EXPECT_THAT(read.error, HasSubstr("UNAVAILABLE"));
}

// An announcement that is made again after a restart is one Event still.
TEST_F(ClusterActorTest, AnnouncesOnce) {
  Begin();
  const Announce announcement = {.cluster = "east",
                                 .decision = {5, 12},
                                 .step = "judged",
                                 .node = "node-1",
                                 .warning = true,
                                 .reason = "NodeDead",
                                 .message = "node-1 is dead"};
  actor_->Do(announcement);
  actor_->Do(announcement);
  kubernetes_.WaitUntilIdle();
  const std::vector<Json> made = kubernetes_.PeekAll(kube::Events());
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(kube::NameOf(made[0]).name, "node-1.evenkeel-5-12-judged");
  EXPECT_EQ(kube::Text(made[0], {"message"}), "node-1 is dead");
  EXPECT_EQ(kube::Text(made[0], {"type"}), "Warning");
}

// L1: a decision's actions that wait for the claim, or for their turn, are taken back and never sent; those
// of another decision, and the untaint that a withdrawal leads to, are not touched.
TEST_F(ClusterActorTest, WithdrawnActionsAreNotSent) {
  Begin();
  absl::Notification go_on;
  kubernetes_.After(absl::ZeroDuration(), [&] { go_on.WaitForNotification(); });
  Release(ActionKind::kDeletePod, 1);
  Release(ActionKind::kTaintNode, 2);
  Release(ActionKind::kUntaintNode, 3);
  actor_->Do(
      {.decision = {5, 13},
       .cluster = "east",
       .action = {
           .number = 4, .kind = ActionKind::kEvictPod, .name_space = "shop", .name = "b", .uid = "u"}});
  actor_->Do(WithdrawActions{.cluster = "east", .decision = {5, 12}, .reason = "node-1 lives"});
  Release(ActionKind::kMarkPodUnready, 5);  // released after the withdrawal: not meant by it
  go_on.Notify();
  std::map<uint32_t, ActionOutcome> outcomes;
  for (const ActionFinished& finished : events_.WaitFor<ActionFinished>(5))
    outcomes[finished.number] = finished.outcome;
  EXPECT_EQ(outcomes[1], ActionOutcome::kWithdrawn);
  EXPECT_EQ(outcomes[2], ActionOutcome::kWithdrawn);
  EXPECT_EQ(outcomes[3], ActionOutcome::kAlreadyDone);
  EXPECT_EQ(outcomes[4], ActionOutcome::kAlreadyDone);
  EXPECT_EQ(outcomes[5], ActionOutcome::kDone);
  EXPECT_EQ(Writes("delete"), 0u);
}

// L1, to the last instant: the sign of life comes between reading the node, or the pod, and writing it.
TEST_F(ClusterActorTest, WithdrawnBetweenReadingAndWriting) {
  Begin();
  for (const ActionKind kind : {ActionKind::kTaintNode, ActionKind::kMarkPodUnready}) {
    const size_t before = Writes("patch");
    Fail("get", absl::OkStatus(), [this] {
      actor_->Do(WithdrawActions{.cluster = "east", .decision = {5, 12}, .reason = "node-1 lives"});
    });
    EXPECT_EQ(Do(kind).outcome, ActionOutcome::kWithdrawn);
    EXPECT_EQ(Writes("patch"), before);
    kubernetes_.SetFault(nullptr);
  }
}

// Kubernetes' own taint, as its controllers look for it, beside those of others; and off again.
TEST_F(ClusterActorTest, CallsANodeOutOfServiceAndBack) {
  kubernetes_.SetServerVersion({1, 24, "v1.24.0"});
  kubernetes_.Put(kube::Nodes(), {{"metadata", {{"name", "node-1"}}},
                                  {"spec", {{"taints", {{{"key", "others"}, {"effect", "NoSchedule"}}}}}}});
  Begin();
  const auto taints = [this] { return (*kubernetes_.Peek(kube::Nodes(), kNode))["spec"]["taints"]; };
  EXPECT_EQ(Do(ActionKind::kTaintOutOfService).outcome, ActionOutcome::kDone);
  ASSERT_EQ(taints().size(), 2u);
  EXPECT_EQ(kube::Text(taints()[1], {"key"}), "node.kubernetes.io/out-of-service");
  EXPECT_EQ(kube::Text(taints()[1], {"value"}), "nodeshutdown");
  EXPECT_EQ(kube::Text(taints()[1], {"effect"}), "NoExecute");
  EXPECT_EQ(Do(ActionKind::kTaintOutOfService).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Do(ActionKind::kUntaintOutOfService).outcome, ActionOutcome::kDone);
  ASSERT_EQ(taints().size(), 1u);
  EXPECT_EQ(kube::Text(taints()[0], {"key"}), "others");
}

// A server that is too old gets no taint that nobody there would look at; one whose age is not known,
// neither.
TEST_F(ClusterActorTest, AnOldServerIsNotCalledUpon) {
  Begin();
  const ActionFinished answer = Do(ActionKind::kTaintOutOfService);
  EXPECT_EQ(answer.outcome, ActionOutcome::kNotKnownThere);
  EXPECT_THAT(answer.detail, HasSubstr("v1.20.2 does not know this taint"));
  EXPECT_EQ(Writes("patch"), 0u);
}

// Replicas are set by the same way as everything: after the claim, and not when it was taken back. An action
// that is not for the API server is refused and hangs nobody.
TEST_F(ClusterActorTest, SetsReplicasLikeEverythingElse) {
  kubernetes_.Put(kube::Deployments(),
                  {{"metadata", {{"name", "web"}, {"namespace", "shop"}}}, {"spec", {{"replicas", 2}}}});
  const kube::ObjectName web = {.name_space = "shop", .name = "web"};
  Begin();
  const auto release = [&](uint32_t number, std::optional<ReplicaChange> change) {
    actor_->Do({.decision = {5, 12},
                .cluster = "east",
                .action = {.number = number,
                           .kind = ActionKind::kSetReplicas,
                           .name_space = "shop",
                           .name = "web",
                           .uid = UidOf(kube::Deployments(), web),
                           .replicas = change}});
    return events_.WaitFor<ActionFinished>(number).back();
  };
  const ReplicaChange change = {.group = "apps", .version = "v1", .kind = "Deployment", .from = 2, .to = 5};
  EXPECT_EQ(release(1, change).outcome, ActionOutcome::kDone);
  EXPECT_EQ((*kubernetes_.Peek(kube::Deployments(), web))["spec"]["replicas"], 5);
  EXPECT_EQ(release(2, std::nullopt).outcome, ActionOutcome::kRefused);
  EXPECT_EQ(Do(ActionKind::kRestartKubelet).outcome, ActionOutcome::kRefused);

  const size_t before = Writes("patch");
  kubernetes_.SetFault(
      [this](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
        if (verb == "get" && resource.plural == "deployments/scale") {
          actor_->Do(WithdrawActions{.cluster = "east", .decision = {5, 12}, .reason = "paused"});
        }
        return absl::OkStatus();
      });
  const ReplicaChange back = {.group = "apps", .version = "v1", .kind = "Deployment", .from = 5, .to = 2};
  EXPECT_EQ(release(4, back).outcome, ActionOutcome::kWithdrawn);
  EXPECT_EQ(Writes("patch"), before);
}

// An Event about a workload is where its users look, under a name of its own, however often it is made.
TEST_F(ClusterActorTest, AnnouncesBesideTheWorkload) {
  Begin();
  Announce announcement = {
      .cluster = "east",
      .decision = {5, 12},
      .step = "closed",
      .workload = {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"},
      .workload_uid = "u1",
      .reason = "Scaled",
      .message = "from 2 to 5"};
  actor_->Do(announcement);
  actor_->Do(announcement);
  kubernetes_.WaitUntilIdle();
  const std::vector<Json> made = kubernetes_.PeekAll(kube::Events());
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(kube::NameOf(made[0]), (kube::ObjectName{"shop", "web.evenkeel-5-12-closed"}));
  const Json about = {{"apiVersion", "apps/v1"},
                      {"kind", "Deployment"},
                      {"namespace", "shop"},
                      {"name", "web"},
                      {"uid", "u1"}};
  EXPECT_EQ(made[0]["involvedObject"], about);
  announcement.workload.group = "example.com";
  announcement.workload_version = "v2";
  EXPECT_EQ(kube::Text(EventFor(announcement, clock_.Now()), {"involvedObject", "apiVersion"}),
            "example.com/v2");
  announcement.workload = {};
  EXPECT_EQ(NamespaceFor(announcement), kEventNamespace);
  // What belongs to no decision has a name of its own.
  announcement.workload = {"apps", "Deployment", "shop", "web"};
  announcement.decision = {};
  announcement.step = "died-u1-2-0";
  EXPECT_EQ(kube::NameOf(EventFor(announcement, clock_.Now())),
            (kube::ObjectName{"shop", "web.evenkeel-died-u1-2-0"}));
}

// A policy may ask for a hook that nobody has given the coordinator.
TEST_F(ClusterActorTest, WithoutAHookTheQuestionIsRefused) {
  Begin();
  const ActionFinished answer = Do(ActionKind::kFenceNode);
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("--fence-hook-url"));
}

// A hook that hangs takes nobody's place: what else is to be done is done beside it. A withdrawal ends it.
TEST_F(ClusterActorTest, AHookThatHangsTakesNobodysPlace) {
  const auto hook = *FenceHook::Create({.command = {"/bin/sleep", "1000"}});
  options_.fence_hook = hook.get();
  Begin();
  for (uint32_t number = 1; number <= 4; ++number) Release(ActionKind::kFenceNode, number);
  EXPECT_EQ(Do(ActionKind::kTaintNode).outcome, ActionOutcome::kDone);
  actor_->Do(WithdrawActions{.cluster = "east", .decision = {5, 12}, .reason = "node-1 lives"});
  for (const ActionFinished& ended : events_.WaitFor<ActionFinished>(5)) {
    EXPECT_NE(ended.outcome, ActionOutcome::kUnreachable);
  }
}

// What was sent already is answered as it ended, whatever was withdrawn afterwards.
TEST_F(ClusterActorTest, SentActionsAreNotTakenBack) {
  Begin();
  Fail("delete", absl::OkStatus(), [this] {
    actor_->Do(WithdrawActions{.cluster = "east", .decision = {5, 12}, .reason = "node-1 lives"});
  });
  EXPECT_EQ(Do(ActionKind::kDeletePod).outcome, ActionOutcome::kDone);
}

// An actor that has ended answers nothing more, whatever is still under way.
TEST_F(ClusterActorTest, EndsCleanly) {
  Begin();
  absl::Notification go_on;
  kubernetes_.After(absl::ZeroDuration(), [&] { go_on.WaitForNotification(); });
  Release(ActionKind::kDeletePod);
  actor_->Do(ReadLease{.request_id = 1, .node = {"east", "node-1"}});
  actor_.reset();
  go_on.Notify();
  kubernetes_.WaitUntilIdle();
  EXPECT_TRUE(events_.All().empty());
  EXPECT_EQ(Writes("delete"), 0u);
}

}  // namespace
}  // namespace evenkeel::coordinator
