#include "agent/core/significance.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::agent {
namespace {

constexpr double kMebibyte = 1 << 20;

// A gauge that is there in only one of the two, or has moved.
#define EVENKEEL_GAUGE_MOVED(field, floor, share) \
  (now.has_##field() != sent.has_##field() ||     \
   Moved(static_cast<double>(now.field()), static_cast<double>(sent.field()), floor, share))

bool ContainerCpuMoved(const v1::ContainerReport& now, const v1::ContainerReport& sent) {
  return EVENKEEL_GAUGE_MOVED(cpu_used_millicores, 10, 0.05);
}

bool EndMoved(const v1::ContainerReport& now, const v1::ContainerReport& sent) {
  const v1::ContainerEnd& end = now.previous_end();
  const v1::ContainerEnd& told = sent.previous_end();
  return now.has_previous_end() != sent.has_previous_end() || end.has_exit_code() != told.has_exit_code() ||
         end.exit_code() != told.exit_code() || end.reason() != told.reason() ||
         end.end_time().seconds() != told.end_time().seconds();
}

template <typename ContainerWorthSending>
bool PodWorthSending(const v1::PodReport& now, const v1::PodReport& sent,
                     ContainerWorthSending container_worth_sending) {
  if (now.uid() != sent.uid() || now.namespace_() != sent.namespace_() || now.name() != sent.name() ||
      now.sandbox_ready() != sent.sandbox_ready() || now.containers_size() != sent.containers_size()) {
    return true;
  }
  return !std::equal(now.containers().begin(), now.containers().end(), sent.containers().begin(),
                     [&](const v1::ContainerReport& a, const v1::ContainerReport& b) {
                       return !container_worth_sending(a, b);
                     });
}

}  // namespace

bool Moved(double now, double sent, double floor, double share) {
  return std::abs(now - sent) > std::max(floor, share * sent);
}

bool WorthSending(const v1::NodeCpu& now, const v1::NodeCpu& sent) {
  const double used_floor = 20.0 * std::max(1U, now.cpus());
  return now.has_cpus() != sent.has_cpus() || now.cpus() != sent.cpus() ||
         EVENKEEL_GAUGE_MOVED(used_millicores, used_floor, 0.05) || EVENKEEL_GAUGE_MOVED(load_1m, 0.5, 0.2) ||
         EVENKEEL_GAUGE_MOVED(load_5m, 0.5, 0.2) || EVENKEEL_GAUGE_MOVED(load_15m, 0.5, 0.2);
}

bool WorthSending(const v1::NodeMemory& now, const v1::NodeMemory& sent) {
  const double floor = 0.01 * static_cast<double>(now.total_bytes());
  return EVENKEEL_GAUGE_MOVED(total_bytes, 0, 0) || EVENKEEL_GAUGE_MOVED(available_bytes, floor, 0);
}

bool WorthSending(const v1::Pressure& now, const v1::Pressure& sent) {
  constexpr double kFloor = 5;
  constexpr double kShare = 0.2;
  return EVENKEEL_GAUGE_MOVED(cpu_some_10s_percent, kFloor, kShare) ||
         EVENKEEL_GAUGE_MOVED(memory_some_10s_percent, kFloor, kShare) ||
         EVENKEEL_GAUGE_MOVED(memory_full_10s_percent, kFloor, kShare) ||
         EVENKEEL_GAUGE_MOVED(io_some_10s_percent, kFloor, kShare) ||
         EVENKEEL_GAUGE_MOVED(io_full_10s_percent, kFloor, kShare);
}

bool WorthSending(const v1::FilesystemUsage& now, const v1::FilesystemUsage& sent) {
  const double bytes_floor = 0.01 * static_cast<double>(now.size_bytes());
  const double inodes_floor = 0.01 * static_cast<double>(now.inodes());
  return now.role() != sent.role() || now.has_read_only() != sent.has_read_only() ||
         now.not_answering() != sent.not_answering() || now.read_only() != sent.read_only() ||
         EVENKEEL_GAUGE_MOVED(size_bytes, 0, 0) || EVENKEEL_GAUGE_MOVED(available_bytes, bytes_floor, 0) ||
         EVENKEEL_GAUGE_MOVED(inodes, inodes_floor, 0) || EVENKEEL_GAUGE_MOVED(free_inodes, inodes_floor, 0);
}

bool WorthSending(const v1::PartHealth& now, const v1::PartHealth& sent) {
  return now.state() != sent.state() || now.detail() != sent.detail();
}

bool WorthSending(const v1::ContainerReport& now, const v1::ContainerReport& sent) {
  return now.name() != sent.name() || now.container_id() != sent.container_id() ||
         now.image() != sent.image() || now.state() != sent.state() || now.restarts() != sent.restarts() ||
         now.has_exit_code() != sent.has_exit_code() || now.exit_code() != sent.exit_code() ||
         now.exit_reason() != sent.exit_reason() || now.has_started_time() != sent.has_started_time() ||
         now.has_ended_time() != sent.has_ended_time() || EndMoved(now, sent) ||
         now.oom_kills() != sent.oom_kills() || ContainerCpuMoved(now, sent) ||
         EVENKEEL_GAUGE_MOVED(cpu_throttled_percent, 5, 0) ||
         EVENKEEL_GAUGE_MOVED(memory_working_set_bytes, kMebibyte, 0.05);
}

bool WorthSendingClosely(const v1::ContainerReport& now, const v1::ContainerReport& sent) {
  return WorthSending(now, sent) || EVENKEEL_GAUGE_MOVED(cpu_used_millicores, 1, 0.01) ||
         EVENKEEL_GAUGE_MOVED(cpu_throttled_percent, 1, 0);
}

bool WorthSending(const v1::PodReport& now, const v1::PodReport& sent) {
  return PodWorthSending(now, sent, [](const v1::ContainerReport& a, const v1::ContainerReport& b) {
    return WorthSending(a, b);
  });
}

bool WorthSendingClosely(const v1::PodReport& now, const v1::PodReport& sent) {
  return PodWorthSending(now, sent, [](const v1::ContainerReport& a, const v1::ContainerReport& b) {
    return WorthSendingClosely(a, b);
  });
}

bool CpuMoved(const v1::PodReport& now, const v1::PodReport& sent) {
  return PodWorthSending(now, sent, [](const v1::ContainerReport& a, const v1::ContainerReport& b) {
    return ContainerCpuMoved(a, b);
  });
}

bool LivesMoved(const v1::PodReport& now, const v1::PodReport& sent) {
  return PodWorthSending(now, sent, [](const v1::ContainerReport& a, const v1::ContainerReport& b) {
    return a.container_id() != b.container_id() || a.state() != b.state() ||
           a.exit_reason() != b.exit_reason() || a.oom_kills() != b.oom_kills();
  });
}

#undef EVENKEEL_GAUGE_MOVED

}  // namespace evenkeel::agent
