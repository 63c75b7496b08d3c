#include "cli/show/burst.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/print/text.h"
#include "cli/show/sheet.h"

namespace evenkeel::cli {
namespace {

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Nanoseconds(google::protobuf::util::TimeUtil::DurationToNanoseconds(duration));
}

bool IsBackedOff(const v1::Burst& burst, absl::Time now) {
  return burst.has_back_off() && ToTime(burst.back_off().end_time()) > now;
}

// What people should know of first: what keeps pods out, and else where the valve stands.
Cell StateOf(const v1::Burst& burst, absl::Time now) {
  const std::string& guard = burst.refused_by();
  if (guard == "burst-cap") return {"Capped", Style::kBad};
  if (guard == "mode") return {"Observed", Style::kWarning};
  if (guard == "pause") return {"Paused", Style::kWarning};
  if (guard == "provider" || (guard.empty() && IsBackedOff(burst, now))) return {"BackedOff", Style::kBad};
  if (!guard.empty()) return {"Refused", Style::kBad};
  if (burst.valve() == v1::Burst::VALVE_UNSPECIFIED) return {std::string(kNone)};
  const Style style = burst.valve() == v1::Burst::VALVE_CLOSED    ? Style::kGood
                      : burst.valve() == v1::Burst::VALVE_UNRULED ? Style::kPlain
                                                                  : Style::kWarning;
  return {EnumWord(v1::Burst::Valve_Name(burst.valve()), "VALVE_"), style};
}

std::string ModeOf(const v1::Burst& burst) {
  return absl::StrCat(burst.mode() == v1::POLICY_MODE_ENFORCE ? "enforce" : "observe",
                      burst.paused() ? ", paused" : "");
}

// "6/10" of a cap, "6" where there is none.
std::string OfCap(const std::string& used, bool is_capped, const std::string& cap) {
  return is_capped ? absl::StrCat(used, "/", cap) : used;
}

std::string PodsText(const v1::Burst& burst) {
  return OfCap(absl::StrCat(burst.use().pods()), burst.caps().has_pods(), absl::StrCat(burst.caps().pods()));
}

std::string CpuText(const v1::Burst& burst) {
  return OfCap(Millicores(static_cast<uint64_t>(burst.use().cpu_millicores())),
               burst.caps().has_cpu_millicores(), Millicores(burst.caps().cpu_millicores()));
}

std::string TimeText(const v1::Burst& burst) {
  return OfCap(Age(ToDuration(burst.ledger().duration())), burst.caps().has_duration(),
               Age(ToDuration(burst.caps().duration())));
}

std::string WithCurrency(const std::string& amount, const std::string& currency) {
  return absl::StrCat(amount.empty() ? "0" : amount, currency.empty() ? "" : " ", currency);
}

// Without a burst there is no currency to be told: it is the ledger's.
std::string CostText(const v1::Burst& burst) {
  const std::string& cost = burst.ledger().cost();
  return WithCurrency(OfCap(cost.empty() ? "0" : cost, !burst.caps().cost().empty(), burst.caps().cost()),
                      burst.ledger().currency());
}

std::string NodesText(const v1::Burst& burst) {
  int ready = 0;
  for (const v1::BurstNode& node : burst.nodes()) ready += node.ready() ? 1 : 0;
  return absl::StrCat(ready, "/", burst.node_count());
}

std::string Until(const google::protobuf::Timestamp& time, absl::Time now) {
  return absl::StrCat(Instant(ToTime(time)), " (in ", Age(ToTime(time) - now), ")");
}

std::string UsedText(const v1::BurstLedger& ledger) {
  return absl::StrFormat("%.3g pod-hours, %.3g core-hours, %.3g GiB-hours; %s at most", ledger.pod_hours(),
                         ledger.core_hours(), ledger.gib_hours(), Count(ledger.peak_pods(), "pod"));
}

void AddUse(const v1::Burst& burst, absl::Time now, Sheet& sheet) {
  sheet.Add("Pods", PodsText(burst));
  sheet.Add("CPU asked for", CpuText(burst));
  sheet.Add("Memory asked for", Bytes(static_cast<uint64_t>(burst.use().memory_bytes())));
  if (burst.has_ledger()) {
    sheet.Add("Burst since", When(true, burst.ledger().start_time(), now));
    sheet.Add("  Time", TimeText(burst));
    sheet.Add("  Cost",
              absl::StrCat(CostText(burst), ", ",
                           WithCurrency(burst.use().cost_per_hour(), burst.ledger().currency()), " an hour"));
    sheet.Add("  Used", UsedText(burst.ledger()));
    sheet.Add("  Lasts until",
              burst.use().has_used_up_time() ? Until(burst.use().used_up_time(), now) : "no cap ends it");
  } else {
    sheet.Add("Burst since", "no burst");
  }
  const v1::BurstLedger& last = burst.last();
  sheet.Add("Last burst", burst.has_last() ? absl::StrCat("ended ", When(true, last.end_time(), now)) : "");
  if (!burst.has_last()) return;
  sheet.Add("  Time", Age(ToDuration(last.duration())));
  sheet.Add("  Cost", WithCurrency(last.cost(), last.currency()));
  sheet.Add("  Used", UsedText(last));
}

void AddProvider(const v1::Burst& burst, absl::Time now, Sheet& sheet) {
  if (!burst.has_back_off()) return sheet.Add("Provider", "no failure");
  const v1::BurstBackOff& back_off = burst.back_off();
  sheet.Add("Provider", absl::StrCat("failed ", Count(back_off.failures(), "time"), ", last ",
                                     When(true, back_off.fail_time(), now)));
  sheet.Add("  Because", back_off.cause());
  sheet.Add("  Left alone until",
            IsBackedOff(burst, now) ? Until(back_off.end_time(), now) : "it may be tried again");
}

void AddDrainBack(const v1::DrainBack& drain_back, absl::Time now, Sheet& sheet) {
  if (drain_back.disabled()) {
    sheet.Add("Home", "the policy leaves pods on virtual nodes");
  } else {
    sheet.Add("Home", absl::StrCat(
                          "to real nodes that have been Ready for ", Age(ToDuration(drain_back.room_after())),
                          drain_back.relapses() == 0
                              ? ""
                              : absl::StrCat(", longer because of ", Count(drain_back.relapses(), "burst"),
                                             " soon after a way home")));
  }
  if (drain_back.has_room_time()) sheet.Add("  Next room", Until(drain_back.room_time(), now));
  if (drain_back.has_last_time()) sheet.Add("  Last", When(true, drain_back.last_time(), now));
  if (drain_back.unscaled_pods() > 0) {
    sheet.Add("  Nobody brings home",
              absl::StrCat(Count(drain_back.unscaled_pods(), "pod"),
                           drain_back.unscaled_pods() == 1 ? " that has" : " that have", " no scale policy"));
  }
}

std::string CpuAndMemory(int64_t millicores, int64_t bytes) {
  return absl::StrCat(Millicores(static_cast<uint64_t>(millicores)), " CPU and ",
                      Bytes(static_cast<uint64_t>(bytes)));
}

std::string PlaceholdersText(const v1::Headroom& headroom) {
  if (headroom.placeholders_unknown()) {
    return absl::StrCat("how many placeholders ask for real machines is not known",
                        headroom.reason().empty() ? " yet" : "");
  }
  if (headroom.placeholders() == 0) return "no placeholder asks for real machines";
  return absl::StrCat(Count(headroom.placeholders(), "placeholder"),
                      headroom.placeholders() == 1 ? " asks" : " ask", " for real machines");
}

std::string WebhookText(const v1::Headroom& headroom, bool lasts) {
  if (headroom.asked_pods() > 0) {
    return absl::StrCat("asked for ",
                        CpuAndMemory(headroom.asked_cpu_millicores(), headroom.asked_memory_bytes()),
                        ", for ", Count(headroom.asked_pods(), "pod"));
  }
  // One begins with pods that press: it may be asked before there is a ledger.
  const bool in_burst = lasts || !headroom.ask_decision().empty() || !headroom.ask_failure().empty();
  return in_burst ? "has taken no request in this burst" : "is asked while a burst lasts";
}

// `lasts`: a burst does.
void AddHeadroom(const v1::Headroom& headroom, bool lasts, Sheet& sheet) {
  const bool has_placeholders = headroom.placeholders() > 0 || headroom.placeholders_unknown();
  if (!headroom.placeholders_enabled() && !headroom.webhook_enabled() && !has_placeholders) {
    return sheet.Add("Headroom", "the policy asks nobody for real machines");
  }
  sheet.Add("Headroom", PlaceholdersText(headroom));
  if (headroom.placeholders() > 0 && headroom.cpu_millicores() + headroom.memory_bytes() > 0) {
    sheet.Add("  Each", CpuAndMemory(headroom.cpu_millicores(), headroom.memory_bytes()));
  }
  if (!headroom.deployment().empty()) {
    sheet.Add("  Deployment", absl::StrCat(Segment(headroom.deployment(), "namespaces"), "/",
                                           LastSegment(headroom.deployment())));
  }
  if (!headroom.reason().empty()) sheet.Add("  Cannot be used", headroom.reason());
  if (!headroom.change_decision().empty())
    sheet.Add("  Being changed", LastSegment(headroom.change_decision()));
  if (!headroom.webhook_enabled()) return;
  sheet.Add("  Webhook", WebhookText(headroom, lasts));
  if (!headroom.ask_failure().empty()) sheet.Add("  Asked in vain", headroom.ask_failure());
  if (!headroom.ask_decision().empty()) sheet.Add("  Being asked", LastSegment(headroom.ask_decision()));
}

std::string YesNo(bool yes) {
  return yes ? "True" : "False";
}

void AddTables(const v1::Burst& burst, absl::Time now, Sheet& sheet) {
  std::vector<Row> nodes;
  for (const v1::BurstNode& node : burst.nodes()) {
    nodes.push_back({{node.node()},
                     {YesNo(node.ready())},
                     {YesNo(node.open())},
                     {absl::StrCat(node.pods())},
                     {Millicores(static_cast<uint64_t>(node.cpu_millicores()))},
                     {Bytes(static_cast<uint64_t>(node.memory_bytes()))}});
  }
  sheet.AddTable("Virtual nodes", {{"NODE"}, {"READY"}, {"OPEN"}, {"PODS"}, {"CPU"}, {"MEMORY"}}, nodes);
  std::vector<Row> pressing;
  for (const v1::PressingPod& pod : burst.pressing_pods()) {
    pressing.push_back({{absl::StrCat(Segment(pod.pod(), "namespaces"), "/", LastSegment(pod.pod()))},
                        {Age(now - ToTime(pod.start_time()))},
                        {pod.has_helpless_until_time() ? "not helped" : "waits"},
                        {OrNone(pod.message())}});
  }
  sheet.AddTable("Without room", {{"POD"}, {"SINCE"}, {"STATE"}, {"MESSAGE"}}, pressing);
  const auto shown = static_cast<uint32_t>(burst.pressing_pods_size());
  if (burst.pressing_count() > shown) sheet.Add("  And more", absl::StrCat(burst.pressing_count() - shown));
  std::vector<Row> workloads;
  for (const v1::DrainBackWorkload& workload : burst.drain_back().workloads()) {
    const std::string decision = LastSegment(workload.decision());
    const std::string why = !workload.reason().empty() ? workload.reason()
                            : workload.has_next_time() ? absl::StrCat("the next ones come home in ",
                                                                      Age(ToTime(workload.next_time()) - now))
                                                       : "";
    workloads.push_back(
        {{absl::StrCat(Segment(workload.workload(), "namespaces"), "/", LastSegment(workload.workload()))},
         {absl::StrCat(workload.pods())},
         {decision.empty() ? std::string(kNone) : absl::StrCat(decision, ", ", workload.surge(), " at once")},
         {OrNone(why)}});
  }
  sheet.AddTable("On their way home", {{"WORKLOAD"}, {"PODS"}, {"DECISION"}, {"WAITS FOR"}}, workloads);
}

}  // namespace

std::vector<Field> Fields(const v1::Burst& burst, const TableOptions& options, absl::Time now) {
  std::vector<Field> fields{{{"NAME"}, {LastSegment(burst.name())}},
                            {{"NODES"}, {NodesText(burst)}},
                            {{"PODS"}, {PodsText(burst)}},
                            {{"CPU"}, {CpuText(burst)}},
                            {{"TIME", true}, {TimeText(burst)}},
                            {{"COST", true}, {CostText(burst)}},
                            {{"WAITING"}, {absl::StrCat(burst.pressing_count())}},
                            {{"MODE"}, {ModeOf(burst)}},
                            {{"STATE"}, StateOf(burst, now)}};
  if (options.wide) {
    const std::vector<Field> more{{{"POLICY"}, {OrNone(LastSegment(burst.policy()))}},
                                  {{"DECISION"}, {OrNone(LastSegment(burst.open_decision()))}},
                                  {{"REASON", true}, {OrNone(burst.reason())}}};
    fields.insert(fields.end(), more.begin(), more.end());
  }
  return fields;
}

std::string Describe(const v1::Burst& burst, absl::Time now) {
  Sheet sheet;
  sheet.Add("Cluster", burst.cluster());
  sheet.Add("Policy", LastSegment(burst.policy()));
  sheet.Add("Mode", ModeOf(burst));
  sheet.Add("State", StateOf(burst, now).text);
  sheet.Add("  Because", burst.reason());
  if (burst.has_open_time()) sheet.Add("  Open since", When(true, burst.open_time(), now));
  if (!burst.would().empty()) sheet.Add("  It would", burst.would());
  AddUse(burst, now, sheet);
  AddProvider(burst, now, sheet);
  AddDrainBack(burst.drain_back(), now, sheet);
  if (burst.has_headroom()) AddHeadroom(burst.headroom(), burst.has_ledger(), sheet);
  AddTables(burst, now, sheet);
  sheet.Add("Open decision", burst.open_decision());
  sheet.Add("Last decision", burst.last_decision());
  return sheet.Take();
}

}  // namespace evenkeel::cli
