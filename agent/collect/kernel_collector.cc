#include "agent/collect/kernel_collector.h"

#include <sys/klog.h>

#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "agent/core/occurrences.h"
#include "agent/decode/cgroup_path.h"
#include "agent/decode/kernel_log.h"
#include "agent/decode/procfs.h"
#include "common/base/status.h"

namespace evenkeel::agent {
namespace {

constexpr int kReadAll =
    3;  // SYSLOG_ACTION_READ_ALL: the newest that fits, without taking it from other readers
constexpr size_t kTailBytes = 64 << 10;

v1::NodeOccurrence::Kind AsOccurrence(KernelEvent::Kind kind) {
  switch (kind) {
    case KernelEvent::Kind::kOomKill:
      return v1::NodeOccurrence::KIND_OOM_KILL;
    case KernelEvent::Kind::kHungTask:
      return v1::NodeOccurrence::KIND_HUNG_TASK;
    case KernelEvent::Kind::kIoError:
      return v1::NodeOccurrence::KIND_IO_ERROR;
    case KernelEvent::Kind::kReadOnlyFilesystem:
      return v1::NodeOccurrence::KIND_READ_ONLY_FILESYSTEM;
  }
  return v1::NodeOccurrence::KIND_UNSPECIFIED;
}

// It does not go by itself, and is not said again.
bool IsSaidOnce(KernelEvent::Kind kind) {
  return kind == KernelEvent::Kind::kHungTask || kind == KernelEvent::Kind::kReadOnlyFilesystem;
}

}  // namespace

absl::StatusOr<std::string> ReadKernelLog() {
  std::string log(kTailBytes, '\0');
  const int length = klogctl(kReadAll, log.data(), static_cast<int>(log.size()));
  if (length < 0) {
    return absl::ErrnoToStatus(errno, "cannot read the kernel's log; give the agent the capability SYSLOG");
  }
  log.resize(static_cast<size_t>(length));
  return log;
}

KernelCollector::KernelCollector(const HostRoot& host, Board& board, Source read_log)
    : board_(board), read_log_(std::move(read_log)), uptime_(host.Path("/proc/uptime")) {}

absl::Status KernelCollector::Collect() {
  const auto log = read_log_();
  if (!log.ok()) {
    return absl::IsPermissionDenied(log.status()) ? absl::OkStatus() : log.status();
  }
  const auto newest = LastKernelStamp(*log);
  if (!newest || (seen_ && *newest == *seen_)) {
    if (!seen_) {
      seen_ = newest.value_or(absl::ZeroDuration());
    }
    return absl::OkStatus();
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::string_view uptime_text, uptime_.Read(buffer_));
  EVENKEEL_ASSIGN_OR_RETURN(const absl::Duration uptime, DecodeUptime(uptime_text));
  const absl::Time boot_time = absl::Now() - uptime;
  const std::vector<KernelEvent> events = DecodeKernelEvents(*log);
  const auto is_news = [&](const KernelEvent& event) {
    if (seen_) {
      return event.since_boot > *seen_;
    }
    return IsSaidOnce(event.kind) && event.since_boot > uptime - Occurrences::kYoung;
  };
  board_.Update([&](NodeState& state) {
    for (const KernelEvent& event : events) {
      if (is_news(event)) {
        state.AddKernelOccurrence(AsOccurrence(event.kind), boot_time + event.since_boot, event.text,
                                  event.cgroup_path ? ContainerIdOfCgroup(*event.cgroup_path) : std::nullopt);
      }
    }
  });
  seen_ = newest;
  return absl::OkStatus();
}

}  // namespace evenkeel::agent
