// Proves whose a pod is, and what the core hears of workloads and their pods, in which order.
#include "coordinator/observe/workload_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/event_log.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Workload Deployment(const std::string& name) {
  return {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = name};
}

Json Pod(const std::string& name, const Json& labels, const std::string& uid = "",
         const std::string& name_space = "shop") {
  return {{"metadata",
           {{"name", name},
            {"namespace", name_space},
            {"uid", uid.empty() ? "u-" + name : uid},
            {"labels", labels}}}};
}

Json Ready(Json pod) {
  pod["status"]["conditions"] = {{{"type", "Ready"}, {"status", "True"}}};
  return pod;
}

class WorkloadPictureTest : public ::testing::Test {
 protected:
  static ScaleSubresource Scale(const std::string& selector, int64_t replicas = 2,
                                const std::string& uid = "u1") {
    return {.uid = uid, .replicas = replicas, .status_replicas = replicas, .selector = selector};
  }

  void Watch(const Workload& workload, const std::string& selector) {
    picture_.Watch(workload);
    picture_.OnScale(workload, Scale(selector));
  }

  // What the core heard since the last call, a line each.
  std::vector<std::string> Heard() {
    std::vector<std::string> lines;
    const std::vector<Event> all = events_.All();
    for (; heard_ < all.size(); ++heard_) {
      const Event& event = all[heard_];
      if (const auto* seen = std::get_if<WorkloadObserved>(&event)) {
        lines.push_back(absl::StrCat(seen->workload.name, " ", seen->facts.replicas,
                                     seen->facts.overlaps.empty() ? "" : " with " + seen->facts.overlaps.name,
                                     seen->facts.no_selector.empty() ? "" : " blind"));
      } else if (const auto* gone = std::get_if<WorkloadGone>(&event)) {
        lines.push_back(absl::StrCat(gone->workload.name, " gone: ", gone->reason));
      } else if (const auto* pod = std::get_if<WorkloadPodObserved>(&event)) {
        lines.push_back(
            absl::StrCat(pod->workload.name, " + ", pod->pod_uid, pod->facts.ready ? " ready" : ""));
      } else if (const auto* left = std::get_if<WorkloadPodGone>(&event)) {
        lines.push_back(absl::StrCat(left->workload.name, " - ", left->pod_uid));
      }
    }
    return lines;
  }

  testing::EventLog events_;
  size_t heard_ = 0;
  WorkloadPicture picture_{"east", events_};
};

// Pods that came before the workload, and pods that come after it; others are never told.
TEST_F(WorkloadPictureTest, TellsTheWorkloadAndThenItsPods) {
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  picture_.OnPod(Pod("b", {{"app", "db"}}));
  picture_.OnPod(Pod("c", {{"app", "web"}}, "", "other"));
  picture_.Watch(Deployment("web"));
  EXPECT_THAT(Heard(), IsEmpty());
  picture_.OnScale(Deployment("web"), Scale("app=web"));
  EXPECT_THAT(Heard(), ElementsAre("web 2", "web + u-a"));
  picture_.OnPod(Pod("d", {{"app", "web"}}));
  EXPECT_THAT(Heard(), ElementsAre("web + u-d"));
  picture_.OnPodGone({.name_space = "shop", .name = "a"});
  picture_.OnPodGone({.name_space = "shop", .name = "b"});
  picture_.OnPodGone({.name_space = "shop", .name = "never"});
  EXPECT_THAT(Heard(), ElementsAre("web - u-a"));
}

// The core does not hear of anything again before something changed that it is told about.
TEST_F(WorkloadPictureTest, NothingIsToldTwice) {
  Watch(Deployment("web"), "app=web");
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  Heard();
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  picture_.OnPod(Pod("a", {{"app", "web"}, {"more", "x"}}));
  picture_.OnScale(Deployment("web"), Scale("app=web"));
  EXPECT_THAT(Heard(), IsEmpty());
  picture_.OnPod(Ready(Pod("a", {{"app", "web"}})));
  picture_.OnScale(Deployment("web"), Scale("app=web", 3));
  EXPECT_THAT(Heard(), ElementsAre("web + u-a ready", "web 3"));
  picture_.OnWorkloadGone(Deployment("web"), "there is none");
  picture_.OnWorkloadGone(Deployment("web"), "there is none");
  EXPECT_THAT(Heard(), ElementsAre("web gone: there is none"));
  picture_.OnWorkloadGone(Deployment("web"), "there is none", true);
  picture_.OnWorkloadGone(Deployment("web"), "there is none", true);
  EXPECT_EQ(Heard().size(), 1u);
}

// Asked for again, all is told once more; after a break, the workload alone.
TEST_F(WorkloadPictureTest, AskedAgainItTellsAll) {
  Watch(Deployment("web"), "app=web");
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  Heard();
  picture_.Watch(Deployment("web"));
  EXPECT_THAT(Heard(), ElementsAre("web 2", "web + u-a"));
  picture_.OnScale(Deployment("web"), Scale("app=web"), true);
  EXPECT_THAT(Heard(), ElementsAre("web 2"));
  picture_.OnWorkloadGone(Deployment("web"), "there is none");
  picture_.Watch(Deployment("web"));
  EXPECT_THAT(Heard(), ElementsAre("web gone: there is none", "web gone: there is none"));
}

// A pod whose labels change goes from one workload to the other; one that takes the name of another is
// another pod.
TEST_F(WorkloadPictureTest, PodsMoveBetweenSelectors) {
  Watch(Deployment("web"), "app=web");
  Watch(Deployment("db"), "app in (db,cache)");
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  Heard();
  picture_.OnPod(Pod("a", {{"app", "db"}}));
  EXPECT_THAT(Heard(), ElementsAre("web - u-a", "db + u-a"));
  picture_.OnPod(Pod("a", {{"app", "cache"}}));
  EXPECT_THAT(Heard(), IsEmpty());
  picture_.OnPod(Pod("a", {{"app", "cache"}}, "u-a2"));
  EXPECT_THAT(Heard(), ElementsAre("db - u-a", "db + u-a2"));
  picture_.OnPod(Pod("a", {{"app", "mq"}}, "u-a2"));
  EXPECT_THAT(Heard(), ElementsAre("db - u-a2"));
}

// A workload's selector may change: who leaves and who comes is told, who stays is not.
TEST_F(WorkloadPictureTest, SelectorsChange) {
  for (const char* name : {"a", "b", "c"}) picture_.OnPod(Pod(name, {{"app", "web"}, {"name", name}}));
  Watch(Deployment("web"), "name in (a,b)");
  EXPECT_THAT(Heard(), ElementsAre("web 2", "web + u-a", "web + u-b"));
  picture_.OnScale(Deployment("web"), Scale("app=web,name!=a"));
  EXPECT_THAT(Heard(), UnorderedElementsAre("web - u-a", "web + u-c"));
  picture_.OnPod(Pod("a", {{"app", "web"}, {"name", "a"}}));
  picture_.OnPodGone({.name_space = "shop", .name = "a"});
  EXPECT_THAT(Heard(), IsEmpty());
}

// Two workloads that pick the same pods are told of each other, before their pods, and told again when it is
// over.
TEST_F(WorkloadPictureTest, OverlapsAreTold) {
  Watch(Deployment("web"), "app=web");
  Watch(Deployment("all"), "tier=front");
  Heard();
  picture_.OnPod(Pod("a", {{"app", "web"}, {"tier", "front"}}));
  EXPECT_THAT(Heard(), ElementsAre("all 2 with web", "web 2 with all", "all + u-a", "web + u-a"));
  picture_.OnPod(Pod("b", {{"app", "web"}, {"tier", "front"}}));
  EXPECT_THAT(Heard(), ElementsAre("all + u-b", "web + u-b"));
  picture_.OnPodGone({.name_space = "shop", .name = "a"});
  EXPECT_THAT(Heard(), ElementsAre("all - u-a", "web - u-a"));
  picture_.OnPod(Pod("b", {{"app", "web"}}));
  EXPECT_THAT(Heard(), ElementsAre("all 2", "web 2", "all - u-b"));
  picture_.OnPod(Pod("b", {{"app", "web"}, {"tier", "front"}}));
  Heard();
  picture_.Unwatch(Deployment("all"));
  EXPECT_THAT(Heard(), ElementsAre("web 2"));
}

// Without a selector, or with one that nobody understands, a workload has no pods, and that is said.
TEST_F(WorkloadPictureTest, WithoutASelectorThereAreNoPods) {
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  Watch(Deployment("web"), "");
  EXPECT_THAT(Heard(), ElementsAre("web 2 blind"));
  EXPECT_THAT(events_.Of<WorkloadObserved>().back().facts.no_selector,
              ::testing::HasSubstr("names no selector"));
  picture_.OnScale(Deployment("web"), Scale("app in web"));
  EXPECT_THAT(Heard(), ElementsAre("web 2 blind"));
  picture_.OnScale(Deployment("web"), Scale("app=web"));
  EXPECT_THAT(Heard(), ElementsAre("web 2", "web + u-a"));
}

// With a workload that goes its pods are gone; one that comes again under its name is told with all of them,
// though nobody saw the time between.
TEST_F(WorkloadPictureTest, AnotherWorkloadOfTheNameIsToldWhole) {
  Watch(Deployment("web"), "app=web");
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  picture_.OnWorkloadGone(Deployment("web"), "there is none");
  Heard();
  picture_.OnPod(Pod("b", {{"app", "web"}}));
  EXPECT_THAT(Heard(), IsEmpty());
  picture_.OnScale(Deployment("web"), Scale("app=web"));
  EXPECT_THAT(Heard(), ElementsAre("web 2", "web + u-a", "web + u-b"));
  picture_.OnScale(Deployment("web"), Scale("app=web", 2, "u2"));
  EXPECT_THAT(Heard(), ElementsAre("web 2", "web - u-a", "web - u-b", "web + u-a", "web + u-b"));
}

// What was not asked for, or not any more, is not told.
TEST_F(WorkloadPictureTest, OnlyWhatIsAskedForIsTold) {
  picture_.OnScale(Deployment("web"), Scale("app=web"));
  picture_.OnWorkloadGone(Deployment("web"), "there is none");
  Watch(Deployment("web"), "app=web");
  picture_.Unwatch(Deployment("web"));
  Heard();
  picture_.OnPod(Pod("a", {{"app", "web"}}));
  picture_.OnScale(Deployment("web"), Scale("app=web"));
  picture_.Unwatch(Deployment("web"));
  EXPECT_THAT(Heard(), IsEmpty());
}

}  // namespace
}  // namespace evenkeel::coordinator
