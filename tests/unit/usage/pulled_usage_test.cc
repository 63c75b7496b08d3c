// Two readings of a virtual kubelet's counters make a figure; what cannot be right makes none, for its own
// pod only, and is got over by itself.
#include "coordinator/usage/pulled_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'772'359'200);
constexpr uint64_t kSecond = 1'000'000'000;

class PulledUsageTest : public ::testing::Test {
 protected:
  static PulledPod Named(const std::string& uid) {
    return {.uid = uid, .name_space = "shop", .name = "pod-" + uid};
  }
  static CpuCounter Counter(double at, uint64_t used_ns, const std::string& name = "main") {
    return {.container = name,
            .used_ns = used_ns,
            .taken = kStart + absl::Seconds(at),
            .grain = absl::Seconds(1),
            .started = kStart - absl::Hours(1)};
  }
  static PodCounters Pod(const std::string& uid, std::vector<CpuCounter> containers) {
    return {.uid = uid,
            .name_space = "shop",
            .name = "pod-" + uid,
            .containers = std::move(containers),
            .whole = true};
  }
  // Of pod "a" with one container, received a second after it was taken, where nothing else is said.
  std::vector<PulledUsage> Take(double at, uint64_t used_ns, std::optional<double> received = std::nullopt) {
    return TakeAll({Pod("a", {Counter(at, used_ns)})}, received.value_or(at + 1));
  }
  std::vector<PulledUsage> TakeAll(const std::vector<PodCounters>& pods, double received) {
    return usages_.Take(pods, kStart + absl::Seconds(received));
  }
  static PulledUsage Used(const std::string& uid, int64_t millicores, double seconds) {
    return {.pod_uid = uid, .millicores = millicores, .window = absl::Seconds(seconds)};
  }

  void SetUp() override { usages_.Watch({Named("a"), Named("b")}); }

  PulledUsages usages_;
};

// The difference of the counters by that of their times; an answer that tells the same again adds nothing.
TEST_F(PulledUsageTest, TwoReadingsMakeAFigure) {
  EXPECT_THAT(Take(0, 100 * kSecond), IsEmpty());
  EXPECT_THAT(Take(0, 100 * kSecond, 2), IsEmpty());
  EXPECT_THAT(Take(10, 102 * kSecond), ElementsAre(Used("a", 200, 10)));
  EXPECT_THAT(Take(10, 102 * kSecond, 12), IsEmpty());
  EXPECT_THAT(Take(25, 117 * kSecond), ElementsAre(Used("a", 1000, 15)));
  EXPECT_THAT(Take(35, 117 * kSecond), ElementsAre(Used("a", 0, 10)));  // it rests
}

// Times told in whole seconds hide up to a second: readings that are too near wait for a later one; exact
// ones need not.
TEST_F(PulledUsageTest, ReadingsAreAsFarApartAsTheirTimesAreExact) {
  EXPECT_THAT(Take(0, 100 * kSecond), IsEmpty());
  for (int at = 1; at < 5; ++at) EXPECT_THAT(Take(at, (100 + at) * kSecond), IsEmpty());
  EXPECT_THAT(Take(5, 105 * kSecond), ElementsAre(Used("a", 1000, 5)));
  CpuCounter exact = Counter(20, 110 * kSecond);
  exact.grain = absl::Milliseconds(1);
  EXPECT_THAT(TakeAll({Pod("a", {exact})}, 20), ElementsAre(Used("a", 333, 15)));
  exact.taken += absl::Seconds(1);
  exact.used_ns += kSecond / 2;
  EXPECT_THAT(TakeAll({Pod("a", {exact})}, 21), ElementsAre(Used("a", 500, 1)));
}

// Nobody is told of pods that nobody asked for; one that is asked for again goes on where it was.
TEST_F(PulledUsageTest, TellsOfWatchedPodsOnly) {
  TakeAll({Pod("a", {Counter(0, kSecond)}), Pod("c", {Counter(0, kSecond)})}, 0);
  usages_.Watch({Named("a"), Named("c")});
  EXPECT_THAT(TakeAll({Pod("a", {Counter(10, 2 * kSecond)}), Pod("c", {Counter(10, 2 * kSecond)})}, 10),
              ElementsAre(Used("a", 100, 10)));
  usages_.Watch({});
  EXPECT_THAT(Take(20, 3 * kSecond), IsEmpty());
}

// A source without uids is read by names.
TEST_F(PulledUsageTest, PodsAreKnownByNameWhereThereAreNoUids) {
  PodCounters pod = Pod("a", {Counter(0, kSecond)});
  pod.uid.clear();
  PodCounters other = pod;
  other.name_space = "office";
  TakeAll({other, pod}, 0);
  pod.containers = {Counter(10, 3 * kSecond)};
  EXPECT_THAT(TakeAll({other, pod}, 10), ElementsAre(Used("a", 200, 10)));
}

// A container that was restarted counts from 0 again: no figure is made of the two, the next two make one.
TEST_F(PulledUsageTest, ACounterThatFallsBeginsAnew) {
  Take(0, 100 * kSecond);
  EXPECT_THAT(Take(10, 1 * kSecond), IsEmpty());
  EXPECT_THAT(Take(20, 2 * kSecond), ElementsAre(Used("a", 100, 10)));
}

// So it is when the counter has passed its old value meanwhile, which only the later start tells.
TEST_F(PulledUsageTest, AContainerThatBeganLaterBeginsAnew) {
  Take(0, 1 * kSecond);
  CpuCounter again = Counter(10, 5 * kSecond);
  again.started = kStart + absl::Seconds(2);
  EXPECT_THAT(TakeAll({Pod("a", {again})}, 10), IsEmpty());
  again.taken += absl::Seconds(10);
  again.used_ns += kSecond;
  EXPECT_THAT(TakeAll({Pod("a", {again})}, 20), ElementsAre(Used("a", 100, 10)));
}

// An answer that comes out of order, from another replica or a cache, changes nothing.
TEST_F(PulledUsageTest, AnOlderReadingIsPassedOver) {
  Take(0, 100 * kSecond);
  EXPECT_THAT(Take(20, 104 * kSecond), ElementsAre(Used("a", 200, 20)));
  EXPECT_THAT(Take(10, 102 * kSecond, 22), IsEmpty());
  EXPECT_THAT(Take(30, 106 * kSecond), ElementsAre(Used("a", 200, 10)));
}

// A node's clock that was set back does not silence its pods for long.
TEST_F(PulledUsageTest, AClockSetBackIsGotOver) {
  Take(0, 100 * kSecond);
  Take(10, 101 * kSecond);
  EXPECT_THAT(Take(-3600, 102 * kSecond, 20), IsEmpty());
  EXPECT_THAT(Take(-3550, 107 * kSecond, 70), IsEmpty());
  EXPECT_THAT(Take(-3540, 108 * kSecond, 80), ElementsAre(Used("a", 100, 10)));
}

// One that was set forward would make a load vanish: no figure is made over the jump.
TEST_F(PulledUsageTest, AClockSetForwardMakesNoFigure) {
  Take(0, 100 * kSecond);
  EXPECT_THAT(Take(110, 110 * kSecond, 11), IsEmpty());
  EXPECT_THAT(Take(120, 120 * kSecond, 21), ElementsAre(Used("a", 1000, 10)));
}

// What was used while nobody could ask says nothing of the load as it is.
TEST_F(PulledUsageTest, NoFigureIsMadeOverALongGap) {
  Take(0, 100 * kSecond);
  EXPECT_THAT(Take(600, 700 * kSecond), IsEmpty());
  EXPECT_THAT(Take(610, 701 * kSecond), ElementsAre(Used("a", 100, 10)));
}

// A pod's figure is of all of its containers, when each has been measured again.
TEST_F(PulledUsageTest, AllContainersMakeThePod) {
  TakeAll({Pod("a", {Counter(0, kSecond), Counter(3, kSecond, "proxy")})}, 3);
  EXPECT_THAT(TakeAll({Pod("a", {Counter(10, 3 * kSecond), Counter(3, kSecond, "proxy")})}, 10), IsEmpty());
  EXPECT_THAT(TakeAll({Pod("a", {Counter(10, 3 * kSecond), Counter(13, 2 * kSecond, "proxy")})}, 13),
              ElementsAre(Used("a", 300, 10)));
}

// While one container has no counter, or is left out, the pod has no figure: the rest would look like less
// load. One that stays away has ended, and the rest is the whole.
TEST_F(PulledUsageTest, AMissingContainerMakesNoFigure) {
  const auto pod = [](double at, uint64_t seconds, bool proxy) {
    std::vector<CpuCounter> containers = {Counter(at, seconds * kSecond)};
    if (proxy) containers.push_back(Counter(at, seconds * kSecond, "proxy"));
    return Pod("a", std::move(containers));
  };
  TakeAll({pod(0, 1, true)}, 0);
  EXPECT_THAT(TakeAll({pod(10, 2, false)}, 10), IsEmpty());
  PodCounters not_whole = pod(20, 3, false);
  not_whole.whole = false;
  EXPECT_THAT(TakeAll({not_whole}, 20), IsEmpty());
  EXPECT_THAT(TakeAll({pod(30, 4, true)}, 30), ElementsAre(Used("a", 200, 30)));
  EXPECT_THAT(TakeAll({pod(40, 5, false)}, 40), IsEmpty());
  EXPECT_THAT(TakeAll({pod(55, 8, false)}, 55), IsEmpty());
  EXPECT_THAT(TakeAll({pod(65, 11, false)}, 65), ElementsAre(Used("a", 200, 35)));
}

// A container that comes later is part of the pod from its second reading on.
TEST_F(PulledUsageTest, ANewContainerIsWaitedFor) {
  TakeAll({Pod("a", {Counter(0, kSecond)})}, 0);
  EXPECT_THAT(TakeAll({Pod("a", {Counter(10, 2 * kSecond), Counter(10, kSecond, "proxy")})}, 10), IsEmpty());
  EXPECT_THAT(TakeAll({Pod("a", {Counter(20, 3 * kSecond), Counter(20, 2 * kSecond, "proxy")})}, 20),
              ElementsAre(Used("a", 200, 20)));
}

// One bad pod does not spoil the rest.
TEST_F(PulledUsageTest, ABadPodSpoilsNoOther) {
  TakeAll({Pod("a", {Counter(0, kSecond)}), Pod("b", {Counter(0, kSecond)})}, 0);
  PodCounters bad = Pod("a", {});
  bad.whole = false;
  EXPECT_THAT(TakeAll({bad, Pod("b", {Counter(10, 2 * kSecond)})}, 10), ElementsAre(Used("b", 100, 10)));
}

// More than any machine has is no CPU time, and what follows it is read again.
TEST_F(PulledUsageTest, AnImpossibleFigureIsDropped) {
  Take(0, 1);
  EXPECT_THAT(Take(10, 9'000'000'000'000'000'000U), IsEmpty());
  EXPECT_THAT(Take(20, 9'000'000'001'000'000'000U), ElementsAre(Used("a", 100, 10)));
}

}  // namespace
}  // namespace evenkeel::coordinator
