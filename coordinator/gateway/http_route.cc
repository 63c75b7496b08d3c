#include "coordinator/gateway/http_route.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/utf8.h"
#include "common/kube/json.h"
#include "coordinator/gateway/fingerprint.h"
#include "coordinator/gateway/route_notes.h"
#include "coordinator/gateway/shares.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

constexpr int kDefaultWeight = 1;            // of a reference that says none
constexpr int64_t kLargestWeight = 1000000;  // by the API's own rule
constexpr size_t kMostRules = 64;

const Json* RuleOf(const Json& object, size_t rule) {
  const Json* rules = kube::Find(object, {"spec", "rules"});
  if (rules == nullptr || !rules->is_array() || rule >= rules->size()) return nullptr;
  return (*rules)[rule].is_object() ? &(*rules)[rule] : nullptr;
}

int64_t Integer(const Json& object, absl::string_view key, int64_t otherwise) {
  const Json* value = kube::Find(object, {key});
  return value != nullptr && value->is_number_integer() ? value->get<int64_t>() : otherwise;
}

// A Service, or nothing for a reference to anything else.
std::optional<ServicePort> ServiceOf(const Json& reference, const std::string& own_name_space) {
  if (!reference.is_object()) return std::nullopt;
  const std::string kind = kube::Text(reference, {"kind"});
  const std::string name_space = kube::Text(reference, {"namespace"});
  ServicePort service = {.name_space = name_space.empty() ? own_name_space : name_space,
                         .service = kube::Text(reference, {"name"}),
                         .port = static_cast<int>(Integer(reference, "port", 0) & 0xffff)};
  if ((!kind.empty() && kind != "Service") || !kube::Text(reference, {"group"}).empty()) return std::nullopt;
  return service;
}

// A gateway that a reference to a parent means, as one text.
std::string ParentOf(const Json& reference, const std::string& own_name_space) {
  const auto or_else = [&reference](absl::string_view key, absl::string_view otherwise) {
    const std::string text = kube::Text(reference, {key});
    return text.empty() ? std::string(otherwise) : text;
  };
  return absl::StrCat(or_else("group", "gateway.networking.k8s.io"), "/", or_else("kind", "Gateway"), "/",
                      or_else("namespace", own_name_space), "/", kube::Text(reference, {"name"}), "/",
                      kube::Text(reference, {"sectionName"}), "/", Integer(reference, "port", 0));
}

std::string ConditionWords(const Json& condition) {
  return base::ValidUtf8(
      absl::StrCat(kube::Text(condition, {"type"}), " is ", kube::Text(condition, {"status"}), ": ",
                   kube::Text(condition, {"reason"}), ": ", kube::Text(condition, {"message"})),
      300);
}

}  // namespace

absl::StatusOr<HttpRoutePlace> HttpRoutePlace::Parse(absl::string_view route) {
  const absl::Status wrong =
      absl::InvalidArgumentError(absl::StrCat("a route of the Gateway API is NAMESPACE/HTTPROUTE, for its "
                                              "first rule, or NAMESPACE/HTTPROUTE#RULE, for "
                                              "another (the second is 1), not \"",
                                              route, "\""));
  const std::vector<absl::string_view> with_rule = absl::StrSplit(route, '#');
  const std::vector<absl::string_view> name = absl::StrSplit(with_rule[0], '/');
  HttpRoutePlace place;
  if (with_rule.size() > 2 || name.size() != 2 || name[0].empty() || name[1].empty()) return wrong;
  if (with_rule.size() == 2 && (!absl::SimpleAtoi(with_rule[1], &place.rule) || place.rule >= kMostRules)) {
    return wrong;
  }
  if (with_rule.size() == 2 && (place.rule == 0 || absl::StrCat(place.rule) != with_rule[1])) return wrong;
  place.name = {.name_space = std::string(name[0]), .name = std::string(name[1])};
  return place;
}

std::string HttpRoutePlace::NotesPart() const {
  return absl::StrCat(".", rule);
}

std::string ServicePort::ToString() const {
  return absl::StrCat(name_space, "/", service, ":", port);
}

absl::StatusOr<ServicePort> ServicePort::Parse(absl::string_view text) {
  const std::vector<absl::string_view> name = absl::StrSplit(text, '/');
  const std::vector<absl::string_view> port = absl::StrSplit(name.back(), ':');
  ServicePort service;
  if (name.size() != 2 || port.size() != 2 || name[0].empty() || port[0].empty() ||
      !absl::SimpleAtoi(port[1], &service.port) || service.port < 1 || service.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("a backend is NAMESPACE/SERVICE:PORT, not \"", text, "\""));
  }
  service.name_space = std::string(name[0]);
  service.service = std::string(port[0]);
  return service;
}

absl::StatusOr<std::map<std::string, ServicePort>> ServicesOf(const RouteParts& parts) {
  std::map<std::string, ServicePort> services;
  std::set<std::string> used;
  for (const auto& [backend, names] : parts) {
    if (names.size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("backend ", backend, " must be one Service, not ", names.size()));
    }
    EVENKEEL_ASSIGN_OR_RETURN(services[backend], ServicePort::Parse(names.front()));
    if (!used.insert(services[backend].ToString()).second) {
      return absl::InvalidArgumentError(absl::StrCat("two backends are the Service ", names.front()));
    }
  }
  return services;
}

Acceptance AcceptanceOf(const Json& object) {
  const int64_t generation =
      kube::Find(object, {"metadata"}) == nullptr ? 0 : Integer(object["metadata"], "generation", 0);
  const Json* parents = kube::Find(object, {"status", "parents"});
  Acceptance acceptance;
  if (parents == nullptr || !parents->is_array() || parents->empty()) {
    acceptance.words = "no controller has said anything of it yet";
    return acceptance;
  }
  acceptance.accepted = true;
  const std::string own_name_space = kube::NameOf(object).name_space;
  std::set<std::string> speaking;
  for (const Json& parent : *parents) {
    if (const Json* reference = kube::Find(parent, {"parentRef"})) {
      speaking.insert(ParentOf(*reference, own_name_space));
    }
    std::set<std::string> good;
    const Json* conditions = kube::Find(parent, {"conditions"});
    for (const Json& condition :
         conditions != nullptr && conditions->is_array() ? *conditions : Json::array()) {
      const std::string type = kube::Text(condition, {"type"});
      if (type != "Accepted" && type != "ResolvedRefs") continue;
      // A word about another generation is no word about this one.
      if (!condition.is_object() || Integer(condition, "observedGeneration", -1) != generation) continue;
      const std::string status = kube::Text(condition, {"status"});
      if (status == "True") good.insert(type);
      if (status == "False") {
        acceptance.refused = true;
        acceptance.words = ConditionWords(condition);
      }
    }
    if (good.size() != 2) acceptance.accepted = false;
  }
  // Of a gateway whose controller has said nothing yet there is no status either.
  const Json* references = kube::Find(object, {"spec", "parentRefs"});
  for (const Json& reference :
       references != nullptr && references->is_array() ? *references : Json::array()) {
    if (!speaking.contains(ParentOf(reference, own_name_space))) acceptance.accepted = false;
  }
  if (!acceptance.accepted && !acceptance.refused) {
    acceptance.words =
        absl::StrCat("not all of its controllers have accepted generation ", generation, " yet");
  }
  return acceptance;
}

absl::StatusOr<RouteReading> ReadHttpRoute(const Json& object, const HttpRoutePlace& place,
                                           const std::map<std::string, ServicePort>& services,
                                           absl::string_view store_id) {
  const Json* spec = kube::Find(object, {"spec"});
  if (spec == nullptr || kube::UidOf(object).empty()) {
    return absl::InternalError(absl::StrCat(place.name.ToString(), " does not read as an HTTPRoute"));
  }
  const Json* rule = RuleOf(object, place.rule);
  if (rule == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("the HTTPRoute ", place.name.ToString(), " has no rule ", place.rule));
  }
  const Acceptance acceptance = AcceptanceOf(object);
  const std::map<std::string, BackendMode> modes = ModesOn(object, place.NotesPart());

  RouteReading reading;
  std::map<std::string, uint64_t> weights;
  std::map<std::string, std::string> backends;  // by Service
  for (const auto& [backend, service] : services) {
    weights[backend] = 0;
    backends[service.ToString()] = backend;
  }
  const Json* references = kube::Find(*rule, {"backendRefs"});
  for (const Json& reference :
       references != nullptr && references->is_array() ? *references : Json::array()) {
    const std::optional<ServicePort> service = ServiceOf(reference, place.name.name_space);
    if (!service) {
      return absl::FailedPreconditionError(absl::StrCat("rule ", place.rule, " of the HTTPRoute ",
                                                        place.name.ToString(),
                                                        " has a backend that is no Service"));
    }
    const int64_t weight = Integer(reference, "weight", kDefaultWeight);
    if (weight < 0 || weight > kLargestWeight) {
      return absl::InternalError(absl::StrCat("a weight of ", weight, " in ", place.name.ToString()));
    }
    const auto known = backends.find(service->ToString());
    weights[known == backends.end() ? service->ToString() : known->second] += static_cast<uint64_t>(weight);
  }
  for (const auto& [backend, percent] : PercentsOf(weights)) {
    BackendReading& one = reading.backends[backend];
    one.percent = percent;
    const auto mode = modes.find(backend);
    if (mode != modes.end() && percent == 0) one.mode = mode->second;
    // The Gateway API does not say how many servers a Service has, nor how they are.
    one.servers = 1;
    one.servers_up = one.mode == BackendMode::kClosed ? 0 : 1;
  }
  const std::optional<StoredMark> mark = MarkOn(object, place.NotesPart());
  if (mark && mark->store_id == store_id) reading.mark = mark->mark;
  reading.proof = acceptance.accepted ? Proof::kAccepted : Proof::kConfigured;
  reading.instance = kube::UidOf(object);
  reading.revision = Fingerprint(absl::StrCat(
      kube::ToText(*spec),
      kube::Text(object, {"metadata", "annotations", absl::StrCat(kModesAnnotation, place.NotesPart())})));
  return reading;
}

Json PatchOf(const Json& object, const HttpRoutePlace& place,
             const std::map<std::string, ServicePort>& services, const RouteShape& shape,
             const StoredMark& mark) {
  Json rules = object["spec"]["rules"];
  Json& rule = rules[place.rule];
  // What somebody else set on a reference, such as its filters, stays.
  std::map<std::string, Json> references;
  if (const Json* there = kube::Find(rule, {"backendRefs"}); there != nullptr && there->is_array()) {
    for (const Json& reference : *there) {
      const std::optional<ServicePort> service = ServiceOf(reference, place.name.name_space);
      if (service) references.emplace(service->ToString(), reference);
    }
  }
  Json wished = Json::array();
  for (const auto& [backend, wish] : shape.backends) {
    const ServicePort& service = services.at(backend);
    const auto found = references.find(service.ToString());
    Json reference =
        found != references.end() ? found->second : Json{{"name", service.service}, {"port", service.port}};
    if (found == references.end() && service.name_space != place.name.name_space) {
      reference["namespace"] = service.name_space;
    }
    reference["weight"] = wish.percent;
    wished.push_back(std::move(reference));
  }
  rule["backendRefs"] = std::move(wished);
  return {{"metadata",
           {{"resourceVersion", kube::ResourceVersionOf(object)},
            {"annotations", NotesOf(mark, shape, place.NotesPart())}}},
          {"spec", {{"rules", std::move(rules)}}}};
}

}  // namespace evenkeel::coordinator
