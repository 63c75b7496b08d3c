#include "coordinator/serve/replay_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "coordinator/serve/replay_frames.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint64_t kLeastReserve = uint64_t{64} << 20;

uint64_t bound = 0;  // for the words of what comes after

// The file's first word as a number; none: there is no such file, or the word is "max".
std::optional<uint64_t> NumberIn(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  uint64_t number = 0;
  if (!(file >> word) || !absl::SimpleAtoi(word, &number)) return std::nullopt;
  return number;
}

// What follows `name` in a file of rows of a name and a number.
std::optional<uint64_t> RowOf(const std::string& path, absl::string_view name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    uint64_t number = 0;
    if (word == name && file >> number) return number;
  }
  return std::nullopt;
}

uint64_t Left(uint64_t limit, uint64_t used, uint64_t kept) {
  return limit > kept && limit - kept > used ? limit - kept - used : 0;
}

// "/kubepods.slice/..." in version 2 of cgroups; "/" in most containers, which see themselves as the root.
std::string OwnCgroup(const std::string& proc) {
  std::ifstream file(absl::StrCat(proc, "/self/cgroup"));
  for (std::string line; std::getline(file, line);) {
    absl::string_view path = line;
    if (absl::ConsumePrefix(&path, "0::")) return std::string(absl::StripSuffix(path, "/"));
  }
  return "";
}

// What operator new does when it gets nothing.
void GiveUp() {
  std::set_new_handler(nullptr);  // even that may be too much
  // A little more, to say so: it is taken from the reserve.
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0) _exit(EXIT_FAILURE);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_DATA, &limit);
  const absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat("the replay needs more memory than the coordinator has to spare (", bound >> 20,
                   " MiB): ask for less time, or give the coordinator more"));
  const bool said = WriteReplayFrame(STDOUT_FILENO, ReplayFrame::kError, FrameOfError(status)).ok();
  _exit(said ? EXIT_SUCCESS : EXIT_FAILURE);
}

}  // namespace

std::optional<uint64_t> SpareMemory(const std::string& proc, const std::string& cgroups) {
  std::optional<uint64_t> least;
  const auto take = [&least](uint64_t limit, uint64_t used, uint64_t kept) {
    least = std::min(least.value_or(UINT64_MAX), Left(limit, used, kept));
  };
  std::string cgroup = OwnCgroup(proc);
  while (true) {
    const std::string folder = absl::StrCat(cgroups, cgroup);
    const auto limit = NumberIn(absl::StrCat(folder, "/memory.max"));
    const auto used = NumberIn(absl::StrCat(folder, "/memory.current"));
    if (limit && used) {
      // Files that were read and are not in use go first when memory is short.
      const uint64_t cached = RowOf(absl::StrCat(folder, "/memory.stat"), "inactive_file").value_or(0);
      take(*limit, *used - std::min(*used, cached), std::max(kLeastReserve, *limit / 8));
    }
    if (cgroup.empty()) break;
    const size_t parent = cgroup.rfind('/');
    cgroup.resize(parent == std::string::npos ? 0 : parent);
  }
  const std::string memory = absl::StrCat(proc, "/meminfo");
  const auto total_kb = RowOf(memory, "MemTotal:");
  const auto available_kb = RowOf(memory, "MemAvailable:");
  if (total_kb && available_kb) {
    take(*total_kb << 10, (*total_kb - std::min(*total_kb, *available_kb)) << 10, kLeastReserve);
  }
  return least;
}

void BoundMemory(uint64_t bytes, const std::string& proc) {
  // What the kernel counts against this limit: private memory that can be written (the sixth number, in
  // pages).
  uint64_t pages = 0;
  std::ifstream file(absl::StrCat(proc, "/self/statm"));
  for (int i = 0; i < 6; ++i) file >> pages;
  if (!file) return;
  const uint64_t held = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  bound = bytes;
  std::set_new_handler(GiveUp);
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, held > RLIM_INFINITY - bytes ? RLIM_INFINITY : held + bytes);
  setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace evenkeel::coordinator
