// What is remembered of nodes.

#include "coordinator/store/records.h"

#include <utility>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/record_parts.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
// Those of the headers, beside those of this file.
using coordinator::FromRecord;
using coordinator::ToRecord;

constexpr EnumPair<FenceMethod, stored::FenceMethod> kFenceMethods[] = {
    {FenceMethod::kSelf, stored::FENCE_METHOD_SELF},
    {FenceMethod::kHook, stored::FENCE_METHOD_HOOK},
    {FenceMethod::kOperator, stored::FENCE_METHOD_OPERATOR},
};

stored::GrayRecord ToRecord(const GrayRecord& gray) {
  stored::GrayRecord record;
  record.set_tainted(gray.tainted);
  record.set_drained(gray.drained);
  if (gray.decision) *record.mutable_decision() = ToRecord(*gray.decision);
  return record;
}

GrayRecord FromRecord(const stored::GrayRecord& record) {
  GrayRecord gray{.tainted = record.tainted(), .drained = record.drained(), .decision = {}};
  if (record.has_decision()) gray.decision = FromRecord(record.decision());
  return gray;
}

stored::NodeFencing ToRecord(const NodeFencing& fencing) {
  stored::NodeFencing record;
  record.set_version(fencing.version);
  for (const std::string& voucher : fencing.vouchers) record.add_vouchers(voucher);
  if (fencing.armed) {
    stored::ArmedFence& armed = *record.mutable_armed();
    armed.set_isolation_timeout_ns(ToStored(fencing.armed->isolation_timeout));
    armed.set_stop_timeout_ns(ToStored(fencing.armed->stop_timeout));
    if (fencing.armed->watchdog_timeout) {
      armed.set_watchdog_timeout_ns(ToStored(*fencing.armed->watchdog_timeout));
    }
    for (const std::string& pod : fencing.armed->pods) armed.add_pods(pod);
    armed.set_boot_id(fencing.armed->boot_id);
  }
  record.set_condemned(fencing.condemned);
  record.set_out_of_service(fencing.out_of_service);
  if (fencing.proof) {
    stored::FenceProof& proof = *record.mutable_proof();
    proof.set_method(ToStored(kFenceMethods, fencing.proof->method));
    proof.set_time_ns(ToStored(fencing.proof->time));
    proof.set_detail(fencing.proof->detail);
    for (const std::string& pod : fencing.proof->pods) proof.add_pods(pod);
    proof.set_lease_version(fencing.proof->lease_version);
  }
  return record;
}

absl::StatusOr<NodeFencing> FromRecord(const stored::NodeFencing& record) {
  NodeFencing fencing{.version = record.version(),
                      .vouchers = {record.vouchers().begin(), record.vouchers().end()},
                      .armed = {},
                      .condemned = record.condemned(),
                      .out_of_service = record.out_of_service(),
                      .proof = {}};
  if (record.has_armed()) {
    const stored::ArmedFence& stored_armed = record.armed();
    ArmedFence armed{.isolation_timeout = DurationFrom(stored_armed.isolation_timeout_ns()),
                     .stop_timeout = DurationFrom(stored_armed.stop_timeout_ns()),
                     .watchdog_timeout = {},
                     .pods = {stored_armed.pods().begin(), stored_armed.pods().end()},
                     .boot_id = stored_armed.boot_id()};
    if (stored_armed.has_watchdog_timeout_ns()) {
      armed.watchdog_timeout = DurationFrom(stored_armed.watchdog_timeout_ns());
    }
    fencing.armed = std::move(armed);
  }
  if (record.has_proof()) {
    FenceProof proof{.time = TimeFrom(record.proof().time_ns()),
                     .detail = record.proof().detail(),
                     .pods = {record.proof().pods().begin(), record.proof().pods().end()},
                     .lease_version = record.proof().lease_version()};
    EVENKEEL_RETURN_IF_ERROR(
        FromStored(kFenceMethods, record.proof().method(), "FenceProof.method", proof.method));
    fencing.proof = std::move(proof);
  }
  return fencing;
}

}  // namespace

stored::Node ToRecord(const NodeRecord& node) {
  stored::Node record;
  record.set_cluster(node.key.cluster);
  record.set_name(node.key.node);
  record.set_uid(node.uid);
  record.set_agent_seen(node.agent_seen);
  record.set_failed_over(node.failed_over);
  if (node.failover) *record.mutable_failover() = ToRecord(*node.failover);
  for (const WorkloadRecovery& workload : node.moved) *record.add_moved() = ToRecord(workload);
  record.set_relapses(node.hold_down.relapses);
  if (node.hold_down.readmitted != absl::InfinitePast()) {
    record.set_readmitted_ns(ToStored(node.hold_down.readmitted));
  }
  record.set_agent_pod(node.agent_pod);
  if (node.recovered) record.set_recovered_ns(ToStored(*node.recovered));
  if (node.gray != GrayRecord{}) *record.mutable_gray() = ToRecord(node.gray);
  if (node.fencing != NodeFencing{}) *record.mutable_fencing() = ToRecord(node.fencing);
  return record;
}

absl::StatusOr<NodeRecord> FromRecord(const stored::Node& record) {
  NodeRecord node{.key = {.cluster = record.cluster(), .node = record.name()},
                  .uid = record.uid(),
                  .agent_seen = record.agent_seen(),
                  .failed_over = record.failed_over(),
                  .agent_pod = record.agent_pod()};
  node.hold_down.relapses = record.relapses();
  if (record.has_readmitted_ns()) node.hold_down.readmitted = TimeFrom(record.readmitted_ns());
  if (record.has_failover()) node.failover = FromRecord(record.failover());
  for (const stored::WorkloadRecovery& workload : record.moved()) node.moved.push_back(FromRecord(workload));
  if (record.has_recovered_ns()) node.recovered = TimeFrom(record.recovered_ns());
  if (record.has_gray()) node.gray = FromRecord(record.gray());
  if (record.has_fencing()) {
    EVENKEEL_ASSIGN_OR_RETURN(node.fencing, FromRecord(record.fencing()));
  }
  return node;
}

}  // namespace evenkeel::coordinator
