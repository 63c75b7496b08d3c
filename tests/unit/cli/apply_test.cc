#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/cli/command_fixture.h"

namespace evenkeel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ApplyTest : public CommandTest {
 protected:
  static std::string Manifest(const std::string& name, const std::string& cluster) {
    return absl::StrCat("---\napiVersion: evenkeel.dev/v1\nkind: FailoverPolicy\nmetadata:\n  name: ", name,
                        "\nspec:\n  cluster: ", cluster, "\n");
  }
};

// Proves that all policies are checked before the first is applied, and what is said of each.
TEST_F(ApplyTest, PoliciesAreCheckedThenApplied) {
  coordinator_.fleet.policies["policies/b"];
  const std::string file = Write("p.yaml", Manifest("a", "east") + Manifest("b", "west"));
  ASSERT_EQ(Run({"apply", "-f", file}), 0) << err_;
  EXPECT_THAT(coordinator_.calls(), ElementsAre("Validate policies/a", "Validate policies/b",
                                                "Apply policies/a", "Apply policies/b"));
  EXPECT_EQ(out_, "failoverpolicy.evenkeel.dev/a created\nfailoverpolicy.evenkeel.dev/b configured\n");
  EXPECT_EQ(coordinator_.fleet.policies["policies/b"].failover().cluster(), "west");
}

// Proves that a policy that the coordinator refuses leaves the others unapplied too, and is named.
TEST_F(ApplyTest, OneRefusalLeavesEverythingAsItWas) {
  EXPECT_EQ(Run({"apply", "-f", "-"}, Manifest("a", "east") + Manifest("b", "refused")), 1);
  EXPECT_THAT(err_, HasSubstr("policy b (nothing is applied): failover.cluster: there is no such cluster"));
  EXPECT_THAT(coordinator_.fleet.policies, IsEmpty());
}

// Proves that a mistake in the file is found without asking anybody.
TEST_F(ApplyTest, MistakesInTheFileAreNotSent) {
  EXPECT_EQ(Run({"apply", "-f", "-"}, Manifest("a", "east") + "  mod: enforce\n"), 1);
  EXPECT_THAT(err_, HasSubstr("standard input"));
  EXPECT_THAT(err_, HasSubstr("spec.mod: unknown field"));
  EXPECT_EQ(Run({"apply", "-f", "/nowhere.yaml"}), 1);
  EXPECT_EQ(Run({"apply", "-f", "-"}, "---\n"), 1);
  EXPECT_THAT(err_, HasSubstr("there is no policy"));
  EXPECT_THAT(coordinator_.calls(), IsEmpty());
}

// Proves that --validate-only changes nothing.
TEST_F(ApplyTest, ValidateOnlyChangesNothing) {
  ASSERT_EQ(Run({"apply", "--validate-only", "-f", "-"}, Manifest("a", "east")), 0) << err_;
  EXPECT_EQ(out_, "failoverpolicy.evenkeel.dev/a would be created\n");
  EXPECT_THAT(coordinator_.fleet.policies, IsEmpty());
}

// Proves that a change is sent once, even when the coordinator is away: it may have been done.
TEST_F(ApplyTest, ChangesAreSentOnce) {
  coordinator_.FailNext(1, {grpc::StatusCode::UNAVAILABLE, "gone"});
  EXPECT_EQ(Run({"delete", "policy", "a"}), 1);
  EXPECT_THAT(coordinator_.calls(), ElementsAre("Delete policies/a"));
}

// Proves that policies are deleted by name or by file, and nothing else can be.
TEST_F(ApplyTest, PoliciesAreDeletedByNameOrFile) {
  coordinator_.fleet.policies["policies/a"];
  coordinator_.fleet.policies["policies/b"];
  ASSERT_EQ(Run({"delete", "policy", "a"}), 0) << err_;
  EXPECT_EQ(out_, "policy.evenkeel.dev \"a\" deleted\n");
  ASSERT_EQ(Run({"delete", "-f", "-"}, Manifest("b", "east")), 0) << err_;
  EXPECT_THAT(coordinator_.fleet.policies, IsEmpty());
  EXPECT_EQ(Run({"delete", "policy", "a"}), 1);
  EXPECT_THAT(err_, HasSubstr("policies/a is not there"));
  EXPECT_EQ(Run({"delete", "node", "n"}), 1);
  EXPECT_THAT(err_, HasSubstr("only policies can be deleted"));
  EXPECT_EQ(Run({"delete", "policies"}), 1);
  EXPECT_EQ(Run({"delete", "policy", "a", "-f", "-"}), 1);
}

// Proves that what `get policy -o yaml` prints can be applied as it is.
TEST_F(ApplyTest, PrintedPolicyCanBeApplied) {
  ASSERT_EQ(Run({"apply", "-f", "-"}, Manifest("a", "east")), 0) << err_;
  ASSERT_EQ(Run({"get", "policy", "a", "-o", "yaml"}), 0) << err_;
  const std::string printed = out_;
  EXPECT_EQ(Run({"apply", "-f", "-"}, printed), 0) << err_ << printed;
  EXPECT_EQ(out_, "failoverpolicy.evenkeel.dev/a configured\n");
}

}  // namespace
}  // namespace evenkeel::cli
