// /proc/PID/smaps. What is decoded is given to madvise: so ranges must be ranges.
#include "agent/decode/memory_map.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto ranges = evenkeel::agent::DecodeUnchangedFileMappings(evenkeel::fuzz::Text(data, size));
  if (!ranges.ok()) return 0;
  for (const evenkeel::agent::AddressRange& range : *ranges) {
    EVENKEEL_CHECK(range.begin < range.end) << "a range from " << range.begin << " to " << range.end;
  }
  return 0;
}
