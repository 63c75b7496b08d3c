// A watch of one switch: its pace, its latest state, and its end.

#include "coordinator/serve/switch_watch.h"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/time/fake_clock.h"
#include "tests/unit/serve/a_catalog.h"

namespace evenkeel::coordinator {
namespace {

// What waits to be called, and for how long.
struct Waiting {
  std::optional<absl::Duration> delay;
  std::function<void()> due;
};

class FakeLater final : public Later {
 public:
  explicit FakeLater(Waiting& waiting) : waiting_(waiting) {}
  void Call(absl::Duration delay, std::function<void()> due) override { waiting_ = {delay, std::move(due)}; }

 private:
  Waiting& waiting_;
};

class SwitchWatchTest : public testing::Test {
 protected:
  SwitchWatchTest()
      : status_(at_.Begin(1, "web")),
        watch_(at_.catalog, at_.feed, status_.decision, clock_, std::make_unique<FakeLater>(later_),
               [this] { ++wakes_; }) {}

  // What the watch sends now; none: nothing.
  std::optional<v1::Switch> Next() {
    v1::WatchSwitchResponse response;
    const absl::StatusOr<bool> there_is_one = watch_.Next(response);
    EXPECT_TRUE(there_is_one.ok()) << there_is_one.status();
    if (!there_is_one.ok() || !*there_is_one) return std::nullopt;
    return response.traffic_switch();
  }
  void Change(uint32_t step) {
    status_.record.step = step;
    at_.Tell(status_);
  }
  void TimeComes() {
    ASSERT_TRUE(later_.delay.has_value());
    clock_.Advance(*std::exchange(later_.delay, std::nullopt));
    later_.due();
  }

  time::FakeClock clock_;
  ACatalog at_;
  SwitchStatus status_;
  Waiting later_;
  int wakes_ = 0;
  SwitchWatch watch_;
};

// Proves that the switch is sent at once, and nothing more until it has changed.
TEST_F(SwitchWatchTest, RestsUntilItChanges) {
  EXPECT_EQ(Next()->step(), 0U);
  EXPECT_FALSE(Next());
  clock_.Advance(absl::Seconds(1));
  at_.Begin(2, "another");
  EXPECT_EQ(wakes_, 0);
  Change(1);
  Change(2);
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Next()->step(), 2U);
  EXPECT_FALSE(Next());
  EXPECT_FALSE(later_.delay);
}

// Proves that changes in quick succession are sent in their latest state, once a period, and that the last of
// them does not wait for another.
TEST_F(SwitchWatchTest, KeepsItsPace) {
  EXPECT_EQ(Next()->step(), 0U);
  clock_.Advance(absl::Milliseconds(100));
  Change(1);
  EXPECT_FALSE(Next());
  EXPECT_EQ(later_.delay, absl::Milliseconds(150));
  Change(2);
  EXPECT_EQ(wakes_, 0);
  TimeComes();
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Next()->step(), 2U);
  EXPECT_FALSE(Next());
  Change(3);
  EXPECT_EQ(wakes_, 2);
  EXPECT_FALSE(Next());  // it is too early again
  TimeComes();
  EXPECT_EQ(Next()->step(), 3U);
}

// Proves that the last message shows the end, and that the watch ends with it.
TEST_F(SwitchWatchTest, EndsWithTheSwitch) {
  EXPECT_TRUE(Next());
  EXPECT_FALSE(Next());
  EXPECT_FALSE(watch_.Ended());
  clock_.Advance(absl::Seconds(1));
  at_.End(status_, SwitchEnd::kCommitted);
  EXPECT_EQ(wakes_, 1);
  const std::optional<v1::Switch> last = Next();
  EXPECT_EQ(last->end(), v1::Switch::END_COMMITTED);
  EXPECT_FALSE(Next());
  EXPECT_TRUE(watch_.Ended());
}

// Proves that one that has ended already is sent once.
TEST_F(SwitchWatchTest, SendsWhatHasEndedOnce) {
  at_.End(status_, SwitchEnd::kRolledBack);
  EXPECT_EQ(Next()->end(), v1::Switch::END_ROLLED_BACK);
  EXPECT_FALSE(Next());
  EXPECT_TRUE(watch_.Ended());
}

// Proves that gRPC's timers call once, and that nothing is called once they are gone.
TEST(AlarmLater, CallsOnceUntilItIsGone) {
  absl::Notification called;
  int never = 0;
  {
    AlarmLater later;
    later.Call(absl::Hours(1), [&never] { ++never; });
    later.Call(absl::Milliseconds(1), [&called] { called.Notify(); });
    called.WaitForNotification();
    later.Call(absl::ZeroDuration(), [] {});
    later.Call(absl::Hours(1), [&never] { ++never; });
  }
  EXPECT_EQ(never, 0);
}

}  // namespace
}  // namespace evenkeel::coordinator
