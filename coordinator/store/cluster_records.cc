// Clusters, and what operators have ordered in them.

#include "coordinator/store/records.h"

#include <optional>

#include "coordinator/store/burst_records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {

namespace stored = ::evenkeel::storage::v1;

stored::Cluster ToRecord(const ClusterRecord& cluster) {
  stored::Cluster record;
  record.set_cluster(cluster.cluster);
  if (cluster.pause) {
    stored::Pause& pause = *record.mutable_pause();
    pause.set_start_ns(ToStored(cluster.pause->start));
    pause.set_end_ns(ToStored(cluster.pause->end));
    pause.set_reason(cluster.pause->reason);
  }
  record.set_booked_until_ns(ToStored(cluster.booked_until));
  for (const auto& [domain, booked_until] : cluster.domain_booked_until) {
    stored::DomainBooking& booking = *record.add_domains();
    booking.set_domain(domain);
    booking.set_booked_until_ns(ToStored(booked_until));
  }
  record.set_storm_ns(ToStored(cluster.storm));
  record.set_storm_reason(cluster.storm_reason);
  if (cluster.burst != BurstRecord{}) *record.mutable_burst() = ToRecord(cluster.burst);
  return record;
}

absl::StatusOr<ClusterRecord> FromRecord(const stored::Cluster& record) {
  ClusterRecord cluster{.cluster = record.cluster(),
                        .pause = std::nullopt,
                        .booked_until = TimeFrom(record.booked_until_ns()),
                        .domain_booked_until = {},
                        .storm = TimeFrom(record.storm_ns()),
                        .storm_reason = record.storm_reason()};
  if (record.has_pause()) {
    cluster.pause = Pause{.cluster = record.cluster(),
                          .start = TimeFrom(record.pause().start_ns()),
                          .end = TimeFrom(record.pause().end_ns()),
                          .reason = record.pause().reason()};
  }
  for (const stored::DomainBooking& booking : record.domains()) {
    cluster.domain_booked_until[booking.domain()] = TimeFrom(booking.booked_until_ns());
  }
  if (record.has_burst()) cluster.burst = FromRecord(record.burst());
  return cluster;
}

stored::Maintenance ToRecord(const Maintenance& maintenance) {
  stored::Maintenance record;
  record.set_cluster(maintenance.node.cluster);
  record.set_node(maintenance.node.node);
  record.set_start_ns(ToStored(maintenance.start));
  record.set_end_ns(ToStored(maintenance.end));
  record.set_reason(maintenance.reason);
  return record;
}

absl::StatusOr<Maintenance> FromRecord(const stored::Maintenance& record) {
  return Maintenance{.node = {.cluster = record.cluster(), .node = record.node()},
                     .start = TimeFrom(record.start_ns()),
                     .end = TimeFrom(record.end_ns()),
                     .reason = record.reason()};
}

}  // namespace evenkeel::coordinator
