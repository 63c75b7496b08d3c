#include "agent/decode/kubelet_pods.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/agent/testdata.h"

namespace evenkeel::agent {
namespace {

// Pods and their containers are read past everything else that a pod object holds under the same names.
TEST(KubeletPodsTest, ReadsTheKubeletsPodList) {
  const auto pods = DecodeKubeletPods(ReadTestdata("kubelet/pods.json"));
  ASSERT_TRUE(pods.ok()) << pods.status();
  ASSERT_EQ(pods->size(), 2U);
  const KubeletPod& web = (*pods)[0];
  EXPECT_EQ(web.uid, "5c1a2a8e-5d8a-4a39-8a5f-52b9e5b3f001");
  EXPECT_EQ(web.pod_namespace, "default");
  EXPECT_EQ(web.name, "web-7d4b9");
  ASSERT_EQ(web.containers.size(), 2U);
  EXPECT_EQ(web.containers[0].name, "side");
  EXPECT_EQ(web.containers[0].container_id, "b0b0");
  EXPECT_EQ(web.containers[0].image, "registry.example/side:2");
  EXPECT_EQ(web.containers[0].restarts, 3U);
  EXPECT_EQ(web.containers[0].exit_code, 137);
  EXPECT_EQ(web.containers[0].exit_reason, "OOMKilled");
  EXPECT_EQ(web.containers[1].container_id, "c0c0");
  EXPECT_EQ(web.containers[1].exit_code, std::nullopt);
  EXPECT_EQ(web.containers[1].exit_reason, "");
  EXPECT_EQ((*pods)[1].name, "etcd-n1");
  EXPECT_TRUE((*pods)[1].containers.empty());
}

// An empty node and a pod without a uid are no errors.
TEST(KubeletPodsTest, ReadsListsWithNothingInThem) {
  EXPECT_TRUE(DecodeKubeletPods(R"({"items":null})")->empty());
  EXPECT_TRUE(DecodeKubeletPods(R"({"items":[]})")->empty());
  EXPECT_TRUE(DecodeKubeletPods(R"({"items":[{"metadata":{"name":"x"}}]})")->empty());
}

// Fields of an unexpected type are passed over; documents that are none, too deep or too large are refused.
TEST(KubeletPodsTest, SurvivesHostileDocuments) {
  const auto odd = DecodeKubeletPods(
      R"({"items":[{"metadata":{"uid":"u","name":7,"namespace":{"uid":"x"}},
                    "status":{"containerStatuses":[{"name":["n"],"restartCount":-1,
                      "state":{"terminated":{"exitCode":99999999999}}}, 5, null]}}, "text", [[]]]})");
  ASSERT_TRUE(odd.ok()) << odd.status();
  ASSERT_EQ(odd->size(), 1U);
  EXPECT_EQ(odd->front().uid, "u");
  EXPECT_EQ(odd->front().name, "");
  EXPECT_EQ(odd->front().containers.at(0).restarts, 0U);
  EXPECT_EQ(odd->front().containers.at(0).exit_code, std::nullopt);

  for (const std::string& bytes :
       {std::string(), std::string("{"), std::string("{\"items\":[{]}"), std::string("Unauthorized"),
        std::string(100000, '['), std::string("{\"items\":[{\"metadata\":{\"uid\":\"\xff\"}}]}")}) {
    EXPECT_FALSE(DecodeKubeletPods(bytes).ok()) << bytes.substr(0, 20);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeKubeletPods(std::string(17 << 20, ' ')).status()));

  std::string many = R"({"items":[)";
  for (int i = 0; i < 3000; ++i) {
    many += R"({"metadata":{"uid":"u"}},)";
  }
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeKubeletPods(many + "{}]}").status()));
}

}  // namespace
}  // namespace evenkeel::agent
