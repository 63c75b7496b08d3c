// What the replay's process does: see replay_process.h.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include "common/base/status.h"
#include "coordinator/replay/replay.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/policy_validation.h"
#include "coordinator/serve/replay_frames.h"
#include "coordinator/serve/replay_memory.h"
#include "coordinator/serve/replay_messages.h"
#include "coordinator/serve/replay_process.h"

namespace evenkeel::coordinator {
namespace {

// Last in line for the CPU, first to go when memory is short, no more of it than there is to spare, and not
// without its coordinator.
void StandBack() {
  close_range(3, ~0U, 0);  // whatever a library of the coordinator left open to us
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpriority(PRIO_PROCESS, 0, 19);
  std::ofstream("/proc/self/oom_score_adj") << 1000;
  if (const std::optional<uint64_t> spare = SpareMemory()) BoundMemory(*spare);
}

absl::StatusOr<std::string> ReadStandardInput() {
  std::string bytes;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0;) {
    bytes.append(buffer, static_cast<size_t>(got));
  }
  return bytes;
}

absl::Status Send(const v1::ReplayResponse& response) {
  return WriteReplayFrame(STDOUT_FILENO, ReplayFrame::kResponse, response.SerializeAsString());
}

absl::Status Answer(const std::string& folder) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::string bytes, ReadStandardInput());
  v1::ReplayRequest request;
  if (!request.ParseFromString(bytes)) return absl::InvalidArgumentError("the request cannot be read");
  EVENKEEL_ASSIGN_OR_RETURN(ReplayQuestion question, QuestionFromMessage(request));
  if (request.has_policy()) {
    // The coordinator has checked that it knows the clusters.
    std::map<std::string, uint32_t> clusters = {{PolicyCluster(request.policy()), 0}};
    if (request.policy().has_switching()) clusters.emplace(request.policy().switching().traffic().to(), 0);
    EVENKEEL_ASSIGN_OR_RETURN(question.policy, PolicyFromMessage(request.policy(), clusters));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const ReplayResult result, RunReplay(folder, question, [](absl::Time reached) {
                              v1::ReplayResponse progress;
                              *progress.mutable_progress_time() = ToMessage(reached);
                              return Send(progress).ok();
                            }));
  for (const ReplayedDecision& decision : result.decisions) {
    v1::ReplayResponse response;
    *response.mutable_comparison() = ToMessage(decision, !question.policy);
    EVENKEEL_RETURN_IF_ERROR(Send(response));
  }
  v1::ReplayResponse last;
  *last.mutable_summary() = Summary(result);
  return Send(last);
}

}  // namespace

int RunReplayProcess(const std::string& folder) {
  StandBack();
  const absl::Status status = Answer(folder);
  if (status.ok()) return EXIT_SUCCESS;
  return WriteReplayFrame(STDOUT_FILENO, ReplayFrame::kError, FrameOfError(status)).ok() ? EXIT_SUCCESS
                                                                                         : EXIT_FAILURE;
}

}  // namespace evenkeel::coordinator
