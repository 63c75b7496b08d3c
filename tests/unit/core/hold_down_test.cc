// A node that flaps has to be well for longer each time, by table and through restarts.

#include "coordinator/core/hold_down.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// The time doubles with each relapse, up to the policy's ceiling.
TEST(HoldDownTest, DoublesUpToACeiling) {
  const struct {
    absl::Duration policy;
    absl::Duration ceiling;
    uint32_t relapses;
    absl::Duration after;
  } table[] = {
      {absl::Seconds(30), absl::Hours(1), 0, absl::Seconds(30)},
      {absl::Seconds(30), absl::Hours(1), 1, absl::Seconds(60)},
      {absl::Seconds(30), absl::Hours(1), 4, absl::Seconds(480)},
      {absl::Seconds(30), absl::Hours(1), 7, absl::Hours(1)},
      {absl::Seconds(30), absl::Hours(1), 16, absl::Hours(1)},
      {absl::Seconds(30), absl::Minutes(1), 4, absl::Minutes(1)},
      {absl::Seconds(5), absl::Seconds(5), 3, absl::Seconds(5)},
      {absl::Seconds(1), absl::Hours(24), 16, absl::Seconds(65536)},
  };
  for (const auto& row : table) {
    EXPECT_EQ(ReadmitAfter(row.policy, row.ceiling, {.relapses = row.relapses, .readmitted = kStart}),
              row.after)
        << row.policy << " " << row.ceiling << " " << row.relapses;
  }
}

// What counts as a relapse: a failover within an hour of the last readmission. Stable hours are forgiven one
// by one.
TEST(HoldDownTest, StableHoursAreForgiven) {
  const struct {
    const char* what;
    uint32_t before;
    absl::Duration since_readmission;
    uint32_t after;
  } table[] = {
      {"at once", 0, absl::ZeroDuration(), 1},
      {"within the hour", 2, absl::Minutes(59), 3},
      {"after an hour", 2, absl::Hours(1), 1},
      {"after two", 2, absl::Hours(2), 0},
      {"after a year", 16, absl::Hours(8760), 0},
      {"no more than can be told apart", 16, absl::Seconds(1), 16},
      {"the wall clock was set back between two starts", 1, -absl::Hours(5), 2},
  };
  for (const auto& row : table) {
    HoldDown hold{.relapses = row.before, .readmitted = kStart};
    NoteFailover(hold, kStart + row.since_readmission);
    EXPECT_EQ(hold.relapses, row.after) << row.what;
  }
}

// The first failure of a node is no relapse.
TEST(HoldDownTest, TheFirstFailureIsNoRelapse) {
  HoldDown hold;
  NoteFailover(hold, kStart);
  EXPECT_EQ(hold, HoldDown{});
  NoteReadmission(hold, kStart + absl::Minutes(1));
  NoteFailover(hold, kStart + absl::Minutes(2));
  EXPECT_EQ(hold.relapses, 1u);
}

}  // namespace
}  // namespace evenkeel::coordinator
