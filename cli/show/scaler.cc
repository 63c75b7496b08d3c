#include "cli/show/scaler.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/print/text.h"
#include "cli/show/sheet.h"

namespace evenkeel::cli {
namespace {

// "71%" of the request, or "71m".
std::string CpuText(const v1::Scaler& scaler, bool is_set, int64_t value) {
  return is_set ? absl::StrCat(value, scaler.in_millicores() ? "m" : "%") : "?";
}

// The condition that people should know of first: "Panic", "Conflicted".
Cell StateOf(const v1::Scaler& scaler) {
  const auto find = [&scaler](absl::string_view type) -> const v1::ScalerCondition* {
    for (const v1::ScalerCondition& condition : scaler.conditions()) {
      if (condition.type() == type) return &condition;
    }
    return nullptr;
  };
  const auto holds = [&find](absl::string_view type) {
    const v1::ScalerCondition* condition = find(type);
    return condition != nullptr && condition->holds();
  };
  const auto lacks = [&find](absl::string_view type) {
    const v1::ScalerCondition* condition = find(type);
    return condition != nullptr && !condition->holds();
  };
  if (holds("Conflicted")) return {"Conflicted", Style::kBad};
  if (lacks("Able")) return {OrNone(find("Able")->reason()), Style::kBad};
  if (holds("Panic")) return {"Panic", Style::kWarning};
  if (holds("Crashing")) return {OrNone(find("Crashing")->reason()), Style::kBad};
  if (lacks("Active")) return {OrNone(find("Active")->reason()), Style::kWarning};
  if (lacks("Seen")) return {"Unseen", Style::kWarning};
  if (holds("Paused")) return {OrNone(find("Paused")->reason()), Style::kPlain};
  if (holds("Limited")) return {"Limited", Style::kPlain};
  return {scaler.conditions().empty() ? std::string(kNone) : "Following", Style::kGood};
}

std::string ModeOf(const v1::Scaler& scaler) {
  return scaler.mode() == v1::POLICY_MODE_ENFORCE ? "enforce" : "observe";
}

std::string PodsText(const v1::ScalerPods& pods) {
  std::vector<std::string> parts{absl::StrCat(pods.total(), ", ", pods.ready(), " Ready"),
                                 absl::StrCat("the CPU of ", pods.counted(), " counts")};
  const auto add = [&parts](uint32_t number, absl::string_view what) {
    if (number > 0) parts.push_back(absl::StrCat(number, " ", what));
  };
  add(pods.unready(), "starting or not Ready");
  add(pods.missing(), "without a sample");
  add(pods.held(), "by their last sample");
  add(pods.broken(), "failing");
  add(pods.down(), "down");
  return absl::StrJoin(parts, "; ");
}

// The pods that have died, with their last death.
std::vector<Row> DeathRows(const v1::Scaler& scaler, absl::Time now) {
  std::vector<Row> rows;
  for (const v1::DeadPod& pod : scaler.dead_pods()) {
    const Cell state = pod.crash_loop() ? Cell{"CrashLoop", Style::kBad}
                       : pod.down()     ? Cell{"Down", Style::kBad}
                                        : Cell{"Back", Style::kGood};
    rows.push_back({{pod.pod()},
                    state,
                    {absl::StrCat(pod.restarts())},
                    {Age(now - ToTime(pod.death_time()))},
                    {OrNone(pod.cause())}});
  }
  return rows;
}

// What a switch of traffic needs of it.
std::string FloorText(const v1::Scaler& scaler) {
  const std::string name = LastSegment(scaler.traffic_switch());
  if (!scaler.has_switch_replicas()) {
    return absl::StrCat("none is taken away: what switch ", name, " needs is not known yet");
  }
  return absl::StrCat("no fewer than ", scaler.switch_replicas(), " until switch ", name, " has ended");
}

}  // namespace

std::string TargetOf(const v1::ScaleTarget& target) {
  if (target.name().empty()) return std::string(kNone);
  return absl::StrCat(target.kind(), " ", target.namespace_(), "/", target.name());
}

std::string WorkloadOf(const v1::ScaleTarget& target) {
  return absl::StrCat("namespaces/", target.namespace_(), "/", absl::AsciiStrToLower(target.kind()), "s/",
                      target.name());
}

std::vector<Field> Fields(const v1::Scaler& scaler, const TableOptions& options, absl::Time now) {
  std::vector<Field> fields;
  if (options.show_cluster) fields.push_back({{"CLUSTER"}, {OrNone(scaler.cluster())}});
  const bool looked = scaler.has_look_time();
  const std::vector<Field> figures{
      {{"NAME"}, {LastSegment(scaler.name())}},
      {{"TARGET"}, {TargetOf(scaler.target())}},
      {{"CPU", true},
       {absl::StrCat(CpuText(scaler, scaler.has_cpu(), scaler.cpu()), "/",
                     CpuText(scaler, true, scaler.target_cpu()))}},
      {{"MIN"}, {absl::StrCat(scaler.min_replicas())}},
      {{"MAX"}, {absl::StrCat(scaler.max_replicas())}},
      {{"REPLICAS"}, {scaler.uid().empty() ? std::string(kNone) : absl::StrCat(scaler.replicas())}},
      {{"ADVISED"}, {looked ? absl::StrCat(scaler.advised_replicas()) : std::string(kNone)}},
      {{"READY"}, {absl::StrCat(scaler.pods().ready(), "/", scaler.pods().total())}},
      {{"MODE"}, {ModeOf(scaler)}},
      {{"STATE"}, StateOf(scaler)}};
  fields.insert(fields.end(), figures.begin(), figures.end());
  if (options.wide) {
    const std::string last = looked ? Age(now - ToTime(scaler.look_time())) : std::string(kNone);
    const std::vector<Field> more{
        {{"WANTED", true}, {looked ? absl::StrCat(scaler.wanted_replicas()) : std::string(kNone)}},
        {{"LOOKED", true}, {last}},
        {{"DECISION"}, {OrNone(LastSegment(scaler.open_decision()))}},
        {{"REASON", true}, {OrNone(scaler.reason())}}};
    fields.insert(fields.end(), more.begin(), more.end());
  }
  return fields;
}

std::string Describe(const v1::Scaler& scaler, absl::Time now) {
  Sheet sheet;
  sheet.Add("Name", LastSegment(scaler.name()));
  sheet.Add("Policy", LastSegment(scaler.policy()));
  sheet.Add("Cluster", scaler.cluster());
  sheet.Add("Target", TargetOf(scaler.target()));
  sheet.Add("  Uid", scaler.uid());
  sheet.Add("Mode", ModeOf(scaler));
  sheet.Add("State", StateOf(scaler).text);
  sheet.Add("  Because", scaler.reason());
  sheet.Add("Replicas", scaler.uid().empty() ? "" : absl::StrCat(scaler.replicas()));
  const bool looked = scaler.has_look_time();
  sheet.Add("  Advised", looked ? absl::StrCat(scaler.advised_replicas()) : "");
  sheet.Add("  By the load alone", looked ? absl::StrCat(scaler.wanted_replicas()) : "");
  sheet.Add("  Least and most", absl::StrCat(scaler.min_replicas(), " and ", scaler.max_replicas()));
  if (!scaler.traffic_switch().empty()) sheet.Add("  For a switch", FloorText(scaler));
  sheet.Add("CPU", absl::StrCat(CpuText(scaler, scaler.has_cpu(), scaler.cpu()),
                                scaler.in_millicores() ? " a pod" : " of the request", ", target ",
                                CpuText(scaler, true, scaler.target_cpu())));
  sheet.Add("  In the last seconds", CpuText(scaler, scaler.has_sudden_cpu(), scaler.sudden_cpu()));
  sheet.Add("Pods", PodsText(scaler.pods()));
  sheet.Add("Panic since",
            scaler.has_panic_start_time() ? When(true, scaler.panic_start_time(), now) : "no panic");
  sheet.Add("Looked", When(looked, scaler.look_time(), now));
  sheet.Add("Open decision", scaler.open_decision());
  sheet.Add("Last decision", scaler.last_decision());
  std::vector<Row> conditions;
  for (const v1::ScalerCondition& condition : scaler.conditions()) {
    conditions.push_back({{condition.type()},
                          {condition.holds() ? "True" : "False"},
                          {OrNone(condition.reason())},
                          {OrNone(condition.message())}});
  }
  sheet.AddTable("Conditions", {{"TYPE"}, {"STATUS"}, {"REASON"}, {"MESSAGE"}}, conditions);
  if (!scaler.dead_pods().empty()) {
    sheet.AddTable("Deaths", {{"POD"}, {"STATE"}, {"RESTARTS"}, {"AGO"}, {"CAUSE"}}, DeathRows(scaler, now));
  }
  return sheet.Take();
}

}  // namespace evenkeel::cli
