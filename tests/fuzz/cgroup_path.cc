// What a container runtime says of a control group, and control groups' paths.
#include "agent/decode/cgroup_path.h"

#include <string>

#include "tests/fuzz/fuzz.h"

namespace {

// Whatever is made of a runtime's words stays below the hierarchy's root.
void CheckDirectory(std::string_view cgroups_path) {
  const auto directory = evenkeel::agent::CgroupDirectory(cgroups_path);
  if (!directory.ok()) return;
  EVENKEEL_CHECK(directory->starts_with('/')) << *directory;
  const std::string closed = *directory + "/";
  EVENKEEL_CHECK(closed.find("/../") == std::string::npos) << *directory;
  EVENKEEL_CHECK(closed.find('\0') == std::string::npos) << "a path that would end early";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel::agent;
  const std::string_view text = evenkeel::fuzz::Text(data, size);
  CheckDirectory(text);
  if (const auto id = ContainerIdOfCgroup(text)) {
    EVENKEEL_CHECK(id->size() == 64) << *id;
  }
  const auto info = DecodeRuntimeContainerInfo(text);
  if (info.ok() && info->cgroups_path) CheckDirectory(*info->cgroups_path);
  return 0;
}
