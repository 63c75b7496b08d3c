#include "coordinator/usage/usage_book.h"

#include <algorithm>
#include <cmath>

#include "coordinator/usage/deaths_from.h"

namespace evenkeel::coordinator {
namespace {

// More than any machine has. An agent is not trusted with more: sums of it must not overflow.
constexpr uint64_t kMostMillicores = 10'000'000;

}  // namespace

UsageBook::State UsageBook::StateOf(const v1::PodReport& pod, const v1::Report& report, absl::Time received) {
  State state{.millicores = std::nullopt,
              .throttled_percent = std::nullopt,
              .told = received,
              .deaths = DeathsFrom(pod),
              .node_time = absl::UnixEpoch() + absl::Seconds(report.node_time().seconds()) +
                           absl::Nanoseconds(report.node_time().nanos())};
  uint64_t used = 0;
  // A sandbox alone has not begun to be measured, and what is left of a dead pod says nothing of its load.
  bool whole = !pod.containers().empty() && state.deaths.down == 0;
  for (const v1::ContainerReport& container : pod.containers()) {
    if (container.state() != v1::CONTAINER_STATE_RUNNING) continue;  // it uses nothing
    whole = whole && container.has_cpu_used_millicores();
    used = std::min(kMostMillicores, used + std::min(kMostMillicores, container.cpu_used_millicores()));
    if (!container.has_cpu_throttled_percent() || std::isnan(container.cpu_throttled_percent())) continue;
    state.throttled_percent = std::max(state.throttled_percent.value_or(0),
                                       std::clamp(container.cpu_throttled_percent(), 0.0, 100.0));
  }
  if (whole) state.millicores = static_cast<int64_t>(used);
  return state;
}

absl::Duration UsageBook::Fresh(const NodeBook& node, const Pod& pod) {
  if (pod.pulled) return kFreshVirtualSample;
  return std::max(kFreshSample, kUnsettled + 2 * node.rhythm);
}

// ---- who is asked for ----

bool UsageBook::Watch(const WatchUsage& request) {
  const auto [place, is_new] = node_of_.try_emplace(request.pod_uid, request.node);
  if (is_new && node_of_.size() > kMostPods) {
    node_of_.erase(place);
    return false;
  }
  NodeBook& node = nodes_[request.node];
  if (place->second != request.node) {  // what it used goes with it
    const std::string before = std::exchange(place->second, request.node);
    auto moved = nodes_[before].watched.extract(request.pod_uid);
    moved.mapped().state.reset();
    moved.mapped().changed = false;  // is noted below, of the other node
    node.watched.insert(std::move(moved));
    rewatched_.insert(before);
    DropIfUnused(before);
    rewatched_.insert(request.node);
  } else if (is_new) {
    rewatched_.insert(request.node);
  }
  Pod& pod = node.watched[request.pod_uid];
  pod.asked = request;
  if (const auto known = node.unwatched.find(request.pod_uid); known != node.unwatched.end()) {
    pod.state = known->second;
    node.unwatched.erase(known);
  }
  if (pod.state) {
    Sample(node, pod, std::max(pod.state->told, node.spoken - kUnsettled));
    NoteDeaths(pod);
  }
  NoteChange(pod);  // the windows may be others
  return true;
}

void UsageBook::Unwatch(const std::string& pod_uid) {
  const auto place = node_of_.find(pod_uid);
  if (place == node_of_.end()) return;
  const std::string name = place->second;
  NodeBook& node = nodes_.at(name);
  const auto at = node.watched.find(pod_uid);
  CheckAt(at->second, absl::InfiniteFuture());
  if (at->second.state && node.unwatched.size() < kMostUnwatched) {
    node.unwatched.insert_or_assign(pod_uid, *at->second.state);
  }
  node.watched.erase(at);
  node_of_.erase(place);
  sudden_.erase(pod_uid);
  rewatched_.insert(name);
  DropIfUnused(name);
}

UsageBook::Pod* UsageBook::Find(const std::string& pod_uid) {
  const auto place = node_of_.find(pod_uid);
  return place == node_of_.end() ? nullptr : &nodes_.at(place->second).watched.at(pod_uid);
}

void UsageBook::DropIfUnused(const std::string& node) {
  const auto at = nodes_.find(node);
  if (at == nodes_.end() || at->second.in_session || !at->second.watched.empty()) return;
  changed_.erase(node);
  nodes_.erase(at);
}

std::optional<int64_t> UsageBook::MillicoresOf(const std::string& node, const std::string& pod_uid) const {
  const auto at = nodes_.find(node);
  if (at == nodes_.end()) return std::nullopt;
  if (const auto pod = at->second.watched.find(pod_uid); pod != at->second.watched.end()) {
    if (pod->second.state) return pod->second.state->millicores;
    const std::optional<PodUsage>& told = pod->second.told;
    return told && told->steady ? std::optional(told->steady->millicores) : std::nullopt;
  }
  const auto pod = at->second.unwatched.find(pod_uid);
  return pod == at->second.unwatched.end() ? std::nullopt : pod->second.millicores;
}

std::vector<std::string> UsageBook::WatchedOn(const std::string& node) const {
  std::vector<std::string> uids;
  const auto at = nodes_.find(node);
  if (at == nodes_.end()) return uids;
  uids.reserve(at->second.watched.size());
  for (const auto& [uid, pod] : at->second.watched) uids.push_back(uid);
  return uids;
}

std::vector<PulledPod> UsageBook::PulledOn(const std::string& node) const {
  std::vector<PulledPod> pods;
  const auto at = nodes_.find(node);
  if (at == nodes_.end()) return pods;
  pods.reserve(at->second.watched.size());
  for (const auto& [uid, pod] : at->second.watched) {
    pods.push_back({.uid = uid, .name_space = pod.asked.name_space, .name = pod.asked.pod});
  }
  return pods;
}

std::set<std::string> UsageBook::TakeRewatched() {
  return std::exchange(rewatched_, {});
}

// ---- what the agents say ----

void UsageBook::OnSession(const std::string& name) {
  NodeBook& node = nodes_[name];
  node.in_session = true;
  node.spoken = absl::InfinitePast();
  ForgetStates(node);
  if (!node.watched.empty()) rewatched_.insert(name);
}

void UsageBook::OnSessionEnded(const std::string& name) {
  const auto at = nodes_.find(name);
  if (at == nodes_.end()) return;
  at->second.in_session = false;
  ForgetStates(at->second);
  DropIfUnused(name);
}

void UsageBook::ForgetStates(NodeBook& node) {
  node.unwatched.clear();
  for (auto& [uid, pod] : node.watched) pod.state.reset();
}

void UsageBook::OnReport(const std::string& name, const v1::Report& report, absl::Time received) {
  NodeBook& node = nodes_[name];
  node.in_session = true;
  if (report.full()) ForgetStates(node);
  for (const std::string& uid : report.gone_pod_uids()) {
    node.unwatched.erase(uid);
    if (const auto at = node.watched.find(uid); at != node.watched.end()) at->second.state.reset();
  }
  for (const v1::PodReport& told : report.pods()) {
    State state = StateOf(told, report, received);
    const auto at = node.watched.find(told.uid());
    if (at == node.watched.end()) {
      const bool room = node.unwatched.size() < kMostUnwatched || node.unwatched.contains(told.uid());
      if (room) node.unwatched.insert_or_assign(told.uid(), state);
      continue;
    }
    Pod& pod = at->second;
    if (pod.state && received < pod.state->told) continue;
    // The same figure, a moment after it was told, is no new reading: something else of the pod was worth the
    // report. Later it is one that has found the same.
    const bool reading =
        !pod.state || pod.state->millicores != state.millicores || received - pod.sampled >= kHoldsFor;
    if (pod.state) Sample(node, pod, received - kUnsettled);  // so long the figure from before has held
    pod.state = state;
    if (reading) Sample(node, pod, received);
    NoteDeaths(pod);
  }
}

void UsageBook::OnBeat(const std::string& name, absl::Time beat) {
  const auto at = nodes_.find(name);
  if (at == nodes_.end() || beat <= at->second.spoken) return;
  NodeBook& node = at->second;
  if (node.spoken != absl::InfinitePast()) node.rhythm = std::min(beat - node.spoken, kLongestRhythm);
  node.spoken = beat;
  const absl::Time settled = beat - kUnsettled;
  for (auto& [uid, pod] : node.watched) {
    if (pod.state && settled - pod.sampled >= kHoldsFor) Sample(node, pod, settled);
  }
}

void UsageBook::OnPulled(const std::string& name, const std::vector<PulledUsage>& pods, absl::Time received) {
  const auto at = nodes_.find(name);
  if (at == nodes_.end() || at->second.in_session) return;
  for (const PulledUsage& told : pods) {
    const auto found = at->second.watched.find(told.pod_uid);
    if (found == at->second.watched.end() || received <= found->second.sampled) continue;
    Pod& pod = found->second;
    pod.pulled = true;
    AddSample(at->second, pod, told.millicores, received, std::min(received - pod.sampled, told.window));
  }
}

void UsageBook::Sample(const NodeBook& node, Pod& pod, absl::Time taken) {
  if (!pod.state->millicores || taken <= pod.sampled) return;
  const absl::Duration length = std::min(taken - pod.sampled, kLongestSample);
  pod.pulled = false;
  if (pod.state->throttled_percent) {
    pod.throttled.push_back({.until = taken, .length = length, .percent = *pod.state->throttled_percent});
  }
  AddSample(node, pod, *pod.state->millicores, taken, length);
}

void UsageBook::AddSample(const NodeBook& node, Pod& pod, int64_t millicores, absl::Time taken,
                          absl::Duration length) {
  pod.window.Add({.millicores = millicores, .taken = taken, .window = length});
  if (pod.begun == absl::InfinitePast()) pod.begun = taken;
  pod.sampled = taken;
  while (!pod.throttled.empty() && (pod.throttled.front().until <= taken - pod.asked.panic_window ||
                                    pod.throttled.size() > kMostSamples)) {
    pod.throttled.pop_front();
  }
  // An entry that is there already, and earlier, is put off when it comes up.
  if (const absl::Time due = taken + Fresh(node, pod); due < pod.check) CheckAt(pod, due);
  NoteChange(pod);
  // A mean can only have passed what the figure itself has passed.
  const int64_t sudden = pod.asked.sudden_millicores;
  if (sudden > 0 && millicores > sudden && !ToldSudden(pod)) sudden_.insert(pod.asked.pod_uid);
}

// A report travels for as long as it may: when a death was is settled by the first that tells of it.
void UsageBook::NoteDeaths(Pod& pod) {
  const State& state = *pod.state;
  if (pod.node_deaths == state.deaths) return;
  const PodDeaths before = std::exchange(pod.deaths, state.deaths);
  const PodDeaths known = std::exchange(pod.node_deaths, state.deaths);
  if (pod.deaths.last) {
    const bool same = known.last && known.last->at == state.deaths.last->at;
    pod.deaths.last->at =
        same ? before.last->at : ByOurClock(state.deaths.last->at, state.node_time, state.told);
  }
  NoteChange(pod);
  sudden_.insert(pod.asked.pod_uid);
}

// ---- what the core is told ----

void UsageBook::NoteChange(Pod& pod) {
  if (pod.changed) return;
  pod.changed = true;
  changed_.insert(pod.asked.node);
}

void UsageBook::CheckAt(Pod& pod, absl::Time when) {
  if (pod.check != absl::InfiniteFuture()) checks_.erase({pod.check, pod.asked.pod_uid});
  pod.check = when;
  if (when != absl::InfiniteFuture()) checks_.emplace(when, pod.asked.pod_uid);
}

void UsageBook::RunChecks(absl::Time now) {
  while (!checks_.empty() && checks_.begin()->first < now) {
    Pod& pod = *Find(checks_.begin()->second);
    const absl::Time unseen = pod.sampled + Fresh(nodes_.at(pod.asked.node), pod);
    if (now <= unseen) {
      CheckAt(pod, unseen);
      continue;
    }
    NoteChange(pod);
    CheckAt(pod, now <= unseen + kHoldSample ? unseen + kHoldSample : absl::InfiniteFuture());
  }
}

PodUsage UsageBook::Figures(const NodeBook& node, const Pod& pod, absl::Time now) {
  PodUsage usage{.pod_uid = pod.asked.pod_uid,
                 .steady = std::nullopt,
                 .sudden = std::nullopt,
                 .held = false,
                 .throttled_percent = std::nullopt,
                 .deaths = pod.deaths};
  const UsageWindow::Sight sight = pod.window.SightAt(now, Fresh(node, pod));
  if (sight == UsageWindow::Sight::kMissing) return usage;
  usage.held = sight == UsageWindow::Sight::kHeld;
  usage.steady = pod.window.Mean(pod.asked.window);
  usage.sudden = pod.window.Mean(pod.asked.panic_window);
  double percent = 0;
  absl::Duration length;
  for (const Throttling& throttled : pod.throttled) {
    percent += throttled.percent * absl::ToDoubleSeconds(throttled.length);
    length += throttled.length;
  }
  if (length > absl::ZeroDuration()) {
    usage.throttled_percent = std::llround(percent / absl::ToDoubleSeconds(length));
  }
  return usage;
}

bool UsageBook::WorthTelling(const Pod& pod, const PodUsage& now) {
  const std::optional<PodUsage>& told = pod.told;
  if (!ToldDeaths(pod)) return true;
  if (!told) return now.steady.has_value();
  const auto millicores = [](const std::optional<CpuSample>& sample) {
    return sample ? std::optional<int64_t>(sample->millicores) : std::nullopt;
  };
  if (millicores(now.steady) != millicores(told->steady) ||
      millicores(now.sudden) != millicores(told->sudden) || now.held != told->held ||
      now.throttled_percent != told->throttled_percent) {
    return true;
  }
  if (!now.steady) return false;
  const bool young = now.steady->taken - pod.begun < kYoung;
  return now.steady->taken - told->steady->taken >= (young ? kHoldsFor : kTellAgain);
}

bool UsageBook::ToldSudden(const Pod& pod) {
  return pod.told && pod.told->sudden && pod.told->sudden->millicores > pod.asked.sudden_millicores;
}

bool UsageBook::ToldDeaths(const Pod& pod) {
  return pod.deaths == (pod.told ? pod.told->deaths : PodDeaths{});
}

std::vector<PodUsage> UsageBook::TakeChanged(absl::Time now) {
  RunChecks(now);
  std::vector<PodUsage> taken;
  for (const std::string& name : std::exchange(changed_, {})) {
    const auto at = nodes_.find(name);
    if (at == nodes_.end()) continue;
    for (auto& [uid, pod] : at->second.watched) {
      if (!std::exchange(pod.changed, false)) continue;
      PodUsage usage = Figures(at->second, pod, now);
      if (!WorthTelling(pod, usage)) continue;
      pod.told = usage;
      taken.push_back(std::move(usage));
    }
  }
  return taken;
}

std::vector<PodUsage> UsageBook::TakeSudden(absl::Time now) {
  std::vector<PodUsage> taken;
  for (const std::string& uid : std::exchange(sudden_, {})) {
    Pod& pod = *Find(uid);
    PodUsage usage = Figures(nodes_.at(pod.asked.node), pod, now);
    const int64_t sudden = pod.asked.sudden_millicores;
    const bool passed = sudden > 0 && usage.sudden && usage.sudden->millicores > sudden;
    if ((!passed || ToldSudden(pod)) && ToldDeaths(pod)) continue;
    pod.told = usage;
    taken.push_back(std::move(usage));
  }
  return taken;
}

}  // namespace evenkeel::coordinator
