// Whether a policy acts.
#pragma once

namespace evenkeel::coordinator {

enum class PolicyMode {
  kObserve,  // decide and record, do nothing
  kEnforce,
};

}  // namespace evenkeel::coordinator
