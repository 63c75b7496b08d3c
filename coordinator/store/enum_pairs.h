// Enums and their stored forms: pairs, so that neither side's order binds the other's.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::coordinator {

template <typename Core, typename Stored>
struct EnumPair {
  Core core;
  Stored record;
};

template <typename Core, typename Stored, size_t size>
Stored ToStored(const EnumPair<Core, Stored> (&pairs)[size], Core value) {
  for (const auto& pair : pairs) {
    if (pair.core == value) return pair.record;
  }
  EVENKEEL_CHECK(false) << "no stored form of enum value " << static_cast<int>(value);
  return pairs[0].record;
}

template <typename Core, typename Stored, size_t size>
absl::Status FromStored(const EnumPair<Core, Stored> (&pairs)[size], Stored value, const char* field,
                        Core& out) {
  for (const auto& pair : pairs) {
    if (pair.record == value) {
      out = pair.core;
      return absl::OkStatus();
    }
  }
  return absl::DataLossError(absl::StrCat("stored field ", field, " has the value ", static_cast<int>(value),
                                          ", which this version does not know: it was written by a newer "
                                          "coordinator, or damaged"));
}

}  // namespace evenkeel::coordinator
