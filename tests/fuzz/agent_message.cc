// What an agent sends on its stream, as far as the read model and what pods use: what passes validation can
// be shown to an operator and scaled by.
#include "coordinator/session/validate.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/time/fake_clock.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/usage/usage_book.h"
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

// Some of the pods are scaled: whatever is told of them, the core gets sane figures.
void Use(const v1::Report& report) {
  UsageBook book;
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  for (int i = 0; i < report.pods_size() && i < 8; ++i) {
    EVENKEEL_CHECK(book.Watch({.cluster = "east",
                               .node = "n1",
                               .pod_uid = report.pods(i).uid(),
                               .window = absl::Seconds(15),
                               .panic_window = absl::Seconds(2),
                               .sudden_millicores = i}));
  }
  book.OnSession("n1");
  for (int second = 0; second < 200; second += second < 8 ? 1 : 60) {
    if (second < 4) book.OnReport("n1", report, now + absl::Seconds(second));
    if (second < 8) book.OnBeat("n1", now + absl::Seconds(second));
    std::vector<PodUsage> told = book.TakeSudden(now + absl::Seconds(second));
    for (PodUsage& pod : book.TakeChanged(now + absl::Seconds(second))) told.push_back(std::move(pod));
    for (const PodUsage& pod : told) {
      for (const std::optional<CpuSample>& sample : {pod.steady, pod.sudden}) {
        EVENKEEL_CHECK(!sample || (sample->millicores >= 0 && sample->millicores <= 10'000'000));
      }
      const int64_t throttled = pod.throttled_percent.value_or(0);
      EVENKEEL_CHECK(throttled >= 0 && throttled <= 100);
      EVENKEEL_CHECK(!pod.held || pod.steady);
    }
  }
  book.OnSessionEnded("n1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  v1::ConnectRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  (void)ValidateHello(request.hello());
  (void)ValidateGoodbye(request.goodbye());
  (void)ValidateProbeAnswer(request.probe_answer());
  (void)ValidateFencingStatus(request.fencing_status());
  if (ValidateReport(request.report()).ok()) {
    Show(request.report());
    Use(request.report());
  }
  return 0;
}
