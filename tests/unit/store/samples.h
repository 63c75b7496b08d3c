#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "coordinator/core/cluster_record.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/scale/scaler_record.h"
#include "coordinator/core/switch/gateway_facts.h"

// Structs for the store's tests in which no field has its default.
namespace evenkeel::coordinator {

inline absl::Time SampleTime(int64_t seconds) {
  return absl::FromUnixSeconds(1'700'000'000 + seconds) + absl::Nanoseconds(seconds % 1000);
}

inline WorkloadRecovery SampleWorkload() {
  return {.name_space = "shop",
          .controller = {.kind = "ReplicaSet", .name = "web-5d9", .uid = "uid-rs"},
          .removed = 3,
          .restored = 2,
          .ready_elsewhere_before = 7,
          .waiting_for = "0/3 nodes are available"};
}

inline Workload SampleScaledWorkload() {
  return {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
}

// One backend: maps of several are not stored in one order, and records are compared byte by byte.
inline RouteShape SampleShape(uint32_t percent) {
  return {.backends = {{"west", {.percent = percent, .mode = BackendMode::kDraining}}},
          .canary = CanaryRule{.header = "x-canary", .value = "yes", .backend = "west"}};
}

inline RouteWish SampleWish() {
  return {.key = {.gateway = "edge", .route = "web"},
          .shape = SampleShape(50),
          .mark = {.epoch = 5, .owner = {5, 12}, .version = 3},
          .only_from = SampleShape(10),
          .may_cut = 2};
}

inline Action SampleAction(uint32_t number, ActionKind kind, ActionState state) {
  return {
      .number = number,
      .stage = 2,
      .kind = kind,
      .name_space = "shop",
      .name = absl::StrCat("web-", number),
      .uid = absl::StrCat("uid-", number),
      .state = state,
      .result = "deleted",
      .release_time = SampleTime(10 + number),
      .finish_time = SampleTime(20 + number),
      .attempts = 4,
      .replicas = ReplicaChange{.group = "apps", .version = "v1", .kind = "Deployment", .from = 2, .to = 6},
      .requests = Resources{.cpu_millicores = 200, .memory_bytes = 1 << 20, .pods = 1},
      .route = SampleWish()};
}

inline Decision SampleDecision(DecisionId id, DecisionState state = DecisionState::kOpen) {
  Decision decision{.id = id,
                    .kind = DecisionKind::kReadmission,
                    .cluster = "east",
                    .node = "node-7",
                    .node_uid = "uid-node-7",
                    .state = state,
                    .summary = "node-7 is dead",
                    .verdict = Verdict::kDead,
                    .confidence = Confidence::kMedium,
                    .evidence = {{.time = SampleTime(1),
                                  .source = "node node-2",
                                  .observation = "timed out",
                                  .direction = Direction::kAgainstLife},
                                 {.time = SampleTime(2),
                                  .source = "kubernetes",
                                  .observation = "lease renewed",
                                  .direction = Direction::kForLife}},
                    .guards = {{.guard = "node-budget", .allowed = true, .reason = "1 of 1"}},
                    .alternatives = {{.description = "wait", .reason = "nobody reaches it"}},
                    .actions = {SampleAction(1, ActionKind::kTaintNode, ActionState::kDone),
                                SampleAction(2, ActionKind::kDeletePod, ActionState::kReleased)},
                    .policy = "failover",
                    .policy_etag = "17",
                    .workloads = {SampleWorkload()},
                    .unplaced = {{.name_space = "shop",
                                  .name = "batch-1",
                                  .controller = SampleWorkload().controller,
                                  .priority = -7,
                                  .requests = {.cpu_millicores = 1500, .memory_bytes = 1 << 30, .pods = 1},
                                  .reason = "of 2 nodes 2 have taints"}},
                    .outcome = "recovered",
                    .workload = SampleScaledWorkload(),
                    .workload_uid = "uid-web"};
  decision.timings = {.last_sign = SampleTime(1),
                      .detected = SampleTime(2),
                      .judged = SampleTime(3),
                      .intended = SampleTime(4),
                      .acted = SampleTime(5),
                      .recovered = SampleTime(6),
                      .closed = {},
                      .fenced = SampleTime(8)};
  if (state != DecisionState::kOpen) {
    decision.timings.closed = SampleTime(static_cast<int64_t>(id.number));
  }
  return decision;
}

inline NodeRecord SampleNode(const std::string& name) {
  return {.key = {.cluster = "east", .node = name},
          .uid = "uid-" + name,
          .agent_seen = true,
          .failed_over = true,
          .failover = DecisionId{3, 4},
          .moved = {SampleWorkload()},
          .hold_down = {.relapses = 3, .readmitted = SampleTime(9)},
          .agent_pod = "evenkeel-agent-x7",
          .recovered = SampleTime(30),
          .gray = {.tainted = true, .drained = true, .decision = DecisionId{3, 5}},
          .fencing = {.version = 9,
                      .vouchers = {"node-1", "node-3"},
                      .armed = ArmedFence{.isolation_timeout = absl::Seconds(20),
                                          .stop_timeout = absl::Seconds(10),
                                          .watchdog_timeout = absl::Seconds(15),
                                          .pods = {"uid-db-0"},
                                          .boot_id = "boot-1"},
                      .condemned = true,
                      .out_of_service = true,
                      .proof = FenceProof{.method = FenceMethod::kSelf,
                                          .time = SampleTime(7),
                                          .detail = "its agent has stopped its pods",
                                          .pods = {"uid-db-0"},
                                          .lease_version = "4711"}}};
}

inline BurstLedger SampleLedger() {
  return {.began = SampleTime(1),
          .use = {.cpu_millicores = 400, .memory_bytes = 1 << 20, .pods = 2},
          .counted = SampleTime(2),
          .cpu_millicore_ms = 3,
          .memory_mib_ms = 4,
          .pod_ms = 5,
          .peak_pods = 6};
}

inline BurstRecord SampleBurst() {
  BurstLedger last = SampleLedger();
  last.use = {};
  return {.ledger = SampleLedger(),
          .provider = {.failures = 2, .failed = SampleTime(3), .cause = "shop/web-1 did not come up"},
          .damping = {.relapses = 1, .drained_back = SampleTime(4)},
          .headroom = {.name_space = "evenkeel",
                       .asked = {.cpu_millicores = 600, .memory_bytes = 1 << 21, .pods = 3}},
          .last = EndedBurst{.ledger = last, .cost_micros = 7, .currency = "USD"}};
}

inline ClusterRecord SampleCluster(const std::string& name) {
  return {.cluster = name,
          .pause = Pause{.cluster = name, .start = SampleTime(1), .end = SampleTime(2), .reason = "upgrade"},
          .booked_until = SampleTime(3),
          .domain_booked_until = {{"a", SampleTime(4)}, {"b", SampleTime(5)}},
          .storm = SampleTime(6),
          .storm_reason = "3 of 4 nodes are silent at once",
          .burst = SampleBurst()};
}

inline Maintenance SampleMaintenance(const std::string& node) {
  return {.node = {.cluster = "east", .node = node},
          .start = SampleTime(1),
          .end = SampleTime(2),
          .reason = "new disk"};
}

inline Policy SamplePolicy(const std::string& name) {
  return {.name = name,
          .etag = "42",
          .create_time = SampleTime(1),
          .update_time = SampleTime(2),
          .spec = FailoverPolicy{.cluster = "east",
                                 .mode = PolicyMode::kEnforce,
                                 .beat_interval = absl::Milliseconds(200),
                                 .suspect_after = absl::Milliseconds(700),
                                 .max_suspect_after = absl::Milliseconds(1700),
                                 .probe_timeout = absl::Milliseconds(450),
                                 .witnesses = 5,
                                 .max_unavailable_nodes = 3,
                                 .max_unavailable_percent = 25,
                                 .readmit_after = absl::Seconds(90),
                                 .max_readmit_after = absl::Minutes(40),
                                 .rebalance = true,
                                 .recovery_timeout = absl::Minutes(9),
                                 .limits = {.max_unavailable_nodes_per_domain = 2,
                                            .max_unavailable_percent_per_domain = 40,
                                            .max_disruptions = 7,
                                            .max_disruptions_per_domain = 3,
                                            .disruption_window = absl::Minutes(8),
                                            .min_healthy_nodes = 4,
                                            .min_healthy_percent = 60,
                                            .storm_cool_down = absl::Seconds(70),
                                            .release_budget_after = absl::Minutes(20)},
                                 .gray = {.after = absl::Seconds(11),
                                          .recover_after = absl::Seconds(12),
                                          .memory_stall_percent = 70,
                                          .oom_kills = 7,
                                          .io_errors = 8,
                                          .taint = true,
                                          .restart = true,
                                          .drain = true,
                                          .restart_timeout = absl::Seconds(13),
                                          .escalate_after = absl::Minutes(14)},
                                 .fencing = {.self_fencing = true,
                                             .isolation_timeout = absl::Seconds(25),
                                             .stop_timeout = absl::Seconds(12),
                                             .without_watchdog = true,
                                             .hook = true}}};
}

inline ScaleRules SampleRules() {
  return {.minimums =
              {.replicas = 2,
               .schedule =
                   {{.weekdays = 0x1f, .begin = absl::Hours(8), .length = absl::Hours(10), .replicas = 6},
                    {.weekdays = 0x60, .begin = absl::Minutes(90), .length = absl::Hours(3), .replicas = 4}},
               .utc_offset = absl::Hours(-5)},
          .maximum = 40,
          .target = {.kind = CpuTarget::Kind::kMillicores, .value = 250},
          .tolerance = {.up = 0.05, .down = 0.2},
          .behaviour = {.up = {.stabilisation = absl::Seconds(3),
                               .select = SelectPolicy::kMin,
                               .policies = {{RatePolicy::Kind::kPercent, 50, absl::Seconds(20)},
                                            {RatePolicy::Kind::kPods, 7, absl::Seconds(25)}}},
                        .down = {.stabilisation = absl::Minutes(2),
                                 .select = SelectPolicy::kDisabled,
                                 .policies = {{RatePolicy::Kind::kPercent, 10, absl::Minutes(1)}}}},
          .start_up = {.initialization = absl::Minutes(4),
                       .readiness_delay = absl::Seconds(31),
                       .first_sample = absl::Seconds(61)},
          .panic = {.enabled = true,
                    .window = absl::Seconds(4),
                    .threshold_percent = 170,
                    .stable_window = absl::Seconds(50),
                    .throttled_percent = 30},
          .demand = DemandRules::kHpa,
          .window = absl::Seconds(20),
          .scale_in_held_percent = 12,
          .scale_in_interval = absl::Seconds(16)};
}

inline Policy SampleScalePolicy(const std::string& name) {
  return {.name = name,
          .etag = "43",
          .create_time = SampleTime(1),
          .update_time = SampleTime(2),
          .spec = ScalePolicy{.cluster = "east",
                              .target = SampleScaledWorkload(),
                              .version = "v1",
                              .mode = PolicyMode::kEnforce,
                              .paused = true,
                              .rules = SampleRules()}};
}

inline ScalerRecord SampleScaler(const std::string& policy) {
  return {.policy = policy,
          .cluster = "east",
          .target = SampleScaledWorkload(),
          .uid = "uid-web",
          .memory = {.begun = true,
                     .recommendations = {.lowest = {{.replicas = 2, .time = SampleTime(1)},
                                                    {.replicas = 5, .time = SampleTime(3)}},
                                         .highest = {{.replicas = 9, .time = SampleTime(2)},
                                                     {.replicas = 5, .time = SampleTime(3)}}},
                     .changes = {{.added = 4, .time = SampleTime(4)}, {.added = -1, .time = SampleTime(5)}},
                     .panic = Panic{.began = SampleTime(6), .last = SampleTime(7), .floor = 8},
                     .scaled_in = SampleTime(8)},
          .written = SampleTime(9),
          .last_scaled = DecisionId{3, 6}};
}

}  // namespace evenkeel::coordinator
