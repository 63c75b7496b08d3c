// google.rpc.Status with its ErrorInfo, as bytes: what is read is written as it was.
#include "common/rpc/wire.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  const std::string_view bytes = fuzz::Text(data, size);
  const auto info = rpc::DecodeErrorInfo({bytes.data(), bytes.size()});
  if (!info) return 0;
  const auto again = rpc::DecodeErrorInfo(rpc::EncodeStatus(3, "message", *info));
  EVENKEEL_CHECK(again && again->reason == info->reason && again->domain == info->domain &&
                 again->metadata == info->metadata)
      << info->reason;
  return 0;
}
