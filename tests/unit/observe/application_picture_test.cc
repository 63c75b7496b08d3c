// What is told of a switched application: its pods, their images, what they are configured by, what they use.

#include "coordinator/observe/application_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kDigest[] = "sha256:0123";

Json Pod(const std::string& name, bool ready = true, const std::string& node = "n1") {
  Json pod = Json::parse(R"({
    "metadata": {"namespace": "shop", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "shop/web:1"}]},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
               "containerStatuses": [{"name": "web"}]}})");
  pod["metadata"]["name"] = name;
  pod["metadata"]["uid"] = absl::StrCat("uid-", name);
  pod["spec"]["nodeName"] = node;
  pod["status"]["conditions"][0]["status"] = ready ? "True" : "False";
  pod["status"]["containerStatuses"][0]["imageID"] = absl::StrCat("docker.io/shop/web@", kDigest);
  return pod;
}

Json Service(const std::string& name, const Json& selector) {
  return {{"metadata", {{"namespace", "shop"}, {"name", name}}}, {"spec", {{"selector", selector}}}};
}

Json Settings(const std::string& name, const Json& data) {
  return {{"metadata", {{"namespace", "shop"}, {"name", name}}}, {"data", data}};
}

class ApplicationPictureTest : public ::testing::Test {
 protected:
  ApplicationFacts Facts(const PodCpu& cpu = nullptr) const {
    const auto facts = picture_.FactsOf(web_, cpu);
    EXPECT_TRUE(facts.ok()) << facts.status();
    return facts.ok() ? *facts : ApplicationFacts{};
  }

  const Application web_ = {.name_space = "shop", .service = "", .selector = "app=web"};
  const SettingsHash hash_{"a key"};
  ApplicationPicture picture_{"shop", hash_};
};

// Pods that are to stay, on which nodes, and how many of them are Ready.
TEST_F(ApplicationPictureTest, CountsPods) {
  Json other = Pod("other");
  other["metadata"]["labels"]["app"] = "api";
  Json going = Pod("going");
  going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  Json ended = Pod("ended");
  ended["status"]["phase"] = "Succeeded";
  Json waits = Pod("waits", false, "");
  waits["spec"].erase("nodeName");
  for (const Json& pod : {Pod("a"), Pod("b", false), Pod("c", true, "n2"), other, going, ended, waits}) {
    EXPECT_TRUE(picture_.OnPod(pod));
    EXPECT_FALSE(picture_.OnPod(pod));  // nothing new
  }
  const ApplicationFacts facts = Facts();
  EXPECT_EQ(facts.pods, 4u);
  EXPECT_EQ(facts.ready, 2u);
  EXPECT_THAT(facts.nodes, ElementsAre(Pair("n1", 2), Pair("n2", 1)));
  EXPECT_TRUE(picture_.OnPodGone("a"));
  EXPECT_FALSE(picture_.OnPodGone("a"));
  EXPECT_EQ(Facts().pods, 3u);
}

// By what controls them, as their scaler sees it; who only owns a pod, or nobody, does not count.
TEST_F(ApplicationPictureTest, CountsPodsByWhatControlsThem) {
  const auto controlled = [](const std::string& name, const std::string& uid) {
    Json pod = Pod(name);
    pod["metadata"]["ownerReferences"] =
        Json::array({{{"kind", "Node"}, {"name", "n1"}, {"uid", "uid-n1"}},
                     {{"kind", "ReplicaSet"}, {"name", "web-1"}, {"uid", uid}, {"controller", true}}});
    return pod;
  };
  Json going = controlled("going", "rs-1");
  going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  for (const Json& pod :
       {controlled("a", "rs-1"), controlled("b", "rs-1"), controlled("c", "rs-2"), Pod("bare"), going}) {
    picture_.OnPod(pod);
  }
  EXPECT_THAT(Facts().controllers, ElementsAre(Pair("rs-1", 2), Pair("rs-2", 1)));
  EXPECT_EQ(Facts().pods, 4u);
}

// Behind a Service are the pods that it picks. One that is not there, or picks none, is said to be so.
TEST_F(ApplicationPictureTest, FindsPodsByTheirService) {
  const Application web = {.name_space = "shop", .service = "web", .selector = ""};
  picture_.OnPod(Pod("a"));
  EXPECT_EQ(picture_.FactsOf(web, nullptr).status(), absl::NotFoundError("there is no Service shop/web"));
  EXPECT_TRUE(picture_.OnService(Service("web", Json::object({{"app", "web"}}))));
  EXPECT_FALSE(picture_.OnService(Service("web", Json::object({{"app", "web"}}))));
  EXPECT_EQ(picture_.FactsOf(web, nullptr)->pods, 1u);
  EXPECT_TRUE(picture_.OnService(Service("web", Json::object({{"app", "web"}, {"tier", "front"}}))));
  EXPECT_EQ(picture_.FactsOf(web, nullptr)->pods, 0u);
  EXPECT_TRUE(picture_.OnService(Service("web", nullptr)));
  EXPECT_THAT(std::string(picture_.FactsOf(web, nullptr).status().message()), HasSubstr("has no selector"));
  EXPECT_TRUE(picture_.OnServiceGone("web"));
  EXPECT_FALSE(picture_.FactsOf(web, nullptr).ok());
  const Application odd = {.name_space = "shop", .service = "", .selector = "app in ("};
  EXPECT_EQ(picture_.FactsOf(odd, nullptr).status().code(), absl::StatusCode::kInvalidArgument);
}

// By container, with the digest that really runs; a pod that has not started runs the same image as its
// siblings.
TEST_F(ApplicationPictureTest, TellsImages) {
  Json starting = Pod("b", false);
  starting["status"].erase("containerStatuses");
  picture_.OnPod(Pod("a"));
  picture_.OnPod(starting);
  EXPECT_THAT(Facts().images, ElementsAre(Pair("web", ElementsAre(absl::StrCat("shop/web:1@", kDigest)))));
  picture_.OnPodGone("a");
  EXPECT_THAT(Facts().images, ElementsAre(Pair("web", ElementsAre("shop/web:1"))));
  // The same tag, another image.
  Json other = Pod("c");
  other["status"]["containerStatuses"][0]["imageID"] = "sha256:4567";
  picture_.OnPod(Pod("a"));
  picture_.OnPod(other);
  EXPECT_THAT(
      Facts().images,
      ElementsAre(Pair("web", ElementsAre(absl::StrCat("shop/web:1@", kDigest), "shop/web:1@sha256:4567"))));
}

TEST_F(ApplicationPictureTest, AnImageByDigestIsNamedOnce) {
  Json pod = Pod("a");
  pod["spec"]["containers"][0]["image"] = "shop/web@sha256:0123";
  picture_.OnPod(pod);
  EXPECT_THAT(Facts().images, ElementsAre(Pair("web", ElementsAre("shop/web@sha256:0123"))));
}

// Every way in which a pod names what configures it; what is not there is told as such, unless it may be
// absent.
TEST_F(ApplicationPictureTest, TellsSettings) {
  Json pod = Pod("a");
  pod["spec"]["volumes"] = Json::parse(R"([
    {"name": "1", "configMap": {"name": "files"}},
    {"name": "2", "secret": {"secretName": "certificate"}},
    {"name": "3", "projected": {"sources": [{"configMap": {"name": "more"}}, {"secret": {"name": "key"}}]}},
    {"name": "4", "configMap": {"name": "perhaps", "optional": true}},
    {"name": "5", "emptyDir": {}}])");
  pod["spec"]["containers"][0]["envFrom"] =
      Json::parse(R"([{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "password"}}])");
  pod["spec"]["initContainers"] = Json::parse(R"([{"name": "first", "image": "shop/first:1", "env": [
    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "flags", "key": "a"}}},
    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "token", "key": "b"}}},
    {"name": "C", "value": "d"}]}])");
  picture_.OnPod(pod);
  EXPECT_THAT(Facts().settings,
              UnorderedElementsAre(Pair("ConfigMap shop/files", ""), Pair("Secret shop/certificate", ""),
                                   Pair("ConfigMap shop/more", ""), Pair("Secret shop/key", ""),
                                   Pair("ConfigMap shop/settings", ""), Pair("Secret shop/password", ""),
                                   Pair("ConfigMap shop/flags", ""), Pair("Secret shop/token", "")));
  picture_.OnSettings("ConfigMap", Settings("perhaps", Json::object({{"a", "b"}})));
  EXPECT_EQ(Facts().settings.count("ConfigMap shop/perhaps"), 1u);
}

// What Kubernetes gives to each pod differs from cluster to cluster, and is no difference.
TEST_F(ApplicationPictureTest, LeavesOutWhatKubernetesGives) {
  Json pod = Pod("a");
  pod["spec"]["volumes"] = Json::parse(R"([
    {"name": "default-token-x7", "secret": {"secretName": "default-token-x7"}},
    {"name": "kube-api-access", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}])");
  pod["spec"]["containers"][0]["volumeMounts"] = Json::parse(
      R"([{"name": "default-token-x7", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}])");
  pod["spec"]["imagePullSecrets"] = Json::parse(R"([{"name": "registry"}])");
  picture_.OnPod(pod);
  EXPECT_THAT(Facts().settings, IsEmpty());
}

// The same contents give the same hash whatever stands around them, other contents another one; and without
// the key nobody finds it.
TEST_F(ApplicationPictureTest, HashesContents) {
  Json pod = Pod("a");
  pod["spec"]["containers"][0]["envFrom"] = Json::parse(R"([{"secretRef": {"name": "password"}}])");
  picture_.OnPod(pod);
  const auto hash = [this] { return Facts().settings.at("Secret shop/password"); };
  Json secret = Settings("password", Json::object({{"user", "eve"}, {"password", "secret"}}));
  EXPECT_TRUE(picture_.OnSettings("Secret", secret));
  const std::string first = hash();
  EXPECT_EQ(first.size(), 32u);
  secret["metadata"]["annotations"] = Json::object({{"who", "cares"}});
  EXPECT_FALSE(picture_.OnSettings("Secret", secret));
  secret["data"]["password"] = "other";
  EXPECT_TRUE(picture_.OnSettings("Secret", secret));
  EXPECT_NE(hash(), first);
  EXPECT_EQ(hash(), hash_.Of(secret));
  EXPECT_NE(hash(), SettingsHash("another key").Of(secret));
  EXPECT_TRUE(picture_.OnSettingsGone("Secret", "password"));
  EXPECT_EQ(hash(), "");
}

// What is put into one field is not the same as what is put into another.
TEST_F(ApplicationPictureTest, HashesKeysAndFields) {
  EXPECT_NE(hash_.Of(Settings("a", Json::object({{"ab", "c"}}))),
            hash_.Of(Settings("a", Json::object({{"a", "bc"}}))));
  Json binary = Settings("a", nullptr);
  binary["binaryData"] = Json::object({{"a", "eA=="}});
  EXPECT_NE(hash_.Of(Settings("a", Json::object({{"a", "eA=="}}))), hash_.Of(binary));
  EXPECT_EQ(hash_.Of(Settings("a", Json::object())), hash_.Of(Settings("b", nullptr)));
}

// What most of the pods use is known: the others count as the mean.
TEST_F(ApplicationPictureTest, AddsUpWhatIsUsed) {
  for (const char* name : {"a", "b", "c"}) picture_.OnPod(Pod(name));
  std::map<std::string, int64_t> used = {{"uid-a", 100}};
  const PodCpu cpu = [&used](const std::string& node, const std::string& uid) {
    EXPECT_EQ(node, "n1");
    const auto found = used.find(uid);
    return found == used.end() ? std::nullopt : std::optional(found->second);
  };
  EXPECT_FALSE(Facts(cpu).cpu_known);
  used["uid-b"] = 300;
  EXPECT_TRUE(Facts(cpu).cpu_known);
  EXPECT_EQ(Facts(cpu).cpu_millicores, 600);
  used["uid-c"] = 20;
  EXPECT_EQ(Facts(cpu).cpu_millicores, 420);
  EXPECT_FALSE(Facts().cpu_known);
}

// Anything may be missing or of another type.
TEST_F(ApplicationPictureTest, TakesAnyPod) {
  for (const char* text : {R"({})", R"({"metadata": 1, "spec": [], "status": "x"})",
                           R"({"spec": {"containers": [1, {"name": 2}], "volumes": {"a": 1}}})",
                           R"({"spec": {"volumes": [{"configMap": {"name": 3}}, null]}})"}) {
    picture_.OnPod(Json::parse(text));
    picture_.OnService(Json::parse(text));
    picture_.OnSettings("Secret", Json::parse(text));
  }
  EXPECT_EQ(Facts().pods, 0u);
}

}  // namespace
}  // namespace evenkeel::coordinator
