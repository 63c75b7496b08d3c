#include "coordinator/gateway/slice_gateway.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "coordinator/gateway/kube_call.h"
#include "coordinator/gateway/mark.h"
#include "coordinator/gateway/route_notes.h"
#include "coordinator/gateway/shape.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

const kube::Resource kServices = {"", "v1", "services", true};
constexpr int kV1Since = 21;  // discovery.k8s.io/v1; before it v1beta1, which 1.25 dropped

}  // namespace

GatewayAbilities SliceGateway::abilities() const {
  return {.atomic = false,
          .weights = false,
          .least_percent = 100,
          .canary = false,
          .counts_in_flight = false,
          .counts_requests = false,
          .survives_reload = true,
          .fences = true,
          .best_proof = Proof::kConfigured};
}

absl::StatusOr<kube::Resource> SliceGateway::Slices(kube::KubernetesApi& api, const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(
      const kube::ServerVersion version,
      WaitFor<kube::ServerVersion>(call, "asking for the API server's version",
                                   [&](absl::Duration deadline, kube::Done<kube::ServerVersion> done) {
                                     return api.GetServerVersion(deadline, std::move(done));
                                   }));
  const bool v1 = version.major > 1 || version.minor >= kV1Since;
  return kube::Resource{"discovery.k8s.io", v1 ? "v1" : "v1beta1", "endpointslices", true};
}

absl::StatusOr<Json> SliceGateway::List(kube::KubernetesApi& api, const kube::ObjectName& service,
                                        const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(const kube::Resource slices, Slices(api, call));
  const kube::ListOptions options = {.name_space = service.name_space,
                                     .label_selector = absl::StrCat(kServiceNameLabel, "=", service.name)};
  return WaitFor<Json>(call, absl::StrCat("listing the endpoints of ", service.ToString()),
                       [&](absl::Duration deadline, kube::Done<Json> done) {
                         return api.List(slices, options, deadline, std::move(done));
                       });
}

absl::StatusOr<SlicesLook> SliceGateway::LookOnce(const kube::ObjectName& service, const RoutePlace& place,
                                                  const Call& call) {
  EVENKEEL_RETURN_IF_ERROR(SourcesOf(place.parts).status());
  const absl::StatusOr<Json> object =
      WaitFor<Json>(call, "reading the Service", [&](absl::Duration deadline, kube::Done<Json> done) {
        return api_->Get(kServices, service, deadline, std::move(done));
      });
  if (absl::IsNotFound(object.status())) {
    return absl::NotFoundError(absl::StrCat("there is no Service ", service.ToString()));
  }
  EVENKEEL_RETURN_IF_ERROR(object.status());
  const Json* selector = kube::Find(*object, {"spec", "selector"});
  if (selector != nullptr && selector->is_object() && !selector->empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the Service ", service.ToString(),
                     " has a selector, so Kubernetes writes its endpoints: make one without for the switch"));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const Json list, List(*api_, service, call));
  SlicesLook look = LookAt(list, service.name, place.parts, options_.store_id);
  look.reading.instance = kube::UidOf(*object);
  return look;
}

absl::StatusOr<RouteReading> SliceGateway::Read(const RoutePlace& place, const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(const kube::ObjectName service, ParseName(place.route, "a route of Services"));
  EVENKEEL_ASSIGN_OR_RETURN(SlicesLook look, LookOnce(service, place, call));
  return std::move(look.reading);
}

// Those that are ready, in their own cluster. FAILED_PRECONDITION: none is.
absl::StatusOr<SliceContent> SliceGateway::EndpointsOf(const std::string& backend,
                                                       const EndpointSource& source, const Call& call,
                                                       absl::string_view address_type) {
  const auto cluster = options_.clusters.find(source.cluster);
  if (cluster == options_.clusters.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("backend ", backend, ": there is no cluster ", source.cluster));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const Json list, List(*cluster->second, source.service, call));
  return ReadyEndpoints(list, absl::StrCat(source.service.ToString(), " of cluster ", source.cluster),
                        address_type);
}

// What each backend's slice shall hold.
absl::StatusOr<std::map<std::string, SliceContent>> SliceGateway::Wished(const RoutePlace& place,
                                                                         const RouteShape& shape,
                                                                         const SlicesLook& look,
                                                                         const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(const auto sources, SourcesOf(place.parts));
  std::map<std::string, SliceContent> wished;
  std::string gaining;  // its kind of address
  for (const auto& [backend, wish] : shape.backends) {
    // The kind of address of a slice cannot be changed; what is emptied keeps its ports.
    const auto there = look.contents.find(backend);
    SliceContent& content = wished[backend];
    if (there != look.contents.end()) content = there->second;
    content.addresses.clear();
    if (wish.percent == 0) continue;
    const EndpointSource& source = sources.at(backend);
    const std::string type = there == look.contents.end() ? "" : there->second.address_type;
    EVENKEEL_ASSIGN_OR_RETURN(content, EndpointsOf(backend, source, call, type));
    gaining = content.address_type;
  }
  // One that is made empty has no endpoints to tell its kind; those of a Service's backends are alike.
  for (auto& [backend, content] : wished) {
    if (!gaining.empty() && !look.contents.contains(backend)) content.address_type = gaining;
  }
  return wished;
}

absl::Status SliceGateway::Write(const kube::ObjectName& service, const std::string& backend,
                                 const SlicesLook& look, const SliceContent& content, const Json& notes,
                                 const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(const kube::Resource slices, Slices(*api_, call));
  const auto there = look.ours.find(backend);
  if (there == look.ours.end()) {
    const Json slice = SliceToCreate(slices.ApiVersion(), service.name, backend, content, notes);
    const absl::Status made =
        WaitFor<Json>(call, "creating an EndpointSlice", [&](absl::Duration deadline, kube::Done<Json> done) {
          return api_->Create(slices, service.name_space, slice, deadline, std::move(done));
        }).status();
    // Somebody was faster: look who.
    return absl::IsAlreadyExists(made) ? absl::AbortedError(made.message()) : made;
  }
  const Json patch = SlicePatch(there->second, content, notes);
  return WaitFor<Json>(call, "writing an EndpointSlice",
                       [&](absl::Duration deadline, kube::Done<Json> done) {
                         return api_->Patch(slices, kube::NameOf(there->second),
                                            {.kind = kube::PatchKind::kMerge}, patch, deadline,
                                            std::move(done));
                       })
      .status();
}

absl::Status SliceGateway::Try(const RoutePlace& place, const RouteWish& wish, KubeAttempt& attempt,
                               const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(const kube::ObjectName service, ParseName(place.route, "a route of Services"));
  EVENKEEL_ASSIGN_OR_RETURN(const SlicesLook look, LookOnce(service, place, call));
  const auto end = [&attempt](ActionOutcome outcome, std::string detail) {
    attempt.answer.outcome = outcome;
    attempt.answer.detail = std::move(detail);
    return absl::OkStatus();
  };
  attempt.answer.reading = look.reading;
  const StoredMark ours = {options_.store_id, wish.mark};
  bool marked = true;
  bool begun = false;  // by this very wish: a slice has its mark
  for (const auto& [backend, names] : place.parts) {
    const auto slice = look.ours.find(backend);
    const std::optional<StoredMark> theirs = slice == look.ours.end() ? std::nullopt : MarkOn(slice->second);
    const std::string release = absl::StrCat("remove the annotation ", kMarkAnnotation,
                                             " from the EndpointSlice ", SliceName(service.name, backend));
    if (auto why = WhyNotOver(theirs, ours, release)) return end(ActionOutcome::kNotMine, *why);
    if (theirs != ours) marked = false;
    if (theirs == ours) begun = true;
  }
  const RouteShape shape = ShapeOf(look.reading);
  const bool same = shape == wish.shape;
  // A wish that was written in part is gone on with, whatever the route reads as meanwhile. One that was
  // written in whole, and reads otherwise, was changed by somebody.
  const bool torn = begun && !marked;
  if (!same && !torn && wish.only_from && shape != *wish.only_from) {
    return end(ActionOutcome::kBlocked, absl::StrCat("the route is not as expected (",
                                                     ToWords(*wish.only_from), ") but: ", ToWords(shape)));
  }
  for (const auto& [backend, wished] : wish.shape.backends) {
    const bool closes =
        wished.mode == BackendMode::kClosed && look.reading.backends.at(backend).mode != BackendMode::kClosed;
    if (closes && wish.may_cut == 0) {
      return end(ActionOutcome::kBlocked,
                 absl::StrCat("a Service does not say how many connections ", backend,
                              " has: it is drained, and closed by an operator's order only"));
    }
  }
  for (const auto& [backend, reading] : look.reading.backends) {
    if (wish.shape.backends.contains(backend)) continue;
    return end(ActionOutcome::kRefused,
               absl::StrCat("the Service has endpoints of somebody else, in the EndpointSlice ", backend));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const auto wished, Wished(place, wish.shape, look, call));
  bool content_same = same;
  for (const auto& [backend, content] : wished) {
    const auto there = look.contents.find(backend);
    if (there == look.contents.end() || there->second != content) content_same = false;
  }
  const ActionOutcome done =
      same && content_same && !attempt.sent ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone;
  if (content_same && marked) return end(done, ToWords(shape));

  attempt.sent = true;
  Json notes = NotesOf(ours, wish.shape);
  for (const bool gaining : {true, false}) {
    for (const auto& [backend, content] : wished) {
      if ((wish.shape.backends.at(backend).percent > 0) != gaining) continue;
      notes[kSourceAnnotation] = place.parts.at(backend).front();
      EVENKEEL_RETURN_IF_ERROR(Write(service, backend, look, content, notes, call));
    }
  }
  EVENKEEL_ASSIGN_OR_RETURN(const SlicesLook after, LookOnce(service, place, call));
  attempt.answer.reading = after.reading;
  if (ShapeOf(after.reading) != wish.shape || after.reading.mark != wish.mark) {
    return absl::AbortedError(
        absl::StrCat("it was written and reads back as ", ToWords(ShapeOf(after.reading))));
  }
  return end(done, ToWords(wish.shape));
}

ShapeAnswer SliceGateway::Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) {
  const auto refused = [](std::string why) {
    return ShapeAnswer{ActionOutcome::kRefused, std::move(why), std::nullopt};
  };
  if (absl::Status status = CheckShape(wish.shape, abilities()); !status.ok()) {
    return refused(std::string(status.message()));
  }
  for (const auto& [backend, backend_wish] : wish.shape.backends) {
    if (!place.parts.contains(backend))
      return refused(absl::StrCat("no cluster is said to be backend ", backend));
  }
  for (const auto& [backend, names] : place.parts) {
    if (!wish.shape.backends.contains(backend)) {
      return refused(absl::StrCat("the wish does not say what becomes of ", backend));
    }
  }
  KubeAttempt attempt;
  return ShapePatiently(call, attempt, [&] { return Try(place, wish, attempt, call); });
}

std::vector<ServerCheck> SliceGateway::Check(const RoutePlace& place, const BackendCheck& check,
                                             const Call& call) {
  const absl::StatusOr<std::map<std::string, EndpointSource>> sources = SourcesOf(place.parts);
  if (!sources.ok()) return NotTried(check.backend, std::string(sources.status().message()));
  const auto source = sources->find(check.backend);
  if (source == sources->end()) return {};
  const absl::StatusOr<SliceContent> ready = EndpointsOf(check.backend, source->second, call);
  if (absl::IsFailedPrecondition(ready.status())) {
    return {{.server = check.backend, .tried = true, .detail = std::string(ready.status().message())}};
  }
  if (!ready.ok()) return NotTried(check.backend, std::string(ready.status().message()));
  return NotTried(absl::StrCat(check.backend, " (", ready->addresses.size(), " ready in Kubernetes)"),
                  "kube-proxy tries nobody: a prober through the Service does");
}

}  // namespace evenkeel::coordinator
