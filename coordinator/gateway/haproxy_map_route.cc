#include "coordinator/gateway/haproxy_map_route.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/gateway/haproxy_checks.h"
#include "coordinator/gateway/keep_file.h"
#include "coordinator/gateway/shape.h"

namespace evenkeel::coordinator::haproxy {
namespace {

// HAProxy takes a command with its payload in one buffer, of 16 KiB unless it is told otherwise.
constexpr size_t kLargestPayload = 8 << 10;

}  // namespace

// One wish on its way, over all its tries.
struct MapRoute::Attempt {
  const RouteParts* parts;
  const RouteWish* wish;
  StoredMark mark;
  std::map<std::string, std::string> sections;
  bool committed = false;  // a commit was sent: from then on what is there may be ours
  ShapeAnswer answer;      // of the try that ended it
};

absl::Status MapRoute::Check(const MapRouteOptions& options) {
  const bool tellable = absl::StartsWith(options.file, "/") && options.file.size() <= 255 &&
                        std::all_of(options.file.begin(), options.file.end(), [](unsigned char c) {
                          return absl::ascii_isgraph(c) && c != ';' && c != '\\' && c != '#' && c != '@' &&
                                 c != '(' && c != ')' && c != '<' && c != '"' && c != '\'';
                        });
  if (!tellable) {
    return absl::InvalidArgumentError(
        "map:FILE needs the map's absolute path, as HAProxy's configuration has it, without spaces and "
        "quotes");
  }
  if (!IsFitForMark(options.store_id)) return absl::InvalidArgumentError("the store's id fits no mark");
  return absl::OkStatus();
}

GatewayAbilities MapRoute::abilities() const {
  return {.atomic = true,
          .weights = true,
          .least_percent = 1,
          .canary = true,
          .counts_in_flight = true,
          .counts_requests = true,
          .checks_servers = checked_,
          .survives_reload = options_.keep_file,
          .fences = true,
          .best_proof = Proof::kServed};
}

void MapRoute::Remember(const std::optional<StoredMark>& mark) {
  if (!mark || mark->store_id != options_.store_id) return;
  if (!greatest_ || IsBefore(greatest_->mark, mark->mark)) greatest_ = mark;
}

absl::StatusOr<MapRoute::Look> MapRoute::LookOnce(const RouteParts& parts, const Call& call) {
  // One process answers all of it. The map's version before and after its content tells that the content is
  // of one version.
  const std::vector<std::string> commands = {"show info", "show map",
                                             absl::StrCat("show map ", options_.file), "show map", kShowStat};
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> answers, link_->Ask(commands, call));
  EVENKEEL_ASSIGN_OR_RETURN(const Process process, ParseInfo(answers[0]));
  EVENKEEL_ASSIGN_OR_RETURN(const MapVersions before, ParseMapVersions(answers[1], options_.file));
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<MapEntry> entries, ParseMap(answers[2]));
  EVENKEEL_ASSIGN_OR_RETURN(const MapVersions after, ParseMapVersions(answers[3], options_.file));
  if (before.current != after.current) return absl::AbortedError("the map was replaced while it was read");

  RouteMapContent content = ContentOf(entries, parts, options_.canary_header);
  Look look = {.mark = content.mark, .versions = after};
  std::map<std::string, std::vector<StatRow>> rows;
  std::map<std::string, std::optional<uint64_t>> in_flight;
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> stat, ParseStat(answers[4]));
  for (const auto& [backend, names] : parts) {
    for (const std::string& section : names) {
      EVENKEEL_ASSIGN_OR_RETURN(rows[section], RowsOf(stat, section));
      in_flight[section] = ReadingOf(rows[section]).in_flight;
    }
  }
  checked_ = !rows.empty() && std::all_of(rows.begin(), rows.end(),
                                          [](const auto& section) { return AreChecked(section.second); });
  link_->AddOldWorkers(process, in_flight, call);

  RouteReading& reading = look.reading;
  for (const auto& [backend, wish] : content.shape.backends) {
    BackendReading& one = reading.backends[backend];
    const auto part = parts.find(backend);
    if (part != parts.end() && !part->second.empty()) {
      one = ReadingOf(rows[part->second.front()]);
      one.in_flight = in_flight[part->second.front()];
      one.counters->cut = cut_[backend];
      one.counters->answer_time = times_.Note(backend, process.Instance(), rows[part->second.front()]);
    }
    one.percent = wish.percent;
    one.mode = wish.mode;
  }
  reading.canary = content.shape.canary;
  reading.proof = Proof::kServed;
  if (content.mark && content.mark->store_id == options_.store_id) reading.mark = content.mark->mark;
  reading.instance = process.Instance();
  reading.revision = content.fingerprint;
  Remember(content.mark);
  return look;
}

absl::StatusOr<RouteReading> MapRoute::Read(const RouteParts& parts, const Call& call) {
  RouteReading reading;
  EVENKEEL_RETURN_IF_ERROR(link_->Patiently(call, [&] {
    absl::StatusOr<Look> look = LookOnce(parts, call);
    if (look.ok()) reading = std::move(look->reading);
    return look.status();
  }));
  return reading;
}

absl::StatusOr<std::vector<ServerCheck>> MapRoute::Check(const RouteParts& parts, const std::string& backend,
                                                         const Call& call) {
  const auto part = parts.find(backend);
  const std::vector<std::string> sections =
      part == parts.end() ? std::vector<std::string>{backend} : part->second;
  std::vector<StatRow> rows;
  const auto look = [&]() -> absl::Status {
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> answers, link_->Ask({kShowStat}, call));
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> stat, ParseStat(answers[0]));
    rows.clear();
    for (const std::string& section : sections) {
      EVENKEEL_ASSIGN_OR_RETURN(const std::vector<StatRow> found, RowsOf(stat, section));
      rows.insert(rows.end(), found.begin(), found.end());
    }
    return absl::OkStatus();
  };
  EVENKEEL_RETURN_IF_ERROR(link_->Patiently(call, look));
  return ChecksOf(rows);
}

absl::Status MapRoute::Commit(uint32_t version, const std::vector<MapEntry>& entries, Attempt& attempt,
                              const Call& call) {
  const std::string add = absl::StrCat("add map @", version, " ", options_.file, " <<\n");
  std::string payload;
  const auto flush = [&]() -> absl::Status {
    if (payload.empty()) return absl::OkStatus();
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> added,
                              link_->Ask({absl::StrCat(add, std::exchange(payload, ""))}, call));
    return Outcome(added[0], "add map");
  };
  for (const MapEntry& entry : entries) {
    absl::StrAppend(&payload, entry.key, " ", entry.value, "\n");
    if (payload.size() > kLargestPayload) EVENKEEL_RETURN_IF_ERROR(flush());
  }
  EVENKEEL_RETURN_IF_ERROR(flush());
  EVENKEEL_RETURN_IF_ERROR(call.GoOn("writing HAProxy's map"));
  attempt.committed = true;
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> committed,
                            link_->Ask({absl::StrCat("commit map @", version, " ", options_.file)}, call));
  return Outcome(committed[0], "commit map");
}

// What an operator ordered to be cut (`may_cut`), once nothing new can come.
void MapRoute::Cut(Attempt& attempt, const Look& before, const Call& call) {
  for (const auto& [backend, wish] : attempt.wish->shape.backends) {
    const auto now = before.reading.backends.find(backend);
    if (wish.mode != BackendMode::kClosed || now == before.reading.backends.end()) continue;
    const uint64_t in_flight = now->second.in_flight.value_or(0);
    if (in_flight == 0 || now->second.mode == BackendMode::kClosed) continue;
    const std::string& section = attempt.sections.at(backend);
    const auto answers = link_->Ask({kShowStat}, call);
    const auto stat = answers.ok() ? ParseStat((*answers)[0]) : answers.status();
    const auto rows = stat.ok() ? RowsOf(*stat, section) : stat.status();
    if (!rows.ok()) continue;
    for (const StatRow& row : *rows) {
      if (row.IsBackend()) continue;
      const std::string server = absl::StrCat(section, "/", row.server);
      if (link_->Ask({absl::StrCat("shutdown sessions server ", server)}, call).ok()) {
        cut_[backend] += row.in_flight;
      }
    }
  }
}

absl::Status MapRoute::Try(Attempt& attempt, const Call& call) {
  const RouteWish& wish = *attempt.wish;
  const auto end = [&attempt](ActionOutcome outcome, std::string detail) {
    attempt.answer.outcome = outcome;
    attempt.answer.detail = std::move(detail);
    return absl::OkStatus();
  };
  // First the version, then the look: see the head of the header.
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> prepared,
                            link_->Ask({absl::StrCat("prepare map ", options_.file)}, call));
  EVENKEEL_ASSIGN_OR_RETURN(const uint32_t version, ParseNewVersion(prepared[0]));
  EVENKEEL_ASSIGN_OR_RETURN(const Look look, LookOnce(*attempt.parts, call));
  attempt.answer.reading = look.reading;

  const std::string release = absl::StrCat("`del map ", options_.file, " mark` on its runtime socket");
  for (const std::optional<StoredMark>& mark : {look.mark, greatest_}) {
    if (auto why = WhyNotOver(mark, attempt.mark, release)) return end(ActionOutcome::kNotMine, *why);
  }
  const RouteShape shape = ShapeOf(look.reading);
  const bool same = shape == wish.shape;
  const std::string fence = absl::StrCat(look.reading.instance, "/", attempt.mark.mark.epoch);
  const std::vector<MapEntry> entries = EntriesOf(wish.shape, attempt.sections, attempt.mark);
  const ActionOutcome done = same && !attempt.committed ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone;
  // The file is no part of HAProxy's fence: who stood still after its commit must not put an older one there.
  const auto keep = [&]() -> std::string {
    if (!options_.keep_file) return "";
    const absl::Status kept =
        KeepFile(options_.file, FileOf(entries), [&attempt](const std::string& there) -> absl::Status {
          const std::optional<StoredMark> theirs = MarkInFile(there);
          const bool is_later = theirs && theirs->store_id == attempt.mark.store_id &&
                                IsBefore(attempt.mark.mark, theirs->mark);
          return is_later ? absl::FailedPreconditionError("a newer word is kept there") : absl::OkStatus();
        });
    return kept.ok() ? "" : absl::StrCat("; a reload would undo it: ", kept.message());
  };
  if (same && look.mark == attempt.mark && fenced_ == fence) {
    return end(done, absl::StrCat(ToWords(shape), keep()));
  }

  if (!same && wish.only_from && shape != *wish.only_from) {
    return end(ActionOutcome::kBlocked, absl::StrCat("the route is not as expected (",
                                                     ToWords(*wish.only_from), ") but: ", ToWords(shape)));
  }
  for (const auto& [backend, now] : look.reading.backends) {
    const auto wished = wish.shape.backends.find(backend);
    if (wished == wish.shape.backends.end() || wished->second.mode != BackendMode::kClosed ||
        now.mode == BackendMode::kClosed) {
      continue;
    }
    if (!now.in_flight) {
      return end(ActionOutcome::kBlocked, absl::StrCat("how many requests ", backend,
                                                       " has in flight cannot be seen: HAProxy was reloaded, "
                                                       "and its master's socket is not known"));
    }
    if (*now.in_flight > wish.may_cut) {
      return end(ActionOutcome::kBlocked,
                 absl::StrCat(backend, " has ", *now.in_flight, " requests in flight"));
    }
  }

  EVENKEEL_RETURN_IF_ERROR(Commit(version, entries, attempt, call));
  Cut(attempt, look, call);
  EVENKEEL_ASSIGN_OR_RETURN(const Look after, LookOnce(*attempt.parts, call));
  attempt.answer.reading = after.reading;
  if (ShapeOf(after.reading) != wish.shape || after.mark != attempt.mark) {
    return absl::AbortedError(
        absl::StrCat("it was written and reads back as ", ToWords(ShapeOf(after.reading))));
  }
  if (fenced_ != fence) {
    if (after.versions.current != version || after.versions.next != version) {
      return absl::AbortedError("another writer is at work: written again, until it cannot come after");
    }
    fenced_ = fence;
  }
  return end(done, absl::StrCat(ToWords(wish.shape), keep()));
}

ShapeAnswer MapRoute::Shape(const RouteParts& parts, const RouteWish& wish, const Call& call) {
  Attempt attempt = {.parts = nullptr, .wish = &wish, .mark = {options_.store_id, wish.mark}};
  const auto refused = [](const absl::Status& why) {
    return ShapeAnswer{ActionOutcome::kRefused, std::string(why.message()), std::nullopt};
  };
  if (absl::Status status = CheckShape(wish.shape, abilities()); !status.ok()) return refused(status);
  if (wish.shape.canary && wish.shape.canary->header != options_.canary_header) {
    return refused(absl::InvalidArgumentError(absl::StrCat("HAProxy's configuration looks at the header ",
                                                           options_.canary_header, " and not at ",
                                                           wish.shape.canary->header)));
  }
  for (const auto& [backend, names] : parts) {
    if (wish.shape.backends.contains(backend)) continue;
    return refused(
        absl::InvalidArgumentError(absl::StrCat("the wish does not say what becomes of ", backend)));
  }
  RouteParts all = parts;
  for (const auto& [backend, backend_wish] : wish.shape.backends) all.try_emplace(backend, 1, backend);
  auto sections = SectionsOf(all, wish.shape);
  if (!sections.ok()) return refused(sections.status());
  attempt.sections = *std::move(sections);
  attempt.parts = &all;

  const absl::Status status = link_->Patiently(call, [&] { return Try(attempt, call); });
  if (status.ok()) return std::move(attempt.answer);
  return AnswerForFailure(status, attempt.committed, std::move(attempt.answer.reading));
}

}  // namespace evenkeel::coordinator::haproxy
