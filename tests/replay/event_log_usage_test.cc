// What pods use is told each second: it takes few bytes in the event log, and comes back as it was told.

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/base/bytes_of.h"
#include "coordinator/store/event_log.h"
#include "coordinator/store/event_log_pods.h"
#include "coordinator/store/event_log_walk.h"
#include "coordinator/store/event_records.h"
#include "tests/unit/store/temporary_folder.h"

namespace evenkeel::replay {
namespace {

using namespace coordinator;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr int kPods = 1000;

std::string Uid(int pod) {
  return absl::StrFormat("7c1e5d0a-2b7f-4f8e-8f0b-%012d", pod);
}

// As usage/ tells it of pods under an uneven load.
UsageTold Told(int second, absl::Time now) {
  UsageTold told{.cluster = "local", .pods = {}};
  for (int pod = 0; pod < kPods; ++pod) {
    const absl::Time taken = now - absl::Milliseconds(100 + pod % 1000);
    const int64_t millicores = 300 + (pod * 7 + second * 13) % 200;
    told.pods.push_back({.pod_uid = Uid(pod),
                         .steady = CpuSample{millicores, taken, absl::Milliseconds(14'900 + pod % 200)},
                         .sudden = CpuSample{millicores + 9, taken, absl::Milliseconds(2000 + pod % 200)},
                         .held = false,
                         .throttled_percent = pod % 3});
  }
  return told;
}

// Each segment names each pod once, and each start begins one.
TEST(EventLogUsageTest, TakesFewBytesAndComesBack) {
  testing::TemporaryFolder folder;
  const EventLog::Options options{
      .folder = folder.path() + "/events", .coordinator_version = "1", .reserve = 0};
  absl::Time now = absl::FromUnixSeconds(1'767'225'600);
  std::vector<UsageTold> told;
  size_t bytes = 0;
  for (uint64_t epoch = 1; epoch <= 2; ++epoch) {
    EventLog log(options);
    log.OnStart({.epoch = epoch}, now);
    for (int second = 0; second < 20; ++second) {
      now += absl::Seconds(1);
      told.push_back(Told(second, now));
      std::vector<RecordedStep> steps;
      steps.push_back({.event = told.back(), .now = now, .decided = {}});
      log.OnSteps(std::move(steps));
      if (second > 0) continue;
      ASSERT_TRUE(log.Flush(kPatience).ok());
      bytes = log.figures().bytes;
    }
    ASSERT_TRUE(log.Flush(kPatience).ok());
    const size_t each = (log.figures().bytes - bytes) / (19 * kPods);
    if (epoch == 1) std::cout << "{\"usage_bytes_a_pod\": " << each << "}\n";
    EXPECT_LE(each, 32u);
  }
  auto walk = EventLogWalk::From(options.folder, absl::InfinitePast());
  ASSERT_TRUE(walk.ok()) << walk.status();
  size_t found = 0;
  for (auto item = walk->Next(); item.ok() && *item; item = walk->Next()) {
    const auto* step = std::get_if<LogStep>(&**item);
    if (step == nullptr) continue;
    ASSERT_LT(found, told.size());
    EXPECT_EQ(base::BytesOf(step->event), base::BytesOf(Event(told[found])));
    ++found;
  }
  EXPECT_EQ(found, told.size());
}

// A log from before pods were numbered names them each time; a number of nobody is damage.
TEST(EventLogUsageTest, ReadsWhatWasWrittenOtherwise) {
  const absl::Time now = absl::FromUnixSeconds(1'767'225'600);
  storage::v1::Event whole = ToRecord(Event(Told(1, now)));
  const std::string as_told = whole.SerializeAsString();
  PodNames names;
  EXPECT_TRUE(names.Lengthen(whole));
  EXPECT_TRUE(names.Lengthen(whole));
  EXPECT_EQ(whole.SerializeAsString(), as_told);
  whole.mutable_usage_told()->mutable_pods(0)->clear_pod_uid();
  whole.mutable_usage_told()->mutable_pods(0)->set_number(1);
  EXPECT_TRUE(names.Lengthen(whole));
  EXPECT_EQ(whole.SerializeAsString(), as_told);
  whole.mutable_usage_told()->mutable_pods(0)->clear_pod_uid();
  whole.mutable_usage_told()->mutable_pods(0)->set_number(1'000'000);
  EXPECT_FALSE(names.Lengthen(whole));
}

// Times that are no whole milliseconds, none at all, or told by an older coordinator lose nothing.
TEST(EventLogUsageTest, TimesKeepTheirNanoseconds) {
  const absl::Time odd = absl::FromUnixNanos(1'767'225'600'123'456'789);
  UsageTold told{.cluster = "local", .pods = {}};
  const std::vector<absl::Time> times = {odd,
                                         odd + absl::Milliseconds(3),
                                         odd - absl::Nanoseconds(1),
                                         absl::InfinitePast(),
                                         absl::InfiniteFuture(),
                                         absl::UnixEpoch()};
  for (const absl::Time steady : times) {
    for (const absl::Time sudden : times) {
      told.pods.push_back({.pod_uid = "a",
                           .steady = CpuSample{1, steady, absl::Nanoseconds(1'999'999)},
                           .sudden = CpuSample{2, sudden, -absl::Seconds(1)}});
    }
    told.pods.push_back({.pod_uid = "b", .steady = {}, .sudden = CpuSample{2, steady, absl::Seconds(2)}});
  }
  for (int first = 0; first < 3; ++first) {
    const auto back = FromRecord(ToRecord(Event(told)));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(base::BytesOf(*back), base::BytesOf(Event(told)));
    told.pods.erase(told.pods.begin(), told.pods.begin() + 7);
  }
  storage::v1::Event old;
  storage::v1::PodUsage& pod = *old.mutable_usage_told()->add_pods();
  for (storage::v1::CpuSample* sample : {pod.mutable_steady(), pod.mutable_sudden()}) {
    sample->set_taken_ns(absl::ToUnixNanos(odd));
    sample->set_window_ns(15'000'000'001);
  }
  const auto read = FromRecord(old);
  ASSERT_TRUE(read.ok()) << read.status();
  const PodUsage& usage = std::get<UsageTold>(*read).pods.front();
  EXPECT_EQ(usage.steady, (CpuSample{0, odd, absl::Nanoseconds(15'000'000'001)}));
  EXPECT_EQ(usage.sudden, usage.steady);
}

}  // namespace
}  // namespace evenkeel::replay
