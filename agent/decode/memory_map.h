#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace evenkeel::agent {

// A range of a process's address space: [begin, end).
struct AddressRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// The ranges of /proc/PID/smaps (proc(5)) that are read-only, private mappings of files and hold no page of
// their own: every byte of them is the file's. InvalidArgument when the text does not have that form.
absl::StatusOr<std::vector<AddressRange>> DecodeUnchangedFileMappings(std::string_view smaps);

}  // namespace evenkeel::agent
