#include "agent/decode/procfs.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/decode/text.h"

namespace evenkeel::agent {
namespace {

absl::Status Malformed(std::string_view file, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(View(file), " does not have its documented form: ", View(what)));
}

// More processors than Linux supports: beyond it the bytes are not a /proc/stat.
constexpr uint32_t kMostCpus = 8192;

// "MemTotal:       24684096 kB" -> bytes.
std::optional<uint64_t> KibibytesAsBytes(std::string_view value) {
  std::string_view number;
  if (!TakeWord(value, number)) {
    return std::nullopt;
  }
  const auto kibibytes = ParseUnsigned(number);
  if (!kibibytes || *kibibytes > std::numeric_limits<uint64_t>::max() / 1024) {
    return std::nullopt;
  }
  return *kibibytes * 1024;
}

// "some avg10=0.00 avg60=10.41 avg300=24.28 total=157297733" -> 0.00
std::optional<double> PressureAverage(std::string_view line) {
  std::string_view word;
  while (TakeWord(line, word)) {
    if (word.starts_with("avg10=")) {
      const auto value = ParseNonNegative(word.substr(6));
      return value && *value <= 100 ? value : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ProcStat> DecodeProcStat(std::string_view text) {
  ProcStat stat;
  bool summary_seen = false;
  std::string_view line;
  while (TakeLine(text, line)) {
    std::string_view name;
    if (!TakeWord(line, name)) {
      continue;
    }
    if (name == "cpu") {
      // user nice system idle iowait irq softirq steal; what follows (guest) is contained in user and nice.
      std::array<uint64_t, 8> ticks{};
      for (size_t i = 0; i < ticks.size(); ++i) {
        std::string_view word;
        if (!TakeWord(line, word)) {
          if (i < 4) {
            return Malformed("/proc/stat", "the cpu line has fewer than four numbers");
          }
          break;  // kernels before 2.6.11 have fewer columns
        }
        const auto value = ParseUnsigned(word);
        if (!value) {
          return Malformed("/proc/stat", "the cpu line holds something that is not a number");
        }
        ticks[i] = *value;
      }
      stat.busy_ticks = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
      stat.idle_ticks = ticks[3] + ticks[4];
      summary_seen = true;
    } else if (name.starts_with("cpu")) {
      if (!ParseUnsigned(name.substr(3)) || ++stat.cpus > kMostCpus) {
        return Malformed("/proc/stat", "a cpu line without a processor number, or too many of them");
      }
    } else if (name == "procs_blocked") {
      stat.blocked_processes = ParseUnsigned(Trim(line));
    }
  }
  if (!summary_seen || stat.cpus == 0) {
    return Malformed("/proc/stat", "no cpu line");
  }
  return stat;
}

absl::StatusOr<LoadAverage> DecodeLoadAverage(std::string_view text) {
  LoadAverage load;
  for (double* field : {&load.one_minute, &load.five_minutes, &load.fifteen_minutes}) {
    std::string_view word;
    const auto value = TakeWord(text, word) ? ParseNonNegative(word) : std::nullopt;
    if (!value) {
      return Malformed("/proc/loadavg", "three numbers expected");
    }
    *field = *value;
  }
  return load;
}

absl::StatusOr<MemoryInfo> DecodeMemoryInfo(std::string_view text) {
  std::optional<uint64_t> total;
  std::optional<uint64_t> available;
  std::string_view line;
  while ((!total || !available) && TakeLine(text, line)) {
    if (line.starts_with("MemTotal:")) {
      total = KibibytesAsBytes(line.substr(9));
    } else if (line.starts_with("MemAvailable:")) {
      available = KibibytesAsBytes(line.substr(13));
    }
  }
  if (!total || !available) {
    return Malformed("/proc/meminfo", "no MemTotal or no MemAvailable in kB");
  }
  return MemoryInfo{.total_bytes = *total, .available_bytes = *available};
}

absl::StatusOr<absl::Duration> DecodeUptime(std::string_view text) {
  std::string_view word;
  const auto seconds = TakeWord(text, word) ? ParseNonNegative(Trim(word)) : std::nullopt;
  if (!seconds) {
    return Malformed("/proc/uptime", "a number of seconds expected");
  }
  return absl::Seconds(*seconds);
}

absl::StatusOr<Pressure> DecodePressure(std::string_view text) {
  std::optional<double> some;
  std::optional<double> full;
  std::string_view line;
  while (TakeLine(text, line)) {
    if (line.starts_with("some ")) {
      some = PressureAverage(line);
    } else if (line.starts_with("full ")) {
      full = PressureAverage(line);
    }
  }
  if (!some) {
    return Malformed("a pressure file", "no \"some\" line with avg10 in [0, 100]");
  }
  return Pressure{.some_avg10_percent = *some, .full_avg10_percent = full};
}

absl::StatusOr<std::string> DecodeBootId(std::string_view text) {
  constexpr size_t kUuidSize = 36;
  const std::string_view id = Trim(text);
  const bool form = id.size() == kUuidSize && std::all_of(id.begin(), id.end(), [](unsigned char c) {
                      return absl::ascii_isxdigit(c) || c == '-';
                    });
  if (!form) {
    return Malformed("/proc/sys/kernel/random/boot_id", "a UUID expected");
  }
  return std::string(id);
}

absl::StatusOr<std::vector<CgroupMembership>> DecodeProcessCgroups(std::string_view text) {
  constexpr size_t kMostHierarchies = 64;
  std::vector<CgroupMembership> memberships;
  std::string_view line;
  while (TakeLine(text, line)) {
    // HIERARCHY:CONTROLLER[,CONTROLLER...]:PATH; a path may itself contain ':'.
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || line.substr(second + 1).empty() || line[second + 1] != '/') {
      return Malformed("/proc/PID/cgroup", "HIERARCHY:CONTROLLERS:/PATH expected");
    }
    if (memberships.size() == kMostHierarchies) {
      return Malformed("/proc/PID/cgroup", "too many hierarchies");
    }
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    CgroupMembership& membership = memberships.emplace_back();
    membership.controllers = absl::StrSplit(View(controllers), ',', absl::SkipEmpty());
    membership.path = line.substr(second + 1);
  }
  if (memberships.empty()) {
    return Malformed("/proc/PID/cgroup", "it is empty");
  }
  return memberships;
}

}  // namespace evenkeel::agent
