#include "coordinator/gateway/xds/routes_file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/utf8.h"
#include "common/kube/json.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/gateway/shape.h"

namespace evenkeel::coordinator::xds {
namespace {

using kube::Json;

constexpr const char* kModes[] = {"serving", "draining", "closed"};  // in the order of BackendMode

std::string Path(const std::vector<std::string>& names) {
  return base::ValidUtf8(absl::StrJoin(names, "."), 200);
}

// No field that nobody reads: a misspelt one would be taken for one that is left out.
absl::Status OnlyHas(const Json& object, const std::vector<std::string>& path,
                     const std::vector<std::string>& keys) {
  if (!object.is_object()) return base::InvalidField(Path(path), "must be an object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    return base::InvalidField(Path(path), absl::StrCat("has the field \"", base::ValidUtf8(key, 80),
                                                       "\", and may only have ", absl::StrJoin(keys, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<BackendMode> ModeIn(const Json& backend, const std::vector<std::string>& path) {
  const Json* mode = kube::Find(backend, {"mode"});
  if (mode == nullptr) return BackendMode::kServing;
  for (size_t i = 0; i < std::size(kModes); ++i) {
    if (*mode == kModes[i]) return static_cast<BackendMode>(i);
  }
  return base::InvalidField(Path(path), "mode must be serving, draining or closed");
}

absl::Status ReadBackend(const std::string& name, const Json& backend, const std::vector<std::string>& path,
                         ServedRoute& route) {
  EVENKEEL_RETURN_IF_ERROR(OnlyHas(backend, path, {"percent", "servers", "mode"}));
  const Json* percent = kube::Find(backend, {"percent"});
  if (percent == nullptr || !percent->is_number_unsigned() || percent->get<uint64_t>() > 100) {
    return base::InvalidField(Path(path), "percent must be a whole number from 0 to 100");
  }
  BackendWish& wish = route.shape.backends[name];
  wish.percent = static_cast<uint32_t>(percent->get<uint64_t>());
  EVENKEEL_ASSIGN_OR_RETURN(wish.mode, ModeIn(backend, path));
  const Json* servers = kube::Find(backend, {"servers"});
  if (servers == nullptr || !servers->is_array()) {
    return base::InvalidField(Path(path), "servers must be a list of IP:PORT");
  }
  RouteParts parts;
  for (const Json& server : *servers) {
    if (!server.is_string()) return base::InvalidField(Path(path), "servers must be a list of IP:PORT");
    parts[name].push_back(server.get<std::string>());
  }
  if (parts.empty()) return base::InvalidField(Path(path), "servers must not be empty");
  auto read = ServersOf(parts);
  if (!read.ok()) return base::InvalidField(Path(path), read.status().message());
  route.servers[name] = std::move(read->at(name));
  return absl::OkStatus();
}

absl::StatusOr<KeptRoute> ReadRoute(const Json& object, const std::vector<std::string>& path) {
  EVENKEEL_RETURN_IF_ERROR(OnlyHas(object, path, {"backends", "canary", "mark"}));
  KeptRoute kept;
  std::vector<std::string> inner = path;
  inner.emplace_back("backends");
  const Json* backends = kube::Find(object, {"backends"});
  if (backends == nullptr || !backends->is_object()) {
    return base::InvalidField(Path(inner), "must be an object");
  }
  for (const auto& [name, backend] : backends->items()) {
    inner.push_back(name);
    EVENKEEL_RETURN_IF_ERROR(ReadBackend(name, backend, inner, kept.route));
    inner.pop_back();
  }
  if (const Json* canary = kube::Find(object, {"canary"})) {
    inner.back() = "canary";
    EVENKEEL_RETURN_IF_ERROR(OnlyHas(*canary, inner, {"header", "value", "backend"}));
    kept.route.shape.canary = {kube::Text(*canary, {"header"}), kube::Text(*canary, {"value"}),
                               kube::Text(*canary, {"backend"})};
  }
  if (object.contains("mark")) {
    inner.back() = "mark";
    kept.mark = ParseMark(kube::Text(object, {"mark"}));
    if (!kept.mark) return base::InvalidField(Path(inner), "is no mark of Evenkeel's: leave it out");
  }
  if (absl::Status shape = CheckShape(kept.route.shape); !shape.ok()) {
    return base::InvalidField(Path(path), shape.message());
  }
  return kept;
}

std::string ToText(const Server& server) {
  const bool v6 = server.address.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", server.address, v6 ? "]:" : ":", server.port);
}

}  // namespace

bool IsRouteName(absl::string_view name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == ':';
  });
}

absl::StatusOr<std::map<std::string, KeptRoute>> ParseRoutes(absl::string_view text) {
  absl::StatusOr<Json> object = kube::ParseObject(text);
  if (!object.ok()) return absl::InvalidArgumentError("is no JSON object");
  EVENKEEL_RETURN_IF_ERROR(OnlyHas(*object, {"the file"}, {"routes"}));
  const Json* routes = kube::Find(*object, {"routes"});
  if (routes == nullptr || !routes->is_object()) return base::InvalidField("routes", "must be an object");
  std::map<std::string, KeptRoute> kept;
  for (const auto& [name, route] : routes->items()) {
    const std::vector<std::string> path = {"routes", name};
    if (!IsRouteName(name)) {
      return base::InvalidField(Path(path), "a route's name is of letters, digits, '-', '.' and ':'");
    }
    EVENKEEL_ASSIGN_OR_RETURN(kept[name], ReadRoute(route, path));
  }
  return kept;
}

std::string RoutesText(const std::map<std::string, KeptRoute>& routes) {
  Json all = Json::object();
  for (const auto& [name, kept] : routes) {
    Json& route = all[name];
    for (const auto& [backend, wish] : kept.route.shape.backends) {
      Json servers = Json::array();
      for (const Server& server : kept.route.servers.at(backend)) servers.push_back(ToText(server));
      route["backends"][backend] = {
          {"percent", wish.percent}, {"mode", kModes[static_cast<size_t>(wish.mode)]}, {"servers", servers}};
    }
    if (const auto& canary = kept.route.shape.canary) {
      route["canary"] = {{"header", canary->header}, {"value", canary->value}, {"backend", canary->backend}};
    }
    if (kept.mark) route["mark"] = coordinator::ToText(*kept.mark);
  }
  const Json file = {{"routes", std::move(all)}};
  return file.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace evenkeel::coordinator::xds
