// The container runtime's answers (CRI) and other words of strangers, all the way into a report: whatever
// they say, the agent's report is one that the coordinator reads and accepts.
//
// The input: sandboxes, containers, then the status of each container, each with its size before it; the rest
// is the detail of a sick runtime.
#include <map>
#include <string>

#include "agent/collect/runtime_pods.h"
#include "agent/core/node_state.h"
#include "coordinator/session/validate.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel::agent;

void CheckAccepted(const evenkeel::v1::Report& report) {
  evenkeel::v1::Report received;
  EVENKEEL_CHECK(received.ParseFromString(report.SerializeAsString())) << "a report that nobody can read";
  const absl::Status accepted = evenkeel::coordinator::ValidateReport(received);
  EVENKEEL_CHECK(accepted.ok()) << accepted;
}

template <typename Message>
Message Parse(std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) message.Clear();
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = evenkeel::fuzz::Text(data, size);
  NodeState state;
  for (int round = 0; round < 2; ++round) {
    const absl::Time now = absl::FromUnixSeconds(1'700'000'000 + round);
    const auto sandboxes = Parse<runtime::v1::ListPodSandboxResponse>(evenkeel::fuzz::TakeSized(input));
    const auto containers = Parse<runtime::v1::ListContainersResponse>(evenkeel::fuzz::TakeSized(input));
    std::map<std::string, ContainerDetails> details;
    for (const runtime::v1::Container& container : containers.containers()) {
      ContainerDetails& one = details[container.id()];
      one.state = container.state();
      TakeStatus(Parse<runtime::v1::ContainerStatus>(evenkeel::fuzz::TakeSized(input)), one);
    }
    state.SetPods(GatherPods(sandboxes, containers, details), now);
    CheckAccepted(round == 0 ? state.TakeAll(now) : state.TakeChanges(now));
  }
  const std::string rest(input);
  const absl::Time now = absl::FromUnixSeconds(1'700'000'002);
  const PartObservation sick = {
      .state = evenkeel::v1::PART_STATE_UNHEALTHY, .detail = rest, .latency = absl::Seconds(1)};
  state.SetRuntime(sick, now);
  state.SetKubelet(sick, now);
  state.SetRuntimeVersion(rest);
  state.AddKernelOccurrence(evenkeel::v1::NodeOccurrence::KIND_OOM_KILL, now, rest, rest);
  state.SetKubeletStatuses({{.container_id = "c1", .image = rest, .exit_reason = rest}});
  CheckAccepted(state.TakeChanges(now));
  return 0;
}
