// When the core is told of a switched application, and what it is told when it cannot be seen.

#include "coordinator/observe/application_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/support/event_log.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::AllOf;
using ::testing::HasSubstr;

const kube::Resource kServices = {"", "v1", "services", true};
const kube::Resource kSecrets = {"", "v1", "secrets", true};

Json Pod(const std::string& name, bool ready = true, const std::string& name_space = "shop") {
  Json pod = Json::parse(R"({
    "metadata": {"labels": {"app": "web"}},
    "spec": {"nodeName": "n1", "containers": [
      {"name": "web", "image": "shop/web:1", "envFrom": [{"secretRef": {"name": "password"}}]}]},
    "status": {"phase": "Running", "conditions": [{"type": "Ready"}]}})");
  pod["metadata"]["name"] = name;
  pod["metadata"]["namespace"] = name_space;
  pod["status"]["conditions"][0]["status"] = ready ? "True" : "False";
  return pod;
}

Json Secret(const std::string& password) {
  return {{"metadata", {{"namespace", "shop"}, {"name", "password"}}}, {"data", {{"password", password}}}};
}

Json Service() {
  return {{"metadata", {{"namespace", "shop"}, {"name", "web"}}}, {"spec", {{"selector", {{"app", "web"}}}}}};
}

class ApplicationWatchTest : public ::testing::Test {
 protected:
  ApplicationWatchTest() {
    kubernetes_.SetFault(
        [this](const std::string& verb, const kube::Resource& resource, const kube::ObjectName&) {
          if (verb == "list") ++lists_;
          absl::MutexLock lock(&mutex_);
          return fault_ ? fault_(verb, resource) : absl::OkStatus();
        });
    kubernetes_.Put(kServices, Service());
    kubernetes_.Put(kSecrets, Secret("secret"));
    Begin();
  }
  ~ApplicationWatchTest() override { watch_.reset(); }

  void Begin() {
    watch_ = std::make_unique<ApplicationWatch>(
        ApplicationWatch::Options{.cluster = "east",
                                  .cpu = [this](const std::string&, const std::string&)
                                      -> std::optional<int64_t> { return millicores_.load(); },
                                  .settle = absl::Milliseconds(1),
                                  .cpu_period = absl::Milliseconds(5)},
        kubernetes_, events_);
  }
  using Fault = std::function<absl::Status(const std::string& verb, const kube::Resource& resource)>;
  void SetFault(Fault fault) {
    absl::MutexLock lock(&mutex_);
    fault_ = std::move(fault);
  }
  void Watch(const Application& application) { watch_->Do(WatchApplication{"east", application}); }
  void Unwatch(const Application& application) { watch_->Do(UnwatchApplication{"east", application}); }
  // What was asked before has been done.
  void UntilTaken() {
    absl::Notification done;
    kubernetes_.After(absl::ZeroDuration(), [&done] { done.Notify(); });
    done.WaitForNotification();
  }
  // The first that was told for which `holds`.
  ApplicationFacts Seen(const std::function<bool(const ApplicationFacts&)>& holds) {
    for (size_t seen = 0;;) {
      const auto told = events_.WaitFor<ApplicationObserved>(seen + 1);
      for (; seen < told.size(); ++seen) {
        if (holds(told[seen].facts)) return told[seen].facts;
      }
    }
  }
  std::string WhyGone(size_t count) { return events_.WaitFor<ApplicationGone>(count).back().reason; }
  size_t SeenSoFar() { return events_.Of<ApplicationObserved>().size(); }

  const Application web_ = {.name_space = "shop", .service = "web", .selector = ""};
  const Application by_labels_ = {.name_space = "shop", .service = "", .selector = "app=web"};
  std::atomic<int> lists_ = 0;
  std::atomic<int64_t> millicores_ = 100;
  absl::Mutex mutex_;
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  testing::EventLog events_;
  testing::FakeKubernetes kubernetes_;
  std::unique_ptr<ApplicationWatch> watch_;
};

// All of it at once, and then each change: a pod, its readiness, what a Secret holds.
TEST_F(ApplicationWatchTest, TellsWhatChanges) {
  kubernetes_.Put(kube::Pods(), Pod("a"));
  Watch(web_);
  const ApplicationObserved first = events_.WaitFor<ApplicationObserved>(1).front();
  EXPECT_EQ(first.cluster, "east");
  EXPECT_EQ(first.application, web_);
  EXPECT_EQ(first.facts.pods, 1u);
  EXPECT_EQ(first.facts.ready, 1u);
  EXPECT_EQ(first.facts.cpu_millicores, 100);
  const std::string hash = first.facts.settings.at("Secret shop/password");
  EXPECT_FALSE(hash.empty());

  kubernetes_.Put(kube::Pods(), Pod("b"));
  Seen([](const ApplicationFacts& facts) { return facts.ready == 2; });
  kubernetes_.Put(kube::Pods(), Pod("a", false));
  Seen([](const ApplicationFacts& facts) { return facts.pods == 2 && facts.ready == 1; });
  kubernetes_.Put(kSecrets, Secret("other"));
  Seen([&](const ApplicationFacts& facts) { return facts.settings.at("Secret shop/password") != hash; });
  kubernetes_.Remove(kSecrets, {.name_space = "shop", .name = "password"});
  Seen([](const ApplicationFacts& facts) { return facts.settings.at("Secret shop/password").empty(); });
  kubernetes_.Remove(kube::Pods(), {.name_space = "shop", .name = "a"});
  kubernetes_.Remove(kube::Pods(), {.name_space = "shop", .name = "b"});
  Seen([](const ApplicationFacts& facts) { return facts.pods == 0; });
  EXPECT_TRUE(events_.Of<ApplicationGone>().empty());
}

// What its pods use is told when it has moved, and not while it only trembles.
TEST_F(ApplicationWatchTest, TellsWhatIsUsed) {
  kubernetes_.Put(kube::Pods(), Pod("a"));
  Watch(web_);
  Seen([](const ApplicationFacts& facts) { return facts.cpu_millicores == 100; });
  millicores_ = 105;
  kubernetes_.Put(kube::Pods(), Pod("b", false));  // two of 105
  Seen([](const ApplicationFacts& facts) { return facts.cpu_millicores == 210; });
  millicores_ = 300;
  Seen([](const ApplicationFacts& facts) { return facts.cpu_millicores == 600; });
  for (const ApplicationObserved& told : events_.Of<ApplicationObserved>()) {
    EXPECT_NE(told.facts.cpu_millicores, 105);
  }
}

// A Service that is not there is gone, until it is.
TEST_F(ApplicationWatchTest, ComesAndGoes) {
  kubernetes_.Remove(kServices, {.name_space = "shop", .name = "web"});
  Watch(web_);
  EXPECT_EQ(WhyGone(1), "there is no Service shop/web");
  kubernetes_.Put(kServices, Service());
  events_.WaitFor<ApplicationObserved>(1);
  kubernetes_.Remove(kServices, {.name_space = "shop", .name = "web"});
  EXPECT_EQ(WhyGone(2), "there is no Service shop/web");
}

// Asked again it is told again, though nothing has changed, and nothing is listed for it.
TEST_F(ApplicationWatchTest, AskedAgainItTellsAgain) {
  Watch(web_);
  events_.WaitFor<ApplicationObserved>(1);
  kubernetes_.WaitUntilIdle();
  const size_t seen = SeenSoFar();
  const int lists = lists_;
  Watch(web_);
  events_.WaitFor<ApplicationObserved>(seen + 1);
  EXPECT_EQ(lists_, lists);
}

// Applications of one namespace share its watches; one that is left is not told any more.
TEST_F(ApplicationWatchTest, ForgetsWhatIsNotAskedFor) {
  Watch(web_);
  Watch(by_labels_);
  events_.WaitFor<ApplicationObserved>(2);
  EXPECT_EQ(lists_, 4);
  Unwatch(web_);
  UntilTaken();
  kubernetes_.Put(kube::Pods(), Pod("a"));
  Seen([](const ApplicationFacts& facts) { return facts.pods == 1; });
  for (const ApplicationObserved& told : events_.Of<ApplicationObserved>()) {
    EXPECT_TRUE(told.facts.pods == 0 || told.application == by_labels_);
  }
}

// After a break that cost the history all is listed anew, and what changed meanwhile is told.
TEST_F(ApplicationWatchTest, ListsAnewAfterABreak) {
  kubernetes_.Put(kube::Pods(), Pod("a"));
  Watch(web_);
  Seen([](const ApplicationFacts& facts) { return facts.pods == 1; });
  kubernetes_.SetWatchesStalled(true);
  kubernetes_.Remove(kube::Pods(), {.name_space = "shop", .name = "a"});
  kubernetes_.Put(kube::Pods(), Pod("b", false));
  kubernetes_.SetWatchesStalled(false);
  kubernetes_.ForgetHistory();
  Seen([](const ApplicationFacts& facts) { return facts.pods == 1 && facts.ready == 0; });
  EXPECT_TRUE(events_.Of<ApplicationGone>().empty());
}

// While the API is away what was seen still counts (L8).
TEST_F(ApplicationWatchTest, NoAnswerIsNoNews) {
  kubernetes_.Put(kube::Pods(), Pod("a"));
  Watch(web_);
  Seen([](const ApplicationFacts& facts) { return facts.pods == 1; });
  kubernetes_.SetConnected(false);
  kubernetes_.SetConnected(true);
  kubernetes_.Put(kube::Pods(), Pod("b"));
  Seen([](const ApplicationFacts& facts) { return facts.pods == 2; });
  EXPECT_TRUE(events_.Of<ApplicationGone>().empty());
}

// Without the rights it says which are missing; once they are given it goes on.
TEST_F(ApplicationWatchTest, SaysWhichRightsAreMissing) {
  SetFault([](const std::string&, const kube::Resource& resource) {
    return resource.plural == "secrets" ? absl::PermissionDeniedError("secrets is forbidden")
                                        : absl::OkStatus();
  });
  Watch(web_);
  EXPECT_THAT(WhyGone(1), AllOf(HasSubstr("the secrets of namespace shop cannot be watched"),
                                HasSubstr("evenkeel-switched-applications")));
  EXPECT_EQ(SeenSoFar(), 0u);
  SetFault(nullptr);
  events_.WaitFor<ApplicationObserved>(1);
}

// Each namespace costs connections: of more than it has room for it says so, and room that was made is used.
TEST_F(ApplicationWatchTest, BoundsItsWatches) {
  const auto of = [](size_t number) {
    return Application{.name_space = absl::StrCat("space-", number), .service = "", .selector = "app=web"};
  };
  for (size_t i = 0; i < ApplicationWatch::kMostNamespaces; ++i) Watch(of(i));
  events_.WaitFor<ApplicationObserved>(ApplicationWatch::kMostNamespaces);
  Watch(of(100));
  EXPECT_THAT(WhyGone(1), HasSubstr("other namespaces"));
  Unwatch(of(0));
  Watch(of(100));
  const auto told = events_.WaitFor<ApplicationObserved>(ApplicationWatch::kMostNamespaces + 1);
  EXPECT_EQ(told.back().application, of(100));
}

}  // namespace
}  // namespace evenkeel::coordinator
