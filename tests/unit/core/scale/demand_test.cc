// The arithmetic of the HPA v2, by its own published cases; and where Evenkeel's own rules differ from it.

#include "coordinator/core/scale/demand.h"

#include "gtest/gtest.h"
#include "tests/unit/core/scale/testdata.h"

namespace evenkeel::coordinator {
namespace {

Demand Ask(const std::vector<PodLoad>& pods, int64_t current, const CpuTarget& target, DemandRules rules,
           const Tolerance& tolerance = {}) {
  return DemandOf(pods, current, target, tolerance, StartUp{}, rules, kLook);
}

CpuTarget Percent(int64_t value) {
  return {.kind = CpuTarget::Kind::kPercentOfRequest, .value = value};
}
CpuTarget Millicores(int64_t value) {
  return {.kind = CpuTarget::Kind::kMillicores, .value = value};
}

PodLoad Well(int64_t millicores) {
  return {.phase = PodPhase::kRunning,
          .ready = true,
          .started = kLook - absl::Hours(1),
          .ready_changed = kLook - absl::Hours(1),
          .request_millicores = 1000,
          .sample = CpuSample{millicores, kLook, absl::Seconds(15)}};
}

PodLoad Unseen() {
  PodLoad pod = Well(0);
  pod.sample.reset();
  return pod;
}

// Every published row of the HPA holds at the HPA's own settings.
TEST(DemandTest, HpaCasesHold) {
  const std::vector<HpaCase> cases = ReadHpaCases();
  EXPECT_GE(cases.size(), 13u);
  for (const HpaCase& row : cases) {
    const Demand demand = Ask(row.pods, row.current, Percent(row.target_percent), DemandRules::kHpa);
    EXPECT_EQ(demand.replicas, row.hpa) << row.name;
    EXPECT_EQ(demand.use, row.use_percent) << row.name;
  }
}

// Evenkeel's own rules give what the table says: the same, but for pods that are not seen or are broken.
TEST(DemandTest, OwnRulesDifferOnlyWhereTheTableSaysSo) {
  for (const HpaCase& row : ReadHpaCases()) {
    const Demand demand = Ask(row.pods, row.current, Percent(row.target_percent), DemandRules::kEvenkeel);
    EXPECT_EQ(demand.replicas, row.ours) << row.name;
    EXPECT_EQ(demand.use, row.use_percent) << row.name;
  }
}

// A target in millicores goes by the mean of the pods; a missing one counts exactly the target downwards and
// nothing upwards.
TEST(DemandTest, AverageValueGoesByTheMean) {
  const struct {
    const char* what;
    std::vector<PodLoad> pods;
    int64_t current;
    int64_t target;
    int64_t hpa;
    int64_t ours;
  } table[] = {
      {"above", {Well(300), Well(500), Well(700)}, 3, 300, 5, 5},
      {"below", {Well(100), Well(100), Well(100)}, 3, 300, 1, 1},
      {"within", {Well(310), Well(290), Well(320)}, 3, 300, 3, 3},
      {"a request plays no part", {Well(2000)}, 1, 500, 4, 4},
      {"below, one missing", {Well(100), Well(100), Unseen()}, 3, 300, 2, 1},
      {"above, one missing", {Well(600), Well(600), Unseen()}, 3, 300, 4, 6},
      {"above, most missing", {Well(600), Unseen(), Unseen()}, 3, 300, 3, 6},
  };
  for (const auto& row : table) {
    EXPECT_EQ(Ask(row.pods, row.current, Millicores(row.target), DemandRules::kHpa).replicas, row.hpa)
        << row.what;
    EXPECT_EQ(Ask(row.pods, row.current, Millicores(row.target), DemandRules::kEvenkeel).replicas, row.ours)
        << row.what;
  }
}

// Each direction has a tolerance of its own.
TEST(DemandTest, TolerancesAreOfADirection) {
  const Tolerance tolerance{.up = 0.05, .down = 0.3};
  const struct {
    int64_t use;
    DemandFinding finding;
  } table[] = {{350, DemandFinding::kWithinTolerance},
               {345, DemandFinding::kBelow},
               {525, DemandFinding::kWithinTolerance},
               {530, DemandFinding::kAbove}};
  for (const auto& row : table) {
    const Demand demand = Ask({Well(row.use), Well(row.use)}, 2, Percent(50), DemandRules::kHpa, tolerance);
    EXPECT_EQ(demand.finding, row.finding) << row.use;
  }
}

// Without an answer the count stays, and the finding says why.
TEST(DemandTest, SaysWhyThereIsNoAnswer) {
  PodLoad no_request = Well(500);
  no_request.request_millicores = 0;
  PodLoad leaving = Well(500);
  leaving.deleting = true;
  PodLoad starting = Well(900);
  starting.ready = false;
  starting.started = starting.ready_changed = kLook - absl::Seconds(3);
  const struct {
    const char* what;
    std::vector<PodLoad> pods;
    DemandFinding finding;
  } table[] = {
      {"no pod", {}, DemandFinding::kNoPods},
      {"all are leaving", {leaving}, DemandFinding::kNoPods},
      {"one asks for no CPU", {Well(500), no_request}, DemandFinding::kNoRequest},
      {"none is seen", {Unseen(), Unseen()}, DemandFinding::kNoSamples},
      {"all are starting", {starting}, DemandFinding::kNoSamples},
  };
  for (const auto& row : table) {
    for (const DemandRules rules : {DemandRules::kHpa, DemandRules::kEvenkeel}) {
      const Demand demand = Ask(row.pods, 7, Percent(50), rules);
      EXPECT_EQ(demand.finding, row.finding) << row.what;
      EXPECT_EQ(demand.replicas, 7) << row.what;
      EXPECT_FALSE(demand.use) << row.what;
    }
  }
  EXPECT_EQ(Ask({no_request}, 1, Millicores(100), DemandRules::kHpa).replicas, 5);
}

// What changes nothing says whether the load, the starting or the unseen pods are the reason.
TEST(DemandTest, SaysWhatHoldsTheCount) {
  PodLoad starting = Well(0);
  starting.ready = false;
  starting.started = starting.ready_changed = kLook - absl::Seconds(3);
  EXPECT_EQ(Ask({Well(500)}, 1, Percent(50), DemandRules::kHpa).finding, DemandFinding::kWithinTolerance);
  EXPECT_EQ(Ask({Well(900), starting}, 2, Percent(50), DemandRules::kHpa).finding, DemandFinding::kStarting);
  EXPECT_EQ(Ask({Well(900), Unseen()}, 2, Percent(50), DemandRules::kHpa).finding, DemandFinding::kUnseen);
  EXPECT_EQ(Ask({Well(900)}, 9, Percent(50), DemandRules::kEvenkeel).finding, DemandFinding::kUnsettled);
}

// Start-up masking, by table: which samples count.
TEST(DemandTest, MasksStartUp) {
  const absl::Duration window = absl::Seconds(15);
  const struct {
    const char* what;
    absl::Duration age;  // since the start
    bool ready;
    absl::Duration changed_after;  // the start
    absl::Duration sample_age;
    PodGroup group;
  } table[] = {
      {"just started, Ready, window not over", absl::Minutes(1), true, absl::Seconds(50),
       absl::ZeroDuration(), PodGroup::kUnready},
      {"just started, Ready for a window", absl::Minutes(1), true, absl::Seconds(45), absl::ZeroDuration(),
       PodGroup::kCounted},
      {"just started, the sample is older", absl::Minutes(1), true, absl::Seconds(45), absl::Seconds(1),
       PodGroup::kUnready},
      {"just started, not Ready", absl::Minutes(1), false, absl::Seconds(1), absl::ZeroDuration(),
       PodGroup::kUnready},
      {"long running, never Ready", absl::Hours(1), false, absl::Seconds(29), absl::ZeroDuration(),
       PodGroup::kUnready},
      {"long running, not Ready any more: it may be the load", absl::Hours(1), false, absl::Minutes(20),
       absl::ZeroDuration(), PodGroup::kCounted},
      {"the initialization is over at its end", absl::Minutes(5), false, absl::Minutes(2),
       absl::ZeroDuration(), PodGroup::kCounted},
  };
  for (const auto& row : table) {
    const PodLoad pod{.phase = PodPhase::kRunning,
                      .ready = row.ready,
                      .started = kLook - row.age,
                      .ready_changed = kLook - row.age + row.changed_after,
                      .request_millicores = 100,
                      .sample = CpuSample{50, kLook - row.sample_age, window}};
    EXPECT_EQ(GroupOf(pod, StartUp{}, kLook), row.group) << row.what;
  }
  PodLoad unknown = Well(10);
  unknown.started.reset();
  EXPECT_EQ(GroupOf(unknown, StartUp{}, kLook), PodGroup::kUnready);
  PodLoad ended = Well(10);
  ended.phase = PodPhase::kSucceeded;
  EXPECT_EQ(GroupOf(ended, StartUp{}, kLook), PodGroup::kLeft);
}

// A pod that is Ready but cannot show its CPU yet has its share of the load: three at a third of the old load
// are three, and not two. The HPA leaves it out, and takes it away again where the window is short.
TEST(DemandTest, APodThatHasJustBecomeReadyIsNotTakenAwayAgain) {
  PodLoad young = Well(330);
  young.started = kLook - absl::Seconds(20);
  young.ready_changed = kLook - absl::Seconds(10);
  const std::vector<PodLoad> pods = {Well(330), Well(330), young};
  EXPECT_EQ(Ask(pods, 3, Percent(44), DemandRules::kHpa).replicas, 2);
  EXPECT_EQ(Ask(pods, 3, Percent(44), DemandRules::kEvenkeel).replicas, 3);
  EXPECT_EQ(Ask(pods, 3, Millicores(440), DemandRules::kEvenkeel).replicas, 3);
  // One that is not Ready yet has no share.
  young.ready = false;
  EXPECT_EQ(Ask({Well(330), Well(330), young}, 3, Percent(44), DemandRules::kEvenkeel).replicas, 2);
}

// A pod has no sample yet for a minute after it became Ready: it is starting. After that it is one that
// nobody measures.
TEST(DemandTest, TheFirstSampleMayTakeAMinute) {
  PodLoad young = Unseen();
  young.ready_changed = kLook - absl::Seconds(59);
  EXPECT_EQ(Ask({Well(900), young}, 2, Percent(50), DemandRules::kEvenkeel).finding,
            DemandFinding::kStarting);
  young.ready_changed = kLook - absl::Seconds(60);
  const Demand demand = Ask({Well(900), young}, 2, Percent(50), DemandRules::kEvenkeel);
  EXPECT_EQ(demand.finding, DemandFinding::kAbove);
  EXPECT_EQ(demand.replicas, 4);
  EXPECT_EQ(demand.missing, 1u);
}

// A crash loop does not hold the others back, and is not fed either: no more pods are made up for than are
// well.
TEST(DemandTest, FailingPodsAreMadeUpFor) {
  PodLoad failing = Well(0);
  failing.ready = false;
  failing.failing = true;
  failing.started = failing.ready_changed = kLook - absl::Seconds(3);
  const auto replicas = [&](int well, int broken) {
    std::vector<PodLoad> pods(static_cast<size_t>(well), Well(900));
    pods.insert(pods.end(), static_cast<size_t>(broken), failing);
    return Ask(pods, well + broken, Percent(50), DemandRules::kEvenkeel).replicas;
  };
  EXPECT_EQ(replicas(2, 0), 4);
  EXPECT_EQ(replicas(2, 1), 5);
  EXPECT_EQ(replicas(2, 2), 6);
  EXPECT_EQ(replicas(2, 4), 6);    // and no more
  EXPECT_EQ(replicas(2, 40), 42);  // never fewer than now
}

// A pod that is down counts neither as one that uses nothing nor as one that is well, whatever its samples
// and its Ready condition say yet: what the others use decides, and it is made up for. By the HPA's rules it
// counts.
TEST(DemandTest, TheDeadDoNotThinOutTheLoad) {
  PodLoad dead = Well(0);
  dead.down = true;
  Demand demand = Ask({Well(900), dead}, 2, Percent(50), DemandRules::kEvenkeel);
  EXPECT_EQ(demand.finding, DemandFinding::kAbove);
  EXPECT_EQ(demand.use, 90);
  EXPECT_EQ(demand.replicas, 3);
  EXPECT_EQ(demand.counted, 1u);
  EXPECT_EQ(demand.broken, 1u);
  EXPECT_EQ(demand.down, 1u);
  EXPECT_EQ(Ask({Well(900), dead}, 2, Percent(50), DemandRules::kHpa).use, 45);
  // Kubernetes says so of a virtual node's pods, which have no agent.
  dead.down = false;
  dead.failing = true;
  EXPECT_EQ(Ask({Well(900), dead}, 2, Percent(50), DemandRules::kEvenkeel).down, 1u);
  // One that is only starting is not down.
  dead.phase = PodPhase::kPending;
  EXPECT_EQ(Ask({Well(900), dead}, 2, Percent(50), DemandRules::kEvenkeel).down, 0u);
}

// No pod is taken away because another has died: the dead are taken for pods like the others. And they do not
// keep those from being taken away that nobody needs.
TEST(DemandTest, ADeathTakesNoPodAway) {
  PodLoad dead = Well(0);
  dead.down = true;
  const auto replicas = [&](int well, int64_t millicores, int down) {
    std::vector<PodLoad> pods(static_cast<size_t>(well), Well(millicores));
    pods.insert(pods.end(), static_cast<size_t>(down), dead);
    return Ask(pods, well + down, Percent(50), DemandRules::kEvenkeel).replicas;
  };
  EXPECT_EQ(replicas(4, 300, 0), 3);
  EXPECT_EQ(replicas(3, 300, 1), 3);  // its load is lost: no fewer than before
  EXPECT_EQ(replicas(3, 400, 1), 4);  // the others carry it
  EXPECT_EQ(replicas(3, 50, 1), 1);   // nobody needs them
}

}  // namespace
}  // namespace evenkeel::coordinator
