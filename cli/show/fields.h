#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/print/table.h"
#include "cli/reference.h"
#include "evenkeel/v1/decision.pb.h"
#include "evenkeel/v1/fleet.pb.h"
#include "evenkeel/v1/maintenance.pb.h"
#include "evenkeel/v1/policy.pb.h"

// What a table shows of each kind of resource.
namespace evenkeel::cli {

// Which columns there are. They never depend on what is found, so that scripts can rely on them.
struct TableOptions {
  bool wide = false;
  bool show_cluster = false;    // where the cluster was not picked
  bool show_namespace = false;  // with -A
};

// A column and a resource's cell in it.
struct Field {
  Column column;
  Cell cell;
};

std::vector<Field> Fields(const v1::Cluster& cluster, const TableOptions& options, absl::Time now);
std::vector<Field> Fields(const v1::Node& node, const TableOptions& options, absl::Time now);
std::vector<Field> Fields(const v1::Pod& pod, const TableOptions& options, absl::Time now);
std::vector<Field> Fields(const v1::Container& container, const TableOptions& options, absl::Time now);
std::vector<Field> Fields(const v1::Decision& decision, const TableOptions& options, absl::Time now);
std::vector<Field> Fields(const v1::Policy& policy, const TableOptions& options, absl::Time now);
std::vector<Field> Fields(const v1::Maintenance& maintenance, const TableOptions& options, absl::Time now);

// A table for resources of one type.
template <typename Resource>
Table MakeTable(const TableOptions& options, bool colour) {
  std::vector<Column> columns;
  for (Field& field : Fields(Resource(), options, absl::UnixEpoch()))
    columns.push_back(std::move(field.column));
  return Table(std::move(columns), colour);
}

// A resource's row in that table.
template <typename Resource>
Row MakeRow(const Resource& resource, const TableOptions& options, absl::Time now) {
  Row row;
  for (Field& field : Fields(resource, options, now)) row.push_back(std::move(field.cell));
  return row;
}

// The words for enumerators, with the colour that fits them.
Cell VerdictCell(v1::Verdict verdict);

// ", high confidence"; empty where nothing is judged.
std::string ConfidenceText(v1::Confidence confidence);
Cell StateCell(const v1::Cluster& cluster);
Cell StateCell(v1::Decision::State state);
std::string KindWord(v1::Decision::Kind kind);

// "paused by an operator until ... (REASON)"; "until ... (REASON)".
std::string PauseText(const v1::Pause& pause);
std::string MaintenanceText(const v1::Maintenance& maintenance);

// Use of a machine: "12%" of all its CPUs; "<none>" where it is not measured.
std::string CpuShare(const v1::NodeCpu& cpu);
std::string MemoryShare(const v1::NodeMemory& memory);

}  // namespace evenkeel::cli
