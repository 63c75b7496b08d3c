// In what two decisions differ is said field by field, and nothing is passed over.

#include "coordinator/replay/difference.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/every_field.h"

namespace evenkeel::coordinator {
namespace {

Decision Sample() {
  auto decision = test::WithEveryField<Decision>();
  decision.state = DecisionState::kSucceeded;
  return decision;
}

std::string FirstSentence(const Decision& recorded, const Decision& replayed) {
  const std::vector<Difference> differences = Differences(recorded, replayed);
  return differences.empty() ? "" : differences.front().sentence;
}

TEST(DifferenceTest, IdAndPolicyDoNotCount) {
  Decision other = Sample();
  other.id = {77, 7};
  other.policy = "another";
  other.policy_etag = "etag";
  EXPECT_EQ(Differences(Sample(), other), std::vector<Difference>());
}

TEST(DifferenceTest, SentencesAreShortAndInPlainWords) {
  const Decision was = Sample();
  Decision is = was;
  is.state = DecisionState::kRefused;
  EXPECT_EQ(FirstSentence(was, is), "it would have been refused instead of succeeded");
  is = was;
  is.guards[0].allowed = false;
  is.guards[0].reason = "2 of at most 1";
  EXPECT_EQ(FirstSentence(was, is),
            "the guard " + was.guards[0].guard + " would have said no (2 of at most 1)");
  is = was;
  is.timings.judged = *was.timings.judged + absl::Milliseconds(1200);
  EXPECT_EQ(FirstSentence(was, is), "it would have been judged 1.2 s later");
  is = was;
  is.actions[0].release_time.reset();
  is.actions[0].name = "node-3";
  is.actions[0].name_space = "";
  EXPECT_NE(FirstSentence(was, is).find("what was done would not have been: "), std::string::npos);
}

// Another number is another change, and both numbers are told.
TEST(DifferenceTest, AChangeOfReplicasIsToldWithItsNumbers) {
  Decision was{.kind = DecisionKind::kScale, .state = DecisionState::kSucceeded};
  was.actions = {{.number = 1,
                  .kind = ActionKind::kSetReplicas,
                  .name_space = "shop",
                  .name = "web",
                  .state = ActionState::kDone,
                  .release_time = absl::UnixEpoch(),
                  .replicas = ReplicaChange{.kind = "Deployment", .from = 2, .to = 6}}};
  Decision is = was;
  is.actions[0].replicas->to = 8;
  const std::vector<Difference> differences = Differences(was, is);
  ASSERT_EQ(differences.size(), 2);
  EXPECT_EQ(differences[0].sentence,
            "what was not done would have been: set the replicas of shop/web from 2 to 8");
  EXPECT_EQ(differences[1].sentence,
            "what was done would not have been: set the replicas of shop/web from 2 to 6");
}

// Whatever is changed, also in a field that is added tomorrow, something is said.
class Changing {
 public:
  // Changes one leaf at a time, and calls `check` with the whole.
  template <typename T>
  void Each(T& value, const auto& check) {
    using base::bytes_internal::kIs;
    if constexpr (kIs<T, std::optional>) {
      Each(*value, check);
    } else if constexpr (kIs<T, std::vector>) {
      Each(value.front(), check);
    } else if constexpr (kIs<T, std::map>) {
      Each(value.begin()->second, check);
    } else if constexpr (std::is_same_v<T, std::string>) {
      Change(value, value + "x", check);
    } else if constexpr (std::is_same_v<T, absl::Time>) {
      Change(value, value + absl::Nanoseconds(1), check);
    } else if constexpr (std::is_same_v<T, bool>) {
      Change(value, !value, check);
    } else if constexpr (std::is_enum_v<T>) {
      Change(value, static_cast<T>(0), check);
    } else if constexpr (std::is_arithmetic_v<T>) {
      Change(value, static_cast<T>(value + 1), check);
    } else {
      std::apply([&](auto&... fields) { (Each(fields, check), ...); }, base::FieldsOf(value));
    }
  }

 private:
  template <typename T>
  void Change(T& value, T other, const auto& check) {
    std::swap(value, other);
    check();
    std::swap(value, other);
  }
};

TEST(DifferenceTest, NoFieldIsPassedOver) {
  const Decision was = Sample();
  Decision is = was;
  int changes = 0;
  int silent = 0;
  Changing().Each(is, [&] {
    ++changes;
    if (Differences(was, is).empty()) ++silent;
  });
  EXPECT_GT(changes, 30);
  EXPECT_EQ(silent, 4);  // epoch and number of the id, the policy's name and etag
}

}  // namespace
}  // namespace evenkeel::coordinator
