// A policy as the API takes it: what is accepted can be shown, and what is shown is accepted again.
#include "coordinator/serve/policy_validation.h"

#include <map>
#include <string>

#include "coordinator/serve/names.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  using namespace evenkeel::coordinator;
  v1::Policy message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const std::map<std::string, uint32_t> clusters = {{"east", 3}, {"west", 3}};
  const auto policy = PolicyFromMessage(message, clusters);
  if (!policy.ok()) return 0;
  const v1::Policy shown = ToMessage(*policy, 3);
  EVENKEEL_CHECK(ParsePolicy("name", shown.name()).ok()) << shown.name();
  const auto again = PolicyFromMessage(shown, clusters);
  EVENKEEL_CHECK(again.ok()) << again.status() << " in " << shown.ShortDebugString();
  EVENKEEL_CHECK(ToMessage(*again, 3).SerializeAsString() == shown.SerializeAsString())
      << shown.ShortDebugString();
  return 0;
}
