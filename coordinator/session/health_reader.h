// What the core is told of a node's health, out of its agent's reports: symptoms, and only when they change.
//
// Pure. Reports are deltas: what one does not hold is as it was told before in the session. A part that was
// sick and is then not known (its reading failed) is not well, but nor is it seen to be sick any more: its
// symptom says when it was seen last, and what that is worth is the core's to judge. One that was never known
// is neither sick nor well. What happened (errors, kills) is counted by the node's own clock: how long before
// its report it happened, so that the clocks' difference does not matter.
//
// O(changed): a figure that wavers is told in steps, an error that goes on at most each ten seconds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/core/health.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

struct ReadHealth {
  std::vector<Symptom> symptoms;  // by kind, each at most once
  bool all_known = false;         // as NodeHealthChanged has it
};

class HealthReader {
 public:
  // Windows in which what happens again and again is counted.
  static constexpr absl::Duration kIoErrorWindow = absl::Minutes(5);
  static constexpr absl::Duration kOomKillWindow = absl::Minutes(1);
  static constexpr absl::Duration kTellAgain = absl::Seconds(10);
  static constexpr size_t kMostCounted = 64;  // of one kind; older ones are forgotten

  // Takes a session's next report, received `now`. What it says, when that is not as told last; the first
  // call always gives it.
  std::optional<ReadHealth> Read(const v1::Report& report, absl::Time now);

 private:
  // A part as the agent told it last.
  struct Part {
    std::optional<std::string> clause;     // of a part that is sick; empty: it is well; none: never known
    std::optional<absl::Time> sick_until;  // it was sick; since then nobody knows
  };

  static void ReadPart(absl::string_view name, bool there, const v1::PartHealth& health, absl::Time now,
                       Part& part);
  void ReadParts(const v1::NodeReport& node, absl::Time now);
  void ReadFilesystems(const v1::NodeReport& node);
  void ReadOccurrence(const v1::NodeOccurrence& occurrence, absl::Time when);
  std::vector<Symptom> Symptoms(absl::Time now);

  Part kubelet_;
  Part runtime_;
  Part pleg_;
  // File systems that are sick, as the agent told last; empty = none.
  std::string read_only_;  // a file system's role
  std::string hung_;
  uint32_t memory_stall_ = 0;  // percent, rounded down to tens
  // What happened, oldest first.
  std::vector<absl::Time> io_errors_;
  std::vector<absl::Time> oom_kills_;
  std::optional<absl::Time> hung_task_;
  std::optional<absl::Time> remount_;
  std::string last_io_error_;
  std::string last_hung_task_;
  std::string last_remount_;

  bool told_once_ = false;
  ReadHealth told_;
};

}  // namespace evenkeel::coordinator
