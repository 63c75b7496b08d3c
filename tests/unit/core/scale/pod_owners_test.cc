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

// What a report tells of is found whatever the order of the last one was: the same, another, with pods left
// out, come or gone, or owned by several.
TEST_F(PodOwnersTest, FollowsReportsInAnyOrder) {
  std::map<std::string, PodOwners::Pod*> pods;
  Names all;
  for (int i = 0; i < 40; ++i) {
    const std::string uid = "pod-" + std::to_string(i * 7 % 40);
    all.push_back(uid);
    pods[uid] = &Add("web", uid);
  }
  const auto told = [&](const Names& uids) {
    std::vector<PodUsage> report;
    for (const std::string& uid : uids) report.push_back({.pod_uid = uid});
    Names found;
    owners_.ForEachTold(report, [&](PodRow& row, const PodUsage& usage) {
      EXPECT_EQ(row.pod->first, usage.pod_uid);
      found.push_back(row.scaler->record.policy + " " + row.pod->first);
    });
    return found;
  };
  const auto of_web = [](const Names& uids) {
    Names expected;
    for (const std::string& uid : uids) expected.push_back("web " + uid);
    return expected;
  };
  EXPECT_EQ(told(all), of_web(all));
  EXPECT_EQ(told(all), of_web(all));
  Names backwards(all.rbegin(), all.rend());
  EXPECT_EQ(told(backwards), of_web(backwards));
  EXPECT_EQ(told(all), of_web(all));
  Names some;
  for (size_t i = 0; i < all.size(); ++i) {
    if (i % 3 == 0 || i > 25) some.push_back(all[i]);
  }
  EXPECT_EQ(told(some), of_web(some));
  EXPECT_EQ(told({all[5]}), of_web({all[5]}));
  EXPECT_EQ(told({all[5], all[5], all[4]}), of_web({all[5], all[5], all[4]}));
  EXPECT_EQ(told({"nobody's", all[30]}), of_web({all[30]}));

  PodOwners::Pod& gone = *pods.at(all[10]);
  owners_.Remove(scalers_["web"], gone);
  scalers_["web"].pods.erase(scalers_["web"].pods.find(all[10]));
  Add("web", "new");  // in the place that has become free
  Names left = all;
  left.erase(left.begin() + 10);
  EXPECT_EQ(told(all), of_web(left));
  left.insert(left.begin() + 3, "new");
  EXPECT_EQ(told(left), of_web(left));

  PodOwners::Pod& of_api = Add("api", all[2]);
  Names expected = of_web(left);
  expected.insert(expected.begin() + 2, "api " + all[2]);
  EXPECT_EQ(told(left), expected);
  owners_.Remove(scalers_["api"], of_api);
  EXPECT_EQ(told(left), of_web(left));
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
