#include "coordinator/gateway/haproxy_link.h"

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/time/backoff.h"
#include "coordinator/gateway/haproxy_checks.h"

namespace evenkeel::coordinator::haproxy {
namespace {

constexpr time::BackoffPolicy kPauses = {.initial = absl::Milliseconds(20),
                                         .maximum = absl::Milliseconds(500)};
// More than these at once are reloads in a loop; then nothing is said about requests in flight.
constexpr size_t kMostOldWorkers = 16;

// Only for differences.
absl::Time Monotonic() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

void ForgetAll(std::map<std::string, std::optional<uint64_t>>& in_flight) {
  for (auto& [section, count] : in_flight) count.reset();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Link::Ask(const std::vector<std::string>& commands,
                                                   const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(
      const std::string answer,
      haproxy::Ask(options_.socket, absl::StrJoin(commands, ";"), call.Part(options_.try_timeout)));
  return SplitAnswers(answer, commands.size());
}

absl::Status Link::Patiently(const Call& call, const std::function<absl::Status()>& work) {
  for (int failures = 1;; ++failures) {
    absl::Status status = work();
    const bool may_pass = absl::IsUnavailable(status) || absl::IsInternal(status) ||
                          absl::IsAborted(status) || absl::IsDeadlineExceeded(status);
    if (!may_pass) return status;
    if (!call.Pause(time::Backoff(kPauses, failures, base::RandomUnit()))) {
      absl::Status ended = call.GoOn("asking HAProxy");
      return absl::IsCancelled(ended) ? ended : status;
    }
  }
}

void Link::AddOldWorkers(const Process& current, std::map<std::string, std::optional<uint64_t>>& in_flight,
                         const Call& call) {
  if (options_.master) {
    const Call part = call.Part(options_.try_timeout / 2);
    auto counted = in_flight;
    const absl::Status status = Patiently(part, [&] {
      counted = in_flight;
      return AskOldWorkers(counted, part);
    });
    in_flight = std::move(counted);
    if (!status.ok()) ForgetAll(in_flight);
    return;
  }
  const std::string instance = current.Instance();
  if (instance_.empty()) reloaded_ = Monotonic() - absl::Seconds(current.uptime);
  if (!instance_.empty() && instance != instance_) reloaded_ = Monotonic();
  instance_ = instance;
  if (Monotonic() - *reloaded_ < options_.old_process_lasts) ForgetAll(in_flight);
}

absl::Status Link::AskOldWorkers(std::map<std::string, std::optional<uint64_t>>& in_flight,
                                 const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::string processes,
                            haproxy::Ask(*options_.master, "show proc", call, Whose::kMasters));
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> workers, ParseOldWorkers(processes));
  if (workers.size() > kMostOldWorkers) return absl::ResourceExhaustedError("too many old workers");
  for (const int64_t worker : workers) {
    EVENKEEL_ASSIGN_OR_RETURN(
        const std::string answer,
        haproxy::Ask(*options_.master, absl::StrCat("@!", worker, " ", kShowStat), call, Whose::kMasters));
    // It has ended since it was listed. (An empty answer does not prove that.)
    if (absl::StrContains(answer, "Can't find the target")) continue;
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> whole, SplitAnswers(answer, 1));
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> rows, ParseStat(whole[0]));
    // (The old configuration may not have had a section.)
    for (const StatRow& row : rows) {
      const auto counted = in_flight.find(row.section);
      if (row.IsBackend() && counted != in_flight.end() && counted->second) *counted->second += row.in_flight;
    }
  }
  return absl::OkStatus();
}

BackendReading ReadingOf(const std::vector<StatRow>& rows) {
  const ServersUp servers = CountUp(rows);
  BackendReading reading;
  reading.servers = servers.servers;
  reading.servers_up = servers.up;
  BackendCounters counters;
  uint64_t in_flight_of_servers = 0;
  const StatRow* whole = nullptr;
  for (const StatRow& row : rows) {
    if (row.IsBackend()) {
      whole = &row;
      continue;
    }
    in_flight_of_servers += row.in_flight + row.queued;
    counters.requests += row.requests.value_or(row.sessions);
    counters.failed += row.connect_errors + row.response_errors;
    // Those of the section also hold what HAProxy itself answered where no server did: these count as failed.
    counters.server_errors += row.answers_5xx;
  }
  if (whole != nullptr) {
    counters.requests = whole->requests.value_or(whole->sessions);
    counters.failed = whole->connect_errors + whole->response_errors;
    reading.in_flight = whole->in_flight;
  } else {
    reading.in_flight = in_flight_of_servers;
  }
  reading.counters = counters;
  return reading;
}

ShapeAnswer AnswerForFailure(const absl::Status& failure, bool written, std::optional<RouteReading> reading) {
  const bool in_doubt = written || absl::IsUnavailable(failure) || absl::IsInternal(failure) ||
                        absl::IsAborted(failure) || absl::IsDeadlineExceeded(failure);
  const ActionOutcome outcome = absl::IsCancelled(failure) && !written ? ActionOutcome::kWithdrawn
                                : in_doubt                             ? ActionOutcome::kUnreachable
                                                                       : ActionOutcome::kRefused;
  return {outcome, std::string(failure.message()), std::move(reading)};
}

}  // namespace evenkeel::coordinator::haproxy
