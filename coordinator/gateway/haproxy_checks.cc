#include "coordinator/gateway/haproxy_checks.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator::haproxy {
namespace {

bool InMaintenance(const StatRow& row) {
  return absl::StartsWith(row.status, "MAINT");
}

// "L4OK", "L7OK", "L7OKC" (conditionally), "PROCOK", ...
bool Succeeded(const std::string& check) {
  return absl::EndsWith(check, "OK") || absl::EndsWith(check, "OKC");
}

ServerCheck CheckOf(const StatRow& row) {
  ServerCheck found = {.server = row.server};
  if (InMaintenance(row)) {
    found.detail = "it is in maintenance, where HAProxy does not check it";
  } else if (row.check.empty()) {
    found.detail = "HAProxy does not check it: its line has no `check`";
  } else if (row.check == "INI" || row.check == "UNK") {
    found.detail = "HAProxy has not checked it yet";
  } else {
    found.tried = true;
    found.answered = row.IsUp() && Succeeded(row.check);
    found.detail = absl::StrCat("HAProxy's own check: ", row.status, ", ", row.check,
                                row.check_words.empty() ? "" : ": ", row.check_words);
  }
  return found;
}

}  // namespace

std::vector<ServerCheck> ChecksOf(const std::vector<StatRow>& rows) {
  std::vector<ServerCheck> checks;
  for (const StatRow& row : rows) {
    if (!row.IsBackend()) checks.push_back(CheckOf(row));
  }
  return checks;
}

bool AreChecked(const std::vector<StatRow>& rows) {
  bool one = false;
  for (const StatRow& row : rows) {
    if (row.IsBackend() || InMaintenance(row)) continue;
    if (row.check.empty()) return false;
    one = true;
  }
  return one;
}

ServersUp CountUp(const std::vector<StatRow>& rows) {
  ServersUp count;
  uint32_t in_maintenance = 0;
  for (const StatRow& row : rows) {
    if (row.IsBackend()) continue;
    ++count.servers;
    if (InMaintenance(row)) {
      ++in_maintenance;
    } else if (row.IsUp()) {
      ++count.up;
    }
  }
  if (in_maintenance < count.servers) count.servers -= in_maintenance;
  return count;
}

}  // namespace evenkeel::coordinator::haproxy
