// What each action does to a cluster, and what it answers, on the fake API server and on a real one.
#include <gmock/gmock.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/time/fake_clock.h"
#include "coordinator/act/announcement.h"
#include "coordinator/act/cluster_actor.h"
#include "coordinator/act/node_actions.h"
#include "coordinator/act/pod_actions.h"
#include "coordinator/core/burst/valve.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/facts.h"
#include "tests/contract/kube/fixture.h"
#include "tests/support/event_log.h"

namespace evenkeel::testing {

std::unique_ptr<Subject> KubeContract::subject_;

namespace {

using coordinator::Action;
using coordinator::ActionFinished;
using coordinator::ActionKind;
using coordinator::ActionOutcome;
using coordinator::Claimant;
using coordinator::ClusterActor;
using coordinator::DecisionId;
using ::testing::HasSubstr;

constexpr char kOtherUid[] = "11111111-2222-3333-4444-555555555555";

class ActContract : public KubeContract {
 protected:
  void SetUp() override {
    KubeContract::SetUp();
    // Each test's namespace is the place of its claim too.
    claimant_ = {.name_space = name_space_, .store_id = "store-a", .epoch = 5};
    actor_ = NewActor(claimant_);
  }

  std::unique_ptr<ClusterActor> NewActor(const Claimant& claimant,
                                         std::function<void(const absl::Status&)> superseded = nullptr) {
    return std::make_unique<ClusterActor>(
        ClusterActor::Options{.cluster = "east", .claimant = claimant, .superseded = std::move(superseded)},
        api(), events_, clock_);
  }

  ActionFinished DoWith(ClusterActor& actor, ActionKind kind, const std::string& name_space,
                        const std::string& name, const std::string& uid) {
    const size_t before = events_.Of<ActionFinished>().size();
    actor.Do({.decision = kDecision,
              .cluster = "east",
              .action = {.number = 7, .kind = kind, .name_space = name_space, .name = name, .uid = uid}});
    return events_.WaitFor<ActionFinished>(before + 1).back();
  }
  ActionFinished Do(ActionKind kind, const Json& object) {
    const kube::ObjectName name = kube::NameOf(object);
    return DoWith(*actor_, kind, name.name_space, name.name, kube::UidOf(object));
  }

  ActionFinished Scale(const Json& object, const kube::Resource& resource, const std::string& kind,
                       int64_t from, int64_t to) {
    const kube::ObjectName name = kube::NameOf(object);
    const size_t before = events_.Of<ActionFinished>().size();
    actor_->Do({.decision = kDecision,
                .cluster = "east",
                .action = {.number = 7,
                           .kind = ActionKind::kSetReplicas,
                           .name_space = name.name_space,
                           .name = name.name,
                           .uid = kube::UidOf(object),
                           .replicas = coordinator::ReplicaChange{.group = resource.group,
                                                                  .version = resource.version,
                                                                  .kind = kind,
                                                                  .from = from,
                                                                  .to = to}}});
    return events_.WaitFor<ActionFinished>(before + 1).back();
  }

  // What holds of every kind with a scale subresource; `object` has two replicas.
  void ExpectScales(const Json& object, const kube::Resource& resource, const std::string& kind) {
    const kube::ObjectName name = kube::NameOf(object);
    const auto replicas = [&] { return (*Get(resource, name))["spec"]["replicas"]; };
    const ActionFinished done = Scale(object, resource, kind, 2, 5);
    EXPECT_EQ(done.outcome, ActionOutcome::kDone) << done.detail;
    EXPECT_EQ(replicas(), 5);
    const std::string version = kube::ResourceVersionOf(*Get(resource, name));
    EXPECT_EQ(Scale(object, resource, kind, 2, 5).outcome, ActionOutcome::kAlreadyDone);
    EXPECT_EQ(Scale(object, resource, kind, 3, 4).outcome, ActionOutcome::kNotMine);
    Json other = object;
    other["metadata"]["uid"] = kOtherUid;
    EXPECT_EQ(Scale(other, resource, kind, 5, 3).outcome, ActionOutcome::kNotMine);
    EXPECT_EQ(kube::ResourceVersionOf(*Get(resource, name)), version);
    EXPECT_EQ(Scale(object, resource, kind, 5, 1).outcome, ActionOutcome::kDone);
    EXPECT_EQ(replicas(), 1);
    ASSERT_TRUE(Delete(resource, name).ok());
    EXPECT_EQ(Scale(object, resource, kind, 1, 2).outcome, ActionOutcome::kNotMine);
  }

  Json MakeNode() {
    return Make(kube::Nodes(), "",
                {{"apiVersion", "v1"},
                 {"kind", "Node"},
                 {"metadata", {{"name", absl::StrCat(name_space_, "-node")}}},
                 {"spec", {{"taints", {{{"key", "others"}, {"value", "x"}, {"effect", "NoExecute"}}}}}}});
  }
  // On a node, so that only a kubelet could end it gracefully.
  Json MakePod(const std::string& name) {
    return Make(kube::Pods(), name_space_, Pod(name, absl::StrCat(name_space_, "-node")));
  }
  Json MakeReadyPod(const std::string& name) {
    MakePod(name);
    const Json conditions = {{{"type", "Ready"}, {"status", "True"}},
                             {{"type", "Initialized"}, {"status", "True"}}};
    const auto ready =
        Patch(kube::Pods(), Named(name), {.kind = kube::PatchKind::kMerge, .subresource = "status"},
              {{"status", {{"phase", "Running"}, {"conditions", conditions}}}});
    EXPECT_TRUE(ready.ok()) << ready.status();
    return *ready;
  }

  static std::vector<std::string> TaintKeys(const kube::ObjectName& node) {
    std::vector<std::string> keys;
    const auto found = Get(kube::Nodes(), node);
    EXPECT_TRUE(found.ok()) << found.status();
    for (const Json& taint : (*found)["spec"].value("taints", Json::array())) {
      keys.push_back(kube::Text(taint, {"key"}));
    }
    return keys;
  }

  static constexpr DecisionId kDecision = {5, 12};
  time::FakeClock clock_;
  Claimant claimant_;
  EventLog events_;
  std::unique_ptr<ClusterActor> actor_;
};

// The taint is put on once and taken off once, with the taints of others left alone; doing it again changes
// nothing (L4).
TEST_F(ActContract, TaintsAndUntaints) {
  const Json node = MakeNode();
  const kube::ObjectName name = kube::NameOf(node);
  EXPECT_EQ(Do(ActionKind::kUntaintNode, node).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Do(ActionKind::kTaintNode, node).outcome, ActionOutcome::kDone);
  EXPECT_THAT(TaintKeys(name), ::testing::IsSupersetOf({"others", coordinator::kFailoverTaintKey}));
  const auto tainted = Get(kube::Nodes(), name);
  EXPECT_EQ(kube::Text(*tainted, {"metadata", "annotations", coordinator::kFailoverTaint.annotation}),
            "5-12");
  EXPECT_EQ(Do(ActionKind::kTaintNode, node).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(kube::ResourceVersionOf(*Get(kube::Nodes(), name)), kube::ResourceVersionOf(*tainted));

  EXPECT_EQ(Do(ActionKind::kUntaintNode, node).outcome, ActionOutcome::kDone);
  EXPECT_THAT(TaintKeys(name), ::testing::Contains("others"));
  EXPECT_THAT(TaintKeys(name), ::testing::Not(::testing::Contains(coordinator::kFailoverTaintKey)));
  EXPECT_EQ(kube::Find(*Get(kube::Nodes(), name),
                       {"metadata", "annotations", coordinator::kFailoverTaint.annotation}),
            nullptr);
  EXPECT_EQ(Do(ActionKind::kUntaintNode, node).outcome, ActionOutcome::kAlreadyDone);
}

// Kubernetes' own taint, where the server is new enough to act on it.
TEST_F(ActContract, CallsANodeOutOfServiceWhereThatIsKnown) {
  const Json node = MakeNode();
  const kube::ObjectName name = kube::NameOf(node);
  const auto version = Await<kube::ServerVersion>([](auto done) { api().GetServerVersion(kDeadline, done); });
  ASSERT_TRUE(version.ok()) << version.status();
  const bool known = version->major > 1 || version->minor >= 24;
  EXPECT_EQ(Do(ActionKind::kTaintOutOfService, node).outcome,
            known ? ActionOutcome::kDone : ActionOutcome::kNotKnownThere);
  EXPECT_EQ(::testing::Matches(::testing::Contains(coordinator::kOutOfServiceTaintKey))(TaintKeys(name)),
            known);
  EXPECT_EQ(Do(ActionKind::kUntaintOutOfService, node).outcome,
            known ? ActionOutcome::kDone : ActionOutcome::kAlreadyDone);
  EXPECT_THAT(TaintKeys(name), ::testing::Contains("others"));
  EXPECT_THAT(TaintKeys(name), ::testing::Not(::testing::Contains(coordinator::kOutOfServiceTaintKey)));
}

// A node that has only the name is another node and is left alone; one that is gone is not missed.
TEST_F(ActContract, OtherNodeIsNotTouched) {
  Json node = MakeNode();
  const kube::ObjectName name = kube::NameOf(node);
  const std::string version = kube::ResourceVersionOf(node);
  node["metadata"]["uid"] = kOtherUid;
  EXPECT_EQ(Do(ActionKind::kTaintNode, node).outcome, ActionOutcome::kNotMine);
  EXPECT_EQ(Do(ActionKind::kUntaintNode, node).outcome, ActionOutcome::kNotMine);
  EXPECT_EQ(kube::ResourceVersionOf(*Get(kube::Nodes(), name)), version);
  ASSERT_TRUE(Delete(kube::Nodes(), name).ok());
  EXPECT_EQ(Do(ActionKind::kTaintNode, node).outcome, ActionOutcome::kNotMine);
}

// Deleting takes the pod away at once though no kubelet confirms it; a second time finds it gone (L4).
TEST_F(ActContract, DeletesAtOnce) {
  const Json pod = MakePod("a");
  EXPECT_EQ(Do(ActionKind::kDeletePod, pod).outcome, ActionOutcome::kDone);
  EXPECT_TRUE(absl::IsNotFound(Get(kube::Pods(), Named("a")).status()));
  EXPECT_EQ(Do(ActionKind::kDeletePod, pod).outcome, ActionOutcome::kAlreadyDone);
}

// A pod that took the name of the one that is meant is left alone, whatever was to be done.
TEST_F(ActContract, OtherPodIsNotTouched) {
  const Json first = MakePod("a");
  ASSERT_TRUE(Delete(kube::Pods(), Named("a"), {.grace_period_seconds = 0}).ok());
  const Json second = MakeReadyPod("a");
  for (const ActionKind kind : {ActionKind::kDeletePod, ActionKind::kMarkPodUnready, ActionKind::kEvictPod,
                                ActionKind::kSetDeletionCost}) {
    EXPECT_EQ(Do(kind, first).outcome, ActionOutcome::kNotMine) << static_cast<int>(kind);
  }
  EXPECT_EQ(*Get(kube::Pods(), Named("a")), second);
}

// Marking sets the condition Ready to False, with a reason that names us, and nothing else; doing it again
// changes nothing.
TEST_F(ActContract, MarksUnready) {
  const Json pod = MakeReadyPod("a");
  EXPECT_EQ(Do(ActionKind::kMarkPodUnready, pod).outcome, ActionOutcome::kDone);
  const auto marked = Get(kube::Pods(), Named("a"));
  ASSERT_TRUE(marked.ok());
  std::map<std::string, std::string> conditions;
  for (const Json& condition : (*marked)["status"]["conditions"]) {
    conditions[kube::Text(condition, {"type"})] =
        kube::Text(condition, {"status"}) + kube::Text(condition, {"reason"});
  }
  EXPECT_EQ(conditions["Ready"], std::string("False") + coordinator::kUnreadyReason);
  EXPECT_EQ(conditions["Initialized"], "True");
  EXPECT_EQ((*marked)["spec"], pod["spec"]);
  EXPECT_EQ(Do(ActionKind::kMarkPodUnready, pod).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(kube::ResourceVersionOf(*Get(kube::Pods(), Named("a"))), kube::ResourceVersionOf(*marked));
  ASSERT_TRUE(Delete(kube::Pods(), Named("a"), {.grace_period_seconds = 0}).ok());
  EXPECT_EQ(Do(ActionKind::kMarkPodUnready, pod).outcome, ActionOutcome::kAlreadyDone);
}

// A virtual node is closed to new pods and opened again, with the taints of others, and ours, left alone.
TEST_F(ActContract, ClosesAndOpensVirtualNodes) {
  const Json node = MakeNode();
  const kube::ObjectName name = kube::NameOf(node);
  EXPECT_EQ(Do(ActionKind::kOpenValve, node).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Do(ActionKind::kTaintGray, node).outcome, ActionOutcome::kDone);
  EXPECT_EQ(Do(ActionKind::kCloseValve, node).outcome, ActionOutcome::kDone);
  EXPECT_THAT(TaintKeys(name),
              ::testing::IsSupersetOf({"others", coordinator::kGrayTaintKey, coordinator::kValveTaintKey}));
  EXPECT_EQ(Do(ActionKind::kCloseValve, node).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Do(ActionKind::kOpenValve, node).outcome, ActionOutcome::kDone);
  EXPECT_THAT(TaintKeys(name), ::testing::IsSupersetOf({"others", coordinator::kGrayTaintKey}));
  EXPECT_THAT(TaintKeys(name), ::testing::Not(::testing::Contains(coordinator::kValveTaintKey)));
}

// A pod is marked as the first to go, once; what somebody else has said of it stays.
TEST_F(ActContract, SetsDeletionCosts) {
  const auto cost = [&](const char* name) {
    return kube::Text(*Get(kube::Pods(), Named(name)),
                      {"metadata", "annotations", coordinator::kDeletionCostAnnotation});
  };
  const Json pod = MakePod("a");
  EXPECT_EQ(Do(ActionKind::kSetDeletionCost, pod).outcome, ActionOutcome::kDone);
  EXPECT_EQ(cost("a"), "-100");
  const std::string version = kube::ResourceVersionOf(*Get(kube::Pods(), Named("a")));
  EXPECT_EQ(Do(ActionKind::kSetDeletionCost, pod).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(kube::ResourceVersionOf(*Get(kube::Pods(), Named("a"))), version);

  Json important = Pod("b", absl::StrCat(name_space_, "-node"));
  important["metadata"]["annotations"][coordinator::kDeletionCostAnnotation] = "500";
  const Json other = Make(kube::Pods(), name_space_, important);
  EXPECT_EQ(Do(ActionKind::kSetDeletionCost, other).outcome, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(cost("b"), "500");

  ASSERT_TRUE(Delete(kube::Pods(), Named("a"), {.grace_period_seconds = 0}).ok());
  EXPECT_EQ(Do(ActionKind::kSetDeletionCost, pod).outcome, ActionOutcome::kAlreadyDone);
}

// The placeholders' Deployment gets another number and shape by one patch, and the rest of it stays; to ask
// for none a second time changes nothing.
TEST_F(ActContract, SetsPlaceholders) {
  const Json made = Make(kube::Deployments(), name_space_, Deployment("room", 0));
  const auto place = [&](int64_t number) {
    const size_t before = events_.Of<ActionFinished>().size();
    Action action{.number = 7, .kind = ActionKind::kSetPlaceholders, .name_space = name_space_};
    action.name = "room";
    action.uid = kube::UidOf(made);
    action.replicas = coordinator::ReplicaChange{
        .group = "apps", .version = "v1", .kind = "Deployment", .from = 0, .to = number};
    action.requests =
        coordinator::Resources{.cpu_millicores = 250, .memory_bytes = int64_t{64} << 20, .pods = 1};
    actor_->Do({.decision = kDecision, .cluster = "east", .action = action});
    return events_.WaitFor<ActionFinished>(before + 1).back().outcome;
  };
  const auto container = [](const Json& deployment) {
    return deployment["spec"]["template"]["spec"]["containers"][0];
  };
  EXPECT_EQ(place(3), ActionOutcome::kDone);
  const Json placed = *Get(kube::Deployments(), Named("room"));
  EXPECT_EQ(placed["spec"]["replicas"], 3);
  const Json requests = {{"cpu", "250m"}, {"memory", "67108864"}};
  EXPECT_EQ(container(placed)["resources"]["requests"], requests);
  EXPECT_EQ(container(placed)["image"], container(made)["image"]);
  EXPECT_EQ(place(0), ActionOutcome::kDone);
  EXPECT_EQ(place(0), ActionOutcome::kAlreadyDone);
  EXPECT_EQ((*Get(kube::Deployments(), Named("room")))["spec"]["replicas"], 0);
}

// Evicting goes through the Eviction API; a pod that is gone counts as evicted.
TEST_F(ActContract, Evicts) {
  const Json pod = MakePod("a");
  EXPECT_EQ(Do(ActionKind::kEvictPod, pod).outcome, ActionOutcome::kDone);
  const auto after = Get(kube::Pods(), Named("a"));
  EXPECT_TRUE(absl::IsNotFound(after.status()) || after->at("metadata").contains("deletionTimestamp"));
  if (after.ok()) {
    ASSERT_TRUE(Delete(kube::Pods(), Named("a"), {.grace_period_seconds = 0}).ok());
  }
  EXPECT_EQ(Do(ActionKind::kEvictPod, pod).outcome, ActionOutcome::kAlreadyDone);
}

// L4: replicas go from the number that the decision saw to the one that it wants, once, and only of the
// object that it means. The same for each kind.
TEST_F(ActContract, ScalesDeployments) {
  ExpectScales(Make(kube::Deployments(), name_space_, Deployment("web", 2)), kube::Deployments(),
               "Deployment");
}
TEST_F(ActContract, ScalesStatefulSets) {
  Json object = Workload(kube::StatefulSets(), "StatefulSet", "db", 2);
  object["spec"]["serviceName"] = "db";
  ExpectScales(Make(kube::StatefulSets(), name_space_, object), kube::StatefulSets(), "StatefulSet");
}
TEST_F(ActContract, ScalesReplicaSets) {
  ExpectScales(Make(kube::ReplicaSets(), name_space_, Workload(kube::ReplicaSets(), "ReplicaSet", "rs", 2)),
               kube::ReplicaSets(), "ReplicaSet");
}

// A kind that was installed, whose fields only its definition knows.
TEST_F(ActContract, ScalesCustomResources) {
  const kube::Resource definitions = {"apiextensions.k8s.io", "v1", "customresourcedefinitions", false};
  const kube::Resource rollouts = {"evenkeel.example.com", "v1", "rollouts", true};
  const Json scale = {{"specReplicasPath", ".spec.replicas"},
                      {"statusReplicasPath", ".status.replicas"},
                      {"labelSelectorPath", ".status.selector"}};
  const Json schema = {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
  Make(definitions, "",
       {{"apiVersion", "apiextensions.k8s.io/v1"},
        {"kind", "CustomResourceDefinition"},
        {"metadata", {{"name", "rollouts.evenkeel.example.com"}}},
        {"spec",
         {{"group", rollouts.group},
          {"scope", "Namespaced"},
          {"names",
           {{"plural", "rollouts"},
            {"singular", "rollout"},
            {"kind", "Rollout"},
            {"listKind", "RolloutList"}}},
          {"versions",
           {{{"name", "v1"},
             {"served", true},
             {"storage", true},
             {"schema", {{"openAPIV3Schema", schema}}},
             {"subresources", {{"scale", scale}}}}}}}}});
  // A server takes a moment until it serves what it was told to.
  const Json object = {{"apiVersion", rollouts.ApiVersion()},
                       {"kind", "Rollout"},
                       {"metadata", {{"name", "web"}}},
                       {"spec", {{"replicas", 2}}},
                       {"status", {{"replicas", 2}, {"selector", "name=web"}}}};
  absl::StatusOr<Json> served = absl::NotFoundError("not yet");
  while (absl::IsNotFound(served.status())) {
    served = Await<Json>(
        [&](auto done) { api().GetResources(rollouts.group, rollouts.version, kDeadline, done); });
  }
  absl::StatusOr<Json> made = absl::NotFoundError("not yet");
  while (absl::IsNotFound(made.status())) made = Create(rollouts, name_space_, object);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto part = GetScale(rollouts, Named("web"));
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(kube::Text(*part, {"status", "selector"}), "name=web");
  ExpectScales(*made, rollouts, "Rollout");
}

// An autoscaler is deleted once, and no other in its place.
TEST_F(ActContract, DeletesAutoscalers) {
  const kube::Resource& autoscalers = kube::HorizontalPodAutoscalers();
  const Json reference = {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "web"}};
  const Json object = {{"apiVersion", autoscalers.ApiVersion()},
                       {"kind", "HorizontalPodAutoscaler"},
                       {"metadata", {{"name", "web"}}},
                       {"spec", {{"scaleTargetRef", reference}, {"maxReplicas", 5}}}};
  const Json made = Make(autoscalers, name_space_, object);
  Json other = made;
  other["metadata"]["uid"] = kOtherUid;
  EXPECT_EQ(Do(ActionKind::kDeleteAutoscaler, other).outcome, ActionOutcome::kNotMine);
  EXPECT_TRUE(Get(autoscalers, Named("web")).ok());
  EXPECT_EQ(Do(ActionKind::kDeleteAutoscaler, made).outcome, ActionOutcome::kDone);
  EXPECT_TRUE(absl::IsNotFound(Get(autoscalers, Named("web")).status()));
  EXPECT_EQ(Do(ActionKind::kDeleteAutoscaler, made).outcome, ActionOutcome::kAlreadyDone);
}

// A lease is read with its version and its time as the node wrote it; one that is not there is an answer, not
// an error.
TEST_F(ActContract, ReadsLeases) {
  const std::string node = absl::StrCat(name_space_, "-node");
  const auto made =
      Make(kube::Leases(), "kube-node-lease",
           {{"apiVersion", kube::Leases().ApiVersion()},
            {"kind", "Lease"},
            {"metadata", {{"name", node}}},
            {"spec", {{"holderIdentity", node}, {"renewTime", "2024-05-06T07:08:09.123456Z"}}}});
  actor_->Do(coordinator::ReadLease{.request_id = 3, .node = {"east", node}});
  const auto read = events_.WaitFor<coordinator::LeaseRead>(1).back();
  EXPECT_TRUE(read.ok) << read.error;
  EXPECT_EQ(read.request_id, 3u);
  EXPECT_EQ(read.node, (coordinator::NodeKey{"east", node}));
  EXPECT_TRUE(read.lease.exists);
  EXPECT_EQ(read.lease.resource_version, kube::ResourceVersionOf(made));
  EXPECT_EQ(read.lease.renew_time, absl::FromUnixMicros(1714979289123456));
  actor_->Do(coordinator::ReadLease{.request_id = 4, .node = {"east", "no-such-node"}});
  const auto missing = events_.WaitFor<coordinator::LeaseRead>(2).back();
  EXPECT_TRUE(missing.ok) << missing.error;
  EXPECT_FALSE(missing.lease.exists);
}

// An announcement becomes one Event about the node, however often it is made.
TEST_F(ActContract, AnnouncesOnce) {
  const std::string node = absl::StrCat(name_space_, "-node");
  const coordinator::Announce announcement = {.cluster = "east",
                                              .decision = kDecision,
                                              .step = "judged",
                                              .node = node,
                                              .node_uid = kOtherUid,
                                              .warning = true,
                                              .reason = "NodeFailedOver",
                                              .message = "nobody reaches it"};
  const Json event = coordinator::EventFor(announcement, clock_.Now());
  const auto first = Create(kube::Events(), coordinator::kEventNamespace, event);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Create(kube::Events(), coordinator::kEventNamespace, event).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(kube::Text(*first, {"involvedObject", "name"}), node);
  EXPECT_EQ(kube::Text(*first, {"reason"}), "NodeFailedOver");
  EXPECT_EQ(kube::Text(*first, {"type"}), "Warning");
}

// What is announced of a workload is where its users look: in its namespace, about it.
TEST_F(ActContract, AnnouncesBesideTheWorkload) {
  const Json object = Make(kube::Deployments(), name_space_, Deployment("web", 2));
  const coordinator::Announce announcement = {
      .cluster = "east",
      .decision = kDecision,
      .step = "closed",
      .workload = {.group = "apps", .kind = "Deployment", .name_space = name_space_, .name = "web"},
      .workload_version = "v1",
      .workload_uid = kube::UidOf(object),
      .reason = "Scaled",
      .message = "from 2 to 5"};
  EXPECT_EQ(coordinator::NamespaceFor(announcement), name_space_);
  const auto made = Create(kube::Events(), coordinator::NamespaceFor(announcement),
                           coordinator::EventFor(announcement, clock_.Now()));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(kube::Text(*made, {"involvedObject", "kind"}), "Deployment");
  EXPECT_EQ(kube::Text(*made, {"involvedObject", "apiVersion"}), "apps/v1");
  EXPECT_EQ(kube::Text(*made, {"involvedObject", "uid"}), kube::UidOf(object));
  EXPECT_EQ(kube::Text(*made, {"type"}), "Normal");
}

// L7: when a newer epoch claims the cluster, the older coordinator's actions are refused, undone, with the
// cause, and it is told; the newer one acts.
TEST_F(ActContract, NewerEpochTakesOver) {
  const Json pod = MakePod("a");
  absl::Notification told;
  absl::Status why;
  actor_ = NewActor(claimant_, [&](const absl::Status& status) {
    why = status;
    told.Notify();
  });
  EXPECT_EQ(Do(ActionKind::kMarkPodUnready, pod).outcome, ActionOutcome::kAlreadyDone);

  Claimant newer = claimant_;
  newer.epoch = 6;
  const auto successor = NewActor(newer);
  EXPECT_EQ(DoWith(*successor, ActionKind::kMarkPodUnready, name_space_, "a", kube::UidOf(pod)).outcome,
            ActionOutcome::kAlreadyDone);
  const ActionFinished refused = Do(ActionKind::kDeletePod, pod);
  EXPECT_EQ(refused.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(refused.detail, HasSubstr("epoch 6"));
  EXPECT_TRUE(Get(kube::Pods(), Named("a")).ok());
  told.WaitForNotification();
  EXPECT_EQ(why.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(DoWith(*successor, ActionKind::kDeletePod, name_space_, "a", kube::UidOf(pod)).outcome,
            ActionOutcome::kDone);
}

// L7: a coordinator with another store may not act on a claimed cluster, however high its epoch, until
// somebody deletes the claim, which the refusal says.
TEST_F(ActContract, OtherStoreIsRefused) {
  const Json pod = MakePod("a");
  EXPECT_EQ(Do(ActionKind::kMarkPodUnready, pod).outcome, ActionOutcome::kAlreadyDone);
  const auto stranger = NewActor({.name_space = name_space_, .store_id = "store-b", .epoch = 99});
  const auto act = [&] {
    return DoWith(*stranger, ActionKind::kDeletePod, name_space_, "a", kube::UidOf(pod));
  };
  const ActionFinished refused = act();
  EXPECT_EQ(refused.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(refused.detail, HasSubstr("delete the Lease"));
  EXPECT_TRUE(Get(kube::Pods(), Named("a")).ok());
  ASSERT_TRUE(Delete(kube::Leases(), Named(coordinator::kClaimName)).ok());
  EXPECT_EQ(act().outcome, ActionOutcome::kDone);
}

// A disruption budget says "not now", and the pod stays. (Last: the fake's budgets hold from then on.)
TEST_F(ActContract, BudgetBlocksEviction) {
  const Json pod = MakeReadyPod("b");
  subject_->ForbidEvictions(name_space_);
  const ActionFinished blocked = Do(ActionKind::kEvictPod, pod);
  EXPECT_EQ(blocked.outcome, ActionOutcome::kBlocked) << blocked.detail;
  EXPECT_EQ(kube::Find(*Get(kube::Pods(), Named("b")), {"metadata", "deletionTimestamp"}), nullptr);
}

}  // namespace
}  // namespace evenkeel::testing
