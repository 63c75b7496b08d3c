#include "coordinator/core/switch/gates.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/error_rate.h"

namespace evenkeel::coordinator {
namespace {

// "0.4 %".
std::string SayPermille(double permille) {
  return absl::StrFormat("%.1f %%", permille / 10);
}

constexpr char kUnseen[] = "the gateway does not answer";

GateAnswer Enough(const GateSight& sight) {
  if (!sight.green.seen) return {"requests", GateVerdict::kInconclusive, kUnseen};
  if (!sight.green.counted) return {"requests", GateVerdict::kPass, "the gateway counts none"};
  const uint64_t answered = sight.whole.green.requests;
  const uint64_t least = sight.step.min_requests;
  return {"requests", answered >= least ? GateVerdict::kPass : GateVerdict::kInconclusive,
          absl::StrCat("green has had ", Count(answered, "request"), " of at least ", least)};
}

// What green may fail, as permille.
double ErrorLimit(const GateRules& rules, const std::optional<Baseline>& blue) {
  const double most = rules.max_error_permille;
  // A sick blue is no measure.
  if (!blue || blue->bad_permille > most) return most;
  return std::max(most, blue->bad_permille + rules.max_excess_permille);
}

bool SurelyFails(const GateRules& rules, const SideCount& count, double limit) {
  return count.Bad() >= rules.min_failures && SurelyBadPermille(count.Bad(), count.requests) > limit;
}

GateAnswer Errors(const GateRules& rules, const GateSight& sight, const std::optional<Baseline>& blue) {
  if (!sight.green.seen) return {"errors", GateVerdict::kInconclusive, kUnseen};
  if (!sight.green.counted) return {"errors", GateVerdict::kPass, "the gateway counts none"};
  const double limit = ErrorLimit(rules, blue);
  const SideCount& whole = sight.whole.green;
  const SideCount& recent = sight.recent.green;
  const bool just_now = SurelyFails(rules, sight.last_second.green, limit);
  const bool lately = just_now || SurelyFails(rules, recent, limit);
  const SideCount& shown = just_now ? sight.last_second.green : lately ? recent : whole;
  std::string reason = absl::StrCat(
      "green has failed ", shown.Bad(), " of ", lately ? "its last " : "", Count(shown.requests, "request"),
      " (", SayPermille(BadPermille(shown.Bad(), shown.requests)), ", at most ", SayPermille(limit));
  if (blue) absl::StrAppend(&reason, "; blue ", SayPermille(blue->bad_permille));
  absl::StrAppend(&reason, ")");
  if (lately || SurelyFails(rules, whole, limit)) return {"errors", GateVerdict::kFail, std::move(reason)};
  const bool good = BadPermille(whole.Bad(), whole.requests) <= limit &&
                    BadPermille(recent.Bad(), recent.requests) <= limit;
  // Without one request there is nothing to be said; the gate `requests` asks for more where more is needed.
  const bool known = whole.requests > 0 || sight.step.min_requests == 0;
  return {"errors", good && known ? GateVerdict::kPass : GateVerdict::kInconclusive, std::move(reason)};
}

// Bad for long enough, or not yet.
GateVerdict Lasting(const std::string& gate, bool bad, const GateRules& rules, absl::Time now,
                    BadSince& bad_since) {
  if (!bad) {
    bad_since.erase(gate);
    return GateVerdict::kPass;
  }
  const absl::Time since = bad_since.try_emplace(gate, now).first->second;
  return now - since >= rules.bad_for ? GateVerdict::kFail : GateVerdict::kInconclusive;
}

// How long green's answers took in a span, beside blue's.
struct Slowness {
  bool slow = false;    // surely
  bool enough = false;  // answers to fail it
  std::string reason;
};

Slowness Compare(const GateRules& rules, const AnswerTime& green, const Baseline& blue, const char* takes) {
  const absl::Duration mean = green.Mean().value_or(absl::ZeroDuration());
  const absl::Duration of_blue = blue.latency_mean.value_or(absl::ZeroDuration());
  const absl::Duration limit =
      std::max(of_blue * rules.max_latency_percent / 100, of_blue + rules.latency_slack);
  const absl::Duration within = blue.latency_within + green.Each(green.within).value_or(absl::ZeroDuration());
  Slowness found = {.slow = mean > limit + within,
                    .enough = green.answers >= kTimed,
                    .reason = absl::StrCat("green ", takes, " ", Say(mean), " and blue ", Say(of_blue),
                                           " on average (at most ", Say(limit), ")")};
  if (found.slow && !found.enough) absl::StrAppend(&found.reason, " in ", Count(green.answers, "answer"));
  if (!found.slow && mean > limit) {
    absl::StrAppend(&found.reason, ", and the gateway measures to within ", Say(within));
  }
  return found;
}

// As `known` had it where blue has answered too little to tell.
void NoteTime(const AnswerTime& blue, const std::optional<Baseline>& known, Baseline& noted) {
  if (blue.answers >= kComparable) {
    noted.latency_mean = blue.Mean();
    noted.latency_within = blue.Each(blue.within).value_or(absl::ZeroDuration());
  } else if (known) {
    noted.latency_mean = known->latency_mean;
    noted.latency_within = known->latency_within;
  }
}

GateAnswer Latency(const GateRules& rules, const GateSight& sight, const std::optional<Baseline>& blue,
                   BadSince& bad_since) {
  const auto pass = [&bad_since](std::string reason) {
    bad_since.erase("latency");
    return GateAnswer{"latency", GateVerdict::kPass, std::move(reason)};
  };
  if (!sight.green.timed) return pass("the gateway measures none");
  const AnswerTime& whole = sight.whole.green.answer_time;
  const std::optional<absl::Duration> mean = whole.Mean();
  if (!mean) return pass("green has not answered yet");
  if (!blue || !blue->latency_mean) {
    return pass(absl::StrCat("green takes ", Say(*mean), "; blue's is not known"));
  }
  Slowness found = Compare(rules, whole, *blue, "takes");
  // What begins late in a long step is seen by its last seconds, beside blue's of the same ones.
  if (const AnswerTime& recent = sight.recent.green.answer_time; !found.slow && recent.answers >= kTimed) {
    Baseline of_blue;
    NoteTime(sight.last_step ? AnswerTime{} : sight.recent.blue.answer_time, blue, of_blue);
    Slowness lately = Compare(rules, recent, of_blue, "has lately taken");
    if (lately.slow) found = std::move(lately);
  }
  GateVerdict verdict = Lasting("latency", found.slow, rules, sight.now, bad_since);
  if (verdict == GateVerdict::kFail && !found.enough) verdict = GateVerdict::kInconclusive;
  return {"latency", verdict, std::move(found.reason)};
}

GateAnswer HealthOf(const GateRules& rules, const GateSight& sight, BadSince& bad_since) {
  HealthAnswer health = JudgeCarrier(sight.green_sight, sight.green);
  if (health.health == Health::kUnknown) {
    // What was bad and cannot be seen any more is not well again.
    return {"health", GateVerdict::kInconclusive, std::move(health.reason)};
  }
  return {"health", Lasting("health", health.health == Health::kUnhealthy, rules, sight.now, bad_since),
          std::move(health.reason)};
}

GateAnswer Prober(const GateRules& rules, const GateSight& sight) {
  ProbeCount sum;
  for (const auto& [kind, count] : sight.probes) sum += count;
  if (!sight.has_prober && sum.requests == 0) return {"prober", GateVerdict::kPass, "there is none"};
  const uint64_t lost = sum.failed - std::min(sum.failed, sum.failed_on_blue);
  const std::string reason =
      absl::StrCat("it has lost ", lost, " of ", Count(sum.requests, "request"),
                   sum.failed_on_blue > 0 ? absl::StrCat(", besides ", sum.failed_on_blue, " to blue") : "");
  if (lost > rules.max_probe_failures) return {"prober", GateVerdict::kFail, reason};
  return {"prober", sum.requests >= rules.min_probes ? GateVerdict::kPass : GateVerdict::kInconclusive,
          reason};
}

GateAnswer Hook(const GateHook& hook, const GateSight& sight) {
  GateAnswer answer{absl::StrCat("hook ", hook.name), GateVerdict::kInconclusive, "it has not answered yet"};
  const auto found = sight.hooks.find(hook.name);
  if (found == sight.hooks.end()) return answer;
  const absl::Duration age = sight.now - found->second.time;
  if (age > hook.period * 3 + hook.timeout) {
    answer.reason = absl::StrCat("its last answer is ", Say(age), " old");
    return answer;
  }
  answer.verdict = found->second.verdict;
  answer.reason = found->second.detail;
  return answer;
}

}  // namespace

const char* Word(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::kPass:
      return "pass";
    case GateVerdict::kFail:
      return "fail";
    case GateVerdict::kInconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

std::vector<GateAnswer> AskGates(const GateRules& rules, const GateSight& sight, BadSince& bad_since) {
  const std::optional<Baseline> blue = NoteBaseline(sight.baseline, sight);
  std::vector<GateAnswer> answers = {Enough(sight), Errors(rules, sight, blue),
                                     Latency(rules, sight, blue, bad_since),
                                     HealthOf(rules, sight, bad_since), Prober(rules, sight)};
  for (const GateHook& hook : rules.hooks) answers.push_back(Hook(hook, sight));
  return answers;
}

GateVerdict Together(const std::vector<GateAnswer>& answers) {
  GateVerdict together = GateVerdict::kPass;
  for (const GateAnswer& answer : answers) {
    if (answer.verdict == GateVerdict::kFail) return GateVerdict::kFail;
    if (answer.verdict == GateVerdict::kInconclusive) together = GateVerdict::kInconclusive;
  }
  return together;
}

std::string Reasons(const std::vector<GateAnswer>& answers, GateVerdict verdict) {
  std::vector<std::string> reasons;
  for (const GateAnswer& answer : answers) {
    if (answer.verdict == verdict) reasons.push_back(absl::StrCat(answer.gate, ": ", answer.reason));
  }
  return absl::StrJoin(reasons, "; ");
}

std::optional<Baseline> NoteBaseline(const std::optional<Baseline>& known, const GateSight& sight) {
  const SideCount& whole = sight.whole.blue;
  if (sight.last_step || whole.requests < kComparable) return known;
  Baseline noted;
  noted.bad_permille = BadPermille(whole.Bad(), whole.requests);
  NoteTime(whole.answer_time, known, noted);
  return noted;
}

}  // namespace evenkeel::coordinator
