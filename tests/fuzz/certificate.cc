// A peer's certificate: PEM, or DER that is wrapped into it.
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/tls/certificate_subject.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  const std::string_view bytes = fuzz::Text(data, size);
  if (bytes.starts_with("-")) {
    (void)tls::SubjectOf(bytes);
    return 0;
  }
  std::string encoded = absl::Base64Escape({bytes.data(), bytes.size()});
  std::string lines;
  for (size_t at = 0; at < encoded.size(); at += 64) absl::StrAppend(&lines, encoded.substr(at, 64), "\n");
  const auto subject =
      tls::SubjectOf(absl::StrCat("-----BEGIN CERTIFICATE-----\n", lines, "-----END CERTIFICATE-----\n"));
  if (!subject) return 0;
  for (const std::string& name : subject->common_names) EVENKEEL_CHECK(fuzz::IsUtf8(name)) << name;
  for (const std::string& name : subject->organisations) EVENKEEL_CHECK(fuzz::IsUtf8(name)) << name;
  return 0;
}
