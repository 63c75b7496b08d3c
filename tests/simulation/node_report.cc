#include "tests/simulation/node_report.h"

namespace evenkeel::simulation {
namespace {

using coordinator::Symptom;
using coordinator::SymptomKind;

void Spoil(v1::PartHealth& part, v1::PartState state, const Symptom& symptom) {
  part.set_state(state);
  part.set_detail(symptom.detail);
}

}  // namespace

v1::Report ReportOf(const Machine& machine) {
  v1::Report report;
  v1::NodeReport& node = *report.mutable_node();
  v1::PartHealth& kubelet = *node.mutable_kubelet();
  kubelet.set_state(machine.kubelet_hidden ? v1::PART_STATE_UNSPECIFIED : v1::PART_STATE_HEALTHY);
  if (!machine.kubelet_hidden) node.mutable_pleg()->set_state(v1::PART_STATE_HEALTHY);
  node.mutable_runtime()->set_state(v1::PART_STATE_HEALTHY);
  v1::FilesystemUsage& disk = *node.add_filesystems();
  disk.set_role("kubelet");
  disk.set_read_only(false);
  node.mutable_pressure()->set_memory_full_10s_percent(0);
  for (const Symptom& symptom : machine.Health()) {
    switch (symptom.kind) {
      case SymptomKind::kKubelet:
        Spoil(kubelet, machine.kubelet ? v1::PART_STATE_UNHEALTHY : v1::PART_STATE_UNREACHABLE, symptom);
        break;
      case SymptomKind::kRuntime:
        Spoil(*node.mutable_runtime(), v1::PART_STATE_UNREACHABLE, symptom);
        break;
      case SymptomKind::kPleg:
        Spoil(*node.mutable_pleg(), v1::PART_STATE_UNHEALTHY, symptom);
        break;
      case SymptomKind::kReadOnlyDisk:
        disk.set_read_only(true);
        break;
      case SymptomKind::kHungDisk:
        disk.set_not_answering(true);
        break;
      case SymptomKind::kMemoryStall:
        node.mutable_pressure()->set_memory_full_10s_percent(symptom.figure);
        break;
      case SymptomKind::kIoErrors:
      case SymptomKind::kHungTask:
      case SymptomKind::kOomKills:
        break;  // they happen, and do not last (Agents::KernelSays)
    }
  }
  return report;
}

}  // namespace evenkeel::simulation
