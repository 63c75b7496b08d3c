#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Where a container's control group is, from what the container runtime tells about it.
namespace evenkeel::agent {

// The parts of the runtime's verbose ContainerStatus ("info", a JSON document of its own making; containerd
// and CRI-O share these fields) that lead to a control group.
struct RuntimeContainerInfo {
  std::optional<std::string> cgroups_path;  // runtimeSpec.linux.cgroupsPath of the OCI runtime specification
  std::optional<uint32_t> pid;              // of the container's first process, in the host's pid namespace
};
// InvalidArgument when `json` is not a JSON object or is over 1 MiB.
absl::StatusOr<RuntimeContainerInfo> DecodeRuntimeContainerInfo(std::string_view json);

// The path below a hierarchy's root that an OCI runtime makes of a cgroupsPath. The cgroupfs driver writes a
// path
// ("/kubepods/pod1/id"); the systemd driver writes "SLICE:PREFIX:NAME", where "a-b.slice" lies in "a.slice"
// (systemd.slice(5)): "kubepods-pod1.slice:cri-containerd:id" is
// "/kubepods.slice/kubepods-pod1.slice/cri-containerd-id.scope".
// InvalidArgument when it is neither, or when it would leave the hierarchy ("..").
absl::StatusOr<std::string> CgroupDirectory(std::string_view cgroups_path);

// The container's id (64 hexadecimal digits) in the last part of a control group's path, whichever driver
// named it; nothing when that part holds none.
std::optional<std::string> ContainerIdOfCgroup(std::string_view path);

}  // namespace evenkeel::agent
