// When which scaler is looked at.
#include "coordinator/core/scale/look_queue.h"

#include <map>
#include <string>
#include <vector>

#include "common/base/bytes_of.h"
#include "coordinator/core/state.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

using Names = std::vector<std::string>;

constexpr absl::Time kStart = absl::UnixEpoch();

class LookQueueTest : public testing::Test {
 protected:
  LookQueueTest() {
    for (const char* name : {"a", "b", "c", "d", "e"}) scalers_[name].record.policy = name;
  }
  void Set(const std::string& name, int second) {
    queue_.Set(scalers_[name], kStart + absl::Seconds(second));
  }
  Names PopAll() {
    Names popped;
    while (queue_.Next() != absl::InfiniteFuture()) popped.push_back(queue_.Pop().record.policy);
    return popped;
  }

  std::map<std::string, Scaler> scalers_;
  LookQueue queue_;
};

// By time, and at one time by name, in whatever order they were set.
TEST_F(LookQueueTest, GivesThemInOrder) {
  EXPECT_EQ(queue_.Next(), absl::InfiniteFuture());
  Set("d", 2);
  Set("b", 2);
  Set("e", 1);
  Set("a", 2);
  EXPECT_EQ(queue_.Next(), kStart + absl::Seconds(1));
  EXPECT_EQ(PopAll(), (Names{"e", "a", "b", "d"}));
  EXPECT_EQ(scalers_["a"].due.when, absl::InfiniteFuture());
}

// A deadline is put off, brought forward, and taken away, also of the last of its moment.
TEST_F(LookQueueTest, MovesThem) {
  for (const char* name : {"a", "b", "c", "d"}) Set(name, 5);
  Set("a", 9);
  Set("c", 1);
  Set("c", 1);
  queue_.Set(scalers_["b"], absl::InfiniteFuture());
  queue_.Set(scalers_["e"], absl::InfiniteFuture());
  EXPECT_EQ(PopAll(), (Names{"c", "d", "a"}));
  Set("a", 5);
  queue_.Set(scalers_["a"], absl::InfiniteFuture());
  EXPECT_EQ(queue_.Next(), absl::InfiniteFuture());
}

// What is set, moved and taken away while its moment is being met keeps to the order.
TEST_F(LookQueueTest, ChangesWhileAMomentIsMet) {
  for (const char* name : {"b", "c", "d", "e"}) Set(name, 5);
  EXPECT_EQ(queue_.Pop().record.policy, "b");
  Set("a", 5);
  queue_.Set(scalers_["c"], absl::InfiniteFuture());
  EXPECT_EQ(queue_.Pop().record.policy, "a");
  Set("b", 4);
  EXPECT_EQ(queue_.Pop().record.policy, "b");
  Set("e", 6);
  Set("d", 6);
  EXPECT_EQ(queue_.Next(), kStart + absl::Seconds(6));
  EXPECT_EQ(PopAll(), (Names{"d", "e"}));
}

// A checkpoint holds none of it: it is made anew of when each scaler is due.
TEST(LookQueueInStateTest, IsMadeAnewFromACheckpoint) {
  State state;
  for (const char* name : {"c", "a", "b"}) {
    state.scalers[name].record.policy = name;
    state.looks.Set(state.scalers[name], kStart);
  }
  state.looks.Set(state.scalers["c"], absl::InfiniteFuture());
  State restored;
  ASSERT_TRUE(base::FromBytes(base::BytesOf(state), restored));
  EXPECT_EQ(&restored.looks.Pop(), &restored.scalers.at("a"));
  EXPECT_EQ(&restored.looks.Pop(), &restored.scalers.at("b"));
  EXPECT_EQ(restored.looks.Next(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace evenkeel::coordinator
