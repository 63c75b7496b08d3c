// Policies and switches as people write them: what is read can be sent, and a policy that is written as a
// manifest is the same when it is read again.
#include "cli/manifest.h"

#include <google/protobuf/util/message_differencer.h>

#include <sstream>
#include <string>

#include "cli/print/structured.h"
#include "cli/switch_manifest.h"
#include "tests/fuzz/fuzz.h"

namespace {

void ReadSwitch(const std::string& text) {
  const auto manifest = evenkeel::cli::ParseSwitchManifest(text, "switch.yaml");
  if (!manifest.ok()) {
    EVENKEEL_CHECK(!manifest.status().message().empty()) << "refused without a reason";
    return;
  }
  evenkeel::v1::StartSwitchRequest request;
  request.set_switch_id(manifest->name);
  *request.mutable_spec() = manifest->spec;
  evenkeel::v1::StartSwitchRequest received;
  EVENKEEL_CHECK(received.ParseFromString(request.SerializeAsString())) << "the coordinator cannot read it";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  const std::string text(fuzz::Text(data, size));
  ReadSwitch(text);
  const auto policies = cli::ParseManifests(text, "policies.yaml");
  if (!policies.ok()) {
    EVENKEEL_CHECK(!policies.status().message().empty()) << "refused without a reason";
    return 0;
  }
  for (const v1::Policy& policy : *policies) {
    v1::Policy received;
    EVENKEEL_CHECK(received.ParseFromString(policy.SerializeAsString())) << "the coordinator cannot read it";
    // The coordinator refuses it, and nothing else can be shown.
    if (policy.name().find('/') != policy.name().rfind('/')) continue;
    std::ostringstream yaml;
    cli::PrintYaml(yaml, cli::ToManifest(policy));
    const auto again = cli::ParseManifests(yaml.str(), "again.yaml");
    EVENKEEL_CHECK(again.ok()) << again.status() << " in " << yaml.str();
    EVENKEEL_CHECK(again->size() == 1 &&
                   google::protobuf::util::MessageDifferencer::Equals(again->front(), policy))
        << yaml.str() << policy.ShortDebugString();
  }
  return 0;
}
