#include "coordinator/program/gateways_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/config/file.h"
#include "coordinator/program/name.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kKinds[] = "haproxy, http-route, endpoint-slices or xds";

// One gateway's fields while they are read: each by its name, and none that nobody asks for.
class Fields {
 public:
  // `where`: "gateways[edge]".
  Fields(std::string where, const YAML::Node& node) : where_(std::move(where)) {
    for (const auto& field : node) values_[field.first.Scalar()] = field.second;
  }

  absl::Status Error(absl::string_view key, absl::string_view problem) const {
    return base::InvalidField(absl::StrCat(where_, ".", key), problem);
  }

  // Nothing where it is not given.
  absl::StatusOr<std::optional<std::string>> Text(const std::string& key) {
    const auto found = values_.find(key);
    if (found == values_.end()) return std::optional<std::string>();
    const YAML::Node value = found->second;
    values_.erase(found);
    if (!value.IsScalar() || value.Scalar().empty()) return Error(key, "must be text");
    return std::optional<std::string>(value.Scalar());
  }
  absl::StatusOr<std::string> Required(const std::string& key, absl::string_view form) {
    EVENKEEL_ASSIGN_OR_RETURN(std::optional<std::string> text, Text(key));
    if (!text) return Error(key, absl::StrCat("must be given: ", form));
    return *std::move(text);
  }
  absl::StatusOr<bool> Flag(const std::string& key) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::optional<std::string> text, Text(key));
    if (!text || *text == "false") return false;
    if (*text == "true") return true;
    return Error(key, "must be true or false");
  }
  // A full path.
  absl::StatusOr<std::string> Path(const std::string& key) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::optional<std::string> text, Text(key));
    if (text && !absl::StartsWith(*text, "/")) return Error(key, "must be a full path");
    return text.value_or("");
  }

  absl::Status NothingElse(absl::string_view kind) const {
    if (values_.empty()) return absl::OkStatus();
    return Error(values_.begin()->first, absl::StrCat("is no field of a gateway of kind ", kind));
  }

 private:
  const std::string where_;
  std::map<std::string, YAML::Node> values_;
};

absl::StatusOr<haproxy::SocketAddress> SocketIn(const Fields& fields, const std::string& key,
                                                const std::string& text) {
  absl::StatusOr<haproxy::SocketAddress> address = haproxy::SocketAddress::Parse(text);
  if (!address.ok()) return fields.Error(key, address.status().message());
  return address;
}

bool IsHeaderName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

absl::StatusOr<HaproxySettings> ReadHaproxy(Fields& fields) {
  HaproxySettings settings;
  EVENKEEL_ASSIGN_OR_RETURN(
      const std::string socket,
      fields.Required("socket",
                      "unix:/run/haproxy/admin.sock, or tcp:IP:PORT (stats socket ... level admin)"));
  EVENKEEL_ASSIGN_OR_RETURN(settings.socket, SocketIn(fields, "socket", socket));
  EVENKEEL_ASSIGN_OR_RETURN(const std::optional<std::string> master, fields.Text("masterSocket"));
  if (master) {
    EVENKEEL_ASSIGN_OR_RETURN(settings.master_socket, SocketIn(fields, "masterSocket", *master));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::optional<std::string> lasts, fields.Text("oldProcessLasts"));
  if (lasts) {
    const bool read = absl::ParseDuration(*lasts, &settings.old_process_lasts);
    if (!read || settings.old_process_lasts < absl::Seconds(1) ||
        settings.old_process_lasts > absl::Hours(24)) {
      return fields.Error("oldProcessLasts",
                          "must be a duration from 1s to 24h, as 15m (HAProxy's hard-stop-after)");
    }
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::optional<std::string> header, fields.Text("canaryHeader"));
  if (header) {
    if (!IsHeaderName(*header)) {
      return fields.Error("canaryHeader", "must be a header's name in lower-case letters, digits and '-'");
    }
    settings.canary_header = *header;
  }
  EVENKEEL_ASSIGN_OR_RETURN(settings.keep_files, fields.Flag("keepFiles"));
  EVENKEEL_ASSIGN_OR_RETURN(settings.server_state_is_kept, fields.Flag("serverStateIsKept"));
  return settings;
}

absl::StatusOr<ClusterAccess> ReadAccess(Fields& fields, const std::set<std::string>& clusters) {
  ClusterAccess access;
  EVENKEEL_ASSIGN_OR_RETURN(access.cluster, fields.Required("cluster", "one of --cluster"));
  if (!clusters.contains(access.cluster)) {
    return fields.Error("cluster",
                        absl::StrCat("\"", access.cluster, "\" is none of --cluster with Kubernetes"));
  }
  EVENKEEL_ASSIGN_OR_RETURN(access.kubeconfig, fields.Path("kubeconfig"));
  return access;
}

absl::StatusOr<XdsSettings> ReadXds(Fields& fields) {
  XdsSettings settings;
  EVENKEEL_ASSIGN_OR_RETURN(const std::string listen,
                            fields.Required("listen", "[HOST]:PORT for xDS clients"));
  const absl::StatusOr<ListenAddress> address = ListenAddress::Parse(listen);
  if (!address.ok()) return fields.Error("listen", address.status().message());
  settings.listen = *address;
  EVENKEEL_ASSIGN_OR_RETURN(settings.plaintext, fields.Flag("plaintext"));
  EVENKEEL_ASSIGN_OR_RETURN(settings.routes_file, fields.Path("routesFile"));
  if (settings.routes_file.empty()) {
    return fields.Error("routesFile",
                        "must be given: where the routes that are served are kept over a restart");
  }
  return settings;
}

absl::StatusOr<GatewayConfig> ReadGateway(const YAML::Node& node, size_t index,
                                          const std::set<std::string>& clusters) {
  const std::string place = absl::StrCat("gateways[", index, "]");
  if (!node.IsMap()) return base::InvalidField(place, "must be a mapping with name and kind");
  Fields numbered(place, node);
  GatewayConfig gateway;
  EVENKEEL_ASSIGN_OR_RETURN(gateway.name, numbered.Required("name", "what switches call it"));
  if (!IsName(gateway.name)) {
    return numbered.Error("name",
                          absl::StrCat("\"", gateway.name.substr(0, 80), "\" is not a name: ", kNameForm));
  }
  Fields fields(absl::StrCat("gateways[", gateway.name, "]"), node);
  EVENKEEL_RETURN_IF_ERROR(fields.Text("name").status());
  EVENKEEL_ASSIGN_OR_RETURN(const std::string kind, fields.Required("kind", kKinds));
  if (kind == "haproxy") {
    EVENKEEL_ASSIGN_OR_RETURN(gateway.settings, ReadHaproxy(fields));
  } else if (kind == "http-route") {
    EVENKEEL_ASSIGN_OR_RETURN(ClusterAccess access, ReadAccess(fields, clusters));
    gateway.settings = HttpRouteSettings{std::move(access)};
  } else if (kind == "endpoint-slices") {
    EVENKEEL_ASSIGN_OR_RETURN(ClusterAccess access, ReadAccess(fields, clusters));
    gateway.settings = EndpointSlicesSettings{std::move(access)};
  } else if (kind == "xds") {
    EVENKEEL_ASSIGN_OR_RETURN(gateway.settings, ReadXds(fields));
  } else {
    return fields.Error("kind", absl::StrCat("\"", kind.substr(0, 80), "\" is not ", kKinds));
  }
  EVENKEEL_RETURN_IF_ERROR(fields.NothingElse(kind));
  return gateway;
}

// What only one gateway may have, by the field that says it: two with the same would be two hands on one
// thing, each unaware of the other (L3).
std::vector<std::pair<const char*, std::string>> OwnThings(const GatewayConfig& gateway) {
  if (const auto* haproxy = std::get_if<HaproxySettings>(&gateway.settings)) {
    return {{"socket", haproxy->socket.ToString()}};
  }
  if (const auto* route = std::get_if<HttpRouteSettings>(&gateway.settings)) {
    return {{"cluster", absl::StrCat("HTTPRoutes of ", route->access.cluster)}};
  }
  if (const auto* slices = std::get_if<EndpointSlicesSettings>(&gateway.settings)) {
    return {{"cluster", absl::StrCat("EndpointSlices of ", slices->access.cluster)}};
  }
  const auto& xds = std::get<XdsSettings>(gateway.settings);
  std::vector<std::pair<const char*, std::string>> things = {{"routesFile", xds.routes_file}};
  if (xds.listen.port != 0) things.emplace_back("listen", xds.listen.ForGrpc());
  return things;
}

absl::StatusOr<std::vector<GatewayConfig>> ReadAll(const YAML::Node& root,
                                                   const std::set<std::string>& clusters) {
  if (!root.IsMap() || !root["gateways"].IsDefined()) {
    return base::InvalidField("gateways", "must be given: a list of gateways, each with name and kind");
  }
  for (const auto& field : root) {
    if (field.first.Scalar() != "gateways") {
      return base::InvalidField(field.first.Scalar(), "is no field of this file: it has gateways alone");
    }
  }
  const YAML::Node list = root["gateways"];
  if (!list.IsSequence()) return base::InvalidField("gateways", "must be a list");
  if (list.size() > kMostGateways) {
    return base::InvalidField("gateways", absl::StrCat("must be at most ", kMostGateways));
  }
  std::vector<GatewayConfig> gateways;
  std::set<std::string> names;
  std::map<std::string, std::string> owners;  // names, by what they own
  for (size_t index = 0; index < list.size(); ++index) {
    EVENKEEL_ASSIGN_OR_RETURN(GatewayConfig gateway, ReadGateway(list[index], index, clusters));
    const std::string where = absl::StrCat("gateways[", gateway.name, "]");
    if (!names.insert(gateway.name).second) {
      return base::InvalidField(absl::StrCat(where, ".name"), "is given twice");
    }
    for (const auto& [field, thing] : OwnThings(gateway)) {
      const auto [owner, is_new] = owners.emplace(thing, gateway.name);
      if (is_new) continue;
      return base::InvalidField(absl::StrCat(where, ".", field),
                                absl::StrCat("is that of gateway ", owner->second, " already"));
    }
    gateways.push_back(std::move(gateway));
  }
  return gateways;
}

}  // namespace

absl::StatusOr<std::vector<GatewayConfig>> ParseGateways(const std::string& yaml,
                                                         const std::set<std::string>& clusters) {
  try {
    return ReadAll(YAML::Load(yaml), clusters);
  } catch (const YAML::Exception& exception) {
    return absl::InvalidArgumentError(absl::StrCat("is not valid YAML: ", exception.what()));
  }
}

absl::StatusOr<std::vector<GatewayConfig>> LoadGateways(const std::string& path,
                                                        const std::set<std::string>& clusters) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::string yaml, config::ReadFile(path));
  absl::StatusOr<std::vector<GatewayConfig>> gateways = ParseGateways(yaml, clusters);
  if (!gateways.ok()) return base::Annotate(gateways.status(), path);
  return gateways;
}

}  // namespace evenkeel::coordinator
