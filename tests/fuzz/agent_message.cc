// What an agent sends on its stream, as far as the read model: what passes validation can be shown to an
// operator.
#include "coordinator/session/validate.h"

#include <memory>
#include <string>

#include "common/time/fake_clock.h"
#include "coordinator/serve/fleet_view.h"
#include "evenkeel/v1/agent_session.pb.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

template <typename Message>
void CheckReadable(const Message& message) {
  Message received;
  EVENKEEL_CHECK(received.ParseFromString(message.SerializeAsString())) << message.ShortDebugString();
}

void Show(const v1::Report& report) {
  const time::FakeClock clock;
  FleetView view({"east"}, clock);
  const NodeKey node = {.cluster = "east", .node = "n1"};
  SessionDescription session;
  session.session_id = 1;
  session.opened = clock.Now();
  session.last_beat = std::make_shared<LastBeat>(clock.Now());
  view.OnNode({.key = node, .facts = {}, .labels = {}, .taints = {}});
  view.OnSessionOpened(node, session);
  for (int i = 0; i < report.pods_size() && i < 8; ++i) {
    ObservedPod pod;
    pod.key = {.cluster = "east", .name_space = "shop", .name = "web-" + std::to_string(i)};
    pod.facts.uid = report.pods(i).uid();
    pod.facts.node = node.node;
    view.OnPod(pod);
  }
  view.OnReport(node, 1, report);
  for (const FleetSnapshot& resource : view.After(FleetKey{}, 64)) {
    std::visit([](const auto& snapshot) { CheckReadable(ToMessage(snapshot)); }, resource);
  }
  view.OnSessionClosed(node, 1, "connection lost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  v1::ConnectRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  (void)ValidateHello(request.hello());
  (void)ValidateGoodbye(request.goodbye());
  (void)ValidateProbeAnswer(request.probe_answer());
  (void)ValidateFencingStatus(request.fencing_status());
  if (ValidateReport(request.report()).ok()) Show(request.report());
  return 0;
}
