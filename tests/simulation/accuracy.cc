// The accuracy table: how fast a crash is detected and how often a living node is called dead, over many
// simulated node-hours of mixed faults, by fleet size and beat interval. Prints markdown, a row as soon as it
// is complete, and how far it is to the standard error. Exits with 0 when no verdict of death was false and
// detection kept its bound, else 1.
//
//   accuracy [--node-hours N] [--seed N]     N (10500) in all, spread over the rows
//
// A fleet is watched for spells of ten minutes. In each, every half minute or more, a node loses its power
// (in large fleets five, one after the other within seconds) and is back before the next; and between them
// come faults that are no deaths: agents that are killed, roll out or hang, nodes cut off from the
// coordinator, slow nodes, a network that delays, short pauses and restarts of the coordinator, an API server
// that is slow or away.
//
// A crash is counted when nothing else was in the coordinator's way (its restart, pause or API outage: these
// suspend verdicts on purpose, L2 and L8); deaths are counted always. Crashes of nodes that had trouble of
// their own in the two minutes before stand in columns of their own: their beats came unevenly, so they are
// given more time on purpose.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {
namespace {

using namespace coordinator;  // verdicts and policies

constexpr absl::Duration kSpell = absl::Minutes(10);
constexpr absl::Duration kBetweenCrashes = absl::Seconds(30);
// A node that came back within this time was off when it was checked.
constexpr absl::Duration kJustNow = absl::Seconds(2);
// A node that was disturbed within this time may have been given a longer bound for its uneven beats.
constexpr absl::Duration kRemembered = absl::Minutes(2);

struct Tally {
  double node_hours = 0;
  uint64_t crashes = 0;
  uint64_t undetected = 0;
  uint64_t deaths = 0;
  uint64_t false_deaths = 0;
  uint64_t other_faults = 0;
  std::vector<absl::Duration> detection;
  std::vector<absl::Duration> disturbed;  // the same of nodes that had been disturbed shortly before

  void Add(const Tally& other) {
    node_hours += other.node_hours;
    crashes += other.crashes;
    undetected += other.undetected;
    deaths += other.deaths;
    false_deaths += other.false_deaths;
    other_faults += other.other_faults;
    detection.insert(detection.end(), other.detection.begin(), other.detection.end());
    disturbed.insert(disturbed.end(), other.disturbed.begin(), other.disturbed.end());
  }
};

class Spell final : public Observer {
 public:
  Spell(uint64_t seed, uint32_t nodes, absl::Duration beat)
      : nodes_(nodes), beat_(beat), dice_(seed), world_(this, seed + 1) {}

  Tally Run() {
    SetUp();
    const absl::Time end = world_.now() + kSpell;
    while (world_.now() < end) {
      const absl::Time next = world_.now() + kBetweenCrashes;
      Disturb();
      world_.Advance(dice_.Between(absl::Seconds(2), absl::Seconds(8)));
      Calm();
      Crash();
      world_.Advance(next - world_.now());
    }
    tally_.node_hours = absl::ToDoubleHours(world_.now() - world_.start()) * nodes_;
    return tally_;
  }

  void OnTurn(const std::vector<Event>& /*events*/, const Effects& effects) override {
    for (const Notice& notice : effects.notices) {
      const auto* verdict = std::get_if<VerdictChanged>(&notice);
      if (verdict == nullptr) continue;
      Verdict& before = verdicts_[verdict->node.node];
      if (before == verdict->verdict) continue;
      before = verdict->verdict;
      if (verdict->verdict != Verdict::kDead) continue;
      ++tally_.deaths;
      const std::string& node = verdict->node.node;
      if (world_.now() - world_.truth().LastLost(node) > kJustNow) ++tally_.false_deaths;
      const auto off = crashed_.find(node);
      if (off == crashed_.end()) continue;
      const auto trouble = troubled_.find(node);
      const bool disturbed = trouble != troubled_.end() && off->second - trouble->second < kRemembered;
      (disturbed ? tally_.disturbed : tally_.detection).push_back(world_.now() - off->second);
      crashed_.erase(off);
    }
  }
  void OnCrash() override { verdicts_.clear(); }

 private:
  void SetUp() {
    const uint64_t zones = nodes_ < 30 ? 3 : 5;
    for (uint32_t i = 1; i <= nodes_; ++i) {
      world_.AddNode(absl::StrCat("node-", i), absl::StrCat("zone-", i % zones));
    }
    Policy policy;
    policy.name = "failover";
    policy.failover().cluster = kCluster;
    policy.failover().mode = PolicyMode::kObserve;  // verdicts are what is measured
    policy.failover().beat_interval = beat_;
    policy.failover().max_unavailable_percent = 10;
    world_.Apply(policy);
    world_.Start();
    world_.Advance(absl::Seconds(15));
  }

  std::string Any() { return absl::StrCat("node-", 1 + dice_.Below(nodes_)); }

  void Change(const std::string& node, const std::function<void(Machine&)>& change) {
    change(world_.machine(node));
    world_.MachineChanged(node);
    disturbed_.push_back(node);
  }

  // A fault that is nobody's death.
  void Disturb() {
    ++tally_.other_faults;
    const std::string node = Any();
    switch (dice_.Below(12)) {
      case 0:
        world_.KillAgent(node);
        return disturbed_.push_back(node);
      case 1:
        world_.SayGoodbye(node);
        return disturbed_.push_back(node);
      case 2:  // a roll-out: every agent of a slice of the fleet, one after the other
        for (uint32_t i = 0; i < std::min(nodes_, 20U); ++i) {
          const std::string next = absl::StrCat("node-", 1 + i);
          world_.SayGoodbye(next);
          world_.Advance(absl::Milliseconds(100));
          world_.StartAgent(next);
        }
        return;
      case 3:
      case 4:
        return Change(node, [](Machine& machine) { machine.cut_from_coordinator = true; });
      case 5:
        return Change(node, [this](Machine& machine) {
          machine.lag = dice_.Between(absl::Milliseconds(100), absl::Seconds(2));
        });
      case 6:
        return Change(node, [](Machine& machine) { machine.kubelet = false; });
      case 7:
        return Change(node, [this](Machine& machine) {
          machine.clock_skew = dice_.Between(absl::ZeroDuration(), absl::Hours(1));
        });
      case 8:
        world_.knobs().delayed = 20;
        world_.knobs().delay = absl::Milliseconds(400);
        return;
      case 9:
        if (world_.coordinator_runs())
          world_.PauseCoordinator(dice_.Between(absl::Milliseconds(200), absl::Seconds(2)));
        return;
      case 10:
        world_.SetApiAway(true);
        return;
      default:
        world_.StopCoordinator();
        world_.Advance(absl::Seconds(1));
        return world_.StartCoordinator();
    }
  }

  // Ends what Disturb began, and waits until the coordinator trusts its sight again.
  void Calm() {
    for (const std::string& node : disturbed_) {
      troubled_[node] = world_.now();
      Machine& machine = world_.machine(node);
      machine.cut_from_coordinator = false;
      machine.kubelet = true;
      machine.lag = absl::ZeroDuration();
      world_.MachineChanged(node);
      if (!machine.agent) world_.StartAgent(node);
    }
    disturbed_.clear();
    // Ordinary small delays go on while detection is measured.
    world_.knobs() = {};
    world_.knobs().latency = absl::Milliseconds(2);
    world_.knobs().beat_jitter = absl::Milliseconds(10);
    world_.SetApiAway(false);
    world_.Advance(absl::Seconds(9));
  }

  // In a large fleet several, one soon after the other, far below the node budget.
  void Crash() {
    std::set<std::string> nodes;
    const size_t number = nodes_ >= 1000 ? 5 : 1;
    while (nodes.size() < number) nodes.insert(Any());
    for (const std::string& node : nodes) {
      world_.Advance(dice_.Between(absl::ZeroDuration(), absl::Seconds(3)));
      ++tally_.crashes;
      crashed_[node] = world_.now();
      world_.PowerOff(node);
    }
    world_.Advance(absl::Seconds(8));
    tally_.undetected += crashed_.size();
    crashed_.clear();
    for (const std::string& node : nodes) world_.PowerOn(node);
  }

  const uint32_t nodes_;
  const absl::Duration beat_;
  Dice dice_;
  World world_;
  Tally tally_;
  std::map<std::string, Verdict> verdicts_;
  std::vector<std::string> disturbed_;
  std::map<std::string, absl::Time> troubled_;  // when the last trouble of their own ended
  std::map<std::string, absl::Time> crashed_;   // when, until they are detected
};

struct Row {
  uint32_t nodes;
  absl::Duration beat;
  absl::Duration bound;  // on the 99th of a hundred
  uint64_t spells;       // that are still to come
  Tally tally;
};

// `sorted` is not empty.
absl::Duration At(const std::vector<absl::Duration>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

std::string Text(const std::vector<absl::Duration>& sorted, double share) {
  return sorted.empty() ? "-" : absl::StrFormat("%.2f s", absl::ToDoubleSeconds(At(sorted, share)));
}

// Prints each row as soon as it and all above it are complete; how far it is, to the standard error.
class Table {
 public:
  explicit Table(std::vector<Row> rows) : rows_(std::move(rows)) {
    for (const Row& row : rows_) spells_ += row.spells;
    std::cout << "| nodes | beat every | crashes | detected after p50 | p99 | at most | not detected in 8 s "
                 "| disturbed before: crashes | at most | verdicts of death | of them false | node-hours |\n"
                 "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
              << std::flush;
  }

  void Take(size_t row, const Tally& tally) {
    const std::lock_guard<std::mutex> lock(mutex_);
    rows_[row].tally.Add(tally);
    --rows_[row].spells;
    ++done_;
    std::cerr << absl::StrFormat("\r%d of %d spells", done_, spells_) << (done_ == spells_ ? "\n" : "")
              << std::flush;
    for (; printed_ < rows_.size() && rows_[printed_].spells == 0; ++printed_) Print(rows_[printed_]);
  }

  // Whether all kept what they should.
  bool Kept() {
    std::cout << absl::StrFormat(
        "\n%.0f node-hours, %d crashes and %d other faults; %d of %d verdicts of death were false.\n",
        all_.node_hours, all_.crashes, all_.other_faults, all_.false_deaths, all_.deaths);
    return kept_;
  }

 private:
  void Print(Row& row) {
    Tally& tally = row.tally;
    std::vector<absl::Duration>& sorted = tally.detection;
    std::sort(sorted.begin(), sorted.end());
    std::sort(tally.disturbed.begin(), tally.disturbed.end());
    kept_ = kept_ && !sorted.empty() && tally.undetected == 0 && tally.false_deaths == 0 &&
            At(sorted, 0.99) <= row.bound;
    std::cout << absl::StrFormat("| %d | %s | %d | %s | %s | %s | %d | %d | %s | %d | %d | %.0f |\n",
                                 row.nodes, absl::FormatDuration(row.beat), sorted.size(), Text(sorted, 0.5),
                                 Text(sorted, 0.99), Text(sorted, 1), tally.undetected,
                                 tally.disturbed.size(), Text(tally.disturbed, 1), tally.deaths,
                                 tally.false_deaths, tally.node_hours)
              << std::flush;
    all_.Add(tally);
  }

  std::mutex mutex_;
  std::vector<Row> rows_;
  size_t printed_ = 0;
  uint64_t spells_ = 0;
  uint64_t done_ = 0;
  Tally all_;
  bool kept_ = true;
};

int Measure(double node_hours, uint64_t seed) {
  std::vector<Row> rows;
  for (const uint32_t nodes : {10U, 100U, 1000U, 5000U}) {
    for (const absl::Duration beat : {absl::Milliseconds(200), absl::Seconds(1)}) {
      // Small fleets need many spells for their percentiles; large ones bring the hours.
      const double share = nodes == 10 ? 0.02 : nodes == 100 ? 0.12 : nodes == 1000 ? 0.16 : 0.2;
      const double spells = std::ceil(node_hours * share / (absl::ToDoubleHours(kSpell) * nodes));
      rows.push_back({nodes,
                      beat,
                      beat == absl::Seconds(1) ? absl::Seconds(3) : absl::Seconds(1),
                      static_cast<uint64_t>(spells),
                      {}});
    }
  }
  struct Task {
    size_t row;
    uint64_t seed;
  };
  std::vector<Task> tasks;
  for (size_t row = 0; row < rows.size(); ++row) {
    for (uint64_t i = 0; i < rows[row].spells; ++i) tasks.push_back({row, ++seed});
  }
  Table table(rows);
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      for (size_t place = next++; place < tasks.size(); place = next++) {
        const Row& row = rows[tasks[place].row];
        table.Take(tasks[place].row, Spell(tasks[place].seed, row.nodes, row.beat).Run());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return table.Kept() ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel::simulation

int main(int argc, char** argv) {
  double node_hours = 10500;
  uint64_t seed = 1;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    const bool ok = i + 1 < argc && ((flag == "--node-hours" && absl::SimpleAtod(argv[i + 1], &node_hours)) ||
                                     (flag == "--seed" && absl::SimpleAtoi(argv[i + 1], &seed)));
    if (!ok) {
      std::cerr << "accuracy [--node-hours N] [--seed N]\n";
      return 2;
    }
  }
  return evenkeel::simulation::Measure(node_hours, seed);
}
