#include "agent/collect/proc_collector.h"

#include <utility>

#include "absl/time/clock.h"
#include "agent/decode/procfs.h"
#include "common/base/status.h"

namespace evenkeel::agent {
namespace {

// A file's content, decoded.
template <typename Decode>
auto ReadAs(KernelFile& file, std::string& buffer, Decode decode) -> decltype(decode(std::string_view())) {
  const auto text = file.Read(buffer);
  if (!text.ok()) {
    return text.status();
  }
  return decode(*text);
}

}  // namespace

ProcCollector::ProcCollector(const HostRoot& host, Board& board)
    : board_(board),
      stat_(host.Path("/proc/stat")),
      load_(host.Path("/proc/loadavg")),
      memory_(host.Path("/proc/meminfo")),
      uptime_(host.Path("/proc/uptime")),
      cpu_pressure_(host.Path("/proc/pressure/cpu")),
      memory_pressure_(host.Path("/proc/pressure/memory")),
      io_pressure_(host.Path("/proc/pressure/io")) {}

absl::Status ProcCollector::Collect() {
  absl::Status status = CollectCpu();
  status.Update(CollectMemory());
  status.Update(CollectPressure());
  status.Update(CollectBootTime());
  return status;
}

absl::Status ProcCollector::CollectCpu() {
  v1::NodeCpu cpu;
  const auto stat = ReadAs(stat_, buffer_, DecodeProcStat);
  if (stat.ok()) {
    cpu.set_cpus(stat->cpus);
    if (const auto used = cpu_rate_.Update(stat->busy_ticks, stat->idle_ticks, stat->cpus)) {
      cpu.set_used_millicores(*used);
    }
  }
  const auto load = ReadAs(load_, buffer_, DecodeLoadAverage);
  if (load.ok()) {
    cpu.set_load_1m(load->one_minute);
    cpu.set_load_5m(load->five_minutes);
    cpu.set_load_15m(load->fifteen_minutes);
  }
  board_.Update([&](NodeState& state) { state.SetCpu(std::move(cpu)); });
  return stat.ok() ? load.status() : stat.status();
}

absl::Status ProcCollector::CollectMemory() {
  const auto info = ReadAs(memory_, buffer_, DecodeMemoryInfo);
  v1::NodeMemory memory;
  if (info.ok()) {
    memory.set_total_bytes(info->total_bytes);
    memory.set_available_bytes(info->available_bytes);
  }
  board_.Update([&](NodeState& state) { state.SetMemory(std::move(memory)); });
  return info.status();
}

absl::Status ProcCollector::CollectPressure() {
  const auto cpu = ReadAs(cpu_pressure_, buffer_, DecodePressure);
  if (!cpu.ok()) {
    return absl::IsNotFound(cpu.status()) || cpu.status().code() == absl::StatusCode::kUnimplemented
               ? absl::OkStatus()  // a kernel without it, or one that was started with psi=0
               : cpu.status();
  }
  v1::Pressure pressure;
  pressure.set_cpu_some_10s_percent(cpu->some_avg10_percent);
  const auto memory = ReadAs(memory_pressure_, buffer_, DecodePressure);
  if (memory.ok()) {
    pressure.set_memory_some_10s_percent(memory->some_avg10_percent);
    if (memory->full_avg10_percent) {
      pressure.set_memory_full_10s_percent(*memory->full_avg10_percent);
    }
  }
  const auto io = ReadAs(io_pressure_, buffer_, DecodePressure);
  if (io.ok()) {
    pressure.set_io_some_10s_percent(io->some_avg10_percent);
    if (io->full_avg10_percent) {
      pressure.set_io_full_10s_percent(*io->full_avg10_percent);
    }
  }
  board_.Update([&](NodeState& state) { state.SetPressure(std::move(pressure)); });
  return absl::OkStatus();
}

absl::Status ProcCollector::CollectBootTime() {
  EVENKEEL_ASSIGN_OR_RETURN(const absl::Duration uptime, ReadAs(uptime_, buffer_, DecodeUptime));
  const absl::Time boot_time = absl::Now() - uptime;  // by the node's wall clock, as all that is reported
  board_.Update([&](NodeState& state) { state.SetBootTime(boot_time); });
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadBootId(const HostRoot& host) {
  KernelFile file(host.Path("/proc/sys/kernel/random/boot_id"));
  std::string buffer;
  return ReadAs(file, buffer, DecodeBootId);
}

}  // namespace evenkeel::agent
