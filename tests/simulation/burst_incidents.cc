// What goes wrong where there are virtual nodes: real nodes that come and go while pods have burst, providers
// that fail, policies that change, and the coordinator and its surroundings at the worst of moments.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/tormentor.h"

namespace evenkeel::simulation {

using coordinator::Decision;
using coordinator::DecisionKind;
using coordinator::Policy;
using coordinator::PolicyMode;

using absl::Milliseconds;
using absl::Seconds;

struct BurstIncidents {
  static constexpr size_t kMostNodes = 12;

  static ScaleStory& Scaled(Tormentor& t) { return *t.story_; }
  static BurstStory& Story(Tormentor& t) { return *t.burst_; }

  static void Load(Tormentor& t, int64_t hundredths) {
    t.world_.SetLoad(Scaled(t).workload(), Scaled(t).LoadOf(hundredths));
  }
  static void Rises(Tormentor& t) { Load(t, int64_t{Scaled(t).maximum()} * 110); }
  static void Falls(Tormentor& t) { Load(t, Scaled(t).LowHeight(t.dice_)); }
  // So that less is asked for, and more than the minimum.
  static void Eases(Tormentor& t) {
    Load(t, int64_t{Scaled(t).maximum()} * (30 + static_cast<int64_t>(t.dice_.Below(40))));
  }

  // Real nodes have room for some of what has burst, or for all.
  static void ComesAndGoes(Tormentor& t) {
    Rises(t);
    t.Later(Seconds(10), Seconds(30), [&t] { Eases(t); });
  }
  static void NodeJoins(Tormentor& t) {
    Rises(t);
    t.Later(Seconds(3), Seconds(25), [&t] { Join(t); });
  }
  static void Join(Tormentor& t) {
    if (t.nodes_.size() >= kMostNodes) return;
    const std::string name = absl::StrCat("node-", t.nodes_.size() + 1);
    const std::string zone = t.world_.machine(t.nodes_.front()).zone;
    t.world_.AddNode(name, zone, Story(t).room());
    t.nodes_.push_back(name);
  }
  // And goes again, when pods have come home to it or are about to.
  static void NodeJoinsAndGoes(Tormentor& t) {
    NodeJoins(t);
    t.Later(Seconds(25), Seconds(60), [&t] {
      const std::string node = t.nodes_.back();
      t.world_.PowerOff(node);
      t.Later(Seconds(2), Seconds(60), [&t, node] { t.Repair(node); });
    });
  }
  static void NodeLost(Tormentor& t) {
    Rises(t);
    t.Later(Seconds(3), Seconds(20), [&t] { LoseOne(t); });
  }
  static void LoseOne(Tormentor& t) {
    std::vector<std::string> nodes;
    for (const auto& [name, pod] : t.world_.kubernetes().pods()) {
      const bool its = pod.controller.name == Scaled(t).workload();
      if (its && !pod.node.empty() && !t.world_.kubernetes().IsVirtual(pod.node)) nodes.push_back(pod.node);
    }
    if (nodes.empty()) return;
    const std::string node = nodes[t.dice_.Below(nodes.size())];
    t.world_.PowerOff(node);
    t.Later(Seconds(5), Seconds(60), [&t, node] { t.Repair(node); });
  }

  static void ProviderStuck(Tormentor& t) {
    t.world_.kubernetes().SetVirtualStarts(false);
    t.Later(Seconds(5), Seconds(70), [&t] { t.world_.kubernetes().SetVirtualStarts(true); });
    Rises(t);
  }
  static void ProviderFails(Tormentor& t) {
    t.world_.kubernetes().SetVirtualFails(true);
    t.Later(Seconds(2), Seconds(60), [&t] { t.world_.kubernetes().SetVirtualFails(false); });
    Rises(t);
  }
  static void ProviderQuota(Tormentor& t) {
    t.world_.kubernetes().SetVirtualQuota(t.dice_.Below(3));
    t.Later(Seconds(10), Seconds(70), [&t] { t.world_.kubernetes().SetVirtualQuota(std::nullopt); });
    Rises(t);
  }
  static void SamplesLost(Tormentor& t) {
    t.world_.LoseVirtualSamples(true);
    t.Later(Seconds(5), Seconds(70), [&t] { t.world_.LoseVirtualSamples(false); });
    if (t.dice_.Chance(500)) t.dice_.Chance(500) ? Rises(t) : Falls(t);
  }

  static void Kill(Tormentor& t) {
    if (t.world_.coordinator_runs()) t.world_.StopCoordinator();
  }
  static void KillSoon(Tormentor& t, absl::Duration most) {
    absl::Duration waits;
    if (t.dice_.Chance(300)) waits = t.dice_.Between(Milliseconds(10), Milliseconds(1500));
    if (waits > absl::ZeroDuration())
      t.Spell([waits](Knobs& knobs) { knobs.api_delay = std::max(knobs.api_delay, waits); });
    t.Later(absl::ZeroDuration(), most, [&t] { Kill(t); });
  }
  static void RestartInABurst(Tormentor& t) {
    t.LieInWait(DecisionKind::kBurst, [&t](const Decision& /*decision*/) {
      KillSoon(t, t.dice_.Chance(500) ? Milliseconds(40) : Seconds(8));
    });
    Rises(t);
  }
  // In its first action, in its evictions, or in its return.
  static void RestartInADrainBack(Tormentor& t) {
    InADrainBack(t, 1 + t.dice_.Below(3), [&t] { KillSoon(t, Milliseconds(30)); });
    ComesAndGoes(t);
  }
  // While the surge starts.
  static void RestartInASurge(Tormentor& t) {
    InADrainBack(t, 1, [&t] { KillSoon(t, Seconds(4)); });
    ComesAndGoes(t);
  }
  // When the `phase`th of its actions is handed out.
  static void InADrainBack(Tormentor& t, uint64_t phase, const std::function<void()>& what) {
    t.LieInWait(DecisionKind::kDrainBack, [&t, phase, what](const Decision& /*decision*/) {
      if (phase <= 1) return what();
      InADrainBack(t, phase - 1, what);
    });
  }
  static void ApiAway(Tormentor& t) {
    t.Later(absl::ZeroDuration(), Milliseconds(40), [&t] {
      t.world_.SetApiAway(true);
      t.Later(Milliseconds(50), t.dice_.Chance(500) ? Seconds(3) : Seconds(60),
              [&t] { t.world_.SetApiAway(false); });
    });
  }
  static void ApiAwayInABurst(Tormentor& t) {
    t.LieInWait(DecisionKind::kBurst, [&t](const Decision& /*decision*/) { ApiAway(t); });
    Rises(t);
  }
  static void ApiAwayInADrainBack(Tormentor& t) {
    InADrainBack(t, 1 + t.dice_.Below(3), [&t] { ApiAway(t); });
    ComesAndGoes(t);
  }
  static void ApiRefuses(Tormentor& t) {
    const uint64_t which = t.dice_.Below(3);
    t.Spell([which](Knobs& knobs) {
      (which == 0 ? knobs.refused : which == 1 ? knobs.request_lost : knobs.answer_lost) = 600;
    });
    ComesAndGoes(t);
  }

  // For a while somebody's webhook lets nothing, or little, of it through; policies come and go meanwhile.
  static void ApiForbids(Tormentor& t) {
    const uint32_t permille = t.dice_.Chance(500) ? 1000 : 500;
    t.Spell([permille](Knobs& knobs) { knobs.forbidden = permille; });
    if (t.dice_.Chance(300)) PolicyRemoved(t);
    ComesAndGoes(t);
  }
  static void ApiForbidsInADrainBack(Tormentor& t) {
    const auto forbid = [&t] { t.Spell([](Knobs& knobs) { knobs.forbidden = 1000; }); };
    InADrainBack(t, 1 + t.dice_.Below(2), forbid);
    ComesAndGoes(t);
  }

  static void ByHand(Tormentor& t) {
    const auto replicas = static_cast<uint32_t>(1 + t.dice_.Below(Scaled(t).maximum() + kMostByHand));
    t.world_.ScaleByHand(Scaled(t).workload(), replicas);
  }
  // The valve is open: what somebody asks for goes through.
  static void ByHandInABurst(Tormentor& t) {
    t.LieInWait(DecisionKind::kBurst, [&t](const Decision& /*decision*/) {
      t.Later(Milliseconds(10), Seconds(3), [&t] { ByHand(t); });
    });
    Rises(t);
  }
  static void ByHandInADrainBack(Tormentor& t) {
    InADrainBack(t, 1 + t.dice_.Below(2),
                 [&t] { t.Later(absl::ZeroDuration(), Seconds(3), [&t] { ByHand(t); }); });
    ComesAndGoes(t);
  }
  static void MadeAgain(Tormentor& t) {
    InADrainBack(t, 1 + t.dice_.Below(3), [&t] {
      t.Later(absl::ZeroDuration(), Seconds(2), [&t] {
        const auto replicas = static_cast<uint32_t>(1 + t.dice_.Below(Scaled(t).maximum()));
        t.world_.kubernetes().MakeAgain(Scaled(t).workload(), replicas,
                                        t.dice_.Between(Milliseconds(10), Seconds(4)));
      });
    });
    ComesAndGoes(t);
  }
  static void LoadRisesInADrainBack(Tormentor& t) {
    InADrainBack(t, 1, [&t] { t.Later(Milliseconds(200), Seconds(4), [&t] { Rises(t); }); });
    ComesAndGoes(t);
  }
  static void NodeLostInADrainBack(Tormentor& t) {
    InADrainBack(t, 1 + t.dice_.Below(2),
                 [&t] { t.Later(absl::ZeroDuration(), Seconds(2), [&t] { LoseOne(t); }); });
    ComesAndGoes(t);
  }
  static void EvictionsBlocked(Tormentor& t) {
    const std::string workload = Scaled(t).workload();
    t.world_.kubernetes().workload(workload).blocked = true;
    t.Later(Seconds(5), Seconds(60),
            [&t, workload] { t.world_.kubernetes().workload(workload).blocked = false; });
    ComesAndGoes(t);
  }

  static void PolicyRemoved(Tormentor& t) {
    t.world_.RemovePolicy(Story(t).policy().name);
    t.Later(Seconds(1), Seconds(40), [&t] { t.world_.Apply(Story(t).policy()); });
  }
  static void PolicyPaused(Tormentor& t) {
    Policy paused = Story(t).policy();
    paused.burst().paused = true;
    t.world_.Apply(paused);
    t.Later(Seconds(1), Seconds(40), [&t] { t.world_.Apply(Story(t).policy()); });
  }
  static void PolicyObserves(Tormentor& t) {
    Policy observes = Story(t).policy();
    observes.burst().mode = PolicyMode::kObserve;
    t.world_.Apply(observes);
    t.Later(Seconds(1), Seconds(40), [&t] { t.world_.Apply(Story(t).policy()); });
    Rises(t);
  }
  static void PolicyInTheMidst(Tormentor& t) {
    const uint64_t which = t.dice_.Below(3);
    t.LieInWait(t.dice_.Chance(500) ? DecisionKind::kBurst : DecisionKind::kDrainBack,
                [&t, which](const Decision& /*decision*/) {
                  t.Later(absl::ZeroDuration(), Seconds(5), [&t, which] {
                    if (which == 0) PolicyRemoved(t);
                    if (which == 1) PolicyPaused(t);
                    if (which == 2) PolicyObserves(t);
                  });
                });
    ComesAndGoes(t);
  }
  static void CapsLowered(Tormentor& t) {
    Policy lower = Story(t).policy();
    lower.burst().caps.pods = 1;
    t.world_.Apply(lower);
    t.Later(Seconds(5), Seconds(40), [&t] { t.world_.Apply(Story(t).policy()); });
    Rises(t);
  }
};

namespace {

struct BurstIncident {
  const char* mark;
  uint32_t weight;
  void (*begin)(Tormentor&);
};

constexpr BurstIncident kBurstIncidents[] = {
    {"a burst comes and goes", 8, BurstIncidents::ComesAndGoes},
    {"node joins in a burst", 6, BurstIncidents::NodeJoins},
    {"node joins in a burst and goes", 4, BurstIncidents::NodeJoinsAndGoes},
    {"node lost in a burst", 5, BurstIncidents::NodeLost},
    {"provider is stuck", 4, BurstIncidents::ProviderStuck},
    {"provider fails pods", 4, BurstIncidents::ProviderFails},
    {"provider has a quota", 3, BurstIncidents::ProviderQuota},
    {"samples of virtual nodes lost", 3, BurstIncidents::SamplesLost},
    {"restart in a burst", 4, BurstIncidents::RestartInABurst},
    {"restart in a drain-back", 5, BurstIncidents::RestartInADrainBack},
    {"restart in a surge", 4, BurstIncidents::RestartInASurge},
    {"API away in a burst", 3, BurstIncidents::ApiAwayInABurst},
    {"API away in a drain-back", 4, BurstIncidents::ApiAwayInADrainBack},
    {"API refuses in a burst", 3, BurstIncidents::ApiRefuses},
    {"API forbids in a burst", 3, BurstIncidents::ApiForbids},
    {"API forbids in a drain-back", 3, BurstIncidents::ApiForbidsInADrainBack},
    {"scaled by hand in a burst", 3, BurstIncidents::ByHandInABurst},
    {"scaled by hand in a drain-back", 3, BurstIncidents::ByHandInADrainBack},
    {"workload made again in a drain-back", 2, BurstIncidents::MadeAgain},
    {"load rises in a drain-back", 4, BurstIncidents::LoadRisesInADrainBack},
    {"node lost in a drain-back", 4, BurstIncidents::NodeLostInADrainBack},
    {"evictions blocked in a drain-back", 4, BurstIncidents::EvictionsBlocked},
    {"burst policy removed", 2, BurstIncidents::PolicyRemoved},
    {"burst policy paused", 2, BurstIncidents::PolicyPaused},
    {"burst policy observes", 2, BurstIncidents::PolicyObserves},
    {"burst policy changed in the midst", 3, BurstIncidents::PolicyInTheMidst},
    {"burst caps lowered", 3, BurstIncidents::CapsLowered},
};

}  // namespace

std::vector<std::string> Tormentor::MarksOfBursts() {
  std::vector<std::string> marks;
  for (const BurstIncident& incident : kBurstIncidents) marks.emplace_back(incident.mark);
  return marks;
}

void Tormentor::StrikeBurst() {
  FindNodes();
  uint64_t total = 0;
  for (const BurstIncident& incident : kBurstIncidents) total += incident.weight;
  uint64_t pick = dice_.Below(total);
  for (const BurstIncident& incident : kBurstIncidents) {
    if (pick < incident.weight) {
      world_.marks().Hit(incident.mark);
      return incident.begin(*this);
    }
    pick -= incident.weight;
  }
}

void Tormentor::EndBurst() {
  if (burst_ == nullptr) return;
  world_.kubernetes().SetVirtualStarts(true);
  world_.kubernetes().SetVirtualFails(false);
  world_.kubernetes().SetVirtualQuota(std::nullopt);
  world_.LoseVirtualSamples(false);
  world_.kubernetes().workload(story_->workload()).blocked = false;
  if (burst_->dice().Chance(900)) return world_.Apply(burst_->policy());
  world_.RemovePolicy(burst_->policy().name);
}

}  // namespace evenkeel::simulation
