#include "coordinator/gateway/haproxy_answers.h"

#include <algorithm>
#include <array>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/utf8.h"

namespace evenkeel::coordinator::haproxy {
namespace {

constexpr size_t kLongestWords = 200;  // of HAProxy, in a status

// What was said, as one short line that any record can hold.
std::string Quote(absl::string_view text) {
  const absl::string_view first = absl::StripAsciiWhitespace(text).substr(0, kLongestWords);
  std::string line = base::ValidUtf8({first.data(), first.size()}, kLongestWords);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); }, ' ');
  return line;
}

absl::Status NoSense(absl::string_view command, absl::string_view answer) {
  return absl::InternalError(
      absl::StrCat("HAProxy's answer to `", command, "` makes no sense: \"", Quote(answer), "\""));
}

std::vector<absl::string_view> Lines(absl::string_view text) {
  return absl::StrSplit(text, '\n', absl::SkipWhitespace());
}

// The cells of a CSV line; quotes as in RFC 4180.
std::vector<std::string> Cells(absl::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += line[++i];
      } else {
        quoted = !quoted;
      }
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

using Columns = std::map<std::string, size_t, std::less<>>;

absl::string_view Cell(const Columns& columns, const std::vector<std::string>& cells,
                       std::string_view column) {
  const auto found = columns.find(column);
  return found == columns.end() || found->second >= cells.size() ? absl::string_view() : cells[found->second];
}

std::optional<uint64_t> Number(absl::string_view text) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

// Without the "* " of a check that is going on: then it is still the last one that ended.
std::string CheckIn(absl::string_view text) {
  absl::ConsumePrefix(&text, "* ");
  return Quote(text);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitAnswers(absl::string_view text, size_t count) {
  std::vector<std::string> answers;
  std::string answer;
  while (!text.empty() && answers.size() < count) {
    const size_t end = text.find('\n');
    if (end == absl::string_view::npos) break;
    const absl::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) {
      answers.push_back(std::move(answer));
      answer.clear();
    } else {
      absl::StrAppend(&answer, line, "\n");
    }
  }
  // An answer that is cut short must not be taken for a shorter one.
  if (answers.size() != count || !text.empty()) {
    return absl::InternalError(absl::StrCat("HAProxy gave ", answers.size(), " whole answers instead of ",
                                            count, text.empty() ? "" : " and more",
                                            ": the connection was cut, or it is no HAProxy"));
  }
  return answers;
}

absl::Status Outcome(absl::string_view answer, absl::string_view command) {
  const absl::string_view said = absl::StripAsciiWhitespace(answer);
  if (said.empty()) return absl::OkStatus();
  const std::string words = absl::StrCat("HAProxy answers `", command, "` with \"", Quote(said), "\"");
  if (absl::StrContains(said, "Permission denied")) {
    return absl::PermissionDeniedError(
        absl::StrCat(words, ": its socket must have `level admin` (stats socket ... level admin)"));
  }
  if (absl::StrContains(said, "Unknown map identifier") || absl::StartsWith(said, "No such")) {
    return absl::NotFoundError(words);
  }
  if (absl::StrContains(said, "out of range") || absl::StrContains(said, "in the future")) {
    return absl::AbortedError(words);
  }
  if (absl::StartsWith(said, "Unknown command")) {
    return absl::FailedPreconditionError(
        absl::StrCat(words, ": HAProxy 2.4 or newer is needed, on a socket of its worker"));
  }
  return absl::FailedPreconditionError(words);
}

std::string Process::Instance() const {
  return absl::StrCat(pid, "@", start_time);
}

absl::StatusOr<Process> ParseInfo(absl::string_view answer) {
  Process process;
  bool is_haproxy = false;
  for (const absl::string_view line : Lines(answer)) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (field.first == "Name") is_haproxy = true;
    if (field.first == "Pid" && !absl::SimpleAtoi(field.second, &process.pid)) process.pid = 0;
    if (field.first == "Start_time_sec" && !absl::SimpleAtoi(field.second, &process.start_time)) {
      process.start_time = 0;
    }
    if (field.first == "Uptime_sec" && !absl::SimpleAtoi(field.second, &process.uptime)) process.uptime = 0;
    if (field.first == "Version") process.version = Quote(field.second);
    if (field.first == "Stopping") process.stopping = absl::StripAsciiWhitespace(field.second) == "1";
  }
  if (!is_haproxy || process.pid <= 0) return NoSense("show info", answer);
  return process;
}

absl::StatusOr<MapVersions> ParseMapVersions(absl::string_view answer, absl::string_view file) {
  const std::string name = absl::StrCat("(", file, ")");
  for (const absl::string_view line : Lines(answer)) {
    if (line.front() == '#') continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 2 || words[1] != name) continue;
    MapVersions versions;
    bool has_current = false;
    bool has_next = false;
    for (absl::string_view word : words) {
      if (absl::ConsumePrefix(&word, "curr_ver=")) has_current = absl::SimpleAtoi(word, &versions.current);
      if (absl::ConsumePrefix(&word, "next_ver=")) has_next = absl::SimpleAtoi(word, &versions.next);
    }
    if (!has_current || !has_next) {
      return absl::FailedPreconditionError(
          "this HAProxy does not say which version of a map it serves: 2.4 or newer is needed");
    }
    return versions;
  }
  return absl::NotFoundError(absl::StrCat(
      "HAProxy has no map of the file ", file,
      ": a rule of its configuration must use it, by the very same name (see deploy/haproxy/README.md)"));
}

absl::StatusOr<std::vector<MapEntry>> ParseMap(absl::string_view answer) {
  std::vector<MapEntry> entries;
  for (const absl::string_view line : Lines(answer)) {
    // ADDRESS KEY VALUE
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    if (words.size() != 3 || !absl::StartsWith(words[0], "0x") || words[1].empty()) {
      absl::Status said = Outcome(answer, "show map");
      return absl::IsNotFound(said) || absl::IsPermissionDenied(said) ? said : NoSense("show map", line);
    }
    // Anybody may have written it, and it is told in messages.
    entries.push_back({base::ValidUtf8(std::string(words[1])), base::ValidUtf8(std::string(words[2]))});
  }
  return entries;
}

absl::StatusOr<uint32_t> ParseNewVersion(absl::string_view answer) {
  absl::string_view number = absl::StripAsciiWhitespace(answer);
  uint32_t version = 0;
  if (absl::ConsumePrefix(&number, "New version created: ") && absl::SimpleAtoi(number, &version)) {
    return version;
  }
  const absl::Status said = Outcome(answer, "prepare map");
  return said.ok() ? NoSense("prepare map", answer) : said;
}

bool StatRow::IsUp() const {
  return absl::StartsWith(status, "UP") || status == "no check" || status == "OPEN" ||
         absl::StartsWith(status, "DRAIN") || absl::StartsWith(status, "NOLB");
}

absl::StatusOr<std::vector<StatRow>> ParseStat(absl::string_view answer) {
  const std::vector<absl::string_view> lines = Lines(answer);
  if (lines.empty() || !absl::StartsWith(lines[0], "# pxname,svname,")) {
    absl::Status said = Outcome(answer, "show stat");
    return absl::IsNotFound(said) || absl::IsPermissionDenied(said) ? said : NoSense("show stat", answer);
  }
  Columns columns;
  const std::vector<std::string> names = Cells(lines[0].substr(2));
  for (size_t i = 0; i < names.size(); ++i) columns.emplace(names[i], i);

  std::vector<StatRow> rows;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = Cells(lines[i]);
    const auto number = [&](std::string_view column) { return Number(Cell(columns, cells, column)); };
    // What a drain is proven by must be there.
    const std::optional<uint64_t> in_flight = number("scur");
    if (cells.size() < 2 || cells[0].empty() || cells[1].empty() || !in_flight) {
      return NoSense("show stat", lines[i]);
    }
    rows.push_back({.section = cells[0],
                    .server = cells[1],
                    .status = std::string(Cell(columns, cells, "status")),
                    .queued = number("qcur").value_or(0),
                    .in_flight = *in_flight,
                    .sessions = number("stot").value_or(0),
                    .requests = number("req_tot"),
                    .answers_5xx = number("hrsp_5xx").value_or(0),
                    .connect_errors = number("econ").value_or(0),
                    .response_errors = number("eresp").value_or(0),
                    .response_ms = number("rtime"),
                    .check = CheckIn(Cell(columns, cells, "check_status")),
                    .check_words = Quote(Cell(columns, cells, "last_chk"))});
  }
  return rows;
}

absl::StatusOr<std::vector<StatRow>> RowsOf(const std::vector<StatRow>& rows, const std::string& section) {
  std::vector<StatRow> found;
  bool whole = false;
  for (const StatRow& row : rows) {
    if (row.section != section) continue;
    whole = whole || row.IsBackend();
    found.push_back(row);
  }
  if (!whole) return absl::NotFoundError(absl::StrCat("HAProxy has no backend section ", section));
  return found;
}

absl::StatusOr<std::vector<ServerState>> ParseServersState(absl::string_view answer) {
  // "1" (the format's version), a line of names behind "# ", a line for each server.
  const std::vector<absl::string_view> lines = Lines(answer);
  if (lines.size() < 2 || absl::StripAsciiWhitespace(lines[0]) != "1" || !absl::StartsWith(lines[1], "# ")) {
    absl::Status said = Outcome(answer, "show servers state");
    const bool known = absl::IsNotFound(said) || absl::IsPermissionDenied(said) ||
                       absl::StrContains(answer, "Can't find backend");
    return known ? (absl::IsFailedPrecondition(said) ? absl::NotFoundError(said.message()) : said)
                 : NoSense("show servers state", answer);
  }
  Columns columns;
  const std::vector<std::string> names = absl::StrSplit(lines[1].substr(2), ' ', absl::SkipEmpty());
  for (size_t i = 0; i < names.size(); ++i) columns.emplace(names[i], i);

  // srv_admin_state is a set of bits: whose wish a maintenance is, by agent, by DNS, by configuration, ...
  constexpr uint64_t kMaintenance = 0x01 | 0x02 | 0x04 | 0x20;  // forced, inherited, configured, by DNS
  constexpr uint64_t kDrain = 0x08 | 0x10;                      // forced, inherited
  std::vector<ServerState> servers;
  for (size_t i = 2; i < lines.size(); ++i) {
    const std::vector<std::string> cells = absl::StrSplit(lines[i], ' ', absl::SkipEmpty());
    const absl::string_view section = Cell(columns, cells, "be_name");
    const absl::string_view server = Cell(columns, cells, "srv_name");
    const std::optional<uint64_t> weight = Number(Cell(columns, cells, "srv_uweight"));
    const std::optional<uint64_t> admin = Number(Cell(columns, cells, "srv_admin_state"));
    if (section.empty() || server.empty() || !weight || *weight > 256 || !admin) {
      return NoSense("show servers state", lines[i]);
    }
    servers.push_back({.section = std::string(section),
                       .server = std::string(server),
                       .weight = static_cast<uint32_t>(*weight),
                       .maintenance = (*admin & kMaintenance) != 0,
                       .draining = (*admin & kDrain) != 0});
  }
  return servers;
}

absl::StatusOr<std::vector<int64_t>> ParseOldWorkers(absl::string_view answer) {
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(answer), "#<PID>")) {
    return NoSense("show proc", answer);
  }
  std::vector<int64_t> pids;
  bool old = false;
  for (const absl::string_view line : Lines(answer)) {
    if (line.front() == '#') {
      old = absl::StartsWith(line, "# old workers");
      continue;
    }
    if (!old) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    int64_t pid = 0;
    if (words.size() < 2 || !absl::SimpleAtoi(words[0], &pid) || pid <= 0) return NoSense("show proc", line);
    if (words[1] == "worker") pids.push_back(pid);
  }
  return pids;
}

}  // namespace evenkeel::coordinator::haproxy
