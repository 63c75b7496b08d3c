// Whose a pod is, found by its uid.
#include "coordinator/core/scale/pod_owners.h"

#include <map>
#include <string>
#include <vector>

#include "common/base/bytes_of.h"
#include "coordinator/core/state.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

using Names = std::vector<std::string>;

class PodOwnersTest : public testing::Test {
 protected:
  PodOwners::Pod& Add(const std::string& policy, const std::string& uid) {
    Scaler& scaler = scalers_[policy];
    scaler.record.policy = policy;
    PodOwners::Pod& pod = *scaler.pods.try_emplace(uid).first;
    owners_.Add(scaler, pod);
    return pod;
  }
  static Names Of(const PodOwners& owners, const std::string& uid) {
    Names policies;
    owners.ForEach(uid, [&](Scaler& scaler, ScaledPod& pod) {
      EXPECT_EQ(&pod, &scaler.pods.at(uid));
      policies.push_back(scaler.record.policy);
    });
    return policies;
  }

  std::map<std::string, Scaler> scalers_;
  PodOwners owners_;
};

// Uids that begin alike, are short, or are one the beginning of another are told apart.
TEST_F(PodOwnersTest, TellsUidsApart) {
  const Names uids = {"",      "a",         "ab",        "12345678", "123456789",  "1234567",
                      "\xffz", "12345678a", "12345678b", "uid-web",  "uid-web-12", std::string("a\0", 2)};
  for (const std::string& uid : uids) Add("of " + uid, uid);
  for (const std::string& uid : uids) EXPECT_EQ(Of(owners_, uid), Names{"of " + uid}) << uid;
  EXPECT_EQ(Of(owners_, "12345678c"), Names{});
  EXPECT_EQ(owners_.First("12345678c"), nullptr);
}

// Where workloads overlap all have it, by the names of their policies, whoever came first.
TEST_F(PodOwnersTest, KeepsAllThatHaveIt) {
  PodOwners::Pod& of_web = Add("web", "u");
  Add("api", "u");
  Add("all", "v");
  EXPECT_EQ(Of(owners_, "u"), (Names{"api", "web"}));
  EXPECT_EQ(owners_.First("u")->scaler, &scalers_["api"]);
  owners_.Remove(scalers_["web"], of_web);
  owners_.Remove(scalers_["web"], of_web);  // it has it no more
  EXPECT_EQ(Of(owners_, "u"), Names{"api"});
  EXPECT_EQ(Of(owners_, "v"), Names{"all"});
}

// A checkpoint holds none of it: it is made anew of the scalers' pods, in the new state.
TEST(PodOwnersInStateTest, IsMadeAnewFromACheckpoint) {
  State state;
  state.clusters["local"].name = "local";
  Scaler& scaler = state.scalers["web"];
  scaler.policy.cluster = "local";
  scaler.record.policy = "web";
  state.clusters["local"].scaled_pods.Add(scaler, *scaler.pods.try_emplace("u").first);
  state.scalers["stray"].policy.cluster = "unknown";  // of a damaged checkpoint
  state.scalers["stray"].pods.try_emplace("u");
  State restored;
  ASSERT_TRUE(base::FromBytes(base::BytesOf(state), restored));
  const PodOwners::Owner* owner = restored.clusters.at("local").scaled_pods.First("u");
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->scaler, &restored.scalers.at("web"));
  EXPECT_EQ(&owner->pod->second, &restored.scalers.at("web").pods.at("u"));
}

}  // namespace
}  // namespace evenkeel::coordinator
