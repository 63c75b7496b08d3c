#include "coordinator/gateway/xds/xds_gateway.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/config/file.h"
#include "coordinator/gateway/fingerprint.h"
#include "coordinator/gateway/keep_file.h"
#include "coordinator/gateway/mark.h"
#include "coordinator/gateway/shape.h"
#include "coordinator/gateway/xds/routes_file.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostRoutes = 256;

std::string Clients(size_t count) {
  return absl::StrCat(count, count == 1 ? " client" : " clients");
}

std::string NameOf(const xds::ClientView& client) {
  return client.id.empty() ? client.peer : client.id;
}

}  // namespace

absl::StatusOr<std::unique_ptr<XdsGateway>> XdsGateway::Open(Options options, xds::AdsServer& server) {
  auto gateway = std::make_unique<XdsGateway>(std::move(options), server);
  const std::string& file = gateway->options_.routes_file;
  if (file.empty()) return gateway;
  const absl::StatusOr<std::string> text = config::ReadFile(file);
  if (absl::IsNotFound(text.status())) return gateway;
  EVENKEEL_RETURN_IF_ERROR(text.status());
  const auto routes = xds::ParseRoutes(*text);
  if (!routes.ok()) return base::Annotate(routes.status(), file);
  if (routes->size() > kMostRoutes) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": more than ", kMostRoutes, " routes"));
  }
  for (const auto& [name, kept] : *routes) {
    Served& served = gateway->served_[name];
    served.route = kept.route;
    // Epochs of another store say nothing.
    if (kept.mark && kept.mark->store_id == gateway->options_.store_id) served.mark = kept.mark->mark;
  }
  if (!gateway->served_.empty()) gateway->Serve();
  return gateway;
}

void XdsGateway::Serve() {
  std::map<std::string, xds::ServedRoute> routes;
  for (const auto& [name, one] : served_) routes[name] = one.route;
  server_->Serve(xds::SnapshotOf(routes));
}

absl::Status XdsGateway::Keep() const {
  if (options_.routes_file.empty()) return absl::OkStatus();
  std::map<std::string, xds::KeptRoute> routes;
  for (const auto& [name, one] : served_) {
    xds::KeptRoute& kept = routes[name];
    kept.route = one.route;
    if (one.mark) kept.mark = StoredMark{options_.store_id, *one.mark};
  }
  const std::string text = xds::RoutesText(routes);
  if (text.size() > config::kMaxFileBytes)
    return absl::ResourceExhaustedError("the routes' file is too large");
  return KeepFile(options_.routes_file, text);
}

GatewayAbilities XdsGateway::abilities() const {
  return {.atomic = true,
          .weights = true,
          .least_percent = 1,
          .canary = true,
          .counts_in_flight = false,
          .counts_requests = false,
          .survives_reload = !options_.routes_file.empty(),
          .fences = false,
          .best_proof = Proof::kAccepted};
}

RouteReading XdsGateway::ReadingOf(const Served& served) const {
  RouteReading reading;
  for (const auto& [backend, wish] : served.route.shape.backends) {
    BackendReading& one = reading.backends[backend];
    one.percent = wish.percent;
    one.mode = wish.mode;
    one.servers = static_cast<uint32_t>(served.route.servers.at(backend).size());
    one.servers_up = wish.mode == BackendMode::kClosed ? 0 : one.servers;
  }
  reading.canary = served.route.shape.canary;
  reading.mark = served.mark;
  const std::vector<xds::ClientView> clients = server_->clients();
  const bool all = std::all_of(clients.begin(), clients.end(), [](const xds::ClientView& client) {
    return client.routes == xds::Standing::kCurrent || client.routes == xds::Standing::kNotAsked;
  });
  reading.proof = all ? Proof::kAccepted : Proof::kConfigured;
  reading.instance = options_.instance;
  reading.revision = Fingerprint(ToWords(served.route.shape));
  return reading;
}

absl::StatusOr<RouteReading> XdsGateway::Read(const RoutePlace& place, const Call& call) {
  if (absl::Status status = call.GoOn("reading a route"); !status.ok()) return status;
  const auto found = served_.find(place.route);
  if (found == served_.end()) {
    return absl::NotFoundError(absl::StrCat(
        "the route ", place.route, " is not served: nothing was wished of it yet",
        options_.routes_file.empty()
            ? ""
            : absl::StrCat(", and ", options_.routes_file,
                           " did not have it when the coordinator started: say there what it begins with")));
  }
  return ReadingOf(found->second);
}

ShapeAnswer XdsGateway::Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) {
  const auto refused = [](std::string why) {
    return ShapeAnswer{ActionOutcome::kRefused, std::move(why), std::nullopt};
  };
  if (!call.GoOn("serving a route").ok())
    return {ActionOutcome::kWithdrawn, "taken back before it was served", {}};
  if (!xds::IsRouteName(place.route))
    return refused("a route of xDS is a name of letters, digits, '-', '.' and ':'");
  if (absl::Status status = CheckShape(wish.shape, abilities()); !status.ok()) {
    return refused(std::string(status.message()));
  }
  auto servers = xds::ServersOf(place.parts);
  if (!servers.ok()) return refused(std::string(servers.status().message()));
  for (const auto& [backend, backend_wish] : wish.shape.backends) {
    if (!servers->contains(backend))
      return refused(absl::StrCat("no server is said to be of backend ", backend));
  }
  for (const auto& [backend, names] : place.parts) {
    if (!wish.shape.backends.contains(backend)) {
      return refused(absl::StrCat("the wish does not say what becomes of ", backend));
    }
  }

  const auto found = served_.find(place.route);
  bool same = false;
  if (found == served_.end()) {
    if (served_.size() >= kMostRoutes) return refused("too many routes");
  } else {
    const Served& served = found->second;
    if (served.mark && IsBefore(wish.mark, *served.mark)) {
      return {ActionOutcome::kNotMine,
              absl::StrCat("a newer word was given already: of epoch ", served.mark->epoch, ", version ",
                           served.mark->version),
              ReadingOf(served)};
    }
    const RouteShape& shape = served.route.shape;
    same = shape == wish.shape;
    if (!same && wish.only_from && shape != *wish.only_from) {
      return {
          ActionOutcome::kBlocked,
          absl::StrCat("the route is not as expected (", ToWords(*wish.only_from), ") but: ", ToWords(shape)),
          ReadingOf(served)};
    }
    for (const auto& [backend, wished] : wish.shape.backends) {
      const auto now = shape.backends.find(backend);
      const bool closes = wished.mode == BackendMode::kClosed &&
                          (now == shape.backends.end() || now->second.mode != BackendMode::kClosed);
      if (closes && wish.may_cut == 0) {
        return {ActionOutcome::kBlocked,
                absl::StrCat("clients do not say how many requests ", backend,
                             " has in flight: it is drained, and closed by an operator's order only"),
                ReadingOf(served)};
      }
    }
  }

  Served& served = served_[place.route];
  served = {{wish.shape, *std::move(servers)}, wish.mark};
  Serve();
  const absl::Status kept = Keep();
  const bool all_said = server_->AwaitClients(call.Part(options_.acceptance_patience));

  ShapeAnswer answer = {same ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone, ToWords(wish.shape),
                        ReadingOf(served)};
  // Only who refuses this very route: anybody may be a client, and what one refuses of other routes, or
  // refused of an earlier one, must stand in no wish's way, least in a rollback's.
  const std::vector<xds::ClientView> refusing = server_->Refusing(xds::ResourcesOf(place.route, wish.shape));
  if (!refusing.empty()) {
    const xds::ClientView& client = refusing.front();
    answer.outcome = ActionOutcome::kRefused;
    answer.detail = absl::StrCat("the client ", NameOf(client), " refuses it: ", client.refusal);
    return answer;
  }
  const std::vector<xds::ClientView> clients = server_->clients();
  absl::StrAppend(&answer.detail, all_said ? "; accepted by " : "; not yet by all of ",
                  Clients(clients.size()));
  for (const xds::ClientView& client : clients) {
    if (client.refusal.empty()) continue;
    absl::StrAppend(&answer.detail, "; the client ", NameOf(client),
                    " refuses another route: ", client.refusal);
    break;
  }
  if (!kept.ok()) absl::StrAppend(&answer.detail, "; a restart would undo it: ", kept.message());
  return answer;
}

std::vector<ServerCheck> XdsGateway::Check(const RoutePlace& place, const BackendCheck& check,
                                           const Call& /*call*/) {
  const auto part = place.parts.find(check.backend);
  if (part == place.parts.end()) return {};
  std::vector<ServerCheck> servers;
  for (const std::string& server : part->second) {
    servers.push_back(
        {.server = server,
         .detail = "clients connect to it themselves, and only they can say whether it answers"});
  }
  return servers;
}

}  // namespace evenkeel::coordinator
