// What KubernetesApi promises, as one suite that runs on the fake and on a real API server: so that what the
// other rooms prove with the fake holds in the world.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "common/kube/status.h"
#include "tests/contract/kube/fixture.h"

namespace evenkeel::testing {

std::unique_ptr<Subject> KubeContract::subject_;

namespace {

using kube::Json;
using kube::PatchKind;

// An object can be made once, read, and is gone after its deletion; each refusal has its own code and reason.
TEST_F(KubeContract, CreatesReadsAndDeletes) {
  const Json made = Make(kube::ConfigMaps(), name_space_, ConfigMap("a", {{"key", "value"}}));
  EXPECT_FALSE(kube::UidOf(made).empty());
  const auto read = Get(kube::ConfigMaps(), Named("a"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(kube::Text(*read, {"data", "key"}), "value");
  EXPECT_EQ(kube::Find(*read, {"metadata", "managedFields"}), nullptr);

  const auto again = Create(kube::ConfigMaps(), name_space_, ConfigMap("a", Json::object()));
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(kube::KubernetesReason(again.status()), "AlreadyExists");
  const auto nameless = Create(kube::ConfigMaps(), name_space_, ConfigMap("", Json::object()));
  EXPECT_EQ(nameless.status().code(), absl::StatusCode::kInvalidArgument);

  EXPECT_TRUE(Delete(kube::ConfigMaps(), Named("a")).ok());
  const auto gone = Get(kube::ConfigMaps(), Named("a"));
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(kube::KubernetesReason(gone.status()), "NotFound");
  EXPECT_EQ(Delete(kube::ConfigMaps(), Named("a")).status().code(), absl::StatusCode::kNotFound);
}

// The kubelet of a node that is not there cannot be asked.
TEST_F(KubeContract, RefusesToAskANodeThatIsNotThere) {
  const auto answer = Await<std::string>(
      [](auto done) { api().GetFromNode("no-such-node", "/stats/summary", kDeadline, done); });
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(kube::HttpCode(answer.status()), 404);
}

// A name made by the server begins as asked.
TEST_F(KubeContract, GeneratesNames) {
  Json object = ConfigMap("", Json::object());
  object["metadata"] = {{"generateName", "made-"}};
  const std::string first = kube::NameOf(Make(kube::ConfigMaps(), name_space_, object)).name;
  const std::string second = kube::NameOf(Make(kube::ConfigMaps(), name_space_, object)).name;
  EXPECT_THAT(first, ::testing::StartsWith("made-"));
  EXPECT_NE(first, second);
}

// Merge and JSON patches change what they name; a patch that carries an old version is a conflict and changes
// nothing.
TEST_F(KubeContract, PatchesAndRefusesStaleVersions) {
  const Json made = Make(kube::ConfigMaps(), name_space_, ConfigMap("a", {{"x", "1"}, {"y", "1"}}));
  const auto merged = Patch(kube::ConfigMaps(), Named("a"), {.kind = PatchKind::kMerge},
                            {{"data", {{"x", "2"}, {"y", nullptr}}}});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ((*merged)["data"], (Json{{"x", "2"}}));
  EXPECT_NE(kube::ResourceVersionOf(*merged), kube::ResourceVersionOf(made));

  const auto stale =
      Patch(kube::ConfigMaps(), Named("a"), {.kind = PatchKind::kMerge},
            {{"metadata", {{"resourceVersion", kube::ResourceVersionOf(made)}}}, {"data", {{"x", "3"}}}});
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(kube::KubernetesReason(stale.status()), "Conflict");

  const Json replace = Json::array({{{"op", "test"}, {"path", "/data/x"}, {"value", "2"}},
                                    {{"op", "replace"}, {"path", "/data/x"}, {"value", "4"}}});
  const auto replaced = Patch(kube::ConfigMaps(), Named("a"), {.kind = PatchKind::kJson}, replace);
  ASSERT_TRUE(replaced.ok()) << replaced.status();
  EXPECT_EQ((*replaced)["data"], (Json{{"x", "4"}}));
  EXPECT_EQ(Patch(kube::ConfigMaps(), Named("a"), {.kind = PatchKind::kJson}, replace).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Patch(kube::ConfigMaps(), Named("none"), {.kind = PatchKind::kMerge}, {{"data", {{"x", "1"}}}})
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

// A strategic patch of a node's conditions merges by their type, in the status.
TEST_F(KubeContract, StrategicPatchMergesByKey) {
  const Json node = {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"generateName", "node-"}}}};
  const kube::ObjectName name = kube::NameOf(Make(kube::Nodes(), "", node));
  const auto condition = [](const char* type, const char* status) {
    return Json{{"status", {{"conditions", {{{"type", type}, {"status", status}}}}}}};
  };
  const kube::PatchOptions options = {.kind = PatchKind::kStrategic, .subresource = "status"};
  ASSERT_TRUE(Patch(kube::Nodes(), name, options, condition("One", "True")).ok());
  ASSERT_TRUE(Patch(kube::Nodes(), name, options, condition("Two", "True")).ok());
  const auto patched = Patch(kube::Nodes(), name, options, condition("One", "False"));
  ASSERT_TRUE(patched.ok()) << patched.status();
  std::map<std::string, std::string> conditions;
  for (const Json& entry : (*patched)["status"]["conditions"]) conditions[entry["type"]] = entry["status"];
  EXPECT_EQ(conditions, (std::map<std::string, std::string>{{"One", "False"}, {"Two", "True"}}));
}

// A node's taints are one value: a merge patch that carries the version replaces them whole.
TEST_F(KubeContract, TaintsAreReplacedWhole) {
  const Json node = {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"generateName", "node-"}}}};
  const Json made = Make(kube::Nodes(), "", node);
  const Json taint = {{"key", "evenkeel.dev/test"}, {"effect", "NoSchedule"}};
  const Json patch = {{"metadata", {{"resourceVersion", kube::ResourceVersionOf(made)}}},
                      {"spec", {{"taints", {taint}}}}};
  const auto patched = Patch(kube::Nodes(), kube::NameOf(made), {.kind = PatchKind::kMerge}, patch);
  ASSERT_TRUE(patched.ok()) << patched.status();
  ASSERT_EQ((*patched)["spec"]["taints"].size(), 1u);
  EXPECT_EQ(kube::Text((*patched)["spec"]["taints"][0], {"key"}), "evenkeel.dev/test");
  EXPECT_EQ(Patch(kube::Nodes(), kube::NameOf(made), {.kind = PatchKind::kMerge}, patch).status().code(),
            absl::StatusCode::kAborted);
}

// A Deployment's scale is read and set by itself: the selector is text there, 0 replicas are left out, and a
// write with an old version is a conflict.
TEST_F(KubeContract, ScalesAPart) {
  const auto scale = [this] { return GetScale(kube::Deployments(), Named("web")); };
  EXPECT_EQ(scale().status().code(), absl::StatusCode::kNotFound);
  const Json made = Make(kube::Deployments(), name_space_, Deployment("web", 2));
  const auto read = scale();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(kube::Text(*read, {"kind"}), "Scale");
  EXPECT_EQ(kube::UidOf(*read), kube::UidOf(made));
  EXPECT_EQ(kube::ResourceVersionOf(*read), kube::ResourceVersionOf(made));
  EXPECT_EQ((*read)["spec"]["replicas"], 2);
  EXPECT_EQ(kube::Text(*read, {"status", "selector"}), "name=web");

  const kube::PatchOptions options = {.kind = PatchKind::kMerge, .subresource = "scale"};
  const Json patch = {{"metadata", {{"resourceVersion", kube::ResourceVersionOf(*read)}}},
                      {"spec", {{"replicas", 5}}}};
  const auto patched = Patch(kube::Deployments(), Named("web"), options, patch);
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ((*patched)["spec"]["replicas"], 5);
  EXPECT_EQ((*Get(kube::Deployments(), Named("web")))["spec"]["replicas"], 5);
  EXPECT_EQ(Patch(kube::Deployments(), Named("web"), options, patch).status().code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(Patch(kube::Deployments(), Named("web"), options, {{"spec", {{"replicas", -1}}}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto off = Patch(kube::Deployments(), Named("web"), options, {{"spec", {{"replicas", 0}}}});
  ASSERT_TRUE(off.ok()) << off.status();
  EXPECT_EQ(kube::Find(*off, {"spec", "replicas"}), nullptr);
}

// What a version of an API serves is listed, its parts by name; a version that is not served is not found.
TEST_F(KubeContract, ListsWhatIsServed) {
  const auto resources = [](const std::string& group, const std::string& version) {
    return Await<Json>([&](auto done) { api().GetResources(group, version, kDeadline, done); });
  };
  const auto apps = resources("apps", "v1");
  ASSERT_TRUE(apps.ok()) << apps.status();
  std::map<std::string, std::string> kinds;
  for (const Json& resource : (*apps)["resources"]) {
    kinds[kube::Text(resource, {"name"})] = kube::Text(resource, {"kind"});
  }
  EXPECT_EQ(kinds["deployments"], "Deployment");
  EXPECT_EQ(kinds["deployments/scale"], "Scale");
  const auto core = resources("", "v1");
  ASSERT_TRUE(core.ok()) << core.status();
  EXPECT_EQ(resources("nobody.example.com", "v1").status().code(), absl::StatusCode::kNotFound);
}

// Server-side apply makes what is not there and changes what is.
TEST_F(KubeContract, ApplyCreatesAndChanges) {
  const kube::PatchOptions options = {.kind = PatchKind::kApply};
  const auto applied = Patch(kube::ConfigMaps(), Named("a"), options, ConfigMap("a", {{"x", "1"}}));
  ASSERT_TRUE(applied.ok()) << applied.status();
  const auto changed = Patch(kube::ConfigMaps(), Named("a"), options, ConfigMap("a", {{"x", "2"}}));
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(kube::Text(*changed, {"data", "x"}), "2");
  EXPECT_EQ(kube::UidOf(*changed), kube::UidOf(*applied));
}

// A deletion whose precondition does not hold is a conflict and leaves the object as it is.
TEST_F(KubeContract, DeletionKeepsItsPreconditions) {
  const Json made = Make(kube::ConfigMaps(), name_space_, ConfigMap("a", Json::object()));
  const auto wrong_uid =
      Delete(kube::ConfigMaps(), Named("a"), {.uid = "00000000-dead-4000-8000-000000000000"});
  EXPECT_EQ(wrong_uid.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(kube::KubernetesReason(wrong_uid.status()), "Conflict");
  EXPECT_EQ(Delete(kube::ConfigMaps(), Named("a"), {.resource_version = "1"}).status().code(),
            absl::StatusCode::kAborted);
  ASSERT_TRUE(Get(kube::ConfigMaps(), Named("a")).ok());
  const kube::DeleteOptions right = {.uid = kube::UidOf(made),
                                     .resource_version = kube::ResourceVersionOf(made)};
  EXPECT_TRUE(Delete(kube::ConfigMaps(), Named("a"), right).ok());
}

// A pod on a node lingers when it is deleted with grace, and goes at once with grace 0: what failover relies
// on.
TEST_F(KubeContract, PodsGoAtOnceOnlyWithoutGrace) {
  const Json pod = Make(kube::Pods(), name_space_, Pod("a", "some-node"));
  ASSERT_TRUE(Delete(kube::Pods(), Named("a"), {.uid = kube::UidOf(pod), .grace_period_seconds = 30}).ok());
  const auto lingering = Get(kube::Pods(), Named("a"));
  ASSERT_TRUE(lingering.ok()) << lingering.status();
  EXPECT_FALSE(kube::Text(*lingering, {"metadata", "deletionTimestamp"}).empty());
  ASSERT_TRUE(Delete(kube::Pods(), Named("a"), {.uid = kube::UidOf(pod), .grace_period_seconds = 0}).ok());
  EXPECT_EQ(Get(kube::Pods(), Named("a")).status().code(), absl::StatusCode::kNotFound);
}

// An eviction removes a pod, unless it is another than was meant, or a disruption budget forbids it.
TEST_F(KubeContract, EvictionKeepsBudgetsAndPreconditions) {
  Make(kube::Pods(), name_space_, Pod("a", ""));
  const Json kept = Make(kube::Pods(), name_space_, Pod("b", ""));
  EXPECT_TRUE(Evict(Named("a"), {.grace_period_seconds = 0}).ok());
  EXPECT_EQ(Get(kube::Pods(), Named("a")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Evict(Named("a")).status().code(), absl::StatusCode::kNotFound);
  // Servers may try for ten seconds before they answer this one.
  EXPECT_EQ(Evict(Named("b"), {.uid = "00000000-dead-4000-8000-000000000000"}).status().code(),
            absl::StatusCode::kAborted);

  subject_->ForbidEvictions(name_space_);
  // A pod that does not run yet may be evicted under any budget.
  if (!Patch(kube::Pods(), Named("b"), {.kind = PatchKind::kMerge, .subresource = "status"},
             {{"status", {{"phase", "Running"}}}})
           .ok()) {
    FAIL() << "the pod's phase could not be set";
  }
  const auto refused = Evict(Named("b"), {.uid = kube::UidOf(kept)});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(kube::IsDisruptionBudgetRefusal(refused.status())) << refused.status();
  EXPECT_TRUE(Get(kube::Pods(), Named("b")).ok());
}

// Lists come in pages, each object once, and only of what the selectors name.
TEST_F(KubeContract, ListsInPagesAndBySelectors) {
  for (int i = 0; i < 5; ++i) {
    Make(kube::ConfigMaps(), name_space_,
         ConfigMap(absl::StrCat("map-", i), Json::object(), {{"parity", i % 2 == 0 ? "even" : "odd"}}));
  }
  std::vector<std::string> names;
  kube::ListOptions page = {.name_space = name_space_, .label_selector = "parity", .limit = 2};
  int pages = 0;
  do {
    const auto listed = List(kube::ConfigMaps(), page);
    ASSERT_TRUE(listed.ok()) << listed.status();
    EXPECT_LE((*listed)["items"].size(), 2u);
    EXPECT_FALSE(kube::ResourceVersionOf(*listed).empty());
    for (const Json& item : (*listed)["items"]) names.push_back(kube::NameOf(item).name);
    page.continue_token = kube::Text(*listed, {"metadata", "continue"});
    ++pages;
  } while (!page.continue_token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names, (std::vector<std::string>{"map-0", "map-1", "map-2", "map-3", "map-4"}));

  EXPECT_EQ((*List(kube::ConfigMaps(), {.name_space = name_space_, .label_selector = "parity=odd"}))["items"]
                .size(),
            2u);
  EXPECT_EQ((*List(kube::ConfigMaps(),
                   {.name_space = name_space_, .field_selector = "metadata.name=map-3"}))["items"]
                .size(),
            1u);
  EXPECT_EQ((*List(kube::ConfigMaps(), {.label_selector = "parity!=odd,parity"}))["items"].size(), 3u);
}

// Collects a watch.
struct Watched {
  absl::Mutex mutex;
  std::vector<std::pair<kube::WatchEvent::Type, std::string>> events;
  std::vector<absl::Status> endings;

  std::function<void(kube::WatchEvent)> OnEvent() {
    return [this](const kube::WatchEvent& event) {
      absl::MutexLock lock(&mutex);
      if (event.type == kube::WatchEvent::Type::kBookmark) return;
      events.emplace_back(event.type, event.object.is_null() ? "" : kube::NameOf(event.object).name);
    };
  }
  std::function<void(absl::Status)> OnDone() {
    return [this](const absl::Status& status) {
      absl::MutexLock lock(&mutex);
      endings.push_back(status);
    };
  }
  void WaitForEvents(std::size_t count) {
    absl::MutexLock lock(&mutex);
    const auto enough = [&] { return events.size() >= count; };
    mutex.Await(absl::Condition(&enough));
  }
  absl::Status WaitForEnd() {
    absl::MutexLock lock(&mutex);
    const auto ended = [&] { return !endings.empty(); };
    mutex.Await(absl::Condition(&ended));
    EXPECT_EQ(endings.size(), 1u);
    return endings.front();
  }
};

// A watch opens, tells what has happened since its version and what happens, in order; an object that ceases
// to match is deleted to it; cancelled, it ends once.
TEST_F(KubeContract, WatchTellsChangesInOrder) {
  const auto listed = List(kube::ConfigMaps(), {.name_space = name_space_});
  ASSERT_TRUE(listed.ok()) << listed.status();
  Make(kube::ConfigMaps(), name_space_, ConfigMap("a", Json::object(), {{"watched", "yes"}}));
  Make(kube::ConfigMaps(), name_space_, ConfigMap("other", Json::object()));
  Watched watched;
  const kube::Call call = api().Watch(kube::ConfigMaps(),
                                      {.name_space = name_space_,
                                       .label_selector = "watched=yes",
                                       .resource_version = kube::ResourceVersionOf(*listed)},
                                      watched.OnEvent(), watched.OnDone());
  watched.WaitForEvents(2);
  ASSERT_TRUE(Patch(kube::ConfigMaps(), Named("a"), {}, {{"data", {{"x", "1"}}}}).ok());
  Make(kube::ConfigMaps(), name_space_, ConfigMap("b", Json::object(), {{"watched", "yes"}}));
  ASSERT_TRUE(
      Patch(kube::ConfigMaps(), Named("a"), {}, {{"metadata", {{"labels", {{"watched", "no"}}}}}}).ok());
  ASSERT_TRUE(Delete(kube::ConfigMaps(), Named("b")).ok());
  watched.WaitForEvents(6);
  call.Cancel();
  EXPECT_EQ(watched.WaitForEnd().code(), absl::StatusCode::kCancelled);
  using Type = kube::WatchEvent::Type;
  EXPECT_THAT(watched.events,
              ::testing::ElementsAre(std::pair(Type::kOpened, ""), std::pair(Type::kAdded, "a"),
                                     std::pair(Type::kModified, "a"), std::pair(Type::kAdded, "b"),
                                     std::pair(Type::kDeleted, "a"), std::pair(Type::kDeleted, "b")));
}

// A watch that runs out ends in good order.
TEST_F(KubeContract, WatchRunsOut) {
  const auto listed = List(kube::ConfigMaps(), {.name_space = name_space_});
  ASSERT_TRUE(listed.ok()) << listed.status();
  Watched watched;
  api().Watch(kube::ConfigMaps(),
              {.name_space = name_space_,
               .resource_version = kube::ResourceVersionOf(*listed),
               .timeout = absl::Seconds(1)},
              watched.OnEvent(), watched.OnDone());
  EXPECT_TRUE(watched.WaitForEnd().ok());
  EXPECT_EQ(watched.events.size(), 1u);
}

// A watch from a version that the server has forgotten is told so.
TEST_F(KubeContract, WatchFromForgottenVersionIsRefused) {
  subject_->ForgetHistory();
  Watched watched;
  api().Watch(kube::ConfigMaps(), {.name_space = name_space_, .resource_version = "1"}, watched.OnEvent(),
              watched.OnDone());
  EXPECT_EQ(watched.WaitForEnd().code(), absl::StatusCode::kOutOfRange);
}

// A pod's token proves its pod for its own audience, and nothing for another; a made-up token proves nothing.
TEST_F(KubeContract, ReviewsTokens) {
  Make(kube::ServiceAccounts(), name_space_,
       {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", "agent"}}}});
  const Json pod = Make(kube::Pods(), name_space_, Pod("agent-x", "some-node"));
  const std::string token = subject_->MakePodToken(pod, "evenkeel.test");
  const auto review = [&](const std::string& candidate, const std::vector<std::string>& audiences) {
    return Await<kube::TokenReview>(
        [&](auto done) { api().ReviewToken(candidate, audiences, kDeadline, done); });
  };
  const auto good = review(token, {"evenkeel.test"});
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_TRUE(good->authenticated) << good->error;
  EXPECT_EQ(good->username, "system:serviceaccount:" + name_space_ + ":agent");
  EXPECT_THAT(good->groups, ::testing::Contains("system:serviceaccounts"));
  EXPECT_THAT(good->audiences, ::testing::ElementsAre("evenkeel.test"));
  EXPECT_EQ(good->PodName(), "agent-x");
  EXPECT_EQ(good->PodUid(), kube::UidOf(pod));
  for (const auto& bad : {review(token, {"other.test"}), review("made.up.token", {"evenkeel.test"})}) {
    ASSERT_TRUE(bad.ok()) << bad.status();
    EXPECT_FALSE(bad->authenticated);
    EXPECT_FALSE(bad->error.empty());
  }
}

// What a user may do is what was granted, on resources of groups that no server serves too.
TEST_F(KubeContract, ReviewsAccess) {
  subject_->Grant("anne", "list", "evenkeel.dev", "decisions");
  const auto ask = [&](const char* user, const char* verb) {
    const kube::AccessQuestion question = {
        .username = user, .verb = verb, .group = "evenkeel.dev", .resource = "decisions"};
    return Await<kube::AccessAnswer>([&](auto done) { api().ReviewAccess(question, kDeadline, done); });
  };
  // A real server learns of new roles by watching them: so until it has.
  while (!ask("anne", "list")->allowed) std::this_thread::yield();
  EXPECT_FALSE(ask("anne", "delete")->allowed);
  EXPECT_FALSE(ask("bert", "list")->allowed);
}

// The server tells its version.
TEST_F(KubeContract, TellsItsVersion) {
  const auto version =
      Await<kube::ServerVersion>([&](auto done) { api().GetServerVersion(kDeadline, done); });
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->major, 1);
  EXPECT_GE(version->minor, 20);
  EXPECT_EQ(version->git_version.substr(0, 3), "v1.");
}

// Each call ends once, cancelled or not, on one thread that is not the caller's; timers come there too.
TEST_F(KubeContract, CallsEndOnceOnOneThread) {
  constexpr int kCalls = 50;
  std::atomic<int> endings = 0;
  std::atomic<int> strays = 0;
  const auto thread = Await<std::thread::id>([&](const auto& done) {
    api().After(absl::ZeroDuration(), [done] { done(std::this_thread::get_id()); });
  });
  EXPECT_NE(*thread, std::this_thread::get_id());
  for (int i = 0; i < kCalls; ++i) {
    const kube::Call call = api().Get(kube::ConfigMaps(), Named("none"), kDeadline, [&](const auto&) {
      if (std::this_thread::get_id() != *thread) ++strays;
      ++endings;
    });
    if (i % 2 == 0) call.Cancel();
  }
  while (endings < kCalls) std::this_thread::yield();
  ASSERT_FALSE(Get(kube::ConfigMaps(), Named("none")).ok());
  EXPECT_EQ(endings, kCalls);
  EXPECT_EQ(strays, 0);
}

}  // namespace
}  // namespace evenkeel::testing
