// Who is asked about a silent node.

#include "coordinator/core/witnesses.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

std::vector<std::string> Names(const std::vector<Witness>& witnesses) {
  std::vector<std::string> names;
  for (const Witness& witness : witnesses) names.push_back(witness.node);
  return names;
}

// Other failure domains are asked first, one each; then around again, the node's own included.
TEST(SelectWitnessesTest, OneOfEachOtherDomainFirst) {
  const WitnessLists lists = {{"a", {"a1", "a2"}}, {"b", {"b1", "b2"}}, {"c", {"c1", "c2"}}};
  EXPECT_EQ(Names(SelectWitnesses(lists, "a1", "a", "a1", 2)), (std::vector<std::string>{"b1", "c1"}));
  EXPECT_EQ(Names(SelectWitnesses(lists, "a1", "a", "a1", 3)), (std::vector<std::string>{"b1", "c1", "a2"}));
  EXPECT_EQ(Names(SelectWitnesses(lists, "b1", "b", "b1", 2)), (std::vector<std::string>{"c1", "a1"}));
  EXPECT_EQ(Names(SelectWitnesses(lists, "a1", "a", "a1", 10)),
            (std::vector<std::string>{"b1", "c1", "a2", "b2", "c2"}));
}

// In a cluster without domains the names after the node's are asked, around the end; never itself.
TEST(SelectWitnessesTest, NamesAfterTheNodeFirst) {
  const WitnessLists lists = {{"", {"n1", "n2", "n3", "n4"}}};
  EXPECT_EQ(Names(SelectWitnesses(lists, "n3", "", "n3", 3)), (std::vector<std::string>{"n4", "n1", "n2"}));
  EXPECT_EQ(Names(SelectWitnesses(lists, "n9", "", "n9", 2)), (std::vector<std::string>{"n1", "n2"}));
  // The next round begins at the last witness.
  EXPECT_EQ(Names(SelectWitnesses(lists, "n3", "", "n4", 2)), (std::vector<std::string>{"n1", "n2"}));
  EXPECT_EQ(Names(SelectWitnesses(lists, "n3", "", "n2", 2)), (std::vector<std::string>{"n4", "n1"}));
}

// With nobody to ask, nobody is asked.
TEST(SelectWitnessesTest, NobodyIsNoWitness) {
  EXPECT_TRUE(SelectWitnesses({}, "n1", "", "n1", 3).empty());
  EXPECT_TRUE(SelectWitnesses({{"", {"n1"}}}, "n1", "", "n1", 3).empty());
  EXPECT_TRUE(SelectWitnesses({{"", {"n2"}}}, "n1", "", "n1", 0).empty());
}

// Asked about every node once, the work is spread evenly over the fleet.
TEST(SelectWitnessesTest, LoadIsSpreadOverTheFleet) {
  WitnessLists lists;
  for (int i = 0; i < 100; ++i) lists[""].insert(absl::StrCat("node-", i));
  std::map<std::string, int> asked;
  for (const std::string& target : lists[""]) {
    for (const Witness& witness : SelectWitnesses(lists, target, "", target, 3)) ++asked[witness.node];
  }
  for (const auto& [node, times] : asked) EXPECT_EQ(times, 3) << node;
  EXPECT_EQ(asked.size(), 100u);
}

// The node itself is not counted among those that could be asked, whether it is listed or not.
TEST(EligibleWitnessesTest, TheNodeItselfDoesNotCount) {
  const WitnessLists lists = {{"a", {"a1", "a2"}}, {"b", {"b1"}}};
  EXPECT_EQ(EligibleWitnesses(lists, "a1", "a"), 2u);
  EXPECT_EQ(EligibleWitnesses(lists, "x", "a"), 3u);
  EXPECT_EQ(EligibleWitnesses(lists, "x", "z"), 3u);
}

// Nor does its failure domain, when it stands in it alone.
TEST(EligibleWitnessesTest, CountsFailureDomains) {
  const WitnessLists lists = {{"a", {"a1"}}, {"b", {"b1", "b2"}}};
  EXPECT_EQ(EligibleDomains(lists, "a1", "a"), 1u);
  EXPECT_EQ(EligibleDomains(lists, "b1", "b"), 2u);
  EXPECT_EQ(EligibleDomains(lists, "x", "z"), 2u);
  EXPECT_EQ(EligibleDomains({}, "x", "z"), 0u);
}

}  // namespace
}  // namespace evenkeel::coordinator
