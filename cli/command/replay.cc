#include "cli/command/replay.h"

#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/command/change.h"
#include "cli/failure.h"
#include "cli/print/structured.h"
#include "cli/print/text.h"
#include "cli/show/replay.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

constexpr absl::Duration kDefaultSince = absl::Hours(1);
// What led to a decision began before what it tells of first.
constexpr absl::Duration kBeforeDecision = absl::Seconds(5);

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(absl::ToUnixSeconds(time)))));
  return timestamp;
}

// The first time that the decision knows of.
absl::Time Beginning(const v1::Decision& decision, absl::Time otherwise) {
  absl::Time first = otherwise;
  const v1::Timings& timings = decision.timings();
  if (timings.has_detect_time()) first = std::min(first, ToTime(timings.detect_time()));
  if (timings.has_intend_time()) first = std::min(first, ToTime(timings.intend_time()));
  for (const v1::Evidence& evidence : decision.evidence()) first = std::min(first, ToTime(evidence.time()));
  return first - kBeforeDecision;
}

absl::StatusOr<v1::ReplayRequest> MakeRequest(Context& context, const ReplayOptions& options) {
  const absl::Time now = context.host.now();
  v1::ReplayRequest request;
  absl::Time since = now - kDefaultSince;
  if (!options.decision.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string name, FullName(Kind::kDecision, options.decision, {}));
    request.set_decision(name);
    if (options.since.empty()) {
      EVENKEEL_ASSIGN_OR_RETURN(const v1::Decision decision, context.client.GetDecision(name));
      since = Beginning(decision, now);
    }
  }
  if (!options.since.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(since, ParseWhen("--since", options.since, now));
  }
  *request.mutable_start_time() = ToTimestamp(since);
  if (!options.until.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(const absl::Time until, ParseWhen("--until", options.until, now));
    *request.mutable_end_time() = ToTimestamp(until);
  }
  if (!options.policy_file.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Policy> policies,
                              ReadPolicies(context.host, {options.policy_file}));
    if (policies.size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat("--policy: ", options.policy_file, " holds ",
                                                     policies.size(),
                                                     " policies; a replay tries one at a time"));
    }
    *request.mutable_policy() = policies.front();
  }
  return request;
}

}  // namespace

absl::StatusOr<absl::Time> ParseWhen(absl::string_view option, const std::string& text, absl::Time now) {
  absl::Duration ago;
  if (absl::ParseDuration(text, &ago) && ago >= absl::ZeroDuration() && ago != absl::InfiniteDuration()) {
    return now - ago;
  }
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error) && time != absl::InfiniteFuture() &&
      time != absl::InfinitePast()) {
    return time;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      option, ": must be so long ago, as 2h or 90s, or a time, as 2026-01-02T03:04:05Z, not ", text));
}

absl::Status RunReplay(Context& context, const ReplayOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const v1::ReplayRequest request, MakeRequest(context, options));
  const Host& host = context.host;
  ReplayAnswer answer;
  bool said = false;
  absl::Status status = context.client.Replay(request, options.timeout, [&](v1::ReplayResponse& response) {
    if (response.has_comparison()) answer.comparisons.push_back(std::move(*response.mutable_comparison()));
    if (response.has_summary()) answer.summary = std::move(*response.mutable_summary());
    if (response.has_progress_time() && host.out_is_terminal) {
      *host.err << "\rreplaying, now at " << Instant(ToTime(response.progress_time())) << std::flush;
      said = true;
    }
  });
  if (said) *host.err << "\r\033[K" << std::flush;
  if (absl::IsDeadlineExceeded(status)) {
    status = WithCure(absl::DeadlineExceededError(absl::StrCat("the replay was not done within ",
                                                               absl::FormatDuration(options.timeout))),
                      "give it longer with --timeout, or ask for less time with --since and --until");
  }
  EVENKEEL_RETURN_IF_ERROR(status);
  if (options.output == "json") {
    PrintJson(*host.out, ToObject(answer));
  } else if (options.output == "yaml") {
    PrintYaml(*host.out, ToObject(answer));
  } else {
    *host.out << ReplayText(answer, {.wide = options.output == "wide",
                                     .policy = LastSegment(request.policy().name())})
              << std::flush;
  }
  if (request.has_policy() || answer.summary.faithful()) return absl::OkStatus();
  return absl::FailedPreconditionError("what was recorded did not replay to itself");
}

}  // namespace evenkeel::cli
