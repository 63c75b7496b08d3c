#include "coordinator/gateway/endpoint_slices.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "coordinator/gateway/fingerprint.h"
#include "coordinator/gateway/route_notes.h"
#include "coordinator/gateway/shares.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

// An empty array where it is none.
const Json& Array(const Json& object, absl::string_view key) {
  static const Json* const empty = new Json(Json::array());
  const Json* found = kube::Find(object, {key});
  return found != nullptr && found->is_array() ? *found : *empty;
}

// Not said counts as ready: the API's own rule.
bool IsReady(const Json& endpoint) {
  const Json* ready = kube::Find(endpoint, {"conditions", "ready"});
  return ready == nullptr || !ready->is_boolean() || ready->get<bool>();
}

std::vector<std::string> Addresses(const Json& slice) {
  std::set<std::string> addresses;
  for (const Json& endpoint : Array(slice, "endpoints")) {
    if (!IsReady(endpoint)) continue;
    for (const Json& address : Array(endpoint, "addresses")) {
      if (address.is_string()) addresses.insert(address.get<std::string>());
    }
  }
  return {addresses.begin(), addresses.end()};
}

Json Endpoints(const SliceContent& content) {
  Json endpoints = Json::array();
  for (const std::string& address : content.addresses) {
    endpoints.push_back({{"addresses", {address}}, {"conditions", {{"ready", true}}}});
  }
  return endpoints;
}

bool IsObjectName(absl::string_view name) {
  return !name.empty() && name.size() <= 63 && absl::ascii_isalnum(static_cast<unsigned char>(name.back())) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

}  // namespace

SliceContent ContentOfSlice(const Json& slice) {
  return {.address_type = kube::Text(slice, {"addressType"}),
          .addresses = Addresses(slice),
          .ports = Array(slice, "ports")};
}

absl::StatusOr<kube::ObjectName> ParseName(absl::string_view text, absl::string_view what) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return absl::InvalidArgumentError(absl::StrCat(what, " is NAMESPACE/NAME, not \"", text, "\""));
  }
  return kube::ObjectName{.name_space = std::string(parts[0]), .name = std::string(parts[1])};
}

absl::StatusOr<EndpointSource> EndpointSource::Parse(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || parts[2].empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a backend is CLUSTER/NAMESPACE/SERVICE, not \"", text, "\""));
  }
  return EndpointSource{.cluster = parts[0], .service = {.name_space = parts[1], .name = parts[2]}};
}

absl::StatusOr<std::map<std::string, EndpointSource>> SourcesOf(const RouteParts& parts) {
  std::map<std::string, EndpointSource> sources;
  for (const auto& [backend, names] : parts) {
    if (names.size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("backend ", backend, " must be one Service of one cluster, not ", names.size()));
    }
    if (!IsObjectName(backend)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "backend \"", backend,
          "\" becomes part of an object's name: lower-case letters, digits and '-', at most 63"));
    }
    EVENKEEL_ASSIGN_OR_RETURN(sources[backend], EndpointSource::Parse(names.front()));
  }
  return sources;
}

absl::StatusOr<SliceContent> ReadyEndpoints(const Json& list, const std::string& of,
                                            absl::string_view address_type) {
  std::optional<SliceContent> all;
  std::string others;
  std::set<std::string> addresses;
  for (const Json& slice : Array(list, "items")) {
    const SliceContent content = ContentOfSlice(slice);
    if (content.addresses.empty()) continue;
    if (!address_type.empty() && content.address_type != address_type) {
      others = content.address_type;
      continue;
    }
    // A Service of both families has slices of each; connections of one are enough.
    if (all && content.address_type != all->address_type) continue;
    if (!all) all = content;
    if (content.ports != all->ports) {
      return absl::FailedPreconditionError(
          absl::StrCat("the endpoints of ", of, " do not all listen on the same ports"));
    }
    addresses.insert(content.addresses.begin(), content.addresses.end());
  }
  if (!all && !others.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("the slice for the endpoints of ", of, " is for ",
                                                      address_type, " and they are ", others,
                                                      ": delete the slice"));
  }
  if (!all) return absl::FailedPreconditionError(absl::StrCat(of, " has no endpoint that is ready"));
  if (addresses.size() > kMostEndpoints) {
    return absl::FailedPreconditionError(absl::StrCat(
        of, " has ", addresses.size(), " endpoints, more than the ", kMostEndpoints, " of a slice"));
  }
  all->addresses.assign(addresses.begin(), addresses.end());
  return *all;
}

std::string SliceName(const std::string& service, const std::string& backend) {
  return absl::StrCat(service, "-evenkeel-", backend);
}

Json SliceToCreate(const std::string& api_version, const std::string& service, const std::string& backend,
                   const SliceContent& content, const Json& notes) {
  return {{"apiVersion", api_version},
          {"kind", "EndpointSlice"},
          {"metadata",
           {{"name", SliceName(service, backend)},
            {"labels", {{kServiceNameLabel, service}, {kManagedByLabel, kManagedBy}}},
            {"annotations", notes}}},
          {"addressType", content.address_type},
          {"endpoints", Endpoints(content)},
          {"ports", content.ports}};
}

Json SlicePatch(const Json& there, const SliceContent& content, const Json& notes) {
  Json patch = {{"metadata",
                 {{"resourceVersion", kube::ResourceVersionOf(there)},
                  {"labels", {{kManagedByLabel, kManagedBy}}},
                  {"annotations", notes}}}};
  if (ContentOfSlice(there) == content) return patch;
  patch["endpoints"] = Endpoints(content);
  if (!content.addresses.empty()) patch["ports"] = content.ports;
  return patch;
}

SlicesLook LookAt(const Json& list, const std::string& service, const RouteParts& parts,
                  absl::string_view store_id) {
  SlicesLook look;
  std::map<std::string, uint64_t> weights;
  std::map<std::string, std::string> backends;  // by the slice's name
  for (const auto& [backend, names] : parts) {
    weights[backend] = 0;
    backends[SliceName(service, backend)] = backend;
  }
  std::vector<std::string> texts;
  for (const Json& slice : Array(list, "items")) {
    const std::string name = kube::NameOf(slice).name;
    const SliceContent content = ContentOfSlice(slice);
    const auto found = backends.find(name);
    const std::string backend = found == backends.end() ? name : found->second;
    // A stranger's slice that holds nothing is as good as none.
    if (found == backends.end() && content.addresses.empty()) continue;
    weights[backend] += content.addresses.size();
    look.contents[backend] = content;
    if (found != backends.end()) look.ours[backend] = slice;
    texts.push_back(absl::StrCat(name, "\n", absl::StrJoin(content.addresses, ","), "\n",
                                 kube::ToText(content.ports), "\n",
                                 kube::Text(slice, {"metadata", "annotations", kModesAnnotation}), "\n"));
  }
  std::sort(texts.begin(), texts.end());

  for (const auto& [backend, percent] : PercentsOf(weights)) {
    BackendReading& one = look.reading.backends[backend];
    one.percent = percent;
    // As many as get connections now: of a backend without a share no slice says how many it would have.
    one.servers = one.servers_up = static_cast<uint32_t>(weights[backend]);
    const auto slice = look.ours.find(backend);
    if (percent > 0 || slice == look.ours.end()) continue;
    const std::map<std::string, BackendMode> modes = ModesOn(slice->second);
    const auto mode = modes.find(backend);
    if (mode != modes.end()) one.mode = mode->second;
  }
  std::optional<RouteMark> least;
  bool all = !parts.empty();
  for (const auto& [backend, names] : parts) {
    const auto slice = look.ours.find(backend);
    const std::optional<StoredMark> mark = slice == look.ours.end() ? std::nullopt : MarkOn(slice->second);
    if (!mark || mark->store_id != store_id) {
      all = false;
    } else if (!least || IsBefore(mark->mark, *least)) {
      least = mark->mark;
    }
  }
  if (all) look.reading.mark = least;
  look.reading.proof = Proof::kConfigured;
  look.reading.revision = Fingerprint(absl::StrJoin(texts, ""));
  return look;
}

}  // namespace evenkeel::coordinator
