#include "agent/program/metrics.h"

#include <string>

namespace evenkeel::agent {
namespace {

prometheus::Counter& Counter(prometheus::Registry& registry, const std::string& name,
                             const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

void CarryOver(uint64_t from, prometheus::Counter& to) {
  to.Increment(static_cast<double>(from) - to.Value());
}

}  // namespace

AgentMetrics::AgentMetrics(prometheus::Registry& registry, const Agent& agent)
    : agent_(agent),
      connected_(prometheus::BuildGauge()
                     .Name("evenkeel_agent_connected")
                     .Help("1 while a session with a coordinator is open")
                     .Register(registry)
                     .Add({})),
      armed_(
          prometheus::BuildGauge()
              .Name("evenkeel_agent_self_fencing_armed")
              .Help("1 while the agent will stop the pods that must not run twice when its node is isolated")
              .Register(registry)
              .Add({})),
      fenced_(prometheus::BuildGauge()
                  .Name("evenkeel_agent_self_fencing_fenced")
                  .Help("1 while the agent keeps the pods that must not run twice stopped")
                  .Register(registry)
                  .Add({})) {
  const SessionCounters& session = agent.session_counters();
  carried_ = {
      {&session.sessions,
       &Counter(registry, "evenkeel_agent_sessions_total", "Sessions that a coordinator welcomed")},
      {&session.failures, &Counter(registry, "evenkeel_agent_session_failures_total",
                                   "Connections to a coordinator that failed or broke")},
      {&session.beats, &Counter(registry, "evenkeel_agent_beats_total", "Beats sent")},
      {&session.late_beats,
       &Counter(registry, "evenkeel_agent_late_beats_total", "Beats sent more than half an interval late")},
      {&session.reports, &Counter(registry, "evenkeel_agent_reports_total", "Reports sent")},
      {&session.probes, &Counter(registry, "evenkeel_agent_probes_total", "Answers to probe requests sent")},
  };
  auto& rounds = prometheus::BuildCounter()
                     .Name("evenkeel_agent_collector_rounds_total")
                     .Help("Rounds that a collector has finished")
                     .Register(registry);
  auto& failures = prometheus::BuildCounter()
                       .Name("evenkeel_agent_collector_failures_total")
                       .Help("Rounds in which a collector could not read all it should")
                       .Register(registry);
  auto& stalled = prometheus::BuildGauge()
                      .Name("evenkeel_agent_collector_stalled")
                      .Help("1 while a collector's round is over its deadline")
                      .Register(registry);
  for (const auto& collector : agent.collectors()) {
    const prometheus::Labels labels = {{"collector", collector->name()}};
    collectors_.push_back(
        {.rounds = &rounds.Add(labels), .failures = &failures.Add(labels), .stalled = &stalled.Add(labels)});
  }
}

void AgentMetrics::Update() {
  connected_.Set(agent_.connected() ? 1 : 0);
  armed_.Set(agent_.fencer().armed() ? 1 : 0);
  fenced_.Set(agent_.fencer().fenced() ? 1 : 0);
  for (const Carried& carried : carried_) {
    CarryOver(carried.from->load(std::memory_order_relaxed), *carried.to);
  }
  for (size_t i = 0; i < collectors_.size(); ++i) {
    const CollectorThread::Health health = agent_.collectors()[i]->health();
    CarryOver(health.rounds, *collectors_[i].rounds);
    CarryOver(health.failures, *collectors_[i].failures);
    collectors_[i].stalled->Set(health.stalled ? 1 : 0);
  }
}

}  // namespace evenkeel::agent
