#include "tests/scenario/switch_commands.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "coordinator/core/sentences.h"
#include "tests/scenario/show_switch.h"

namespace evenkeel::scenario {

using namespace coordinator;  // scripts are about switches
using simulation::BackendPlace;
using simulation::GatewayModel;

namespace {

constexpr uint32_t kMinute = 60;
constexpr uint32_t kPermillePerPercent = 10;

uint32_t NumberOf(const std::string& text) {
  uint32_t number = 0;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

// "10,50,100"; "canary" stands for the requests with a header alone.
std::vector<SwitchStep> StepsOf(const Words& words) {
  std::vector<SwitchStep> steps;
  const std::string approve = words.Get("approve", "");
  const std::vector<std::string> texts = absl::StrSplit(words.Get("steps", "10,50,100"), ',');
  for (const std::string& text : texts) {
    SwitchStep step;
    if (text == "canary") {
      step.canary = HeaderMatch{.header = "x-canary", .value = "yes"};
    } else {
      step.percent = NumberOf(text);
    }
    step.soak = words.Span("soak", absl::Seconds(10));
    step.min_requests = words.Number("min-requests", 20);
    step.approve = text == approve;
    steps.push_back(step);
  }
  return steps;
}

SwitchSpec SpecOf(const Words& words) {
  SwitchSpec spec;
  spec.name = words.At(1);
  spec.from = words.Get("from", "");
  spec.to = words.Get("to", "");
  const std::string route = words.Get("route", spec.name);
  spec.applications.push_back({.name_space = simulation::kNamespace, .service = route, .selector = ""});
  const std::vector<std::string> gateways = absl::StrSplit(words.Get("gateway", ""), ',');
  for (const std::string& gateway : gateways) {
    spec.routes.push_back({.key = {gateway, route},
                           .blue = spec.from,
                           .green = spec.to,
                           .parts = {},
                           .check_port = 0,
                           .check_path = ""});
  }
  spec.steps = StepsOf(words);
  spec.gates.patience = words.Span("patience", spec.gates.patience);
  if (words.Is("prober")) {
    spec.prober.url = absl::StrCat("http://", spec.routes.front().key.gateway, "/");
    spec.prober.slow_path = "/slow";
    spec.prober.stream_path = "/stream";
  }
  spec.drain.deadline = words.Span("drain", spec.drain.deadline);
  const std::string at_deadline = words.Get("at-drain-deadline", "ask");
  if (at_deadline == "leave") spec.drain.at_deadline = AtDrainDeadline::kLeave;
  if (at_deadline == "cut") spec.drain.at_deadline = AtDrainDeadline::kCut;
  spec.hold.length = words.Span("hold", absl::Seconds(20));
  spec.hold.commit_by_itself = words.Get("commit", "by-itself") == "by-itself";
  spec.hold.close_blue = words.Is("close-blue");
  if (words.Get("on-failed-gate", "") == "stop") spec.on_failed_gate = OnFailedGate::kStop;
  if (words.Get("on-change", "") == "heal") spec.on_foreign_change = OnForeignChange::kHeal;
  if (words.Get("on-reload", "") == "stop") spec.on_reload = OnForeignChange::kStop;
  if (words.Get("on-lost-blue", "") == "finish") spec.on_lost_blue = OnLostBlue::kFinish;
  spec.mode = words.Get("mode", "enforce") == "enforce" ? SwitchMode::kEnforce : SwitchMode::kObserve;
  return spec;
}

}  // namespace

SwitchCommands::SwitchCommands(World& world, const Story& story)
    : world_(world),
      story_(story),
      commands_({
          {"gateway", [this](const Words& words) { return Gateway(words); }},
          {"switch", [this](const Words& words) { return Switch(words); }},
          {"lost-cluster-policy", [this](const Words& words) { return LostCluster(words); }},
          {"route", [this](const Words& words) { return Route(words); }},
          {"answers", [this](const Words& words) { return Answers(words); }},
          {"cut-cluster", [this](const Words& words) { return CutCluster(words, true); }},
          {"reconnect-cluster", [this](const Words& words) { return CutCluster(words, false); }},
          {"power-off-cluster", [this](const Words& words) { return PowerOffCluster(words); }},
      }) {}

// `gateway NAME ROUTE BACKEND BACKEND`: it is there; else what happens to it.
std::string SwitchCommands::Gateway(const Words& words) {
  GatewayModel* gateway = world_.switching().Find(words.First());
  const std::string what = words.At(1);
  if (words.plain.size() == 4 && what != "by-hand") {
    if (gateway == nullptr) gateway = &world_.switching().AddGateway(words.First());
    std::map<std::string, BackendPlace> backends;
    for (const std::string& cluster : {words.At(2), words.At(3)}) backends[cluster] = {cluster, what};
    gateway->AddRoute(what, backends, words.At(2));
    const uint32_t rate = words.Number("rate", 50);
    gateway->AddClient(what, {.kind = ProbeKind::kKeepAlive, .per_minute = rate * kMinute, .length = {}});
    if (words.Is("slow")) {
      gateway->AddClient(what,
                         {.kind = ProbeKind::kSlow, .per_minute = 2 * kMinute, .length = absl::Seconds(3)});
    }
    return "";
  }
  if (gateway == nullptr) return "no such gateway\n";
  if (what == "away") {
    gateway->SetAway(true);
  } else if (what == "back") {
    gateway->SetAway(false);
  } else if (what == "reload") {
    gateway->SetKeeps(words.At(2) != "loses");
    gateway->Reload();
  } else if (what == "lies") {
    gateway->SetLies(true);
  } else if (what == "honest") {
    gateway->SetLies(false);
  } else if (what == "by-hand" && words.plain.size() == 5) {
    gateway->SetByHand(words.At(2), words.At(3), NumberOf(words.At(4)));
  } else {
    return "gateway NAME needs: ROUTE BACKEND BACKEND, away, back, reload, lies, honest, or by-hand ROUTE "
           "BACKEND PERCENT\n";
  }
  return "";
}

std::string SwitchCommands::Switch(const Words& words) {
  const std::string what = words.First();
  if (what == "plan") return Begin(words, true);
  if (what == "start") return Begin(words, false);
  if (what == "status") return Status(words);
  const std::map<std::string, SwitchOrder> orders = {{"pause", SwitchOrder::kPause},
                                                     {"resume", SwitchOrder::kResume},
                                                     {"rollback", SwitchOrder::kRollBack},
                                                     {"commit", SwitchOrder::kCommit}};
  const auto order = orders.find(what);
  if (order == orders.end()) return "switch plan, start, status, pause, resume, rollback or commit\n";
  return Order(words, order->second);
}

std::string SwitchCommands::Begin(const Words& words, bool plan) {
  if (plan) {
    world_.Order(PlanSwitch{.request_id = kToldOrder, .spec = SpecOf(words)});
  } else {
    world_.Order(StartSwitch{.request_id = kToldOrder, .spec = SpecOf(words)});
  }
  return "";
}

std::string SwitchCommands::LostCluster(const Words& words) {
  LostClusterPolicy lost;
  Words named = words;
  named.plain.insert(named.plain.begin(), "policy");
  lost.spec = SpecOf(named);
  const std::string on_lost = words.Get("on-lost", "ask");
  lost.on_lost = on_lost == "switch" ? OnLostCluster::kSwitch
                 : on_lost == "off"  ? OnLostCluster::kOff
                                     : OnLostCluster::kAsk;
  Policy policy;
  policy.name = lost.name();
  policy.spec = lost;
  world_.Order(ApplyPolicy{.request_id = kToldOrder, .policy = policy});
  return "";
}

std::string SwitchCommands::Order(const Words& words, SwitchOrder order) {
  OrderSwitch ordered;
  ordered.request_id = kToldOrder;
  ordered.name = words.At(1);
  ordered.order = order;
  ordered.reason = words.Get("reason", "");
  if (words.named.contains("may-cut")) ordered.may_cut = words.Number("may-cut", 0);
  ordered.onto_unknown = words.Is("onto-unknown");
  world_.Order(ordered);
  return "";
}

std::string SwitchCommands::Status(const Words& words) const {
  const SwitchStatus* status = story_.FindSwitch(words.At(1));
  return status == nullptr ? "no such switch is under way\n" : ShowSwitch(*status, world_.now());
}

// What is true, whatever the gateway says.
std::string SwitchCommands::Route(const Words& words) {
  const GatewayModel* gateway = world_.switching().Find(words.First());
  if (gateway == nullptr || !gateway->Has(words.At(1))) return "no such route\n";
  const simulation::Fates fates = gateway->Total(words.At(1));
  std::string text = absl::StrCat("  ", ToWords(gateway->Shape(words.At(1))), "\n");
  for (const auto& [name, backend] : gateway->Read(words.At(1)).backends) {
    absl::StrAppend(&text, "    ", name, ": ", backend.servers_up, " of ", Count(backend.servers, "server"),
                    " up, ", Count(gateway->SentTo(words.At(1), name), "request"), " so far, ",
                    backend.in_flight.value_or(0), " in flight\n");
  }
  absl::StrAppend(&text, "    users sent ", Count(fates.sent, "request"), ": ", fates.Lost(), " failed");
  for (const auto& [number, why] : {std::pair<uint64_t, const char*>(fates.errors, " answered with 500"),
                                    {fates.died, " had no server that lived"},
                                    {fates.nobody, " found nobody behind the route"},
                                    {fates.cut, " cut"}}) {
    if (number > 0) absl::StrAppend(&text, ", ", number, why);
  }
  return absl::StrCat(text, "\n");
}

std::string SwitchCommands::Answers(const Words& words) {
  world_.switching().SetAnswering({words.First(), words.At(1)},
                                  {.fails = words.Number("fails", 0) * kPermillePerPercent,
                                   .latency = words.Span("latency", simulation::Answering{}.latency)});
  return "";
}

std::string SwitchCommands::CutCluster(const Words& words, bool cut) {
  for (const auto& [node, machine] : world_.machines()) {
    if (world_.ClusterOf(node) == words.First()) world_.machine(node).cut_from_coordinator = cut;
  }
  world_.KubernetesOf(words.First()).SetCutFromCoordinator(cut);
  world_.NetworkChanged();
  return "";
}

std::string SwitchCommands::PowerOffCluster(const Words& words) {
  for (const auto& [node, machine] : world_.machines()) {
    if (world_.ClusterOf(node) == words.First()) world_.PowerOff(node);
  }
  world_.SetApiAway(true, words.First());
  return "";
}

}  // namespace evenkeel::scenario
