// What HAProxy's runtime socket answers, as structs. Pure: any bytes may be given. The formats are those of
// HAProxy 2.4 to 2.8 (management.txt, "Unix Socket commands"); columns are found by their names, so that new
// ones do no harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator::haproxy {

// Takes the answers of `count` commands that were sent on one line (with ';' between them) apart. Each ends
// with an empty line. INTERNAL when they are fewer or the last one is cut short, RESOURCE_EXHAUSTED never:
// bounds are the socket's.
absl::StatusOr<std::vector<std::string>> SplitAnswers(absl::string_view text, size_t count);

// What the answer to a command that has none when it succeeds means: OK when it is empty.
//   PERMISSION_DENIED    the socket's level is less than admin
//   NOT_FOUND            no such map, backend or server
//   ABORTED              the version is older than the one that is served
//   FAILED_PRECONDITION  all else, with what was said
absl::Status Outcome(absl::string_view answer, absl::string_view command);

// `show info`.
struct Process {
  int64_t pid = 0;
  int64_t start_time = 0;  // seconds since 1970; 0: too old to say
  int64_t uptime = 0;      // seconds
  std::string version;
  bool stopping = false;

  // Another one for each process.
  std::string Instance() const;
};
absl::StatusOr<Process> ParseInfo(absl::string_view answer);

// A line of `show map` without a name.
struct MapVersions {
  uint32_t current = 0;  // the version that is served
  uint32_t next = 0;     // the last one that was begun
  bool operator==(const MapVersions&) const = default;
};
// Of the map of that file. NOT_FOUND when there is none; FAILED_PRECONDITION when HAProxy is too old to have
// versions of maps.
absl::StatusOr<MapVersions> ParseMapVersions(absl::string_view answer, absl::string_view file);

struct MapEntry {
  std::string key;
  std::string value;
  bool operator==(const MapEntry&) const = default;
};
// `show map FILE`. INTERNAL when a line is none of a map.
absl::StatusOr<std::vector<MapEntry>> ParseMap(absl::string_view answer);

// `prepare map FILE`: the version's number.
absl::StatusOr<uint32_t> ParseNewVersion(absl::string_view answer);

// Backend sections and servers, all of them: a section that is asked for by its name may turn out to be a
// frontend that is called the same.
inline constexpr char kShowStat[] = "show stat -1 6 -1";

// A row of `show stat`: a backend section as a whole (server "BACKEND") or one of its servers. What is not
// counted there is 0.
struct StatRow {
  std::string section;
  std::string server;
  std::string status;                // "UP", "UP 1/3", "DOWN", "MAINT", "no check", ...
  uint64_t queued = 0;               // waits for a server
  uint64_t in_flight = 0;            // sessions: of HTTP, requests that are not answered yet
  uint64_t sessions = 0;             // ever
  std::optional<uint64_t> requests;  // ever; of HTTP sections only
  uint64_t answers_5xx = 0;
  uint64_t connect_errors = 0;
  uint64_t response_errors = 0;
  std::optional<uint64_t> response_ms;  // mean of its last answers (haproxy_latency.h)
  // How its last check ended: "L4OK", "L7STS", "INI" (none yet), ...; empty: it is not checked.
  std::string check;
  std::string check_words;  // one line

  bool IsBackend() const { return server == "BACKEND"; }
  // Its own checks do not say that it cannot serve.
  bool IsUp() const;
};
// INTERNAL when it is no such table; what is said instead ("No such proxy.") is NOT_FOUND.
absl::StatusOr<std::vector<StatRow>> ParseStat(absl::string_view answer);
// The rows of one backend section: the whole's and its servers'. NOT_FOUND where it is not there: that
// nothing is counted of it must not pass for 0.
absl::StatusOr<std::vector<StatRow>> RowsOf(const std::vector<StatRow>& rows, const std::string& section);

// `show servers state BACKEND`.
struct ServerState {
  std::string section;
  std::string server;
  uint32_t weight = 0;  // as it was last set, 0-256
  bool maintenance = false;
  bool draining = false;
};
absl::StatusOr<std::vector<ServerState>> ParseServersState(absl::string_view answer);

// `show proc` of a master: the pids of workers that were replaced and still serve what they had.
absl::StatusOr<std::vector<int64_t>> ParseOldWorkers(absl::string_view answer);

}  // namespace evenkeel::coordinator::haproxy
