#include "tests/simulation/samples.h"

#include <algorithm>
#include <utility>

#include "agent/core/significance.h"
#include "agent/core/timestamps.h"

namespace evenkeel::simulation {
namespace {

constexpr absl::Duration kSampleEvery = absl::Seconds(1);
constexpr absl::Duration kAskAgain =
    absl::Seconds(1);  // until a request finds its way open, it is sent again

}  // namespace

Load Samples::LoadOf(const std::string& workload) const {
  const auto load = loads_.find(workload);
  return load == loads_.end() ? Load{} : load->second;
}

Samples::OfNode& Samples::Of(const std::string& node, uint64_t connection) {
  OfNode& of = nodes_[node];
  if (of.connection != connection) of = {.connection = connection, .looks = of.looks, .waits = of.waits};
  return of;
}

bool Samples::IsLost(const std::string& node) const {
  if (virtual_lost_ && around_.kubernetes.IsVirtual(node)) return true;
  size_t place = 0;
  for (const auto& [name, machine] : around_.machines) {
    if (name == node) break;
    ++place;
  }
  return place * 100 < around_.machines.size() * size_t{lost_percent_};
}

void Samples::KillContainer(const std::string& workload, size_t place, const Crash& crash) {
  for (const auto& [name, pod] : around_.kubernetes.pods()) {
    if (pod.controller.name != workload || --place > 0) continue;
    Life& life = lives_[pod.uid];
    ++life.restarts;
    life.crash = crash;
    life.died = around_.schedule.now();
    life.back = life.died + crash.back_after;
    return;
  }
}

bool Samples::IsDead(const std::string& uid) const {
  const auto life = lives_.find(uid);
  return life != lives_.end() && around_.schedule.now() < life->second.back;
}

// What the runtime says of a container that has died, and of one that has taken its place.
void Samples::AddLife(const std::string& uid, const std::string& node, v1::ContainerReport& container) const {
  const auto found = lives_.find(uid);
  if (found == lives_.end()) return;
  const Life& life = found->second;
  const auto ended = agent::AsTimestamp(life.died + around_.machines.at(node).clock_skew);
  if (IsDead(uid)) {
    container.set_state(v1::CONTAINER_STATE_EXITED);
    container.set_restarts(life.restarts - 1);
    container.set_exit_code(life.crash.exit_code);
    container.set_exit_reason(life.crash.reason);
    *container.mutable_ended_time() = ended;
    return;
  }
  container.set_container_id(uid + "-" + std::to_string(life.restarts));
  container.set_restarts(life.restarts);
  container.mutable_previous_end()->set_exit_code(life.crash.exit_code);
  container.mutable_previous_end()->set_reason(life.crash.reason);
  *container.mutable_previous_end()->mutable_end_time() = ended;
}

PodUse Samples::UseOfPod(const coordinator::PodFacts& pod) const {
  const std::string& workload = pod.controller.name;
  const Load load = LoadOf(workload);
  if (!pod.ready) return {.millicores = load.start_up_millicores};
  if (pod.deleting) return {};
  uint32_t ready = 0;
  for (const auto& [name, other] : around_.kubernetes.pods()) {
    const bool serves = other.ready && !other.deleting && !IsDead(other.uid);
    if (serves && other.controller.name == workload) ++ready;
  }
  return UseOf(LoadAt(load, around_.schedule.now()), ready, load.limit_millicores);
}

// As the agent finds them: those that start, and those that run.
std::vector<v1::PodReport> Samples::PodsOn(const std::string& node) const {
  const bool lost = IsLost(node);
  std::vector<v1::PodReport> reports;
  for (const auto& [name, pod] : around_.kubernetes.pods()) {
    if (pod.node != node) continue;
    const bool starts = pod.phase == "Pending";
    if (!starts && !around_.kubernetes.containers().Runs(node, pod.uid)) continue;
    v1::PodReport& report = reports.emplace_back();
    report.set_uid(pod.uid);
    report.set_namespace_(kNamespace);
    report.set_name(name);
    report.set_sandbox_ready(true);
    v1::ContainerReport& container = *report.add_containers();
    container.set_name("app");
    container.set_container_id(pod.uid);
    container.set_state(v1::CONTAINER_STATE_RUNNING);
    AddLife(pod.uid, node, container);
    if (lost || IsDead(pod.uid)) continue;
    const PodUse use = UseOfPod(pod);
    container.set_cpu_used_millicores(static_cast<uint64_t>(use.millicores));
    container.set_cpu_throttled_percent(use.throttled_percent);
  }
  return reports;
}

void Samples::AddAll(const std::string& node, uint64_t connection, v1::Report& report) {
  OfNode& of = Of(node, connection);
  of.told_all = true;
  of.told.clear();
  // Nobody has asked anything of anybody: reports are as they were before there was scaling.
  if (loads_.empty() && !of.looks) return;
  for (v1::PodReport& pod : PodsOn(node)) {
    of.told[pod.uid()] = pod;
    *report.add_pods() = std::move(pod);
  }
}

void Samples::SampleClosely(const std::string& node, uint64_t connection,
                            const std::vector<std::string>& uids) {
  if (!around_.agents.Holds(connection)) return;
  Of(node, connection).wanted = {uids.begin(), uids.end()};
  Deliver(node);
}

// What the way does not let through is sent again, by TCP: the last that was asked is what counts.
void Samples::Deliver(const std::string& node) {
  OfNode& of = nodes_.at(node);
  if (!around_.agents.Holds(of.connection)) return;
  if (!around_.agents.HearsCoordinator(of.connection)) {
    if (std::exchange(of.waits, true)) return;
    return around_.schedule.After(kAskAgain, [this, node] {
      nodes_.at(node).waits = false;
      Deliver(node);
    });
  }
  of.closely = of.wanted;
  if (of.looks) return;
  of.looks = true;
  // Each agent has a rhythm of its own.
  around_.schedule.After(dice_.Between(absl::ZeroDuration(), kSampleEvery),
                         [this, node] { LookAgain(node); });
}

void Samples::LookAgain(const std::string& node) {
  Look(node);
  around_.schedule.After(kSampleEvery, [this, node] { LookAgain(node); });
}

void Samples::Look(const std::string& node) {
  OfNode& of = nodes_.at(node);
  if (of.closely.empty() || !of.told_all || !around_.agents.Speaks(of.connection)) return;
  if (around_.marks.Strike(dice_, around_.knobs.sample_lost, "sample lost")) return;
  v1::Report report;
  std::set<std::string> there;
  for (v1::PodReport& pod : PodsOn(node)) {
    there.insert(pod.uid());
    if (!of.closely.contains(pod.uid())) continue;
    const auto told = of.told.find(pod.uid());
    const bool moved = told == of.told.end() || agent::CpuMoved(pod, told->second);
    int& told_again = of.told_again[pod.uid()];
    const bool again = !moved && told_again > 0;
    told_again = moved ? agent::kToldAgain : told_again - (again ? 1 : 0);
    if (!moved && !again && !agent::WorthSendingClosely(pod, told->second)) continue;
    of.told[pod.uid()] = pod;
    *report.add_pods() = std::move(pod);
  }
  for (auto told = of.told.begin(); told != of.told.end();) {
    if (there.contains(told->first)) {
      ++told;
      continue;
    }
    report.add_gone_pod_uids(told->first);
    of.told_again.erase(told->first);
    told = of.told.erase(told);
  }
  if (report.pods().empty() && report.gone_pod_uids().empty()) return;
  const absl::Time node_time = around_.schedule.now() + around_.machines.at(node).clock_skew;
  *report.mutable_node_time() = agent::AsTimestamp(node_time);
  // One that is late keeps those behind it waiting.
  absl::Time sent = std::max(around_.schedule.now(), of.sends);
  if (around_.marks.Strike(dice_, around_.knobs.sample_late, "sample late"))
    sent += dice_.Between(absl::ZeroDuration(), around_.knobs.sample_delay);
  of.sends = sent;
  if (sent == around_.schedule.now()) return Send(node, report);
  around_.schedule.At(sent, [this, node, connection = of.connection, report] {
    if (nodes_.at(node).connection == connection) Send(node, report);
  });
}

void Samples::Send(const std::string& node, const v1::Report& report) {
  OfNode& of = nodes_.at(node);
  // What it could not send it finds to be news the next time.
  if (!around_.agents.Send(of.connection, report)) return of.told.clear();
  const bool twice = around_.marks.Strike(dice_, around_.knobs.sample_twice, "sample twice");
  if (twice) (void)around_.agents.Send(of.connection, report);
}

}  // namespace evenkeel::simulation
