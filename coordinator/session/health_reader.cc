#include "coordinator/session/health_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/utf8.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestDetail = 200;
// How far the kernel's stamps may be ahead of the node's clock.
constexpr absl::Duration kClockSlack = absl::Minutes(1);

// A cause in brackets, as far as it goes into a sentence.
std::string Because(absl::string_view cause) {
  if (cause.empty()) return "";
  return absl::StrCat(" (", base::ValidUtf8(std::string(cause), kLongestDetail), ")");
}

// What a part's state says: the clause if it is sick, empty if it is well, nothing if it is not known.
std::optional<std::string> Clause(absl::string_view part, const v1::PartHealth& health) {
  switch (health.state()) {
    case v1::PART_STATE_HEALTHY:
    case v1::PART_STATE_ABSENT:
      return "";
    case v1::PART_STATE_UNHEALTHY:
      return absl::StrCat(part, " is not well", Because(health.detail()));
    case v1::PART_STATE_UNREACHABLE:
      return absl::StrCat(part, " does not answer", Because(health.detail()));
    default:
      return std::nullopt;
  }
}

absl::Duration Since(const google::protobuf::Timestamp& then, const google::protobuf::Timestamp& now) {
  return absl::Seconds(now.seconds() - then.seconds()) + absl::Nanoseconds(now.nanos() - then.nanos());
}

void Count(std::vector<absl::Time>& times, absl::Time when) {
  times.push_back(when);
  if (times.size() > HealthReader::kMostCounted) times.erase(times.begin());
}

uint32_t Drop(std::vector<absl::Time>& times, absl::Time before) {
  times.erase(std::remove_if(times.begin(), times.end(), [before](absl::Time t) { return t < before; }),
              times.end());
  return static_cast<uint32_t>(times.size());
}

// Told as good as the same: a detail's wording and a few seconds more of what goes on are no news.
bool SameNews(const std::vector<Symptom>& now, const std::vector<Symptom>& told) {
  constexpr uint32_t kFew = 8;  // each of the first counts; a storm is told now and then
  return std::equal(now.begin(), now.end(), told.begin(), told.end(), [](const Symptom& a, const Symptom& b) {
    if (a.kind != b.kind || a.last_seen.has_value() != b.last_seen.has_value()) return false;
    if (!a.last_seen) return a.figure == b.figure;
    return *a.last_seen < *b.last_seen + HealthReader::kTellAgain &&
           (a.figure == b.figure || b.figure >= kFew);
  });
}

}  // namespace

std::optional<ReadHealth> HealthReader::Read(const v1::Report& report, absl::Time now) {
  if (report.full()) {
    const bool told_once = told_once_;
    ReadHealth told = std::move(told_);
    *this = {};
    told_once_ = told_once;
    told_ = std::move(told);
  }
  ReadParts(report.node(), now);
  ReadFilesystems(report.node());
  for (const v1::NodeOccurrence& occurrence : report.occurrences()) {
    const absl::Duration ago = Since(occurrence.node_time(), report.node_time());
    // The node's clock was set back since: what each session is told again would be of now for ever.
    if (report.full() && ago < -kClockSlack) continue;
    ReadOccurrence(occurrence, now - std::max(ago, absl::ZeroDuration()));
  }
  ReadHealth health{Symptoms(now), kubelet_.clause && runtime_.clause && pleg_.clause};
  const bool same = health.all_known == told_.all_known && SameNews(health.symptoms, told_.symptoms);
  if (told_once_ && same) return std::nullopt;
  told_once_ = true;
  told_ = health;
  return health;
}

void HealthReader::ReadPart(absl::string_view name, bool there, const v1::PartHealth& health, absl::Time now,
                            Part& part) {
  if (!there) return;
  std::optional<std::string> clause = Clause(name, health);
  const bool was_sick = !part.clause.value_or("").empty();
  if (!clause) {
    // Its looks were sick until about now: the agent tells what changes, and looks each second.
    if (was_sick && !part.sick_until) part.sick_until = now;
    return;
  }
  part.sick_until.reset();
  // The wording of a cause may waver; a sickness keeps the first.
  if (clause->empty() || !was_sick) part.clause = std::move(clause);
}

void HealthReader::ReadParts(const v1::NodeReport& node, absl::Time now) {
  ReadPart("its kubelet", node.has_kubelet(), node.kubelet(), now, kubelet_);
  ReadPart("its container runtime", node.has_runtime(), node.runtime(), now, runtime_);
  ReadPart("its kubelet's watch over containers (PLEG)", node.has_pleg(), node.pleg(), now, pleg_);
  if (!node.has_pressure()) return;
  const v1::Pressure& pressure = node.pressure();
  const double percent = pressure.has_memory_full_10s_percent() ? pressure.memory_full_10s_percent() : 0;
  memory_stall_ = static_cast<uint32_t>(std::clamp(percent, 0.0, 100.0)) / 10 * 10;
}

void HealthReader::ReadFilesystems(const v1::NodeReport& node) {
  if (node.filesystems().empty()) return;  // as before, or none are there
  read_only_.clear();
  hung_.clear();
  for (const v1::FilesystemUsage& filesystem : node.filesystems()) {
    if (filesystem.read_only() && read_only_.empty()) read_only_ = filesystem.role();
    if (filesystem.not_answering() && hung_.empty()) hung_ = filesystem.role();
  }
}

void HealthReader::ReadOccurrence(const v1::NodeOccurrence& occurrence, absl::Time when) {
  switch (occurrence.kind()) {
    case v1::NodeOccurrence::KIND_IO_ERROR:
      last_io_error_ = occurrence.detail();
      return Count(io_errors_, when);
    case v1::NodeOccurrence::KIND_OOM_KILL:
      // A container that outgrows its own limit is no matter of the node's.
      if (absl::StartsWith(occurrence.detail(), "Out of memory")) Count(oom_kills_, when);
      return;
    case v1::NodeOccurrence::KIND_HUNG_TASK:
      last_hung_task_ = occurrence.detail();
      hung_task_ = std::max(when, hung_task_.value_or(when));
      return;
    case v1::NodeOccurrence::KIND_READ_ONLY_FILESYSTEM:
      last_remount_ = occurrence.detail();
      remount_ = std::max(when, remount_.value_or(when));
      return;
    default:
      return;
  }
}

std::vector<Symptom> HealthReader::Symptoms(absl::Time now) {
  std::vector<Symptom> symptoms;
  const auto lasts = [&](SymptomKind kind, std::string detail, uint32_t figure = 0) {
    symptoms.push_back({kind, std::move(detail), figure, std::nullopt});
  };
  const auto part_is = [&](SymptomKind kind, const Part& part) {
    if (part.clause.value_or("").empty()) return;
    if (!part.sick_until) return lasts(kind, *part.clause);
    symptoms.push_back(
        {kind, absl::StrCat(*part.clause, ", and cannot be looked at any more"), 0, part.sick_until});
  };
  part_is(SymptomKind::kKubelet, kubelet_);
  part_is(SymptomKind::kRuntime, runtime_);
  part_is(SymptomKind::kPleg, pleg_);
  if (!read_only_.empty()) {
    lasts(SymptomKind::kReadOnlyDisk,
          absl::StrCat("the file system of its ", read_only_, " cannot be written"));
  } else if (remount_) {
    symptoms.push_back({SymptomKind::kReadOnlyDisk,
                        absl::StrCat("a file system has become read-only", Because(last_remount_)), 0,
                        remount_});
  }
  if (!hung_.empty()) {
    lasts(SymptomKind::kHungDisk, absl::StrCat("the file system of its ", hung_, " does not answer"));
  }
  if (const uint32_t errors = Drop(io_errors_, now - kIoErrorWindow); errors > 0) {
    symptoms.push_back(
        {SymptomKind::kIoErrors,
         absl::StrCat("its disk has errors, ", errors, " in five minutes", Because(last_io_error_)), errors,
         *std::max_element(io_errors_.begin(), io_errors_.end())});
  }
  if (hung_task_) {
    symptoms.push_back(
        {SymptomKind::kHungTask,
         absl::StrCat("its kernel reports a task that makes no progress", Because(last_hung_task_)), 0,
         hung_task_});
  }
  if (memory_stall_ > 0) {
    lasts(SymptomKind::kMemoryStall,
          absl::StrCat("all its tasks wait for memory ", memory_stall_, " % of the time"), memory_stall_);
  }
  if (const uint32_t kills = Drop(oom_kills_, now - kOomKillWindow); kills > 0) {
    symptoms.push_back(
        {SymptomKind::kOomKills,
         absl::StrCat("its kernel killed ", kills, " processes in a minute for want of memory"), kills,
         *std::max_element(oom_kills_.begin(), oom_kills_.end())});
  }
  return symptoms;
}

}  // namespace evenkeel::coordinator
