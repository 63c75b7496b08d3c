#include "coordinator/gateway/haproxy_server_route.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/gateway/fingerprint.h"
#include "coordinator/gateway/haproxy_checks.h"
#include "coordinator/gateway/mark.h"
#include "coordinator/gateway/shape.h"

namespace evenkeel::coordinator::haproxy {
namespace {

std::vector<ServerState> TakingPart(const std::vector<ServerState>& group) {
  std::vector<ServerState> servers;
  std::copy_if(group.begin(), group.end(), std::back_inserter(servers),
               [&](const ServerState& server) { return !IsLeftOut(server, group); });
  return servers;
}

}  // namespace

// One wish on its way, over all its tries.
struct ServerRoute::Attempt {
  const RouteParts* parts;
  const RouteWish* wish;
  bool written = false;
  ShapeAnswer answer;
};

absl::Status ServerRoute::Check(const ServerRouteOptions& options) {
  const std::string& name = options.section;
  const bool fits =
      !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
      });
  return fits ? absl::OkStatus()
              : absl::InvalidArgumentError("backend:SECTION needs the name of a section of HAProxy");
}

GatewayAbilities ServerRoute::abilities() const {
  return {.atomic = false,
          .weights = true,
          .least_percent = 1,
          .canary = false,
          .counts_in_flight = true,
          .counts_requests = true,
          .checks_servers = checked_,
          .survives_reload = options_.state_is_kept,
          .fences = false,
          .best_proof = Proof::kServed};
}

absl::StatusOr<ServerRoute::Look> ServerRoute::LookOnce(const RouteParts& parts, const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(
      const std::vector<std::string> answers,
      link_->Ask({"show info", absl::StrCat("show servers state ", options_.section), kShowStat}, call));
  EVENKEEL_ASSIGN_OR_RETURN(const Process process, ParseInfo(answers[0]));
  const absl::StatusOr<std::vector<ServerState>> states = ParseServersState(answers[1]);
  if (!states.ok()) return base::Annotate(states.status(), absl::StrCat("section ", options_.section));
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> all, ParseStat(answers[2]));
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> stat, RowsOf(all, options_.section));
  Look look;
  EVENKEEL_ASSIGN_OR_RETURN(look.servers, Grouped(*states, parts));

  checked_ = AreChecked(stat);
  std::map<std::string, std::vector<StatRow>> rows;  // by server
  for (const StatRow& row : stat) rows[row.server].push_back(row);
  const RouteShape shape = ShapeOfServers(look.servers);
  // An old process' counts are of the whole section: no backend's share of them is known. While there are
  // any, nothing is said.
  std::map<std::string, std::optional<uint64_t>> old = {{options_.section, 0}};
  link_->AddOldWorkers(process, old, call);
  const bool only_process = old[options_.section] == 0;

  std::string text;
  for (const auto& [backend, group] : look.servers) {
    std::vector<StatRow> of_backend;
    for (const ServerState& server : group) {
      // That nothing is counted of a server must not pass for 0.
      if (rows[server.server].empty()) {
        return absl::InternalError(absl::StrCat("HAProxy counts nothing of server ", server.server));
      }
      for (const StatRow& row : rows[server.server]) of_backend.push_back(row);
      absl::StrAppend(&text, server.server, " ", server.weight, server.maintenance ? " maintenance" : "",
                      server.draining ? " drain" : "", "\n");
    }
    BackendReading& one = look.reading.backends[backend];
    one = ReadingOf(of_backend);
    if (!only_process) one.in_flight.reset();
    one.counters->cut = cut_[backend];
    one.counters->answer_time = times_.Note(backend, process.Instance(), of_backend);
    one.percent = shape.backends.at(backend).percent;
    one.mode = shape.backends.at(backend).mode;
  }
  look.reading.proof = Proof::kServed;
  look.reading.instance = process.Instance();
  look.reading.revision = Fingerprint(text);
  return look;
}

absl::StatusOr<RouteReading> ServerRoute::Read(const RouteParts& parts, const Call& call) {
  RouteReading reading;
  EVENKEEL_RETURN_IF_ERROR(link_->Patiently(call, [&] {
    absl::StatusOr<Look> look = LookOnce(parts, call);
    if (look.ok()) reading = std::move(look->reading);
    return look.status();
  }));
  return reading;
}

absl::StatusOr<std::vector<ServerCheck>> ServerRoute::Check(const RouteParts& parts,
                                                            const std::string& backend, const Call& call) {
  std::vector<StatRow> of_backend;
  const auto look = [&]() -> absl::Status {
    EVENKEEL_ASSIGN_OR_RETURN(
        const std::vector<std::string> answers,
        link_->Ask({absl::StrCat("show servers state ", options_.section), kShowStat}, call));
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<ServerState> states, ParseServersState(answers[0]));
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> all, ParseStat(answers[1]));
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> stat, RowsOf(all, options_.section));
    EVENKEEL_ASSIGN_OR_RETURN(const auto groups, Grouped(states, parts));
    const auto group = groups.find(backend);
    if (group == groups.end()) return absl::NotFoundError(absl::StrCat("no server is of backend ", backend));
    of_backend.clear();
    for (const ServerState& server : group->second) {
      for (const StatRow& row : stat) {
        if (row.server == server.server) of_backend.push_back(row);
      }
    }
    return absl::OkStatus();
  };
  EVENKEEL_RETURN_IF_ERROR(link_->Patiently(call, look));
  return ChecksOf(of_backend);
}

// A wish is begun with the first command that may have been carried out.
absl::Status ServerRoute::Tell(Attempt& attempt, const std::string& command, const Call& call) {
  const absl::StatusOr<std::vector<std::string>> said = link_->Ask({command}, call);
  const absl::Status outcome = said.ok() ? Outcome((*said)[0], command) : said.status();
  const bool changed_nothing = said.ok() ? !outcome.ok() : absl::IsUnavailable(outcome);
  if (!changed_nothing) {
    attempt.written = true;
    begun_ = attempt.wish->mark;
  }
  return outcome;
}

absl::Status ServerRoute::Set(Attempt& attempt, const ServerState& server, absl::string_view what,
                              const Call& call) {
  return Tell(attempt, absl::StrCat("set server ", options_.section, "/", server.server, " ", what), call);
}

// What gets more than it has, or is to serve again: first the weight, then the state that lets it in. All of
// a closed backend drain before any of them is given a weight (IsLeftOut).
absl::Status ServerRoute::Raise(Attempt& attempt, const Look& look,
                                const std::map<std::string, uint32_t>& weights, const Call& call) {
  for (const auto& [backend, wish] : attempt.wish->shape.backends) {
    const std::vector<ServerState> servers = TakingPart(look.servers.at(backend));
    const bool serves = wish.mode == BackendMode::kServing;
    for (const ServerState& server : servers) {
      if (serves && server.maintenance) EVENKEEL_RETURN_IF_ERROR(Set(attempt, server, "state drain", call));
    }
    const uint32_t weight = weights.at(backend);
    for (const ServerState& server : servers) {
      if (weight <= server.weight) continue;
      EVENKEEL_RETURN_IF_ERROR(Set(attempt, server, absl::StrCat("weight ", weight), call));
    }
    for (const ServerState& server : servers) {
      const bool kept_out = server.maintenance || server.draining;
      if (serves && kept_out) EVENKEEL_RETURN_IF_ERROR(Set(attempt, server, "state ready", call));
    }
  }
  return absl::OkStatus();
}

absl::Status ServerRoute::Lower(Attempt& attempt, const Look& look,
                                const std::map<std::string, uint32_t>& weights, const Call& call) {
  for (const auto& [backend, wish] : attempt.wish->shape.backends) {
    const std::vector<ServerState>& all = look.servers.at(backend);
    const std::vector<ServerState> servers = TakingPart(all);
    const bool serves = wish.mode == BackendMode::kServing;
    const bool closes = wish.mode == BackendMode::kClosed;
    for (const ServerState& server : all) {
      if (serves || server.weight > 0 || !IsLeftOut(server, all)) continue;
      EVENKEEL_RETURN_IF_ERROR(Set(attempt, server, "weight 1", call));
    }
    const uint32_t weight = weights.at(backend);
    for (const ServerState& server : servers) {
      if (weight >= server.weight) continue;
      EVENKEEL_RETURN_IF_ERROR(Set(attempt, server, absl::StrCat("weight ", weight), call));
    }
    for (const ServerState& server : servers) {
      if (serves || server.draining || (closes && server.maintenance)) continue;
      EVENKEEL_RETURN_IF_ERROR(Set(attempt, server, "state drain", call));
    }
    const BackendReading& before = look.reading.backends.at(backend);
    for (const ServerState& server : servers) {
      if (!closes || server.maintenance) continue;
      EVENKEEL_RETURN_IF_ERROR(Set(attempt, server, "state maint", call));
      if (before.in_flight.value_or(0) == 0) continue;
      EVENKEEL_RETURN_IF_ERROR(Tell(
          attempt, absl::StrCat("shutdown sessions server ", options_.section, "/", server.server), call));
    }
    if (closes && before.mode != BackendMode::kClosed) cut_[backend] += before.in_flight.value_or(0);
  }
  return absl::OkStatus();
}

absl::Status ServerRoute::Try(Attempt& attempt, const Call& call) {
  const RouteWish& wish = *attempt.wish;
  const auto end = [&attempt](ActionOutcome outcome, std::string detail) {
    attempt.answer.outcome = outcome;
    attempt.answer.detail = std::move(detail);
    return absl::OkStatus();
  };
  EVENKEEL_ASSIGN_OR_RETURN(const Look look, LookOnce(*attempt.parts, call));
  attempt.answer.reading = look.reading;
  if (mark_ && IsBefore(wish.mark, *mark_)) {
    return end(ActionOutcome::kNotMine, absl::StrCat("a newer word was given already: of epoch ",
                                                     mark_->epoch, ", version ", mark_->version));
  }
  const RouteShape shape = ShapeOf(look.reading);
  const bool same = shape == wish.shape;
  if (same && AllTakePart(look.servers, wish.shape)) {
    mark_ = wish.mark;
    begun_.reset();
    return end(attempt.written ? ActionOutcome::kDone : ActionOutcome::kAlreadyDone, ToWords(shape));
  }
  // A wish that was written in part is gone on with, whatever the route reads as meanwhile.
  const bool begun = attempt.written || begun_ == wish.mark;
  if (!same && wish.only_from && shape != *wish.only_from && !begun) {
    return end(ActionOutcome::kBlocked, absl::StrCat("the route is not as expected (",
                                                     ToWords(*wish.only_from), ") but: ", ToWords(shape)));
  }
  std::map<std::string, size_t> counts;
  for (const auto& [backend, group] : look.servers) {
    counts[backend] = TakingPart(group).size();
  }
  for (const auto& [backend, now] : look.reading.backends) {
    const auto wished = wish.shape.backends.find(backend);
    if (wished == wish.shape.backends.end()) {
      return end(ActionOutcome::kRefused,
                 absl::StrCat("server ", backend, " is of no backend of the switch"));
    }
    if (wished->second.mode != BackendMode::kClosed || now.mode == BackendMode::kClosed) continue;
    if (!now.in_flight || *now.in_flight > wish.may_cut) {
      return end(ActionOutcome::kBlocked,
                 now.in_flight
                     ? absl::StrCat(backend, " has ", *now.in_flight, " requests in flight")
                     : absl::StrCat("how many requests ", backend, " has in flight cannot be seen"));
    }
  }
  const absl::StatusOr<std::map<std::string, uint32_t>> weights = WeightsOf(wish.shape, counts);
  if (!weights.ok()) return end(ActionOutcome::kRefused, std::string(weights.status().message()));
  EVENKEEL_RETURN_IF_ERROR(Raise(attempt, look, *weights, call));
  EVENKEEL_RETURN_IF_ERROR(Lower(attempt, look, *weights, call));
  // The next try reads it back.
  EVENKEEL_ASSIGN_OR_RETURN(const Look after, LookOnce(*attempt.parts, call));
  attempt.answer.reading = after.reading;
  if (ShapeOf(after.reading) != wish.shape || !AllTakePart(after.servers, wish.shape)) {
    return absl::AbortedError(
        absl::StrCat("it was written and reads back as ", ToWords(ShapeOf(after.reading))));
  }
  mark_ = wish.mark;
  begun_.reset();
  return end(ActionOutcome::kDone, ToWords(wish.shape));
}

ShapeAnswer ServerRoute::Shape(const RouteParts& parts, const RouteWish& wish, const Call& call) {
  Attempt attempt = {.parts = &parts, .wish = &wish};
  if (absl::Status status = CheckShape(wish.shape, abilities()); !status.ok()) {
    return {ActionOutcome::kRefused, std::string(status.message()), std::nullopt};
  }
  for (const auto& [backend, backend_wish] : wish.shape.backends) {
    if (parts.contains(backend)) continue;
    return {ActionOutcome::kRefused, absl::StrCat("no server is said to be of backend ", backend),
            std::nullopt};
  }
  const absl::Status status = link_->Patiently(call, [&] { return Try(attempt, call); });
  if (status.ok()) return std::move(attempt.answer);
  return AnswerForFailure(status, attempt.written, std::move(attempt.answer.reading));
}

}  // namespace evenkeel::coordinator::haproxy
