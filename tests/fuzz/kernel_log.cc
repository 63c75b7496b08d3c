// The kernel's log.
#include "agent/decode/kernel_log.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel::agent;
  const std::string_view log = evenkeel::fuzz::Text(data, size);
  const auto events = DecodeKernelEvents(log);
  EVENKEEL_CHECK(events.size() <= 256) << events.size() << " events";
  for (const KernelEvent& event : events) {
    EVENKEEL_CHECK(event.text.size() <= 512) << "a text of " << event.text.size() << " bytes";
    EVENKEEL_CHECK(event.since_boot >= absl::ZeroDuration()) << "before the start of the machine";
    for (const char c : event.text) {
      EVENKEEL_CHECK(c >= ' ' && c <= '~') << "not printable: " << static_cast<int>(c);
    }
  }
  EVENKEEL_CHECK(events.empty() || LastKernelStamp(log).has_value()) << "events of which none has a stamp";
  return 0;
}
