// How an action ended, in the core's words.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/events.h"

namespace evenkeel::coordinator {

struct Answer {
  ActionOutcome outcome = ActionOutcome::kDone;
  std::string detail;
};

using AnswerDone = std::function<void(Answer)>;

// Asked before each write of an action: what to answer instead of writing; nothing: write.
using WhyNot = std::function<std::optional<Answer>()>;

// The answer of an action that was taken back before its write was sent.
Answer Withdrawn();

// What a failed call means where it was not about the object's being there or its uid: "not now" for
// RESOURCE_EXHAUSTED; "no" for everything that asking again would not change; else unreachable: it may or may
// not have been carried out.
Answer AnswerFor(const absl::Status& failure, absl::string_view doing);

// The call ended without saying whether it was carried out: no answer, or the server failed on the way.
bool LeavesDoubt(const absl::Status& failure);

}  // namespace evenkeel::coordinator
