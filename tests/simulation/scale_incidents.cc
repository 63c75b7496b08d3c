// What goes wrong where a workload is scaled: its load, its pods' samples, others who scale it, and the
// coordinator and its surroundings at the worst of moments.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/tormentor.h"

namespace evenkeel::simulation {

using coordinator::Decision;
using coordinator::DecisionKind;
using coordinator::PolicyMode;
using coordinator::TakeOverAutoscaler;

using absl::Milliseconds;
using absl::Seconds;

struct ScaleIncidents {
  static ScaleStory& Story(Tormentor& t) { return *t.story_; }

  static void Set(Tormentor& t, LoadCurve curve, int64_t low, int64_t high, absl::Duration length,
                  absl::Duration period) {
    Load load = Story(t).LoadOf(high);
    load.base_millicores = Story(t).LoadOf(low).base_millicores;
    load.curve = curve;
    load.from = t.world_.now();
    load.length = length;
    load.period = period;
    if (t.dice_.Chance(500)) load.noise_percent = static_cast<uint32_t>(t.dice_.Below(30));
    load.seed = t.dice_.Next();
    t.world_.SetLoad(Story(t).workload(), load);
  }
  static void Rises(Tormentor& t) {
    t.world_.SetLoad(Story(t).workload(), Story(t).LoadOf(Story(t).HighHeight(t.dice_)));
  }
  static void Falls(Tormentor& t) {
    t.world_.SetLoad(Story(t).workload(), Story(t).LoadOf(Story(t).LowHeight(t.dice_)));
  }

  static void Step(Tormentor& t) {
    Set(t, LoadCurve::kStep, Story(t).LowHeight(t.dice_), Story(t).HighHeight(t.dice_),
        t.dice_.Between(Seconds(5), Seconds(90)), absl::Minutes(10));
  }
  static void Spike(Tormentor& t) {
    Set(t, LoadCurve::kSpike, Story(t).LowHeight(t.dice_), Story(t).HighHeight(t.dice_),
        t.dice_.Between(Seconds(1), Seconds(6)), t.dice_.Between(Seconds(10), Seconds(40)));
  }
  static void Saw(Tormentor& t) {
    Set(t, LoadCurve::kSaw, Story(t).LowHeight(t.dice_), Story(t).HighHeight(t.dice_),
        absl::InfiniteDuration(), t.dice_.Between(Seconds(20), Seconds(90)));
  }
  static void Daily(Tormentor& t) {
    Set(t, LoadCurve::kDaily, Story(t).LowHeight(t.dice_), Story(t).HighHeight(t.dice_),
        absl::InfiniteDuration(), t.dice_.Between(Seconds(60), Seconds(240)));
  }
  static void HalfUnseen(Tormentor& t) {
    t.world_.LoseSamples(t.dice_.Chance(800) ? 50 : 100);
    t.Later(Seconds(2), t.dice_.Chance(200) ? Seconds(160) : Seconds(40), [&t] { t.world_.LoseSamples(0); });
    if (t.dice_.Chance(500)) Falls(t);
  }
  static void BadSamples(Tormentor& t) {
    const uint32_t lost = static_cast<uint32_t>(t.dice_.Below(400));
    const uint32_t late = static_cast<uint32_t>(t.dice_.Below(400));
    const uint32_t twice = static_cast<uint32_t>(t.dice_.Below(400));
    const absl::Duration delay = t.dice_.Between(Milliseconds(200), Seconds(8));
    t.Spell([=](Knobs& knobs) {
      knobs.sample_lost = lost;
      knobs.sample_late = late;
      knobs.sample_twice = twice;
      knobs.sample_delay = delay;
    });
  }
  static void AutoscalerAppears(Tormentor& t) {
    const std::string workload = Story(t).workload();
    t.world_.AddAutoscaler(workload, 1, Story(t).maximum() + 5, 80, t.dice_.Chance(300));
    t.Later(Seconds(1), Seconds(40), [&t, workload] { t.world_.RemoveAutoscaler(workload); });
    if (t.dice_.Chance(700)) t.dice_.Chance(500) ? Rises(t) : Falls(t);
  }
  // Of a workload that nothing else scales; its policy may be there already, which refuses it.
  static void TakenOver(Tormentor& t) {
    const std::string workload = Story(t).other();
    t.world_.AddAutoscaler(workload, 2, 4, 80);
    t.Later(Milliseconds(100), Seconds(3), [&t, workload] {
      t.world_.Order(TakeOverAutoscaler{.request_id = 1,
                                        .cluster = kCluster,
                                        .name = {kNamespace, workload},
                                        .policy = absl::StrCat("scale-", workload),
                                        .mode = PolicyMode::kEnforce});
    });
  }
  static void ByHand(Tormentor& t) {
    const auto replicas = static_cast<uint32_t>(1 + t.dice_.Below(Story(t).maximum() + kMostByHand));
    t.world_.ScaleByHand(Story(t).workload(), replicas);
  }
  // `kubectl delete` and `kubectl apply`: another object has its name, after a while or at once.
  static void MadeAgain(Tormentor& t) {
    const auto replicas = static_cast<uint32_t>(1 + t.dice_.Below(Story(t).maximum()));
    t.world_.kubernetes().MakeAgain(
        Story(t).workload(), replicas,
        t.dice_.Chance(500) ? t.dice_.Between(Milliseconds(10), Seconds(1)) : Seconds(8));
  }
  static void MadeAgainInTheMidst(Tormentor& t) {
    t.LieInWait(DecisionKind::kScale, [&t](const Decision& /*decision*/) { MadeAgain(t); });
    t.dice_.Chance(700) ? Rises(t) : Falls(t);
  }
  // After the decision, and before its request comes to the API.
  static void ByHandInTheMidst(Tormentor& t) {
    t.LieInWait(DecisionKind::kScale, [&t](const Decision& /*decision*/) { ByHand(t); });
    t.dice_.Chance(700) ? Rises(t) : Falls(t);
  }
  // With the request handed out and not answered, or not even sent.
  static void RestartInTheMidst(Tormentor& t) {
    t.LieInWait(DecisionKind::kScale, [&t](const Decision& /*decision*/) {
      absl::Duration waits;
      if (t.dice_.Chance(500)) waits = t.dice_.Between(Milliseconds(10), Milliseconds(1500));
      t.Spell([waits](Knobs& knobs) { knobs.api_delay = std::max(knobs.api_delay, waits); });
      t.Later(absl::ZeroDuration(), waits + Milliseconds(20), [&t] { Kill(t); });
    });
    t.dice_.Chance(700) ? Rises(t) : Falls(t);
  }
  static void RestartInAPanic(Tormentor& t) {
    Falls(t);
    t.Later(Seconds(3), Seconds(10), [&t] {
      Rises(t);
      AwaitPanic(t, 60);
    });
  }
  static void AwaitPanic(Tormentor& t, uint32_t looks) {
    const auto& scalers = t.world_.disk().scalers;
    const bool panics = std::any_of(scalers.begin(), scalers.end(), [](const auto& scaler) {
      return scaler.second.memory.panic.has_value();
    });
    const absl::Duration soon = Milliseconds(500);
    if (!panics && looks > 0) {
      return t.Later(soon, soon, [&t, looks] { AwaitPanic(t, looks - 1); });
    }
    if (!panics) return;
    if (t.dice_.Chance(700)) Falls(t);
    t.Later(absl::ZeroDuration(), Seconds(15), [&t] { Kill(t); });
  }
  // The load has gone, and nothing is scaled in yet.
  static void RestartInAWindow(Tormentor& t) {
    Rises(t);
    t.Later(Seconds(10), Seconds(30), [&t] {
      Falls(t);
      t.Later(Seconds(1), Seconds(20), [&t] { Kill(t); });
    });
  }
  static void Kill(Tormentor& t) {
    if (t.world_.coordinator_runs()) t.world_.StopCoordinator();
  }
  static void ApiAwayUnderLoad(Tormentor& t) {
    t.dice_.Chance(600) ? Rises(t) : Falls(t);
    t.Later(absl::ZeroDuration(), Seconds(2), [&t] {
      t.world_.SetApiAway(true);
      t.Later(Seconds(1), Seconds(60), [&t] { t.world_.SetApiAway(false); });
    });
  }
  static void ApiAwayInAScaleOut(Tormentor& t) {
    t.LieInWait(DecisionKind::kScale, [&t](const Decision& /*decision*/) {
      t.Later(absl::ZeroDuration(), Milliseconds(30), [&t] {
        t.world_.SetApiAway(true);
        t.Later(Milliseconds(20), Seconds(20), [&t] { t.world_.SetApiAway(false); });
      });
    });
    Rises(t);
  }
  static void NodeLostUnderLoad(Tormentor& t) {
    Rises(t);
    t.Later(Seconds(1), Seconds(12), [&t] {
      std::vector<std::string> nodes;
      for (const auto& [name, pod] : t.world_.kubernetes().pods()) {
        if (pod.controller.name == Story(t).workload() && !pod.node.empty()) nodes.push_back(pod.node);
      }
      if (nodes.empty()) return;
      const std::string node = nodes[t.dice_.Below(nodes.size())];
      t.world_.PowerOff(node);
      t.Later(Seconds(5), Seconds(60), [&t, node] { t.Repair(node); });
      // What is left is less than what there is: it must wait until the lost ones are back.
      if (t.dice_.Chance(600)) t.Later(absl::ZeroDuration(), Seconds(8), [&t] { Falls(t); });
    });
  }
};

namespace {

struct ScaleIncident {
  const char* mark;
  uint32_t weight;
  void (*begin)(Tormentor&);
};

constexpr ScaleIncident kScaleIncidents[] = {
    {"load: step", 8, ScaleIncidents::Step},
    {"load: spikes", 5, ScaleIncidents::Spike},
    {"load: saw", 4, ScaleIncidents::Saw},
    {"load: daily", 3, ScaleIncidents::Daily},
    {"load rises", 6, ScaleIncidents::Rises},
    {"load falls", 8, ScaleIncidents::Falls},
    {"samples of nodes lost", 6, ScaleIncidents::HalfUnseen},
    {"spell: bad samples", 4, ScaleIncidents::BadSamples},
    {"autoscaler appears", 4, ScaleIncidents::AutoscalerAppears},
    {"autoscaler taken over", 2, ScaleIncidents::TakenOver},
    {"scaled by hand", 5, ScaleIncidents::ByHand},
    {"scaled by hand in a change of replicas", 3, ScaleIncidents::ByHandInTheMidst},
    {"workload made again", 3, ScaleIncidents::MadeAgain},
    {"workload made again in a change of replicas", 2, ScaleIncidents::MadeAgainInTheMidst},
    {"restart in a change of replicas", 5, ScaleIncidents::RestartInTheMidst},
    {"restart in a panic", 4, ScaleIncidents::RestartInAPanic},
    {"restart in a window", 4, ScaleIncidents::RestartInAWindow},
    {"API away under load", 4, ScaleIncidents::ApiAwayUnderLoad},
    {"API away in a change of replicas", 3, ScaleIncidents::ApiAwayInAScaleOut},
    {"node lost under load", 6, ScaleIncidents::NodeLostUnderLoad},
};

}  // namespace

std::vector<std::string> Tormentor::MarksOfScaling() {
  std::vector<std::string> marks;
  for (const ScaleIncident& incident : kScaleIncidents) marks.emplace_back(incident.mark);
  return marks;
}

void Tormentor::StrikeScaled() {
  FindNodes();
  uint64_t total = 0;
  for (const ScaleIncident& incident : kScaleIncidents) total += incident.weight;
  uint64_t pick = dice_.Below(total);
  for (const ScaleIncident& incident : kScaleIncidents) {
    if (pick < incident.weight) {
      world_.marks().Hit(incident.mark);
      return incident.begin(*this);
    }
    pick -= incident.weight;
  }
}

void Tormentor::EndScaled() {
  if (story_ == nullptr) return;
  world_.LoseSamples(0);
  world_.RemoveAutoscaler(story_->workload());
  world_.RemoveAutoscaler(story_->other());
  world_.SetLoad(story_->workload(), story_->LoadOf(story_->AnyHeight(dice_)));
}

}  // namespace evenkeel::simulation
