#include "coordinator/gateway/http_route_gateway.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "common/kube/status.h"
#include "coordinator/gateway/kube_call.h"
#include "coordinator/gateway/mark.h"
#include "coordinator/gateway/route_notes.h"
#include "coordinator/gateway/shape.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

}  // namespace

struct HttpRouteGateway::Look {
  HttpRoutePlace place;
  std::map<std::string, ServicePort> services;
  Json object;
  RouteReading reading;
};

GatewayAbilities HttpRouteGateway::abilities() const {
  return {.atomic = true,
          .weights = true,
          .least_percent = 1,
          .canary = false,
          .counts_in_flight = false,
          .counts_requests = false,
          .survives_reload = true,
          .fences = true,
          .best_proof = Proof::kAccepted};
}

kube::Resource HttpRouteGateway::HttpRoutes() const {
  return {"gateway.networking.k8s.io", version_, "httproutes", true};
}

absl::StatusOr<Json> HttpRouteGateway::Get(const kube::ObjectName& name, const Call& call) {
  absl::StatusOr<Json> object = absl::UnknownError("not asked");
  for (int versions = 0; versions < 2; ++versions) {
    object =
        WaitFor<Json>(call, "reading the HTTPRoute", [&](absl::Duration deadline, kube::Done<Json> done) {
          return api_->Get(HttpRoutes(), name, deadline, std::move(done));
        });
    // A server that does not know the kind says 404 as well, but has no reason of its own for it.
    const bool unknown_kind =
        absl::IsNotFound(object.status()) && kube::KubernetesReason(object.status()) != "NotFound";
    if (!unknown_kind) break;
    version_ = version_ == "v1" ? "v1beta1" : "v1";
    object = absl::FailedPreconditionError(absl::StrCat(
        "the cluster does not serve HTTPRoutes (gateway.networking.k8s.io v1 or v1beta1), so not ",
        name.ToString(), ": install the Gateway API"));
  }
  if (absl::IsNotFound(object.status())) {
    return absl::NotFoundError(absl::StrCat("there is no HTTPRoute ", name.ToString()));
  }
  return object;
}

absl::StatusOr<HttpRouteGateway::Look> HttpRouteGateway::LookOnce(const RoutePlace& place, const Call& call) {
  Look look;
  EVENKEEL_ASSIGN_OR_RETURN(look.place, HttpRoutePlace::Parse(place.route));
  EVENKEEL_ASSIGN_OR_RETURN(look.services, ServicesOf(place.parts));
  EVENKEEL_ASSIGN_OR_RETURN(look.object, Get(look.place.name, call));
  EVENKEEL_ASSIGN_OR_RETURN(look.reading,
                            ReadHttpRoute(look.object, look.place, look.services, options_.store_id));
  return look;
}

absl::StatusOr<RouteReading> HttpRouteGateway::Read(const RoutePlace& place, const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(Look look, LookOnce(place, call));
  return std::move(look.reading);
}

absl::Status HttpRouteGateway::Try(const RoutePlace& place, const RouteWish& wish, KubeAttempt& attempt,
                                   const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(Look look, LookOnce(place, call));
  ShapeAnswer& answer = attempt.answer;
  const auto end = [&answer](ActionOutcome outcome, std::string detail) {
    answer.outcome = outcome;
    answer.detail = std::move(detail);
    return absl::OkStatus();
  };
  answer.reading = look.reading;
  const StoredMark ours = {options_.store_id, wish.mark};
  const std::string part = look.place.NotesPart();
  const std::optional<StoredMark> theirs = MarkOn(look.object, part);
  const std::string release = absl::StrCat("remove the annotation ", kMarkAnnotation, part,
                                           " from the HTTPRoute ", look.place.name.ToString());
  if (auto why = WhyNotOver(theirs, ours, release)) return end(ActionOutcome::kNotMine, *why);
  // The versions of other rules' wishes say nothing of this one's; a later epoch is another coordinator's.
  for (const auto& [name, mark] : AllMarksOn(look.object)) {
    if (mark.store_id != ours.store_id || mark.mark.epoch <= ours.mark.epoch) continue;
    return end(ActionOutcome::kNotMine, WhyNotOver(mark, ours, release).value_or(name));
  }

  const RouteShape shape = ShapeOf(look.reading);
  const bool same = shape == wish.shape;
  const ActionOutcome done = same && !attempt.sent ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone;
  if (same && theirs == ours) return end(done, ToWords(shape));
  if (!same && wish.only_from && shape != *wish.only_from) {
    return end(ActionOutcome::kBlocked, absl::StrCat("the route is not as expected (",
                                                     ToWords(*wish.only_from), ") but: ", ToWords(shape)));
  }
  for (const auto& [backend, now] : look.reading.backends) {
    const auto wished = wish.shape.backends.find(backend);
    const bool closes = wished != wish.shape.backends.end() && wished->second.mode == BackendMode::kClosed &&
                        now.mode != BackendMode::kClosed;
    if (closes && wish.may_cut == 0) {
      return end(ActionOutcome::kBlocked,
                 absl::StrCat("an HTTPRoute does not say how many requests ", backend,
                              " has in flight: it is drained, and closed by an operator's order only"));
    }
  }
  attempt.sent = true;
  const Json patch = PatchOf(look.object, look.place, look.services, wish.shape, ours);
  EVENKEEL_ASSIGN_OR_RETURN(
      const Json written,
      WaitFor<Json>(call, "writing the HTTPRoute", [&](absl::Duration deadline, kube::Done<Json> on_done) {
        return api_->Patch(HttpRoutes(), look.place.name, {.kind = kube::PatchKind::kMerge}, patch, deadline,
                           std::move(on_done));
      }));
  // The server's answer is the object as it is stored.
  EVENKEEL_ASSIGN_OR_RETURN(answer.reading,
                            ReadHttpRoute(written, look.place, look.services, options_.store_id));
  if (ShapeOf(*answer.reading) != wish.shape) {
    return absl::AbortedError(
        absl::StrCat("it was written and reads back as ", ToWords(ShapeOf(*answer.reading))));
  }
  return end(done, ToWords(wish.shape));
}

void HttpRouteGateway::AwaitAcceptance(const RoutePlace& place, const RouteWish& wish, ShapeAnswer& answer,
                                       const Call& call) {
  const Call patience = call.Part(options_.acceptance_patience);
  std::string words;
  do {
    const absl::StatusOr<Look> look = LookOnce(place, patience);
    if (!look.ok()) continue;
    if (ShapeOf(look->reading) != wish.shape) return;  // somebody else's change: the next reading shows it
    const Acceptance acceptance = AcceptanceOf(look->object);
    answer.reading = look->reading;
    words = acceptance.words;
    if (acceptance.refused) {
      answer.outcome = ActionOutcome::kRefused;
      answer.detail = absl::StrCat("it is written, but its controller does not take it: ", words);
    }
    if (acceptance.refused || acceptance.accepted) return;
  } while (patience.Pause(options_.look_again));
  if (!words.empty()) absl::StrAppend(&answer.detail, "; ", words);
}

ShapeAnswer HttpRouteGateway::Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) {
  const auto refused = [](const absl::Status& why) {
    return ShapeAnswer{ActionOutcome::kRefused, std::string(why.message()), std::nullopt};
  };
  if (absl::Status status = CheckShape(wish.shape, abilities()); !status.ok()) return refused(status);
  for (const auto& [backend, backend_wish] : wish.shape.backends) {
    if (!place.parts.contains(backend)) {
      return refused(absl::InvalidArgumentError(absl::StrCat("no Service is said to be backend ", backend)));
    }
  }
  for (const auto& [backend, names] : place.parts) {
    if (!wish.shape.backends.contains(backend)) {
      return refused(
          absl::InvalidArgumentError(absl::StrCat("the wish does not say what becomes of ", backend)));
    }
  }
  KubeAttempt attempt;
  ShapeAnswer answer = ShapePatiently(call, attempt, [&] { return Try(place, wish, attempt, call); });
  if (answer.outcome == ActionOutcome::kDone || answer.outcome == ActionOutcome::kAlreadyDone) {
    AwaitAcceptance(place, wish, answer, call);
  }
  return answer;
}

std::vector<ServerCheck> HttpRouteGateway::Check(const RoutePlace& place, const BackendCheck& check,
                                                 const Call& /*call*/) {
  const auto part = place.parts.find(check.backend);
  if (part == place.parts.end()) return {};
  return NotTried(absl::StrCat(check.backend, " (", absl::StrJoin(part->second, ", "), ")"),
                  "an HTTPRoute does not say what its data plane reaches: a canary step and the prober do");
}

}  // namespace evenkeel::coordinator
