#include "coordinator/act/gateways.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::coordinator {
namespace {

std::string NotConfigured(const std::string& gateway) {
  return absl::StrCat("the coordinator's configuration has no gateway ", gateway,
                      ": declare it in --gateways-file");
}

}  // namespace

Gateways::~Gateways() {
  // All of them before the first gateway goes: they tell this.
  for (auto& [name, one] : gateways_) one.worker.reset();
}

void Gateways::Add(const std::string& name, std::unique_ptr<Gateway> gateway,
                   const GatewayWorker::Options& options) {
  One& one = gateways_[name];
  EVENKEEL_CHECK(one.gateway == nullptr) << "two gateways are called " << name;
  one.gateway = std::move(gateway);
  one.worker = std::make_unique<GatewayWorker>(options, *one.gateway, *this);
}

GatewayWorker* Gateways::WorkerOf(const std::string& gateway) const {
  const auto found = gateways_.find(gateway);
  return found == gateways_.end() ? nullptr : found->second.worker.get();
}

void Gateways::Do(const WatchRoute& request) {
  if (GatewayWorker* worker = WorkerOf(request.key.gateway)) return worker->Watch(request);
  if (request.period <= absl::ZeroDuration()) return;
  sink_->Post(RouteLost{.key = request.key, .known = false, .detail = NotConfigured(request.key.gateway)});
}

void Gateways::Do(const CheckBackend& request) {
  if (GatewayWorker* worker = WorkerOf(request.key.gateway)) return worker->Check(request);
  sink_->Post(BackendChecked{.request_id = request.request_id,
                             .servers = NotTried(request.backend, NotConfigured(request.key.gateway))});
}

void Gateways::Do(const ReleasedAction& action) {
  const Action& wished = action.action;
  EVENKEEL_CHECK(wished.route.has_value()) << "a wish for a route has one";
  GatewayWorker* const worker = WorkerOf(wished.route->key.gateway);
  // An open switch of an earlier start, whose configuration had it: so it may have been carried out or not.
  if (worker == nullptr) {
    sink_->Post(ActionFinished{.decision = action.decision,
                               .number = wished.number,
                               .outcome = ActionOutcome::kUnreachable,
                               .detail = NotConfigured(wished.route->key.gateway),
                               .attempt = wished.attempts});
    return;
  }
  worker->Do({.decision = action.decision,
              .number = wished.number,
              .attempt = wished.attempts,
              .wish = *wished.route,
              .cluster = action.cluster});
}

void Gateways::Do(const WithdrawActions& withdrawal) {
  for (const auto& [name, one] : gateways_) one.worker->Withdraw(withdrawal.decision);
}

void Gateways::StopFor(const std::string& cluster, const absl::Status& whose) {
  const std::string why = absl::StrCat("cluster ", cluster, " is another coordinator's: ", whose.message());
  for (const auto& [name, one] : gateways_) one.worker->StopFor(cluster, why);
}

void Gateways::RouteWasRead(const RouteKey& key, const RouteReading& reading,
                            const GatewayAbilities& abilities) {
  sink_->Post(RouteRead{.key = key, .reading = reading, .abilities = abilities});
}

void Gateways::RouteWasLost(const RouteKey& key, const std::string& detail) {
  sink_->Post(RouteLost{.key = key, .known = true, .detail = detail});
}

void Gateways::BackendWasChecked(const BackendChecked& answer) {
  sink_->Post(answer);
}

void Gateways::OrderEnded(const ActionFinished& answer) {
  sink_->Post(answer);
}

}  // namespace evenkeel::coordinator
