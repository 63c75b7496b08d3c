#include "tests/simulation/coverage.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/simulation/tormentor.h"

namespace evenkeel::simulation {

std::vector<std::string> ExpectedMarks() {
  std::vector<std::string> marks = Tormentor::Marks();
  for (const char* mark :
       {// Faults by chance, and what ordered ones led to.
        "message delayed", "probe lost", "probe answer lost", "probe answer twice", "API request lost",
        "API answer lost", "API request twice", "API error", "slow API", "zones apart", "coordinator paused",
        "coordinator killed", "crash before the commit is durable", "crash after the commit", "sync error",
        "disk full", "slow sync", "overtaken after the commit", "another coordinator takes over",
        "claim is another's", "commit of an older epoch",
        // Guards.
        "guard mode refuses", "guard pause refuses", "guard maintenance refuses", "guard cool-down refuses",
        "guard node-budget refuses", "guard domain-budget refuses", "guard rate refuses",
        "guard min-healthy refuses", "action taken back", "failure domain in doubt",
        "node does not count any more", "pod without room",
        // What was decided.
        "verdict DEAD", "failover open", "failover succeeded", "failover cancelled", "failover failed",
        "failover refused", "failover observed", "readmission succeeded", "readmission cancelled",
        "rebalance open", "rebalance succeeded", "agent lost succeeded", "blind open", "blind succeeded",
        "maintenance succeeded", "pause succeeded", "gray open", "gray succeeded", "gray failed",
        "gray observed", "gray refused", "gray readmission succeeded", "taint node", "untaint node",
        "delete pod", "mark pod unready", "evict pod", "taint gray node", "untaint gray node",
        "restart kubelet", "restart runtime", "taint out of service node", "untaint out of service node",
        "fence node",
        // Scaling.
        "sample lost", "sample late", "sample twice", "sample held", "panic is durable",
        "scaling out is decided", "scaling in is decided", "scaled out", "scaled in", "scale open",
        "scale succeeded", "scale failed", "scale refused", "scale observed", "take over succeeded",
        "set replicas", "delete autoscaler", "guard conflict refuses", "guard api refuses",
        "guard sight refuses", "guard moving refuses", "ten minutes of steady noise",
        // Bursts.
        "burst open", "burst succeeded", "burst failed", "burst cancelled", "burst refused",
        "valve succeeded", "valve failed", "first to go succeeded", "first to go failed",
        "first to go cancelled", "back off succeeded", "drain back open", "drain back succeeded",
        "drain back failed", "drain back cancelled", "drain back refused", "drain back observed",
        "open valve", "close valve", "set deletion cost", "guard provider refuses", "guard burst-cap refuses",
        "guard burst-mode refuses", "a drain-back is watched", "all on virtual nodes go first",
        "scaled in to what caps leave", "API forbids",
        // Fencing.
        "node fences itself", "watchdog resets a machine", "proof: its agent", "proof: the hook",
        "proof: an operator"}) {
    marks.emplace_back(mark);
  }
  return marks;
}

std::vector<std::string> MissedMarks(const std::vector<std::string>& expected, const Marks& marks) {
  std::vector<std::string> missed = expected;
  std::erase_if(missed, [&marks](const std::string& mark) { return marks.counts().contains(mark); });
  return missed;
}

std::string CoverageTable(const std::vector<std::string>& expected, const Marks& marks) {
  std::string table = "| mark | times |\n|---|---|\n";
  std::set<std::string> all(expected.begin(), expected.end());
  for (const auto& [mark, count] : marks.counts()) all.insert(mark);
  for (const std::string& mark : all) {
    const auto found = marks.counts().find(mark);
    absl::StrAppend(&table, "| ", mark, " | ", found == marks.counts().end() ? 0 : found->second, " |\n");
  }
  return table;
}

}  // namespace evenkeel::simulation
