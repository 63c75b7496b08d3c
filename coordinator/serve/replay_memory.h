// How much memory a replay may take, and what comes of it when it wants more.
//
// It runs in the coordinator's container. A container that runs out of memory dies as a whole where its
// cgroup says `memory.oom.group`, which Kubernetes has it say since 1.28; then the lowest place in the line
// of victims saves nobody, and the coordinator dies of its replay. So the replay never gets as far: it takes
// what is to spare when it begins, and ends with an error when that is not enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace evenkeel::coordinator {

// In bytes: the least that any limit on this process leaves. Limits are those of its cgroup (version 2;
// version 1 kills one process and no group) and of all above it, and the memory of the machine. Of each are
// taken what is used and cannot be given back at once, and a reserve for the coordinator's own growth: 64
// MiB, and of a cgroup's limit an eighth where that is more. None: nothing is known of any limit. `proc`,
// `cgroups`: where Linux shows them.
std::optional<uint64_t> SpareMemory(const std::string& proc = "/proc",
                                    const std::string& cgroups = "/sys/fs/cgroup");

// From here on this process gets no more than `bytes` beyond what it has. When it wants more, it writes an
// error (replay_process.h: RESOURCE_EXHAUSTED) to its standard output and ends with code 0. Called once, by
// the only thread there is. Where it cannot be found out what the process has, nothing is bounded.
void BoundMemory(uint64_t bytes, const std::string& proc = "/proc");

}  // namespace evenkeel::coordinator
