#include "tests/scenario/script.h"

#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "coordinator/core/words.h"
#include "tests/scenario/show_burst.h"
#include "tests/scenario/story.h"
#include "tests/scenario/switch_commands.h"
#include "tests/scenario/words.h"
#include "tests/simulation/world.h"

namespace evenkeel::scenario {
namespace {

using namespace coordinator;  // scripts are about decisions and policies
using simulation::Machine;
using simulation::WorkloadSpec;

// Of `deploy ... priority=placeholder`: as in deploy/kubernetes/extras/bursting.
constexpr int32_t kPlaceholderPriority = -10;

class Runner {
 public:
  explicit Runner(const std::string& cluster) : world_(&story_, 0, cluster), switches_(world_, story_) {
    story_.Follow(&world_);
  }

  std::string Run(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    const auto command = words.empty() ? commands_.end() : commands_.find(words.front());
    const auto about_switches = words.empty() ? switches_.all().end() : switches_.all().find(words.front());
    if (command != commands_.end()) {
      command->second(Parse(words));
    } else if (about_switches != switches_.all().end()) {
      extra_ = about_switches->second(Parse(words));
    } else {
      return "no such command\n";
    }
    world_.Advance(absl::ZeroDuration());  // what it leads to at once is its own output
    return story_.Take() + std::exchange(extra_, "");
  }

 private:
  void Cluster(const Words& words) {
    const std::vector<std::string> zones = absl::StrSplit(words.Get("zones", ""), ',');
    const std::string name = words.Get("name", "");
    if (!name.empty() && name != world_.cluster()) world_.AddCluster(name);
    for (uint32_t i = 1; i <= words.Number("nodes", 3); ++i) {
      world_.AddNode(absl::StrCat(name.empty() ? "node" : name, "-", i), zones[(i - 1) % zones.size()],
                     RoomOf(words), name);
    }
    for (uint32_t i = 1; i <= words.Number("virtual", 0); ++i) {
      world_.AddVirtualNode(absl::StrCat("virtual-", i));
    }
  }

  // What a node has for pods; nothing said: room for whatever comes.
  static Resources RoomOf(const Words& words) {
    if (words.named.count("cpu") + words.named.count("memory") + words.named.count("places") == 0) return {};
    return {.cpu_millicores = words.Number("cpu", 64000),
            .memory_bytes = int64_t{words.Number("memory", 1 << 18)} << 20,
            .pods = words.Number("places", 110)};
  }

  void Maintenance(const Words& words) {
    const NodeKey node{world_.ClusterOf(words.plain.back()), words.plain.back()};
    if (words.First() == "end") return world_.Order(EndMaintenance{.node = node});
    world_.Order(StartMaintenance{
        .node = node, .length = words.Span("for", absl::Hours(1)), .reason = words.Get("reason", "")});
  }

  void Pause(const Words& words) {
    world_.Order(PauseClusters{.cluster = ClusterOf(words),
                               .length = words.Span("for", absl::InfiniteDuration()),
                               .reason = words.Get("reason", "")});
  }

  void ApplyPolicy(const Words& words) {
    Policy policy;
    policy.name = words.named.contains("cluster") ? absl::StrCat("failover-", ClusterOf(words)) : "failover";
    policy.failover().cluster = ClusterOf(words);
    policy.failover().mode =
        words.Get("mode", "enforce") == "enforce" ? PolicyMode::kEnforce : PolicyMode::kObserve;
    policy.failover().max_unavailable_nodes = words.Number("budget", 1);
    policy.failover().readmit_after = words.Span("readmit-after", absl::Seconds(30));
    policy.failover().recovery_timeout = words.Span("recovery-timeout", absl::Minutes(5));
    policy.failover().rebalance = words.Get("rebalance", "no") == "yes";
    DisruptionLimits& limits = policy.failover().limits;
    if (const uint32_t most = words.Number("domain-budget", 0); most > 0)
      limits.max_unavailable_nodes_per_domain = most;
    if (const uint32_t most = words.Number("rate", 0); most > 0) limits.max_disruptions = most;
    limits.disruption_window = words.Span("window", limits.disruption_window);
    limits.min_healthy_percent = words.Number("min-healthy", limits.min_healthy_percent);
    limits.storm_cool_down = words.Span("cool-down", limits.storm_cool_down);
    limits.release_budget_after = words.Span("release-after", limits.release_budget_after);
    const std::set<std::string> rungs = absl::StrSplit(words.Get("gray", ""), ',');
    GrayPolicy& gray = policy.failover().gray;
    gray.taint = rungs.contains("taint");
    gray.restart = rungs.contains("restart");
    gray.drain = rungs.contains("drain");
    gray.escalate_after = words.Span("escalate-after", gray.escalate_after);
    policy.failover().fencing.self_fencing = words.Get("self-fencing", "no") == "yes";
    policy.failover().fencing.isolation_timeout = words.Span("isolation-timeout", absl::Seconds(10));
    policy.failover().fencing.stop_timeout = words.Span("stop-timeout", absl::Seconds(4));
    policy.failover().fencing.hook = words.Get("hook", "no") == "yes";
    world_.Apply(policy);
  }

  // `cluster=NAME`; nothing said: the first one.
  std::string ClusterOf(const Words& words) const { return words.Get("cluster", world_.cluster()); }

  static coordinator::Workload Target(const std::string& workload) {
    return {"apps", "Deployment", "shop", workload};
  }

  void ApplyScalePolicy(const Words& words) {
    ScalePolicy scale;
    scale.cluster = ClusterOf(words);
    scale.target = Target(words.plain.back());
    scale.version = "v1";
    scale.mode = words.Get("mode", "enforce") == "enforce" ? PolicyMode::kEnforce : PolicyMode::kObserve;
    scale.paused = words.Get("paused", "no") == "yes";
    ScaleRules& rules = scale.rules;
    rules.minimums.replicas = words.Number("min", 1);
    rules.maximum = words.Number("max", 10);
    rules.target.value = words.Number("cpu", 80);
    rules.window = words.Span("window", rules.window);
    rules.behaviour.down.stabilisation = words.Span("down-window", rules.behaviour.down.stabilisation);
    Policy policy;
    policy.name = words.First();
    policy.spec = scale;
    if (!world_.coordinator_runs()) return world_.Apply(policy);
    world_.Order(coordinator::ApplyPolicy{.request_id = kToldOrder, .policy = policy});
  }

  void ApplyBurstPolicy(const Words& words) {
    BurstPolicy burst;
    burst.cluster = ClusterOf(words);
    burst.mode = words.Get("mode", "enforce") == "enforce" ? PolicyMode::kEnforce : PolicyMode::kObserve;
    burst.paused = words.Get("paused", "no") == "yes";
    if (words.named.contains("pods")) burst.caps.pods = words.Number("pods", 0);
    if (words.named.contains("duration")) burst.caps.duration = words.Span("duration", absl::Hours(1));
    burst.prices = {.core_hour_micros = 40'000, .gib_hour_micros = 4'000, .currency = "USD"};
    burst.drain_back.surge = words.Number("surge", 4);
    burst.drain_back.room_after = words.Span("room-after", burst.drain_back.room_after);
    burst.start_timeout = words.Span("start-timeout", burst.start_timeout);
    burst.headroom.placeholders = words.Get("headroom", "no") == "yes";
    burst.headroom.name_space = simulation::kNamespace;
    burst.headroom.webhook = words.Get("webhook", "");
    Policy policy;
    policy.name = "burst";
    policy.spec = burst;
    if (!world_.coordinator_runs()) return world_.Apply(policy);
    world_.Order(coordinator::ApplyPolicy{.request_id = kToldOrder, .policy = policy});
  }

  void SetLoad(const Words& words) {
    const std::map<std::string, simulation::LoadCurve> curves = {{"step", simulation::LoadCurve::kStep},
                                                                 {"spike", simulation::LoadCurve::kSpike},
                                                                 {"saw", simulation::LoadCurve::kSaw},
                                                                 {"daily", simulation::LoadCurve::kDaily}};
    const auto curve = curves.find(words.plain.back());
    if (curve == curves.end()) {
      extra_ = "load needs a workload and a curve: step, spike, saw or daily\n";
      return;
    }
    const simulation::Load otherwise;
    world_.SetLoad(words.First(), {.curve = curve->second,
                                   .base_millicores = words.Number("base", 0),
                                   .peak_millicores = words.Number("peak", 0),
                                   .from = world_.now(),
                                   .length = words.Span("for", otherwise.length),
                                   .period = words.Span("period", otherwise.period),
                                   .noise_percent = words.Number("noise", 0),
                                   .seed = 1});
  }

  void TakeOver(const Words& words) {
    world_.Order(TakeOverAutoscaler{
        .request_id = kToldOrder,
        .cluster = ClusterOf(words),
        .name = {"shop", words.First()},
        .policy = words.First(),
        .mode = words.Get("mode", "enforce") == "enforce" ? PolicyMode::kEnforce : PolicyMode::kObserve});
  }

  void ShowScalerOf(const Words& words) {
    const ScalerStatus* status = story_.FindScaler(words.First());
    extra_ = status == nullptr ? "no such scaler\n" : ShowScaler(*status);
  }

  void ShowTheBurst() {
    const BurstStatus* status = story_.FindBurst();
    extra_ = status == nullptr ? "no burst policy\n" : ShowBurst(*status, world_.now());
  }

  void Deploy(const Words& words) {
    WorkloadSpec spec;
    spec.name = words.First();
    spec.kind = words.Get("kind", "ReplicaSet");
    spec.replicas = words.Number("replicas", 1);
    spec.claim = words.Get("volume", "");
    const bool placeholders = words.Get("priority", "") == "placeholder";
    spec.priority = placeholders ? kPlaceholderPriority : static_cast<int32_t>(words.Number("priority", 0));
    spec.starts = words.Get("starts", "yes") == "yes";
    spec.tolerates_all = words.Get("tolerates", "") == "everything";
    spec.tolerates_virtual = words.Get("tolerates", "") == "virtual";
    spec.requests = {.cpu_millicores = words.Number("cpu", 0),
                     .memory_bytes = int64_t{words.Number("memory", 0)} << 20,
                     .pods = 1};
    world_.Deploy(spec, ClusterOf(words));
  }

  // Everybody comes up, unseen; the story begins when all is well.
  void Start(const Words&) {
    world_.Start();
    world_.Advance(absl::Seconds(8));
    story_.Begin(world_.now());
  }

  void Change(const Words& words, const std::function<void(Machine&)>& change) {
    change(world_.machine(words.First()));
    world_.MachineChanged(words.First());
  }

  // `sick NODE PART`: what its agent finds from now on.
  void Sicken(const Words& words) {
    const std::map<std::string, Symptom> parts = {
        {"kubelet", {SymptomKind::kKubelet, "its checks fail: syncloop", 0, {}}},
        {"runtime", {SymptomKind::kRuntime, "no answer in 2s", 0, {}}},
        {"pleg", {SymptomKind::kPleg, "", 0, {}}},
        {"disk", {SymptomKind::kReadOnlyDisk, "", 0, {}}},
        {"memory", {SymptomKind::kMemoryStall, "", 90, {}}}};
    const auto part = parts.find(words.plain.back());
    if (part == parts.end()) {
      extra_ = "sick needs a node and a part: kubelet, runtime, pleg, disk or memory\n";
      return;
    }
    Change(words, [part](Machine& machine) { machine.symptoms.push_back(part->second); });
  }

  void Pods(const Words& words) {
    for (const auto& [name, pod] : world_.KubernetesOf(ClusterOf(words)).pods()) {
      absl::StrAppend(&extra_, "  ", name, " on ", pod.node.empty() ? "no node" : pod.node, ", ",
                      pod.deleting ? "being deleted"
                      : pod.ready  ? "Ready"
                                   : "not Ready",
                      "\n");
    }
  }

  void ExplainDecision(const Words& words) {
    const auto id = DecisionId::Parse(words.First());
    const auto decision = id.ok() ? world_.decisions().find(*id) : world_.decisions().end();
    extra_ = decision == world_.decisions().end() ? "no such decision\n" : Explain(decision->second);
  }

  void Decisions(const Words&) {
    for (const auto& [id, decision] : world_.decisions()) {
      absl::StrAppend(&extra_, "  ", id.ToString(), " ", Spaced(Word(decision.kind)), " of ",
                      SubjectOf(decision), ": ", Word(decision.state), "\n");
    }
  }

  void Advance(const Words& words) {
    absl::Duration by;
    if (!absl::ParseDuration(words.First(), &by)) {
      extra_ = "advance needs a duration, as 300ms\n";
      return;
    }
    world_.Advance(by);
  }

  Story story_;
  World world_;
  SwitchCommands switches_;
  std::string extra_;
  const std::map<std::string, std::function<void(const Words&)>> commands_ = {
      {"cluster", [this](const Words& words) { Cluster(words); }},
      {"policy", [this](const Words& words) { ApplyPolicy(words); }},
      {"deploy", [this](const Words& words) { Deploy(words); }},
      {"start", [this](const Words& words) { Start(words); }},
      {"advance", [this](const Words& words) { Advance(words); }},
      {"pods", [this](const Words& words) { Pods(words); }},
      {"decisions", [this](const Words& words) { Decisions(words); }},
      {"explain", [this](const Words& words) { ExplainDecision(words); }},
      {"show-rounds", [this](const Words& words) { story_.ShowRounds(words.First() == "on"); }},
      {"power-off", [this](const Words& words) { world_.PowerOff(words.First()); }},
      {"power-on", [this](const Words& words) { world_.PowerOn(words.First()); }},
      {"kill-agent", [this](const Words& words) { world_.KillAgent(words.First()); }},
      {"goodbye", [this](const Words& words) { world_.SayGoodbye(words.First()); }},
      {"start-agent", [this](const Words& words) { world_.StartAgent(words.First()); }},
      {"stop-kubelet", [this](const Words& words) { Change(words, [](Machine& m) { m.kubelet = false; }); }},
      {"hide-kubelet",
       [this](const Words& words) { Change(words, [](Machine& m) { m.kubelet_hidden = true; }); }},
      {"hung-task",
       [this](const Words& words) {
         world_.KernelSays(words.First(), v1::NodeOccurrence::KIND_HUNG_TASK,
                           "INFO: task dd:4711 blocked for more than 120 seconds.");
       }},
      {"sick", [this](const Words& words) { Sicken(words); }},
      {"well", [this](const Words& words) { Change(words, [this](Machine& m) { m.Mend(world_.now()); }); }},
      {"restarts",
       [this](const Words& words) {
         Change(words, [&words](Machine& m) {
           m.restarts_permitted = words.plain.back() != "refused";
           m.restart_helps = words.plain.back() == "help";
         });
       }},
      {"start-kubelet", [this](const Words& words) { Change(words, [](Machine& m) { m.kubelet = true; }); }},
      {"cut-from-coordinator",
       [this](const Words& words) { Change(words, [](Machine& m) { m.cut_from_coordinator = true; }); }},
      {"cut-from-peers",
       [this](const Words& words) {
         Change(words, [](Machine& m) { m.cut_from_coordinator = m.cut_from_peers = true; });
       }},
      {"cut-from",  // the first node from the second
       [this](const Words& words) {
         Change(words, [&words](Machine& m) { m.cut_from.insert(words.plain.back()); });
       }},
      {"reconnect",
       [this](const Words& words) {
         Change(words,
                [](Machine& m) { m.cut_from_coordinator = m.cut_from_peers = m.cut_from_api = false; });
       }},
      {"cut-from-api",
       [this](const Words& words) { Change(words, [](Machine& m) { m.cut_from_api = true; }); }},
      {"forbid-logs",
       [this](const Words& words) { world_.kubernetes().SetLogsForbidden(words.First() == "on"); }},
      {"maintenance", [this](const Words& words) { Maintenance(words); }},
      {"pause", [this](const Words& words) { Pause(words); }},
      {"resume", [this](const Words& words) { world_.Order(ResumeClusters{.cluster = ClusterOf(words)}); }},
      {"remove-node", [this](const Words& words) { world_.kubernetes().RemoveNode(words.First()); }},
      {"confirm-fence",
       [this](const Words& words) {
         world_.host().Post(ConfirmFence{.request_id = 1,
                                         .node = {world_.ClusterOf(words.First()), words.First()},
                                         .reason = words.plain.size() > 1 ? words.plain[1] : ""});
       }},
      {"old-server", [this](const Words&) { world_.kubernetes().SetOldServer(); }},
      {"no-watchdogs", [this](const Words&) { world_.fences().SetWatchdogs(false); }},
      {"hook", [this](const Words& words) { world_.kubernetes().SetHook(words.First() == "succeeds"); }},
      {"cut-off",
       [this](const Words& words) {
         Change(words, [](Machine& m) { m.cut_from_coordinator = m.cut_from_peers = m.cut_from_api = true; });
       }},
      {"api", [this](const Words& words) { world_.SetApiAway(words.First() == "away", ClusterOf(words)); }},
      {"watch-delay",
       [this](const Words& words) {
         if (!absl::ParseDuration(words.First(), &world_.knobs().watch_delay)) {
           extra_ = "watch-delay needs a duration, as 10m\n";
         }
       }},
      {"claim-takes",
       [this](const Words& words) {
         if (!absl::ParseDuration(words.First(), &world_.knobs().claim_delay)) {
           extra_ = "claim-takes needs a duration, as 2s\n";
         }
       }},
      {"block-evictions",
       [this](const Words& words) {
         world_.kubernetes().workload(words.First()).blocked = words.plain.back() == "on";
       }},
      {"scheduler-sees-taints",
       [this](const Words& words) { world_.kubernetes().SetSchedulerSeesTaints(words.First() == "on"); }},
      {"pause-coordinator",
       [this](const Words& words) {
         absl::Duration pause;
         if (absl::ParseDuration(words.First(), &pause)) world_.PauseCoordinator(pause);
       }},
      {"stop-coordinator", [this](const Words&) { world_.StopCoordinator(); }},
      {"start-coordinator", [this](const Words&) { world_.StartCoordinator(); }},
      {"crash-before-release", [this](const Words&) { world_.CrashBeforeRelease(); }},
      {"scale-policy", [this](const Words& words) { ApplyScalePolicy(words); }},
      {"burst-policy", [this](const Words& words) { ApplyBurstPolicy(words); }},
      {"add-node", [this](const Words& words) { world_.AddNode(words.First(), "", RoomOf(words)); }},
      {"server-minor",
       [this](const Words& words) {
         uint32_t minor = 0;
         if (absl::SimpleAtoi(words.First(), &minor)) world_.kubernetes().SetServerMinor(minor);
       }},
      {"virtual-nodes",
       [this](const Words& words) { world_.kubernetes().SetVirtualStarts(words.First() == "work"); }},
      {"load", [this](const Words& words) { SetLoad(words); }},
      {"lose-samples",
       [this](const Words& words) {
         uint32_t percent = 0;
         if (absl::SimpleAtoi(words.First(), &percent)) world_.LoseSamples(percent);
       }},
      {"crash",
       [this](const Words& words) {
         uint32_t place = 0;
         if (!absl::SimpleAtoi(words.plain.back(), &place) || place == 0) return;
         world_.KillContainer(words.First(), place,
                              {.exit_code = static_cast<int32_t>(words.Number("exit", 1)),
                               .reason = words.Get("reason", "Error"),
                               .back_after = words.Span("for", absl::Seconds(10))});
       }},
      {"scale",
       [this](const Words& words) {
         uint32_t replicas = 0;
         if (absl::SimpleAtoi(words.plain.back(), &replicas)) world_.ScaleByHand(words.First(), replicas);
       }},
      {"autoscaler",
       [this](const Words& words) {
         if (words.plain.back() == "gone") return world_.RemoveAutoscaler(words.First());
         world_.AddAutoscaler(words.First(), words.Number("min", 1), words.Number("max", 10),
                              words.Number("cpu", 80), words.plain.back() == "by-memory");
       }},
      {"take-over", [this](const Words& words) { TakeOver(words); }},
      {"scaler", [this](const Words& words) { ShowScalerOf(words); }},
      {"burst", [this](const Words&) { ShowTheBurst(); }},
  };
};

// The first one that the script names, or the usual one.
std::string FirstCluster(const std::string& script) {
  for (const absl::string_view line : absl::StrSplit(script, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() > 1 && words[0] == ">" && words[1] == "cluster") {
      return Parse(words).Get("name", simulation::kCluster);
    }
  }
  return simulation::kCluster;
}

}  // namespace

std::string RunScript(const std::string& script) {
  Runner runner(FirstCluster(script));
  std::string out;
  for (absl::string_view line : absl::StrSplit(absl::StripSuffix(script, "\n"), '\n')) {
    if (absl::StartsWith(line, "#") || line.empty()) {
      absl::StrAppend(&out, line, "\n");
    } else if (absl::ConsumePrefix(&line, "> ")) {
      absl::StrAppend(&out, "> ", line, "\n", runner.Run(std::string(line)));
    }
  }
  return out;
}

}  // namespace evenkeel::scenario
