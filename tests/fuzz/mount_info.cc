// /proc/PID/mountinfo, asked for a path: the first line is the path, the rest the file.
#include "agent/decode/mount_info.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = evenkeel::fuzz::Text(data, size);
  const std::string_view path = evenkeel::fuzz::TakePart(text, '\n');
  (void)evenkeel::agent::FilesystemIsReadOnly(text, path);
  return 0;
}
