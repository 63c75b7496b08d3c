#include "coordinator/gateway/fingerprint.h"

#include <cstdint>

#include "absl/strings/str_format.h"

namespace evenkeel::coordinator {

std::string Fingerprint(absl::string_view text) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return absl::StrFormat("%016x", hash);
}

}  // namespace evenkeel::coordinator
