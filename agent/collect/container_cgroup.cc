#include "agent/collect/container_cgroup.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "agent/decode/text.h"
#include "common/base/status.h"

namespace evenkeel::agent {

CgroupHierarchies::CgroupHierarchies(const HostRoot& host) : root_(host.Path("/sys/fs/cgroup")) {
  const bool unified = access(absl::StrCat(root_, "/cgroup.controllers").c_str(), F_OK) == 0;
  version_ = unified ? CgroupVersion::kV2 : CgroupVersion::kV1;
}

std::string CgroupHierarchies::Path(std::string_view controller, std::string_view directory,
                                    std::string_view file) const {
  return version_ == CgroupVersion::kV2
             ? absl::StrCat(root_, View(directory), "/", View(file))
             : absl::StrCat(root_, "/", View(controller), View(directory), "/", View(file));
}

bool CgroupHierarchies::Exists(std::string_view directory) const {
  const bool v2 = version_ == CgroupVersion::kV2;
  return access(Path("cpuacct", directory, v2 ? "cpu.stat" : "cpuacct.usage").c_str(), R_OK) == 0;
}

ContainerCgroup::ContainerCgroup(const CgroupHierarchies& hierarchies, std::string_view directory)
    : version_(hierarchies.version()),
      cpu_usage_(hierarchies.Path("cpuacct", directory, "cpuacct.usage")),
      cpu_stat_(hierarchies.Path("cpu", directory, "cpu.stat")),
      memory_usage_path_(hierarchies.Path(
          "memory", directory, version_ == CgroupVersion::kV2 ? "memory.current" : "memory.usage_in_bytes")),
      memory_stat_path_(hierarchies.Path("memory", directory, "memory.stat")) {}

absl::StatusOr<ContainerUsage> ContainerCgroup::Read(absl::Time now, std::string& buffer) {
  ContainerUsage usage;
  EVENKEEL_RETURN_IF_ERROR(ReadCpu(now, buffer, usage));
  if (now >= memory_due_) {
    memory_due_ = now + kMemoryInterval;
    ReadMemory(buffer);
  }
  usage.memory_working_set_bytes = working_set_bytes_;
  return usage;
}

absl::Status ContainerCgroup::ReadCpu(absl::Time now, std::string& buffer, ContainerUsage& usage) {
  if (version_ == CgroupVersion::kV1) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string_view text, cpu_usage_.Read(buffer));
    EVENKEEL_ASSIGN_OR_RETURN(const absl::Duration used, DecodeCpuacctUsage(text));
    usage.cpu_millicores = cpu_rate_.Update(used, now);
  }
  const auto text = cpu_stat_.Read(buffer);
  if (version_ == CgroupVersion::kV2) {
    EVENKEEL_RETURN_IF_ERROR(text.status());
    EVENKEEL_ASSIGN_OR_RETURN(const absl::Duration used, DecodeCpuStatUsage(*text));
    usage.cpu_millicores = cpu_rate_.Update(used, now);
  }
  if (text.ok()) {
    if (const auto throttling = DecodeCpuThrottling(*text); throttling.ok()) {
      usage.cpu_throttled_percent = throttle_rate_.Update(throttling->periods, throttling->throttled_periods);
    }
  }
  return absl::OkStatus();
}

void ContainerCgroup::ReadMemory(std::string& buffer) {
  working_set_bytes_.reset();
  // Opened for each read: these are read seldom, and an open file costs kernel memory for each container.
  const auto usage_text = KernelFile(memory_usage_path_).Read(buffer);
  if (!usage_text.ok()) {
    return;
  }
  const auto usage = DecodeMemoryUsage(*usage_text);
  const auto stat_text = KernelFile(memory_stat_path_).Read(buffer);
  if (!usage.ok() || !stat_text.ok()) {
    return;
  }
  if (const auto working_set = DecodeWorkingSet(*usage, *stat_text, version_); working_set.ok()) {
    working_set_bytes_ = *working_set;
  }
}

}  // namespace evenkeel::agent
