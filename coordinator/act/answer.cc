#include "coordinator/act/answer.h"

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

bool LeavesDoubt(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

Answer AnswerFor(const absl::Status& failure, absl::string_view doing) {
  std::string detail = absl::StrCat("cannot ", doing, ": ", failure.ToString());
  if (LeavesDoubt(failure)) return {ActionOutcome::kUnreachable, std::move(detail)};
  switch (failure.code()) {
    case absl::StatusCode::kResourceExhausted:
      return {ActionOutcome::kBlocked, std::move(detail)};
    case absl::StatusCode::kAborted:  // somebody else changes the object all the time
      return {ActionOutcome::kUnreachable, std::move(detail)};
    default:
      return {ActionOutcome::kRefused, std::move(detail)};
  }
}

Answer Withdrawn() {
  return {ActionOutcome::kWithdrawn, "taken back before it was sent"};
}

}  // namespace evenkeel::coordinator
