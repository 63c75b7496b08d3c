#include "agent/program/resident_code.h"

#include <sys/mman.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>

#include "agent/decode/memory_map.h"
#include "common/base/status.h"

namespace evenkeel::agent {

absl::Status ReleaseIdleCode() {
  std::ifstream file("/proc/self/smaps", std::ios::binary);
  const std::string smaps((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EVENKEEL_ASSIGN_OR_RETURN(const auto ranges, DecodeUnchangedFileMappings(smaps));
  for (const AddressRange& range : ranges) {
    // What is dropped is read back from the file, byte for byte, whenever somebody touches it.
    if (madvise(reinterpret_cast<void*>(range.begin), range.end - range.begin, MADV_DONTNEED) != 0) {
      return absl::ErrnoToStatus(errno, "madvise");
    }
  }
  return absl::OkStatus();
}

}  // namespace evenkeel::agent
