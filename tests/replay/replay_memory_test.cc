// A replay takes no more memory than its coordinator's container has to spare, and says so when it wants
// more.

#include "coordinator/serve/replay_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "common/base/status.h"
#include "coordinator/serve/replay_frames.h"
#include "tests/unit/store/temporary_folder.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EVENKEEL_OTHER_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)  // clang before it had the others
#define EVENKEEL_OTHER_ALLOCATOR 1
#endif
#endif

namespace evenkeel::replay {
namespace {

using namespace coordinator;

constexpr uint64_t kMiB = uint64_t{1} << 20;

class SpareMemoryTest : public ::testing::Test {
 protected:
  void Write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = folder_.path() + "/" + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void Limit(const std::string& cgroup, uint64_t limit, uint64_t used, uint64_t cached) const {
    Write("cgroup" + cgroup + "/memory.max", std::to_string(limit) + "\n");
    Write("cgroup" + cgroup + "/memory.current", std::to_string(used) + "\n");
    Write("cgroup" + cgroup + "/memory.stat",
          "anon 1\nfile 2\ninactive_file " + std::to_string(cached) + "\nactive_file 4\n");
  }
  void Machine(uint64_t total, uint64_t available) const {
    Write("proc/meminfo", "MemTotal:       " + std::to_string(total >> 10) +
                              " kB\nMemFree:  1 kB\nMemAvailable:   " + std::to_string(available >> 10) +
                              " kB\n");
  }
  std::optional<uint64_t> Spare() const {
    return SpareMemory(folder_.path() + "/proc", folder_.path() + "/cgroup");
  }

  evenkeel::testing::TemporaryFolder folder_;
};

TEST_F(SpareMemoryTest, NothingKnownIsNoBound) {
  EXPECT_EQ(Spare(), std::nullopt);
}

TEST_F(SpareMemoryTest, InAContainerItsLimitCounts) {
  Write("proc/self/cgroup", "0::/\n");
  Limit("", 1024 * kMiB, 300 * kMiB, 100 * kMiB);
  Machine(64 * 1024 * kMiB, 32 * 1024 * kMiB);
  EXPECT_EQ(Spare(), (1024 - 128 - 200) * kMiB);  // an eighth is kept; cached files can go
}

TEST_F(SpareMemoryTest, TheTightestOfTheLimitsAboveCounts) {
  Write("proc/self/cgroup", "1:name=systemd:/\n0::/system.slice/evenkeel.service\n");
  Limit("/system.slice/evenkeel.service", 4096 * kMiB, 0, 0);
  Limit("/system.slice", 2048 * kMiB, 1024 * kMiB, 0);
  EXPECT_EQ(Spare(), (2048 - 256 - 1024) * kMiB);
}

TEST_F(SpareMemoryTest, WithoutALimitTheMachineCounts) {
  Write("proc/self/cgroup", "0::/\n");
  Write("cgroup/memory.max", "max\n");
  Write("cgroup/memory.current", "1000\n");
  Machine(8192 * kMiB, 2048 * kMiB);
  EXPECT_EQ(Spare(), (2048 - 64) * kMiB);
}

TEST_F(SpareMemoryTest, ASmallLimitKeepsAReserveToo) {
  Limit("", 256 * kMiB, 100 * kMiB, 0);
  EXPECT_EQ(Spare(), (256 - 64 - 100) * kMiB);
}

TEST_F(SpareMemoryTest, NothingMayBeLeft) {
  Limit("", 256 * kMiB, 200 * kMiB, 0);
  EXPECT_EQ(Spare(), 0);
  Limit("", 32 * kMiB, 0, 0);
  EXPECT_EQ(Spare(), 0);
}

// The machine that the test runs on has some memory.
TEST(SpareMemoryHereTest, IsKnown) {
  EXPECT_TRUE(SpareMemory().has_value());
}

TEST(BoundMemoryTest, WhoWantsMoreEndsWithAnError) {
#ifdef EVENKEEL_OTHER_ALLOCATOR
  GTEST_SKIP() << "the sanitizer's allocator ends the process in its own way";
#endif
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const auto take_more = [&pipe_ends] {
    dup2(pipe_ends[1], STDOUT_FILENO);
    BoundMemory(16 * kMiB);
    const std::string fits(8 * kMiB, 'x');
    std::string too_much;
    while (true) too_much.append(fits);
  };
  EXPECT_EXIT(take_more(), ::testing::ExitedWithCode(0), "");
  close(pipe_ends[1]);
  const auto frame = ReadReplayFrame(pipe_ends[0]);
  close(pipe_ends[0]);
  ASSERT_TRUE(frame.ok()) << frame.status();
  ASSERT_TRUE(frame->has_value());
  EXPECT_EQ((*frame)->type, ReplayFrame::kError);
  const absl::Status status = ErrorFromFrame((*frame)->bytes);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(status.message(), "(16 MiB): ask for less time")) << status;
  EXPECT_EQ(base::Detail(status, base::kReasonKey), "REPLAY_OUT_OF_MEMORY");
}

// A bound below what it has would be no bound for what comes, but the end.
TEST(BoundMemoryTest, WithoutKnowingWhatItHasNothingIsBounded) {
#ifdef EVENKEEL_OTHER_ALLOCATOR
  GTEST_SKIP() << "the sanitizer's allocator ends the process in its own way";
#endif
  const evenkeel::testing::TemporaryFolder nothing;
  const auto take_more = [&nothing] {
    BoundMemory(kMiB, nothing.path());
    const std::string more(64 * kMiB, 'x');
    _exit(more.back() == 'x' ? 7 : 8);
  };
  EXPECT_EXIT(take_more(), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace evenkeel::replay
