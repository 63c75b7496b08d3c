// How badly the world behaves, as one struct: all at their defaults is a world without surprises, which is
// what scripts run in. Chances are in thousandths. Knobs may be turned while the world runs.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace evenkeel::simulation {

struct Knobs {
  // ---- the network ----
  absl::Duration latency;  // one way, up to this, besides what things take anyway
  uint32_t delayed = 0;    // a message is late by up to `delay` (a lost packet, sent again)
  absl::Duration delay = absl::Milliseconds(300);
  uint32_t probe_port_lost = 0;     // all packets between a witness and one port: the try times out
  uint32_t probe_answer_lost = 0;   // the witness' answer never comes
  uint32_t probe_answer_twice = 0;  // it comes twice
  absl::Duration retransmission;    // a way that is open again is noticed up to this late
  absl::Duration beat_jitter;       // an agent beats late by up to this

  // ---- what agents tell of their pods' CPU ----
  uint32_t sample_lost = 0;   // a reading fails: nothing is told of that second
  uint32_t sample_late = 0;   // it is told up to `sample_delay` late
  uint32_t sample_twice = 0;  // it is told twice
  absl::Duration sample_delay = absl::Seconds(4);

  // ---- the API server ----
  uint32_t request_lost = 0;   // a request never arrives: no answer, nothing done
  uint32_t answer_lost = 0;    // it is carried out, and nobody says so
  uint32_t request_twice = 0;  // it arrives twice: the client's retry after a lost answer
  uint32_t refused = 0;        // answered with an error of the server's, nothing done
  // The same of what a burst needs (taints of valves, deletion costs, replicas, placeholders): an admission
  // webhook of somebody's says no, and to ask again is of no use.
  uint32_t forbidden = 0;
  absl::Duration api_delay;    // a request takes up to this longer
  absl::Duration claim_delay;  // an action waits so much longer before it is sent
  absl::Duration watch_delay;  // the watches show what has happened up to this late

  // ---- gateways ----
  uint32_t wish_lost = 0;         // a wish never arrives: no answer, nothing written
  uint32_t wish_answer_lost = 0;  // it is written, and nobody says so
  absl::Duration gateway_delay;   // what is asked of a gateway takes up to this longer

  // ---- Kubernetes' controllers ----
  absl::Duration controller_delay;  // a controller or the scheduler reacts up to this late
  absl::Duration taint_lag;         // the scheduler sees a new taint up to this late

  // ---- the coordinator's store ----
  uint32_t crash_before_commit = 0;  // the process dies with the batch not durable
  uint32_t crash_after_commit = 0;   // it is durable, and nothing of it was released
  uint32_t sync_fails = 0;           // an error, and the batch may be durable or not
  uint32_t disk_full = 0;            // an error, and it is not
  uint32_t slow_sync = 0;            // takes up to `sync_delay`
  absl::Duration sync_delay = absl::Seconds(2);

  bool operator==(const Knobs&) const = default;
};

}  // namespace evenkeel::simulation
