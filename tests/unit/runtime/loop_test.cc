// The order of a turn is the law (L3): nothing is handed out before it is durable, and nothing at all after
// the store has failed.

#include "coordinator/runtime/loop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/time/fake_clock.h"
#include "coordinator/store/memory_store.h"

namespace evenkeel::coordinator {
namespace {

ApplyPolicy Apply(uint64_t request_id, const std::string& name) {
  return {.request_id = request_id, .policy = {.name = name, .spec = FailoverPolicy{.cluster = name}}};
}

class CountingOutlet final : public Outlet {
 public:
  void Release(const ReleasedAction& /*action*/) override {}
  void Release(const Request& /*request*/) override {}
  void Release(const Notice& /*notice*/) override {}
  void Release(const Reply& reply) override { replies.push_back(reply.request_id); }

  std::vector<uint64_t> replies;
};

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() : restored_(*store_.Open()), loop_(restored_, store_, outlet_, clock_) {}

  time::FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  MemoryStore store_;
  CountingOutlet outlet_;
  Restored restored_;
  Loop loop_;
};

TEST_F(LoopTest, WhatIsReleasedIsDurableAndInOrder) {
  loop_.Step({Apply(1, "east"), Apply(2, "west")});
  EXPECT_TRUE(loop_.writes());
  EXPECT_EQ(store_.ListPolicies()->size(), 0u);
  ASSERT_TRUE(loop_.Commit().ok());
  EXPECT_EQ(store_.ListPolicies()->size(), 2u);
  EXPECT_TRUE(outlet_.replies.empty());
  loop_.Release();
  EXPECT_EQ(outlet_.replies, (std::vector<uint64_t>{1, 2}));
}

TEST_F(LoopTest, TheDeadlineIsSteppedWithoutEvents) {
  const absl::Time due = loop_.NextDeadline();
  clock_.Advance(due - clock_.Now());
  loop_.Step({});
  ASSERT_TRUE(loop_.Commit().ok());
  loop_.Release();
  EXPECT_GT(loop_.NextDeadline(), due);
}

TEST_F(LoopTest, NothingFollowsAFailedCommit) {
  auto disk = std::make_shared<MemoryDisk>();
  MemoryStore older(disk);
  const Restored restored = *older.Open();
  MemoryStore newer(disk);
  ASSERT_TRUE(newer.Open().ok());
  CountingOutlet outlet;
  Loop superseded(restored, older, outlet, clock_);
  superseded.Step({Apply(1, "east")});
  EXPECT_TRUE(absl::IsFailedPrecondition(superseded.Commit()));
  EXPECT_DEATH(superseded.Release(), "L3");
  EXPECT_DEATH(superseded.Step({}), "a turn begins");
  EXPECT_TRUE(outlet.replies.empty());
}

TEST_F(LoopTest, NothingIsReleasedBeforeItsCommit) {
  loop_.Step({Apply(1, "east")});
  EXPECT_DEATH(loop_.Release(), "L3");
}

}  // namespace
}  // namespace evenkeel::coordinator
