// The event log's records: events, what a coordinator started from, and the core's state as a checkpoint has it.
// What can be read is written as it was; what cannot says so.
//
// The input: a byte that tells which record, then the record.
#include "coordinator/store/event_records.h"

#include <memory>

#include "common/base/bytes_of.h"
#include "coordinator/core/core.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

template <typename Record>
void Check(std::string_view bytes) {
  Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto decoded = FromRecord(record);
  if (!decoded.ok()) {
    EVENKEEL_CHECK(absl::IsDataLoss(decoded.status())) << decoded.status();
    return;
  }
  Record written;
  EVENKEEL_CHECK(written.ParseFromString(ToRecord(*decoded).SerializeAsString())) << "cannot be read again";
  const auto again = FromRecord(written);
  EVENKEEL_CHECK(again.ok() && base::BytesOf(*again) == base::BytesOf(*decoded))
      << written.ShortDebugString();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  switch (fuzz::TakeByte(input) % 3) {
    case 0:
      Check<storage::v1::Event>(input);
      break;
    case 1:
      Check<storage::v1::Restored>(input);
      break;
    default:
      if (const auto core = Core::FromCheckpoint(std::string(input)); core.ok()) {
        const std::string checkpoint = (*core)->Checkpoint();
        EVENKEEL_CHECK(Core::FromCheckpoint(checkpoint).ok()) << "its own checkpoint cannot be read";
      }
  }
  return 0;
}
