// The files of /proc: every decoder of procfs.h gets the whole input.
#include "agent/decode/procfs.h"

#include <cmath>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel::agent;
  const std::string_view text = evenkeel::fuzz::Text(data, size);
  (void)DecodeProcStat(text);
  (void)DecodeMemoryInfo(text);
  (void)DecodeBootId(text);
  if (const auto load = DecodeLoadAverage(text); load.ok()) {
    EVENKEEL_CHECK(std::isfinite(load->one_minute) && load->one_minute >= 0) << "a load that is none";
  }
  if (const auto uptime = DecodeUptime(text); uptime.ok()) {
    EVENKEEL_CHECK(*uptime >= absl::ZeroDuration()) << "a machine that has not started yet";
  }
  if (const auto pressure = DecodePressure(text); pressure.ok()) {
    EVENKEEL_CHECK(pressure->some_avg10_percent >= 0 && pressure->some_avg10_percent <= 100)
        << "a share of " << pressure->some_avg10_percent << " percent";
  }
  if (const auto groups = DecodeProcessCgroups(text); groups.ok()) {
    for (const CgroupMembership& group : *groups) {
      EVENKEEL_CHECK(group.path.starts_with('/')) << "a control group at " << group.path;
    }
  }
  return 0;
}
