// Switches as operators write them and as they are stored. What can be read is shown and read again as it
// was.
//
// The input: a byte that tells which, then the message.
#include "coordinator/serve/switch_message.h"
#include "coordinator/serve/switch_spec_message.h"
#include "coordinator/store/switch_records.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

void CheckSpecification(std::string_view bytes) {
  v1::SwitchSpec message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto spec = SwitchSpecFromMessage("web", message);
  if (!spec.ok()) {
    EVENKEEL_CHECK(absl::IsInvalidArgument(spec.status())) << spec.status();
    return;
  }
  v1::SwitchSpec shown;
  EVENKEEL_CHECK(shown.ParseFromString(ToMessage(*spec).SerializeAsString())) << "cannot be shown";
  const auto stored = FromRecord(ToRecord(*spec));
  EVENKEEL_CHECK(stored.ok() && *stored == *spec) << "is not stored as it is";
}

void CheckRecord(std::string_view bytes) {
  storage::v1::SwitchRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto decoded = FromRecord(record);
  if (!decoded.ok()) {
    EVENKEEL_CHECK(absl::IsDataLoss(decoded.status())) << decoded.status();
    return;
  }
  storage::v1::SwitchRecord written;
  EVENKEEL_CHECK(written.ParseFromString(ToRecord(*decoded).SerializeAsString())) << "cannot be read again";
  const auto again = FromRecord(written);
  EVENKEEL_CHECK(again.ok() && *again == *decoded) << written.ShortDebugString();
  v1::Switch shown;
  EVENKEEL_CHECK(shown.ParseFromString(
      ToMessage(decoded->decision, decoded->record, absl::UnixEpoch(), std::nullopt).SerializeAsString()))
      << "cannot be shown";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  if (fuzz::TakeByte(input) % 2 == 0) {
    CheckSpecification(input);
  } else {
    CheckRecord(input);
  }
  return 0;
}
