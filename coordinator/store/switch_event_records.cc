// Events of switches: from gateways, observe/, the prober, hooks and operators.

#include <utility>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/event_codec.h"
#include "coordinator/store/record_parts.h"
#include "coordinator/store/route_records.h"
#include "coordinator/store/stored_time.h"
#include "coordinator/store/switch_parts.h"
#include "coordinator/store/switch_records.h"

namespace evenkeel::coordinator::event_codec {
namespace {

namespace stored = ::evenkeel::storage::v1;

constexpr EnumPair<Proof, stored::Proof> kProofs[] = {
    {Proof::kConfigured, stored::PROOF_UNSPECIFIED},
    {Proof::kAccepted, stored::PROOF_ACCEPTED},
    {Proof::kServed, stored::PROOF_SERVED},
};
constexpr EnumPair<SwitchOrder, stored::SwitchOrder> kOrders[] = {
    {SwitchOrder::kPause, stored::SWITCH_ORDER_UNSPECIFIED},
    {SwitchOrder::kResume, stored::SWITCH_ORDER_RESUME},
    {SwitchOrder::kRollBack, stored::SWITCH_ORDER_ROLL_BACK},
    {SwitchOrder::kCommit, stored::SWITCH_ORDER_COMMIT},
};

// ---- what is read of a route ----

void PutBackend(const BackendReading& backend, stored::BackendReading& record) {
  record.set_percent(backend.percent);
  record.set_mode(coordinator::ToStored(backend.mode));
  record.set_servers(backend.servers);
  record.set_servers_up(backend.servers_up);
  if (backend.in_flight) record.set_in_flight(*backend.in_flight);
  if (!backend.counters) return;
  stored::BackendCounters& counters = *record.mutable_counters();
  counters.set_requests(backend.counters->requests);
  counters.set_server_errors(backend.counters->server_errors);
  counters.set_failed(backend.counters->failed);
  counters.set_cut(backend.counters->cut);
  if (backend.counters->answer_time) {
    *counters.mutable_answer_time() = ToRecord(*backend.counters->answer_time);
  }
}

absl::Status GetBackend(const stored::BackendReading& record, BackendReading& backend) {
  backend.percent = record.percent();
  EVENKEEL_RETURN_IF_ERROR(coordinator::FromStored(record.mode(), "BackendReading.mode", backend.mode));
  backend.servers = record.servers();
  backend.servers_up = record.servers_up();
  if (record.has_in_flight()) backend.in_flight = record.in_flight();
  if (!record.has_counters()) return absl::OkStatus();
  const stored::BackendCounters& counted = record.counters();
  backend.counters = BackendCounters{.requests = counted.requests(),
                                     .server_errors = counted.server_errors(),
                                     .failed = counted.failed(),
                                     .cut = counted.cut(),
                                     .answer_time = {}};
  if (counted.has_answer_time()) backend.counters->answer_time = FromRecord(counted.answer_time());
  return absl::OkStatus();
}

void PutReading(const RouteReading& reading, stored::RouteReading& record) {
  for (const auto& [name, backend] : reading.backends) {
    PutBackend(backend, (*record.mutable_backends())[name]);
  }
  if (reading.canary) {
    record.mutable_canary()->set_header(reading.canary->header);
    record.mutable_canary()->set_value(reading.canary->value);
    record.set_canary_backend(reading.canary->backend);
  }
  record.set_proof(coordinator::ToStored(kProofs, reading.proof));
  if (reading.mark) *record.mutable_mark() = ToRecord(*reading.mark);
  record.set_instance(reading.instance);
  record.set_revision(reading.revision);
}

absl::Status GetReading(const stored::RouteReading& record, RouteReading& reading) {
  for (const auto& [name, backend] : record.backends()) {
    EVENKEEL_RETURN_IF_ERROR(GetBackend(backend, reading.backends[name]));
  }
  if (record.has_canary()) {
    reading.canary = CanaryRule{record.canary().header(), record.canary().value(), record.canary_backend()};
  }
  EVENKEEL_RETURN_IF_ERROR(
      coordinator::FromStored(kProofs, record.proof(), "RouteReading.proof", reading.proof));
  if (record.has_mark()) reading.mark = FromRecord(record.mark());
  reading.instance = record.instance();
  reading.revision = record.revision();
  return absl::OkStatus();
}

void PutAbilities(const GatewayAbilities& abilities, stored::GatewayAbilities& record) {
  record.set_atomic(abilities.atomic);
  record.set_weights(abilities.weights);
  record.set_least_percent(abilities.least_percent);
  record.set_canary(abilities.canary);
  record.set_counts_in_flight(abilities.counts_in_flight);
  record.set_counts_requests(abilities.counts_requests);
  record.set_checks_servers(abilities.checks_servers);
  record.set_survives_reload(abilities.survives_reload);
  record.set_fences(abilities.fences);
  record.set_best_proof(coordinator::ToStored(kProofs, abilities.best_proof));
}

absl::Status GetAbilities(const stored::GatewayAbilities& record, GatewayAbilities& abilities) {
  abilities = {.atomic = record.atomic(),
               .weights = record.weights(),
               .least_percent = record.least_percent(),
               .canary = record.canary(),
               .counts_in_flight = record.counts_in_flight(),
               .counts_requests = record.counts_requests(),
               .checks_servers = record.checks_servers(),
               .survives_reload = record.survives_reload(),
               .fences = record.fences()};
  return coordinator::FromStored(kProofs, record.best_proof(), "GatewayAbilities.best_proof",
                                 abilities.best_proof);
}

}  // namespace

// ---- from gateway/ ----

void Put(const RouteRead& event, stored::Event& record) {
  stored::RouteRead& out = *record.mutable_route_read();
  *out.mutable_key() = ToRecord(event.key);
  PutReading(event.reading, *out.mutable_reading());
  PutAbilities(event.abilities, *out.mutable_abilities());
}

absl::StatusOr<Event> Get(const stored::RouteRead& record) {
  RouteRead event;
  event.key = FromRecord(record.key());
  EVENKEEL_RETURN_IF_ERROR(GetReading(record.reading(), event.reading));
  EVENKEEL_RETURN_IF_ERROR(GetAbilities(record.abilities(), event.abilities));
  return event;
}

void Put(const RouteLost& event, stored::Event& record) {
  stored::RouteLost& out = *record.mutable_route_lost();
  *out.mutable_key() = ToRecord(event.key);
  out.set_known(event.known);
  out.set_detail(event.detail);
}

absl::StatusOr<Event> Get(const stored::RouteLost& record) {
  return RouteLost{.key = FromRecord(record.key()), .known = record.known(), .detail = record.detail()};
}

void Put(const BackendChecked& event, stored::Event& record) {
  stored::BackendChecked& out = *record.mutable_backend_checked();
  out.set_request_id(event.request_id);
  for (const ServerCheck& check : event.servers) {
    stored::ServerCheck& server = *out.add_servers();
    server.set_server(check.server);
    server.set_tried(check.tried);
    server.set_answered(check.answered);
    server.set_detail(check.detail);
  }
}

absl::StatusOr<Event> Get(const stored::BackendChecked& record) {
  BackendChecked event{.request_id = record.request_id(), .servers = {}};
  for (const stored::ServerCheck& server : record.servers()) {
    event.servers.push_back({.server = server.server(),
                             .tried = server.tried(),
                             .answered = server.answered(),
                             .detail = server.detail()});
  }
  return event;
}

// ---- from observe/ and usage/ ----

void Put(const ApplicationObserved& event, stored::Event& record) {
  stored::ApplicationObserved& out = *record.mutable_application_observed();
  out.set_cluster(event.cluster);
  *out.mutable_application() = ToRecord(event.application);
  const ApplicationFacts& facts = event.facts;
  out.set_pods(facts.pods);
  out.set_ready(facts.ready);
  for (const auto& [container, images] : facts.images) {
    stored::ContainerImages& names = (*out.mutable_images())[container];
    for (const std::string& image : images) names.add_images(image);
  }
  out.mutable_settings()->insert(facts.settings.begin(), facts.settings.end());
  out.mutable_nodes()->insert(facts.nodes.begin(), facts.nodes.end());
  out.mutable_controllers()->insert(facts.controllers.begin(), facts.controllers.end());
  out.set_cpu_millicores(facts.cpu_millicores);
  out.set_cpu_known(facts.cpu_known);
}

absl::StatusOr<Event> Get(const stored::ApplicationObserved& record) {
  ApplicationObserved event;
  event.cluster = record.cluster();
  event.application = FromRecord(record.application());
  ApplicationFacts& facts = event.facts;
  facts.pods = record.pods();
  facts.ready = record.ready();
  for (const auto& [container, names] : record.images()) {
    facts.images[container] = {names.images().begin(), names.images().end()};
  }
  facts.settings = {record.settings().begin(), record.settings().end()};
  facts.nodes = {record.nodes().begin(), record.nodes().end()};
  facts.controllers = {record.controllers().begin(), record.controllers().end()};
  facts.cpu_millicores = record.cpu_millicores();
  facts.cpu_known = record.cpu_known();
  return event;
}

void Put(const ApplicationGone& event, stored::Event& record) {
  stored::ApplicationGone& out = *record.mutable_application_gone();
  out.set_cluster(event.cluster);
  *out.mutable_application() = ToRecord(event.application);
  out.set_reason(event.reason);
}

absl::StatusOr<Event> Get(const stored::ApplicationGone& record) {
  return ApplicationGone{.cluster = record.cluster(),
                         .application = FromRecord(record.application()),
                         .reason = record.reason()};
}

// ---- from the prober and the hooks ----

void Put(const ProbesTold& event, stored::Event& record) {
  stored::ProbesTold& out = *record.mutable_probes_told();
  *out.mutable_decision() = ToRecord(event.decision);
  out.set_run(event.run);
  PutProbes(event.totals, *out.mutable_totals());
  for (const ProbeFailure& failure : event.failures) *out.add_failures() = ToRecord(failure);
  out.set_unknown_side(event.unknown_side);
}

absl::StatusOr<Event> Get(const stored::ProbesTold& record) {
  ProbesTold event;
  event.decision = FromRecord(record.decision());
  event.run = record.run();
  EVENKEEL_RETURN_IF_ERROR(GetProbes(record.totals(), event.totals));
  for (const stored::ProbeFailure& each : record.failures()) {
    EVENKEEL_ASSIGN_OR_RETURN(ProbeFailure failure, FromRecord(each));
    event.failures.push_back(std::move(failure));
  }
  event.unknown_side = record.unknown_side();
  return event;
}

void Put(const HookAnswered& event, stored::Event& record) {
  stored::HookAnswered& out = *record.mutable_hook_answered();
  *out.mutable_decision() = ToRecord(event.decision);
  out.set_hook(event.hook);
  out.set_verdict(coordinator::ToStored(event.verdict));
  out.set_detail(event.detail);
}

absl::StatusOr<Event> Get(const stored::HookAnswered& record) {
  HookAnswered event;
  event.decision = FromRecord(record.decision());
  event.hook = record.hook();
  EVENKEEL_RETURN_IF_ERROR(coordinator::FromStored(record.verdict(), "HookAnswered.verdict", event.verdict));
  event.detail = record.detail();
  return event;
}

// ---- from operators ----

void Put(const PlanSwitch& event, stored::Event& record) {
  stored::PlanSwitch& out = *record.mutable_plan_switch();
  out.set_request_id(event.request_id);
  *out.mutable_spec() = ToRecord(event.spec);
}

absl::StatusOr<Event> Get(const stored::PlanSwitch& record) {
  PlanSwitch event;
  event.request_id = record.request_id();
  EVENKEEL_ASSIGN_OR_RETURN(event.spec, FromRecord(record.spec()));
  return event;
}

void Put(const StartSwitch& event, stored::Event& record) {
  stored::StartSwitch& out = *record.mutable_start_switch();
  out.set_request_id(event.request_id);
  *out.mutable_spec() = ToRecord(event.spec);
}

absl::StatusOr<Event> Get(const stored::StartSwitch& record) {
  StartSwitch event;
  event.request_id = record.request_id();
  EVENKEEL_ASSIGN_OR_RETURN(event.spec, FromRecord(record.spec()));
  return event;
}

void Put(const OrderSwitch& event, stored::Event& record) {
  stored::OrderSwitch& out = *record.mutable_order_switch();
  out.set_request_id(event.request_id);
  out.set_name(event.name);
  if (event.decision) *out.mutable_decision() = ToRecord(*event.decision);
  out.set_order(coordinator::ToStored(kOrders, event.order));
  out.set_reason(event.reason);
  if (event.may_cut) out.set_may_cut(*event.may_cut);
  out.set_onto_unknown(event.onto_unknown);
}

absl::StatusOr<Event> Get(const stored::OrderSwitch& record) {
  OrderSwitch event;
  event.request_id = record.request_id();
  event.name = record.name();
  if (record.has_decision()) event.decision = FromRecord(record.decision());
  EVENKEEL_RETURN_IF_ERROR(
      coordinator::FromStored(kOrders, record.order(), "OrderSwitch.order", event.order));
  event.reason = record.reason();
  if (record.has_may_cut()) event.may_cut = record.may_cut();
  event.onto_unknown = record.onto_unknown();
  return event;
}

}  // namespace evenkeel::coordinator::event_codec
