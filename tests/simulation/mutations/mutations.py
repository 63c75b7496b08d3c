#!/usr/bin/env python3
"""Deliberately broken builds of the product, one idea each, and the law that the simulator must see broken.

mutations.py list                      prints "NAME LAW FILE" of each
mutations.py make NAME SOURCE OUTPUT   writes SOURCE's file of that mutation, broken, to OUTPUT

Texts are replaced exactly; one that is not found exactly once ends with an error, so that a mutation never silently stops
meaning anything.
"""

import pathlib
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    name: str
    law: str  # that must be seen broken
    file: str  # of the source tree
    text: str  # as it stands there, once
    broken: str
    also: str = ""  # another law whose breach is as good a catch


MUTATIONS = [
    Mutation(
        "witnesses_not_needed",
        "L1",
        "coordinator/core/judge.cc",
        "return std::max<size_t>(1, std::min<size_t>({2, asked, eligible}));",
        "return (void)asked, (void)eligible, 0;",
    ),
    Mutation(
        "life_is_no_veto",
        "L1",
        "coordinator/core/judge.cc",
        "if (std::any_of(tries.begin(), tries.end(), ShowsLife)) return Testimony::kAlive;",
        "if (std::any_of(tries.begin(), tries.end(), ShowsLife)) return Testimony::kAgainst;",
    ),
    Mutation(
        "lease_not_looked_at",
        "L1",
        "coordinator/core/round.cc",
        "if (!lease.stale) {",
        "if (false) {",
    ),
    Mutation(
        "late_sign_of_life_ignored",
        "L1",
        "coordinator/core/failover.cc",
        "if (open == nullptr || !turn.ClusterOf(node).sight.listed) return;",
        "if (open == nullptr || turn.now > absl::UnixEpoch()) return;",
        also="L2",
    ),
    Mutation(
        "no_grace_after_a_start",
        "L2",
        "coordinator/core/clusters.cc",
        "cluster.sight.grace_until = turn.now + kStartGrace;",
        "cluster.sight.grace_until = turn.now;",
    ),
    Mutation(
        "own_stall_not_noticed",
        "L2",
        "coordinator/core/step.cc",
        "if (late > kStallAfter) OnStall(turn, late);",
        "if (late > absl::Hours(1)) OnStall(turn, late);",
    ),
    Mutation(
        "mass_silence_not_noticed",
        "L2",
        "coordinator/core/sight.cc",
        "return cluster.standings.silent.size() > NodeBudget(cluster.policy, cluster.size);",
        "return (void)cluster, false;",
        also="L6",
    ),
    Mutation(
        "released_after_a_sleep",
        "L2",
        "coordinator/runtime/loop.cc",
        "if (took > kLongestTurn) {",
        "if (false) {",
    ),
    Mutation(
        "intents_not_synced",
        "L3",
        "coordinator/runtime/loop.cc",
        "if (absl::Status status = store_.Commit(writes_); !status.ok()) return status;",
        "(void)store_;",
    ),
    Mutation(
        "released_before_it_is_marked",
        "L3",
        "coordinator/core/turn.cc",
        """  action.state = ActionState::kReleased;
  action.release_time = now;
  ++action.attempts;
  effects_.actions.push_back({open.decision.id, open.decision.cluster, action});""",
        """  effects_.actions.push_back({open.decision.id, open.decision.cluster, action});
  action.state = ActionState::kReleased;
  action.release_time = now;
  ++action.attempts;""",
    ),
    Mutation(
        "open_failovers_not_resumed",
        "L4",
        "coordinator/core/clusters.cc",
        "        RestoreFailover(turn, open);\n",
        "        open.winding_up = true;\n",
        also="L11",
    ),
    Mutation(
        "stateful_pods_moved_without_proof",
        "L5",
        "coordinator/core/plan_failover.cc",
        "return !MayRunTwice(kind) || !pod.exclusive_claims.empty();",
        'return kind != "StatefulSet" && (!MayRunTwice(kind) || !pod.exclusive_claims.empty());',
    ),
    Mutation(
        "fence_not_waited_for",
        "L5",
        "coordinator/core/fencing_time.cc",
        "return own * (1 + kClockDrift) + kLastWrite;",
        "return (void)own, (void)kClockDrift, kLastWrite;",
    ),
    Mutation(
        "budget_not_asked",
        "L6",
        "coordinator/core/guards.cc",
        'return {"node-budget", facts.out < budget,',
        'return {"node-budget", true,',
    ),
    Mutation(
        "domain_budget_not_asked",
        "L6",
        "coordinator/core/guards.cc",
        'return {"domain-budget", facts.domain_out < budget,',
        'return {"domain-budget", true,',
    ),
    Mutation(
        "rate_not_asked",
        "L6",
        "coordinator/core/guards.cc",
        'return {"rate", allowed, std::move(reason)};',
        'return {"rate", true, std::move(reason)};',
    ),
    Mutation(
        "health_not_asked",
        "L6",
        "coordinator/core/guards.cc",
        'return {"min-healthy", facts.healthy >= least,',
        'return {"min-healthy", true,',
    ),
    Mutation(
        "no_calm_after_a_storm",
        "L6",
        "coordinator/core/guards.cc",
        'return {"cool-down", calm >= need,',
        'return {"cool-down", true,',
    ),
    Mutation(
        "drained_nodes_not_counted",
        "L6",
        "coordinator/core/standing.cc",
        "return node.record.failed_over || node.record.gray.drained;",
        "return node.record.failed_over;",
    ),
    Mutation(
        "cared_for_by_an_old_verdict",
        "L1",
        "coordinator/core/gray_ladder.cc",
        "if (open.must_verify || node->verdict != Verdict::kGray || IsBlindTo(*cluster, *node)) return;",
        "if (IsBlindTo(*cluster, *node)) return;",
        also="L2",
    ),
    Mutation(
        "maintenance_not_asked",
        "L6",
        "coordinator/core/guards.cc",
        'return {"maintenance", false,',
        'return {"maintenance", true,',
    ),
    Mutation(
        "pause_not_held",
        "L6",
        "coordinator/core/carry_out.cc",
        "if (cluster.record.pause) return false;",
        "",
    ),
    Mutation(
        "booking_forgotten_by_a_restart",
        "L6",
        "coordinator/core/guards.cc",
        """    booked = Book(DomainRate(cluster.policy, cluster.size), booked, turn.now);
  }
  turn.RecordChanged(cluster);""",
        """    booked = Book(DomainRate(cluster.policy, cluster.size), booked, turn.now);
  }""",
    ),
    Mutation(
        "domain_in_doubt_not_noticed",
        "L2",
        "coordinator/core/domain_sight.cc",
        "if (standing->silent.size() <= most) return \"\";",
        "if (true) return \"\";",
    ),
    Mutation(
        "newer_epoch_not_seen",
        "L7",
        "coordinator/act/claim.cc",
        "if (epoch > claimant.epoch) {",
        "if (epoch > claimant.epoch) return done(absl::OkStatus());\n  if (epoch > claimant.epoch) {",
    ),
    Mutation(
        "nothing_frozen",
        "L8",
        "coordinator/core/failover.cc",
        "  JudgeAgain(turn, open);\n  open.give_up.reset();",
        "  open.give_up.reset();",
        also="L2",
    ),
    Mutation(
        "api_loss_not_doubted",
        "L8",
        "coordinator/core/sight.cc",
        ".api = cluster.sight.listed && !cluster.sight.api_reachable,",
        ".api = false,",
    ),
    Mutation(
        "maximum_not_kept",
        "L9",
        "coordinator/core/scale/scalers.cc",
        "  scaler.policy = scale;\n",
        "  scaler.policy = scale;\n  scaler.policy.rules.maximum += 3;\n",
        also="L11",
    ),
    Mutation(
        "lost_samples_not_minded",
        "L9",
        "coordinator/core/scale/advice.cc",
        "if (TooManyHeld(rules, advice.steady)) {",
        "if (false && TooManyHeld(rules, advice.steady)) {",
    ),
    Mutation(
        "window_forgotten_by_a_restart",
        "L9",
        "coordinator/core/scale/scalers.cc",
        "    HoldReplicas(scaler, replicas, scaler.restored ? std::min(until, turn.now) : turn.now);\n",
        "    HoldReplicas(scaler, replicas, scaler.restored ? std::min(until, turn.now) : turn.now);\n"
        "    record.memory.recommendations = {};\n",
    ),
    Mutation(
        "panic_forgotten_by_a_restart",
        "L9",
        "coordinator/core/scale/scalers.cc",
        "  if (!memory.panic) return;\n",
        "  memory.panic.reset();\n  if (!memory.panic) return;\n",
    ),
    Mutation(
        "intents_of_scaling_not_written",
        "L3",
        "coordinator/core/turn.cc",
        "    effects_.writes.push_back(PutDecision{state.open.at(id).decision});\n",
        """    if (state.open.at(id).decision.kind == DecisionKind::kScale) continue;
    effects_.writes.push_back(PutDecision{state.open.at(id).decision});
""",
    ),
    Mutation(
        "autoscaler_not_minded",
        "L9",
        "coordinator/core/scale/scale_guards.cc",
        'return {"conflict", false, absl::StrCat("HorizontalPodAutoscaler "',
        'return {"conflict", true, absl::StrCat("HorizontalPodAutoscaler "',
    ),
    Mutation(
        "scaled_in_while_blind",
        "L9",
        "coordinator/core/scale/scale_guards.cc",
        'return {"sight", !facts.blind,',
        'return {"sight", true,',
    ),
    Mutation(
        "scaled_in_while_pods_move",
        "L9",
        "coordinator/core/scale/scale_guards.cc",
        'return {"moving", facts.moving == 0,',
        'return {"moving", true,',
    ),
    Mutation(
        "scaled_though_it_only_observes",
        "L9",
        "coordinator/core/scale/scale_guards.cc",
        'return {"mode", enforce,',
        'return {"mode", true,',
    ),
    Mutation(
        "burst_past_its_cap",
        "L9",
        "coordinator/core/burst/caps.cc",
        "if (caps.pods && all.pods > *caps.pods) {",
        "if (caps.pods && all.pods > *caps.pods + 1000) {",
    ),
    Mutation(
        "burst_though_it_only_observes",
        "L9",
        "coordinator/core/burst/burst_guards.cc",
        'return {"mode", enforce,',
        'return {"mode", true,',
    ),
    Mutation(
        "failing_provider_asked_at_once",
        "L9",
        "coordinator/core/burst/burst_guards.cc",
        'return {"provider", facts.now >= ends,',
        'return {"provider", facts.now <= absl::InfiniteFuture(),',
    ),
    Mutation(
        "valve_left_open",
        "L9",
        "coordinator/core/burst/valve.cc",
        "const absl::Time ends = sight.last_pressed + kValveHold;",
        "const absl::Time ends = sight.last_pressed + absl::Hours(1);",
        also="L11",
    ),
    Mutation(
        "home_before_the_surge_is_ready",
        "L9",
        "coordinator/core/burst/drain_back.cc",
        "std::min(progress.ready - progress.wanted, progress.ready_on_real - progress.ready_on_real_before), 0);",
        "progress.surge, 0);",
    ),
    Mutation(
        "never_brought_home",
        "L11",
        "coordinator/core/burst/drain_back.cc",
        "if (sight.on_virtual == 0) return {};",
        "if (sight.on_virtual >= 0) return {};",
    ),
    Mutation(
        "pods_taken_in_blindness",
        "L2",
        "coordinator/core/burst/carry_burst.cc",
        "return grows || !cluster.sight.blind;",
        "return (void)grows, true;",
    ),
    Mutation(
        "virtual_pods_not_marked",
        "L11",
        "coordinator/core/burst/victims.cc",
        "if (!on_virtual_node || going || !has_controller || deletion_cost) return false;",
        "if (on_virtual_node || going || !has_controller || deletion_cost) return false;",
        also="L9",
    ),
    Mutation(
        "old_servers_take_any_pod",
        "L9",
        "coordinator/core/burst/virtual_first.cc",
        "if (HeedsDeletionCost(cluster.server_minor) || KeepsNames(scaler.policy.target)) return;",
        "if (cluster.server_minor < 100) return;",
    ),
    Mutation(
        "burst_forgotten_by_a_restart",
        "L4",
        "coordinator/core/burst/carry_burst.cc",
        "cluster.burst.opened = turn.now;",
        "(void)turn;",
        also="L9",
    ),
    Mutation(
        "surge_left_standing",
        "L11",
        "coordinator/core/burst/drain_backs.cc",
        "if (surge.state == ActionState::kDone) OnSurged(turn, open);",
        "(void)surge;",
        also="L4",
    ),
    Mutation(
        "evictions_by_an_old_plan",
        "L9",
        "coordinator/core/burst/carry_burst.cc",
        "if (spare-- > 0) continue;",
        "if (spare-- > -100) continue;",
    ),
    Mutation(
        "stateful_sets_brought_home",
        "L9",
        "coordinator/core/burst/drain_back.cc",
        "if (sight.keeps_names)",
        "if (sight.keeps_names && sight.wanted < 0)",
    ),
    Mutation(
        "opened_by_an_old_plan",
        "L9",
        "coordinator/core/burst/carry_burst.cc",
        'const std::string why_not = opens ? WhyNotOpen(cluster, turn.now) : "";',
        'const std::string why_not = opens && turn.now < absl::UnixEpoch() ? WhyNotOpen(cluster, turn.now) : "";',
    ),
    Mutation(
        "never_readmitted",
        "L11",
        "coordinator/core/readmission.cc",
        "turn.state.timers.Set(timer, turn.now + turn.HoldOf(node));",
        "(void)turn;",
    ),
    Mutation(
        "hidden_input",
        "L12",
        "coordinator/core/beats.cc",
        "return silent_for < absl::Minutes(1) ? absl::Seconds(1) : absl::Seconds(5);",
        "static int calls = 0;\n  return (void)silent_for, absl::Seconds(1) + absl::Milliseconds(++calls % 1000);",
    ),
]


def find(name):
    for mutation in MUTATIONS:
        if mutation.name == name:
            return mutation
    sys.exit(f"mutations.py: no mutation {name}")


def make(name, source, output):
    mutation = find(name)
    text = (pathlib.Path(source) / mutation.file).read_text()
    found = text.count(mutation.text)
    if found != 1:
        sys.exit(f"mutations.py: {name}: its text is {found} times in {mutation.file}, and must be there once:\n{mutation.text}")
    pathlib.Path(output).write_text(text.replace(mutation.text, mutation.broken))


def main(arguments):
    if arguments[:1] == ["list"] and len(arguments) == 1:
        for mutation in MUTATIONS:
            laws = mutation.law + ("," + mutation.also if mutation.also else "")
            print(mutation.name, laws, mutation.file)
    elif arguments[:1] == ["make"] and len(arguments) == 4:
        make(*arguments[1:])
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
