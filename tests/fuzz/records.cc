// Stored records. What can be read is written as it was, and can be shown to an operator.
//
// The input: a byte that tells which record, then the record.
#include "coordinator/store/records.h"

#include "coordinator/serve/convert.h"
#include "coordinator/serve/maintenance_validation.h"
#include "coordinator/serve/policy_validation.h"
#include "coordinator/store/scale_records.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

template <typename Record>
auto Check(std::string_view bytes) -> decltype(FromRecord(std::declval<const Record&>())) {
  Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return absl::DataLossError("");
  auto decoded = FromRecord(record);
  if (!decoded.ok()) {
    EVENKEEL_CHECK(absl::IsDataLoss(decoded.status())) << decoded.status();
    return decoded;
  }
  Record written;
  EVENKEEL_CHECK(written.ParseFromString(ToRecord(*decoded).SerializeAsString())) << "cannot be read again";
  const auto again = FromRecord(written);
  EVENKEEL_CHECK(again.ok() && *again == *decoded) << written.ShortDebugString();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  switch (fuzz::TakeByte(input) % 6) {
    case 0:
      if (const auto decision = Check<storage::v1::Decision>(input); decision.ok()) {
        v1::Decision shown;
        EVENKEEL_CHECK(shown.ParseFromString(ToMessage(*decision).SerializeAsString()))
            << "cannot be shown: " << decision->id.ToString();
      }
      break;
    case 1:
      (void)Check<storage::v1::Node>(input);
      break;
    case 3:
      if (const auto cluster = Check<storage::v1::Cluster>(input); cluster.ok() && cluster->pause) {
        v1::Pause shown;
        EVENKEEL_CHECK(shown.ParseFromString(ToMessage(*cluster->pause).SerializeAsString()))
            << cluster->cluster;
      }
      break;
    case 4:
      if (const auto maintenance = Check<storage::v1::Maintenance>(input); maintenance.ok()) {
        v1::Maintenance shown;
        EVENKEEL_CHECK(shown.ParseFromString(ToMessage(*maintenance).SerializeAsString()))
            << maintenance->node.node;
      }
      break;
    case 5:
      (void)Check<storage::v1::Scaler>(input);
      break;
    default:
      if (const auto policy = Check<storage::v1::Policy>(input); policy.ok()) {
        v1::Policy shown;
        EVENKEEL_CHECK(shown.ParseFromString(ToMessage(*policy, 3).SerializeAsString())) << policy->name;
      }
  }
  return 0;
}
