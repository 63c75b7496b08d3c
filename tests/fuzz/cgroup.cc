// The files of a control group: every decoder of cgroup.h gets the whole input.
#include "agent/decode/cgroup.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel::agent;
  const std::string_view text = evenkeel::fuzz::Text(data, size);
  for (const auto& usage : {DecodeCpuacctUsage(text), DecodeCpuStatUsage(text)}) {
    EVENKEEL_CHECK(!usage.ok() || *usage >= absl::ZeroDuration()) << "CPU time below zero";
  }
  (void)DecodeCpuThrottling(text);
  const auto memory = DecodeMemoryUsage(text);
  const uint64_t usage = memory.ok() ? *memory : size * 4096;
  for (const CgroupVersion version : {CgroupVersion::kV1, CgroupVersion::kV2}) {
    const auto working_set = DecodeWorkingSet(usage, text, version);
    EVENKEEL_CHECK(!working_set.ok() || *working_set <= usage) << "a working set of more than all";
  }
  return 0;
}
