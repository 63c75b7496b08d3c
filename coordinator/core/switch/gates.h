// The gates of a step: what green must show before it gets more, and what takes everything from it again.
// Each answer is pass, fail or inconclusive; one that fails fails the step at once, and only when all pass
// and the soak is over does the next begin. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/probe_facts.h"
#include "coordinator/core/switch/side_health.h"
#include "coordinator/core/switch/switch_spec.h"
#include "coordinator/core/switch/traffic.h"

namespace evenkeel::coordinator {

enum class GateVerdict { kPass, kFail, kInconclusive };
// "pass", "fail", "inconclusive".
const char* Word(GateVerdict verdict);

struct GateAnswer {
  std::string gate;  // "requests", "errors", "latency", "health", "prober", "hook NAME"
  GateVerdict verdict = GateVerdict::kInconclusive;
  std::string reason;  // a sentence without its full stop, with figures
  bool operator==(const GateAnswer&) const = default;
};

struct HookAnswer {
  GateVerdict verdict = GateVerdict::kInconclusive;
  std::string detail;
  absl::Time time = absl::InfinitePast();  // of the question
  bool operator==(const HookAnswer&) const = default;
};

// How blue did while it had enough traffic to tell: what green is held against once blue has none.
struct Baseline {
  double bad_permille = 0;
  std::optional<absl::Duration> latency_mean;
  absl::Duration latency_within;  // the mean may be wrong by so much
  bool operator==(const Baseline&) const = default;
};

// What the gates look at.
struct GateSight {
  absl::Time now;
  SwitchStep step;
  bool last_step = false;  // blue gets nothing any more
  BothCounts whole;        // since the step's weights were read back
  BothCounts recent;       // of the last seconds (traffic.h)
  BothCounts last_second;  // of the last one
  SideReading blue;
  SideReading green;
  std::optional<Baseline> baseline;  // none: blue never had enough
  SideSight green_sight;
  bool has_prober = false;
  ProbeCounts probes;                       // since the step was decided
  std::map<std::string, HookAnswer> hooks;  // by name; only what was asked since then
};

// Since when a gate has seen what fails it when it lasts; by gate.
using BadSince = std::map<std::string, absl::Time>;

// Blue needs as many requests in a span to be compared with.
inline constexpr uint64_t kComparable = 20;
// The mean time of fewer answers of green may be chance, or that of a cold start: it fails nothing.
inline constexpr uint64_t kTimed = 50;

//   requests  green has answered `min_requests` in this step
//   errors    green's share of failures, against the limit and against blue's of the same time
//   latency   green's mean against blue's of the same time, of the step and of its last seconds; what is
//             surely slower in kTimed answers fails, what is slower in fewer waits for more
//   health    JudgeCarrier of green; what is bad must last for `bad_for`
//   prober    none of its requests is lost, but to blue
//   hook ...  what each hook says
// Whatever the gateways do not count or measure passes, and says so: the prober speaks for it.
std::vector<GateAnswer> AskGates(const GateRules& rules, const GateSight& sight, BadSince& bad_since);

// Fail before inconclusive before pass.
GateVerdict Together(const std::vector<GateAnswer>& answers);
// Those that are of this verdict: "errors: ...; health: ...".
std::string Reasons(const std::vector<GateAnswer>& answers, GateVerdict verdict);

// As blue does now; `known` where it has too little to tell.
std::optional<Baseline> NoteBaseline(const std::optional<Baseline>& known, const GateSight& sight);

}  // namespace evenkeel::coordinator
