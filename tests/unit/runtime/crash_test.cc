// kill -9 of the coordinator between any two of its steps towards the world: the real core, the real loop and
// the real RocksDB in a child process that ends at an injected point, in a world that lives on. Each point is
// tried; the next start has to bring the world to the same end, with no decision lost and no effect repeated
// (L3, L4).
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/time/fake_clock.h"
#include "coordinator/runtime/runtime.h"
#include "coordinator/store/rocks_store.h"
#include "tests/unit/runtime/crash_world.h"
#include "tests/unit/store/temporary_folder.h"

namespace evenkeel::coordinator {
namespace {

using evenkeel::testing::CrashWorld;

// Of time; the core takes half a second for a stall of its own.
constexpr absl::Duration kStep = absl::Milliseconds(400);

constexpr int kFinished = 0;
constexpr int kFailed = 1;

// The store, with crash points around each commit.
class CrashingStore final : public StateStore {
 public:
  CrashingStore(StateStore& store, CrashWorld& world) : store_(store), world_(world) {}

  absl::StatusOr<Restored> Open() override { return store_.Open(); }
  absl::Status Commit(const std::vector<Write>& writes) override {
    world_.CrashPoint("before a commit");
    absl::Status status = store_.Commit(writes);
    world_.CrashPoint("after a commit, before its releases");
    return status;
  }
  absl::StatusOr<Decision> GetDecision(DecisionId id) const override { return store_.GetDecision(id); }
  absl::StatusOr<SwitchRecord> GetSwitch(DecisionId id) const override { return store_.GetSwitch(id); }
  absl::StatusOr<DecisionPage> ListDecisions(const DecisionFilter& filter, std::optional<DecisionId> from,
                                             size_t limit) const override {
    return store_.ListDecisions(filter, from, limit);
  }
  absl::StatusOr<Policy> GetPolicy(const std::string& name) const override { return store_.GetPolicy(name); }
  absl::StatusOr<std::vector<Policy>> ListPolicies() const override { return store_.ListPolicies(); }
  absl::StatusOr<std::vector<Maintenance>> ListMaintenances() const override {
    return store_.ListMaintenances();
  }

 private:
  StateStore& store_;
  CrashWorld& world_;
};

// One coordinator's life in the world, until the node that died is back and readmitted, or the injected
// crash.
class Life final : public Outlet {
 public:
  Life(CrashWorld& world, const std::string& path) : world_(world), clock_(world.now()) {
    auto opened = RocksStore::At({.path = path, .identity = "test"});
    EVENKEEL_CHECK(opened.ok()) << opened.status();
    rocks_ = *std::move(opened);
    store_ = std::make_unique<CrashingStore>(*rocks_, world);
    const absl::StatusOr<Restored> restored = store_->Open();
    EVENKEEL_CHECK(restored.ok()) << restored.status();
    has_policy_ = !restored->policies.empty();
    runtime_ = std::make_unique<Runtime>(
        Runtime::Options{.fatal = [](const absl::Status& status) { EVENKEEL_CHECK(false) << status; }},
        *restored, *store_, *this, clock_);
  }

  // False: it did not come to its end in ten minutes of the world's time.
  bool Run();

  // The effects in the world against the decisions in the store.
  std::string Check();

  void Release(const ReleasedAction& released) override {
    world_.CrashPoint("an action was released, nothing is done yet");
    const ActionOutcome outcome = world_.Do(released);
    world_.CrashPoint("its effect is there, the answer is not");
    Post(ActionFinished{.decision = released.decision, .number = released.action.number, .outcome = outcome});
    world_.CrashPoint("its answer is in the queue");
  }
  void Release(const Request& request) override {
    if (const auto* probe = std::get_if<ProbeNode>(&request)) {
      const ProbeOutcome outcome = probe->target == CrashWorld::Node(0) && !world_.powered()
                                       ? ProbeOutcome::kTimedOut
                                       : ProbeOutcome::kReached;
      Post(ProbeAnswered{.probe_id = probe->probe_id, .kubelet_tcp = outcome, .agent = outcome});
    } else if (const auto* ask = std::get_if<AskKubelet>(&request)) {
      const bool off = ask->node == CrashWorld::Node(0) && !world_.powered();
      Post(KubeletAnswered{.request_id = ask->request_id,
                           .node = ask->node,
                           .way = off ? KubeletWay::kNoAnswer : KubeletWay::kAnswered});
    } else if (const auto* read = std::get_if<ReadLease>(&request)) {
      Post(LeaseRead{.request_id = read->request_id,
                     .node = read->node,
                     .ok = true,
                     .lease = world_.LeaseOf(read->node == CrashWorld::Node(0) ? 0 : 1)});
    }
  }
  void Release(const Reply& reply) override { EVENKEEL_CHECK(reply.status.ok()) << reply.status; }
  void Release(const Notice& /*notice*/) override {}

 private:
  void Post(Event event) {
    ++posted_;
    runtime_->Post(std::move(event));
  }
  // Posts and lets all that follows be done, so that each life meets the same points in the same order.
  void Tell(Event event) {
    Post(std::move(event));
    while (running_ && runtime_->figures().events != posted_) std::this_thread::yield();
  }
  void Begin();
  void ShowChanges();
  void OpenSession(int node);
  void Pass(absl::Duration time);
  void PassUntil(const std::function<bool()>& done);
  bool Ended(DecisionKind kind) const;

  CrashWorld& world_;
  time::FakeClock clock_;
  std::unique_ptr<RocksStore> rocks_;
  std::unique_ptr<CrashingStore> store_;
  std::unique_ptr<Runtime> runtime_;
  bool has_policy_ = false;
  bool late_ = false;
  bool running_ = false;
  std::atomic<uint64_t> posted_ = 0;
  uint64_t session_of_node_0_ = 0;
  bool tainted_shown_ = false;
  std::map<PodKey, PodFacts> pods_shown_;
};

void Life::OpenSession(int node) {
  const uint64_t session = world_.NewSession();
  if (node == 0) session_of_node_0_ = session;
  Tell(SessionOpened{.node = CrashWorld::Node(node),
                     .session_id = session,
                     .boot_id = "boot",
                     .agent_port = 7444,
                     .agent_pod = "agent"});
}

void Life::Begin() {
  Tell(ClusterAdded{CrashWorld::kCluster});
  if (!has_policy_) {
    Tell(ApplyPolicy{.request_id = 1,
                     .policy = {.name = "failover",
                                .spec = FailoverPolicy{.cluster = CrashWorld::kCluster,
                                                       .mode = PolicyMode::kEnforce,
                                                       .readmit_after = absl::Seconds(5)}}});
  }
  for (int node = 0; node < CrashWorld::kNodes; ++node) {
    Tell(NodeObserved{CrashWorld::Node(node), world_.NodeFactsOf(node)});
  }
  tainted_shown_ = world_.NodeFactsOf(0).failover_taint;
  ShowChanges();
  Tell(ApiChanged{.cluster = CrashWorld::kCluster, .reachable = true});
  for (int node = world_.powered() ? 0 : 1; node < CrashWorld::kNodes; ++node) OpenSession(node);
}

// What a watch would tell: all that is not as it was shown last.
void Life::ShowChanges() {
  if (const NodeFacts facts = world_.NodeFactsOf(0); facts.failover_taint != tainted_shown_) {
    tainted_shown_ = facts.failover_taint;
    Tell(NodeObserved{CrashWorld::Node(0), facts});
  }
  std::map<PodKey, PodFacts> now;
  for (const CrashWorld::Pod& pod : world_.Pods()) now[pod.key] = pod.facts;
  for (const auto& [key, facts] : now) {
    const auto shown = pods_shown_.find(key);
    if (shown == pods_shown_.end() || shown->second != facts) Tell(PodObserved{key, facts});
  }
  for (const auto& [key, facts] : pods_shown_) {
    if (!now.contains(key)) Tell(PodGone{key});
  }
  pods_shown_ = std::move(now);
}

// Lets time pass in steps that are no stall.
void Life::Pass(absl::Duration time) {
  for (; time > absl::ZeroDuration(); time -= kStep) {
    world_.Advance(kStep);
    clock_.Advance(kStep);
    ShowChanges();
    Tell(Tick{});
  }
}

void Life::PassUntil(const std::function<bool()>& done) {
  const absl::Time give_up = world_.now() + absl::Minutes(5);
  while (!done() && !late_) {
    Pass(kStep);
    late_ = world_.now() > give_up;
  }
}

bool Life::Ended(DecisionKind kind) const {
  const auto page = store_->ListDecisions({.kinds = {kind}}, std::nullopt, 1);
  return page.ok() && !page->decisions.empty() && page->decisions[0].state == DecisionState::kSucceeded;
}

bool Life::Run() {
  Begin();  // one batch
  runtime_->Start();
  running_ = true;
  Tell(Tick{});
  if (!Ended(DecisionKind::kFailover)) {
    Pass(absl::Seconds(6));  // its first grace is over, and all nodes have agents
    if (world_.powered()) {
      const int64_t last_beat_ms = absl::ToUnixMillis(world_.now());
      world_.PowerOff();
      Pass(absl::Seconds(1));
      Tell(BeatMissed{.node = CrashWorld::Node(0),
                      .session_id = session_of_node_0_,
                      .last_beat = absl::FromUnixMillis(last_beat_ms),
                      .last_beat_node_time_ms = static_cast<uint64_t>(last_beat_ms)});
    }
    PassUntil([this] { return Ended(DecisionKind::kFailover) && !world_.MissesPods(); });
  }
  if (!Ended(DecisionKind::kReadmission)) {
    if (!world_.powered()) {
      world_.PowerOn();
      OpenSession(0);
    }
    PassUntil([this] { return Ended(DecisionKind::kReadmission); });
  }
  Pass(absl::Seconds(5));  // in which nothing more may happen
  runtime_->Stop();
  return !late_;
}

std::string Life::Check() {
  std::string wrong;
  for (const CrashWorld::Effect& effect : world_.Effects()) {
    const DecisionId id = {effect.epoch, effect.number};
    const absl::StatusOr<Decision> decision = store_->GetDecision(id);
    if (!decision.ok()) {
      absl::StrAppend(&wrong, "decision ", id.ToString(), " did something and is lost; ");
      continue;
    }
    bool found = false;
    for (const Action& action : decision->actions) {
      found |= action.kind == effect.kind &&
               action.name == (effect.pod_uid == 0 ? "node-0" : absl::StrCat("pod-", effect.pod_uid));
    }
    if (!found) absl::StrAppend(&wrong, "decision ", id.ToString(), " does not tell of what it did; ");
  }
  int failovers = 0;
  const auto page = store_->ListDecisions({}, std::nullopt, 100);
  for (const Decision& decision : page->decisions) {
    failovers += decision.kind == DecisionKind::kFailover;
    if (decision.state == DecisionState::kOpen) {
      absl::StrAppend(&wrong, "decision ", decision.id.ToString(), " is still open; ");
    }
    for (const Action& action : decision.actions) {
      if (decision.kind == DecisionKind::kFailover && action.state != ActionState::kDone) {
        absl::StrAppend(&wrong, "action ", action.number, " of ", decision.id.ToString(),
                        " is not done: ", action.result, "; ");
      }
    }
  }
  if (failovers != 1) absl::StrAppend(&wrong, failovers, " failovers of one death; ");
  return wrong;
}

class CrashTest : public ::testing::Test {
 protected:
  // Runs a life in a child process; the exit code.
  int Live(int crash_at) {
    world_->ArmCrash(crash_at);
    const pid_t child = ::fork();
    if (child == 0) {
      log::Init({.level = log::Level::kError});
      Life life(*world_, folder_->path() + "/store");
      const bool ended = life.Run();
      world_->Complain(ended ? life.Check() : "it did not come to its end");
      ::_exit(ended ? kFinished : kFailed);
    }
    EXPECT_GT(child, 0);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
  }

  void NewWorld() {
    world_->Reset();
    // In memory where there is such a place: a process that dies does not need a disk to remember, and syncs
    // take time.
    const std::filesystem::path memory = "/dev/shm";
    folder_ = std::filesystem::exists(memory) ? std::make_unique<evenkeel::testing::TemporaryFolder>(memory)
                                              : std::make_unique<evenkeel::testing::TemporaryFolder>();
  }

  void ExpectGoodEnd(const std::string& expected) {
    EXPECT_EQ(world_->complaint(), "");
    EXPECT_EQ(world_->Summary(), expected);
  }

  CrashWorld* const world_ = CrashWorld::MakeShared();
  std::unique_ptr<evenkeel::testing::TemporaryFolder> folder_;
};

// What the world looks like in the end: the taint came and went, each pod of the ReplicaSet was deleted once
// and replaced, the StatefulSet's pod was marked once and stays (L5).
constexpr char kGoodEnd[] =
    "tainted 0\n"
    "ReplicaSet pod 3 on node-1 ready\n"
    "StatefulSet pod 4 on node-0 not ready\n"
    "ReplicaSet pod 5 on node-1 ready\n"
    "ReplicaSet pod 6 on node-2 ready\n"
    "effect 0 on 0\n"
    "effect 1 on 0\n"
    "effect 2 on 1\n"
    "effect 2 on 2\n"
    "effect 3 on 4\n";

// The yardstick: a life without a crash.
TEST_F(CrashTest, LifeWithoutACrash) {
  NewWorld();
  ASSERT_EQ(Live(0), kFinished) << world_->complaint();
  ExpectGoodEnd(kGoodEnd);
}

// L4: a crash at any point, and the next life brings the world to the same end. Ends when a life no longer
// reaches the point.
TEST_F(CrashTest, AnySingleCrash) {
  std::map<std::string, int> crashes;
  for (int crash_at = 1;; ++crash_at) {
    ASSERT_LT(crash_at, 1000) << "it never ends";
    NewWorld();
    const int first = Live(crash_at);
    if (first == kFinished) break;
    SCOPED_TRACE(absl::StrCat("crash ", crash_at, ": ", world_->crashed_at()));
    ASSERT_EQ(first, CrashWorld::kCrashed) << world_->complaint();
    ++crashes[world_->crashed_at()];
    ASSERT_EQ(Live(0), kFinished) << world_->complaint() << "\n" << world_->Summary();
    ExpectGoodEnd(kGoodEnd);
  }
  EXPECT_EQ(crashes.size(), 5u);  // every kind of point was met
  EXPECT_GE(crashes["an action was released, nothing is done yet"], 5);
}

// Crash after crash: each life ends one point later than the one before it, until one gets through.
TEST_F(CrashTest, CrashAfterCrash) {
  for (const int begin : {1, 4, 7, 10}) {
    SCOPED_TRACE(begin);
    NewWorld();
    int crash_at = begin;
    int end = Live(crash_at);
    while (end == CrashWorld::kCrashed) {
      ASSERT_LT(crash_at, 200) << "it does not get on";
      end = Live(++crash_at);
    }
    ASSERT_EQ(end, kFinished) << world_->complaint();
    EXPECT_GE(crash_at, begin + 3);  // several lives
    ExpectGoodEnd(kGoodEnd);
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
