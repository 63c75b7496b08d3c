#include "agent/decode/kernel_log.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "agent/decode/text.h"

namespace evenkeel::agent {
namespace {

constexpr size_t kMostEvents = 256;
constexpr size_t kLongestText = 512;

struct Line {
  absl::Duration since_boot;
  std::string_view text;
};

// "<6>[   12.345678] text" or nothing.
std::optional<Line> DecodeLine(std::string_view line) {
  if (line.size() < 3 || line.front() != '<') {
    return std::nullopt;
  }
  const size_t priority_end = line.find('>');
  if (priority_end == std::string_view::npos || priority_end > 4) {
    return std::nullopt;
  }
  line.remove_prefix(priority_end + 1);
  const size_t stamp_end = line.find(']');
  if (line.empty() || line.front() != '[' || stamp_end == std::string_view::npos || stamp_end > 32) {
    return std::nullopt;
  }
  const auto seconds = ParseNonNegative(Trim(line.substr(1, stamp_end - 1)));
  if (!seconds) {
    return std::nullopt;
  }
  line.remove_prefix(stamp_end + 1);
  if (line.starts_with("[")) {  // the caller's id
    const size_t caller_end = line.find(']');
    line.remove_prefix(caller_end == std::string_view::npos ? 0 : caller_end + 1);
  }
  return Line{.since_boot = absl::Seconds(*seconds), .text = Trim(line)};
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The wording of the kernel's own messages: mm/oom_kill.c, kernel/hung_task.c, block/blk-core.c, fs/buffer.c,
// and of ext4, xfs and btrfs when they give up writing. Old wordings stay: they are what old kernels say.
std::optional<KernelEvent::Kind> Classify(std::string_view text) {
  if (Contains(text, "Killed process ") || Contains(text, "Kill process ")) {
    return Contains(text, "ut of memory") ? std::optional(KernelEvent::Kind::kOomKill) : std::nullopt;
  }
  if (text.starts_with("INFO: task ") && Contains(text, " blocked for more than ")) {
    return KernelEvent::Kind::kHungTask;
  }
  if (Contains(text, "Remounting filesystem read-only") || Contains(text, "forced readonly") ||
      (text.starts_with("XFS (") && Contains(text, "hutting down filesystem"))) {
    return KernelEvent::Kind::kReadOnlyFilesystem;
  }
  if (Contains(text, "I/O error, dev ") || text.starts_with("Buffer I/O error on dev") ||
      Contains(text, "critical medium error, dev ") || Contains(text, "metadata I/O error")) {
    return KernelEvent::Kind::kIoError;
  }
  return std::nullopt;
}

// The value of "key=VALUE" up to ',' in the comma-separated "oom-kill:" line.
std::string_view Field(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find(','));
}

// At most kLongestText bytes of what a kernel prints, safe to put into UTF-8 text: task names can hold any
// byte.
std::string Printable(std::string_view text) {
  std::string result(text.substr(0, kLongestText));
  for (char& c : result) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) {
      c = '?';
    }
  }
  return result;
}

}  // namespace

std::vector<KernelEvent> DecodeKernelEvents(std::string_view log) {
  std::vector<KernelEvent> events;
  std::string_view oom_pid;
  std::string_view oom_cgroup;
  std::string_view raw;
  while (TakeLine(log, raw)) {
    const auto line = DecodeLine(raw);
    if (!line) {
      continue;
    }
    if (line->text.starts_with("oom-kill:")) {  // announces the "Killed process PID" line that follows
      oom_pid = Field(line->text, ",pid=");
      oom_cgroup = Field(line->text, ",task_memcg=");
      continue;
    }
    const auto kind = Classify(line->text);
    if (!kind) {
      continue;
    }
    KernelEvent event{
        .kind = *kind, .since_boot = line->since_boot, .text = Printable(line->text), .cgroup_path = {}};
    if (*kind == KernelEvent::Kind::kOomKill) {
      const size_t at = line->text.find("process ");
      std::string_view rest = line->text.substr(at + 8);
      std::string_view pid;
      if (TakeWord(rest, pid) && pid == oom_pid && !oom_cgroup.empty()) {
        event.cgroup_path = Printable(oom_cgroup);
      }
      oom_pid = {};
      oom_cgroup = {};
    }
    events.push_back(std::move(event));
  }
  if (events.size() > kMostEvents) {
    events.erase(events.begin(), events.end() - kMostEvents);
  }
  return events;
}

std::optional<absl::Duration> LastKernelStamp(std::string_view log) {
  while (!log.empty()) {
    while (log.ends_with('\n')) {
      log.remove_suffix(1);
    }
    const size_t line_begin = log.rfind('\n') + 1;  // npos + 1 is the front
    if (const auto line = DecodeLine(log.substr(line_begin)); line) {
      return line->since_boot;
    }
    log = log.substr(0, line_begin);
  }
  return std::nullopt;
}

}  // namespace evenkeel::agent
