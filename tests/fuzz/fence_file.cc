// What an agent leaves to its successor about its promise to fence the node: what can be read is written as
// it was; what cannot says so.
#include "agent/fence/fence_file.h"

#include <string>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  using namespace evenkeel::agent;
  const auto kept = DecodeFence({reinterpret_cast<const char*>(data), size}, "boot-1");
  if (!kept.ok()) {
    EVENKEEL_CHECK(absl::IsDataLoss(kept.status())) << kept.status();
    return 0;
  }
  if (!*kept) return 0;
  const std::string written = EncodeFence(**kept, "boot-1");
  const auto again = DecodeFence(written, "boot-1");
  EVENKEEL_CHECK(again.ok() && again->has_value()) << again.status();
  EVENKEEL_CHECK(EncodeFence(**again, "boot-1") == written) << "it is not read as it was written";
  return 0;
}
