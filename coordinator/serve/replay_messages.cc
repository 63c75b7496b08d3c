#include "coordinator/serve/replay_messages.h"

#include <algorithm>
#include <cstdint>

#include "common/base/status.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/names.h"

namespace evenkeel::coordinator {
namespace {

absl::StatusOr<absl::Time> TimeFrom(const char* field, const google::protobuf::Timestamp& time) {
  constexpr int64_t kLastSecond = 253'402'300'799;  // of the year 9999, as Timestamp has it
  if (time.seconds() < 0 || time.seconds() > kLastSecond || time.nanos() < 0 || time.nanos() > 999'999'999) {
    return base::InvalidField(field, "must be a time between 1970 and 9999");
  }
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

v1::DecisionComparison::Result ResultOf(const ReplayedDecision& decision) {
  if (decision.unfaithful) return v1::DecisionComparison::RESULT_UNFAITHFUL;
  if (!decision.replayed) return v1::DecisionComparison::RESULT_MISSING;
  if (!decision.recorded) return v1::DecisionComparison::RESULT_ADDED;
  return decision.differences.empty() ? v1::DecisionComparison::RESULT_SAME
                                      : v1::DecisionComparison::RESULT_DIFFERENT;
}

}  // namespace

absl::StatusOr<ReplayQuestion> QuestionFromMessage(const v1::ReplayRequest& request) {
  ReplayQuestion question;
  if (!request.has_start_time()) {
    return base::InvalidField("start_time", "must be given: from when on shall it run again?");
  }
  EVENKEEL_ASSIGN_OR_RETURN(question.since, TimeFrom("start_time", request.start_time()));
  if (request.has_end_time()) {
    EVENKEEL_ASSIGN_OR_RETURN(question.until, TimeFrom("end_time", request.end_time()));
    if (question.until <= question.since) return base::InvalidField("end_time", "must be after start_time");
  }
  if (!request.decision().empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(question.decision, ParseDecision("decision", request.decision()));
  }
  return question;
}

void EndAt(absl::Time told, v1::ReplayRequest& request) {
  const absl::StatusOr<ReplayQuestion> question = QuestionFromMessage(request);
  // A question about the future has no other end than its own.
  if (!question.ok() || told <= question->since || told >= question->until) return;
  *request.mutable_end_time() = ToMessage(told);
}

v1::DecisionComparison ToMessage(const ReplayedDecision& decision, bool verifying) {
  v1::DecisionComparison message;
  message.set_result(ResultOf(decision));
  if (decision.recorded) *message.mutable_recorded() = ToMessage(*decision.recorded);
  if (decision.replayed && !verifying) *message.mutable_replayed() = ToMessage(*decision.replayed);
  for (const Difference& difference : decision.differences) {
    v1::FieldDifference& out = *message.add_differences();
    out.set_field(difference.field);
    out.set_recorded(difference.recorded);
    out.set_replayed(difference.replayed);
    out.set_sentence(difference.sentence);
  }
  message.set_estimate(decision.estimate);
  return message;
}

v1::ReplaySummary Summary(const ReplayResult& result) {
  v1::ReplaySummary summary;
  *summary.mutable_start_time() = ToMessage(result.since);
  *summary.mutable_end_time() = ToMessage(result.until);
  summary.set_steps(result.steps);
  summary.set_decisions(static_cast<uint32_t>(result.decisions.size()));
  summary.set_differing(static_cast<uint32_t>(
      std::count_if(result.decisions.begin(), result.decisions.end(),
                    [](const ReplayedDecision& decision) { return !decision.Same(); })));
  summary.set_faithful(result.faithful);
  summary.set_changes_verified(result.marks);
  summary.set_checkpoints_verified(result.checkpoints);
  if (result.parting) *summary.mutable_part_time() = ToMessage(result.parting->time);
  for (const std::string& note : result.notes) summary.add_notes(note);
  summary.set_truncated(result.truncated);
  return summary;
}

}  // namespace evenkeel::coordinator
