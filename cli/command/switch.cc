#include "cli/command/switch.h"

#include <algorithm>
#include <istream>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "cli/command/change.h"
#include "cli/failure.h"
#include "cli/print/structured.h"
#include "cli/print/table.h"
#include "cli/print/text.h"
#include "cli/show/switch_words.h"
#include "cli/show/switches.h"
#include "cli/switch_manifest.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

std::string FullSwitchName(const std::string& name) {
  return name.rfind("switches/", 0) == 0 ? name : absl::StrCat("switches/", name);
}

// "switch.evenkeel.dev/web", as kubectl would name it.
std::string ShownSwitch(const v1::Switch& one) {
  return absl::StrCat("switch.evenkeel.dev/", Printable(NameText(one)));
}

// For programs, if they asked.
bool PrintForPrograms(Context& context, const std::string& output, const nlohmann::ordered_json& object) {
  if (output == "json") PrintJson(*context.host.out, object);
  if (output == "yaml") PrintYaml(*context.host.out, object);
  return !output.empty();
}

absl::StatusOr<SwitchManifest> ReadSwitch(Context& context, const std::string& file) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::string text, ReadManifest(context.host, file));
  return ParseSwitchManifest(text, file == "-" ? "standard input" : file);
}

// The cluster must be typed, or have been given. `what`: what is about to happen, for whoever types.
absl::Status Confirm(Context& context, const SwitchOptions& options, const std::string& cluster,
                     const std::string& what) {
  std::string typed = options.confirm;
  if (typed.empty()) {
    *context.host.err << Printable(what)
                      << "\nType the name of the cluster that gets the traffic to confirm ("
                      << Printable(cluster) << "): " << std::flush;
    std::getline(*context.host.in, typed);
    typed = std::string(absl::StripAsciiWhitespace(typed));
  }
  if (typed == cluster) return absl::OkStatus();
  return absl::CancelledError(absl::StrCat("the cluster that gets the traffic is ", cluster, ", not ",
                                           OrNone(typed), ": nothing was done"));
}

// "shop/web and shop/api".
std::string ApplicationsText(const v1::SwitchSpec& spec) {
  return absl::StrJoin(
      spec.applications(), " and ", [](std::string* out, const v1::SwitchedApplication& one) {
        absl::StrAppend(out, one.namespace_(), "/", one.has_service() ? one.service() : one.selector());
      });
}

std::string StepsText(const v1::SwitchSpec& spec) {
  return absl::StrJoin(spec.steps(), ", ", [](std::string* out, const v1::SwitchStep& step) {
    absl::StrAppend(out, StepText(step));
  });
}

// ---- plan and start ----

absl::Status Plan(Context& context, const SwitchOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const SwitchManifest manifest, ReadSwitch(context, options.file));
  v1::PlanSwitchRequest request;
  request.set_switch_id(manifest.name);
  *request.mutable_spec() = manifest.spec;
  EVENKEEL_ASSIGN_OR_RETURN(const v1::PlanSwitchResponse plan, context.client.PlanSwitch(request));
  if (!PrintForPrograms(context, options.output, ToObject(plan))) {
    *context.host.out << Printable(absl::StrCat(manifest.name, "  ", plan.spec().from(), " -> ",
                                                plan.spec().to(), "  ", ApplicationsText(plan.spec()),
                                                "  steps ", StepsText(plan.spec())))
                      << "\n"
                      << SwitchPlan(plan);
    if (plan.spec().mode() != v1::SWITCH_MODE_ENFORCE) {
      *context.host.out << "Its mode is observe: started, it would record this and move nothing.\n";
    }
    context.host.out->flush();
  }
  const auto blockers =
      std::count_if(plan.findings().begin(), plan.findings().end(), [](const v1::PreflightFinding& finding) {
        return finding.severity() == v1::PreflightFinding::SEVERITY_BLOCKER;
      });
  if (blockers == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the preflight of ", manifest.name, " finds ",
                                                    Count(static_cast<std::uint64_t>(blockers), "blocker")));
}

absl::Status Start(Context& context, const SwitchOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const SwitchManifest manifest, ReadSwitch(context, options.file));
  v1::StartSwitchRequest request;
  request.set_switch_id(manifest.name);
  *request.mutable_spec() = manifest.spec;
  const bool enforces = manifest.spec.mode() == v1::SWITCH_MODE_ENFORCE;
  if (enforces) {
    EVENKEEL_RETURN_IF_ERROR(
        Confirm(context, options, manifest.spec.to(),
                absl::StrCat("The traffic of ", ApplicationsText(manifest.spec), " goes from cluster ",
                             manifest.spec.from(), " to cluster ", manifest.spec.to(), " in the steps ",
                             StepsText(manifest.spec), ".")));
    request.set_confirm_cluster(manifest.spec.to());
  }
  EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one, context.client.StartSwitch(request));
  if (PrintForPrograms(context, options.output, ToObject(one))) return absl::OkStatus();
  *context.host.out << ShownSwitch(one) << (enforces ? " started" : " only observes") << "; its decision is "
                    << Printable(LastSegment(one.decision())) << ". See it: evenkeel switch status "
                    << Printable(NameText(one)) << " -w" << std::endl;
  return absl::OkStatus();
}

// ---- orders ----

// What an order came to.
absl::Status Tell(Context& context, const SwitchOptions& options, const v1::Switch& one,
                  absl::string_view what) {
  if (PrintForPrograms(context, options.output, ToObject(one))) return absl::OkStatus();
  *context.host.out << ShownSwitch(one) << " " << what;
  if (!one.outcome().empty()) *context.host.out << ": " << Printable(one.outcome());
  *context.host.out << std::endl;
  return absl::OkStatus();
}

// What an order is for: the switch, and the cluster that was confirmed.
struct Confirmed {
  std::string name;
  std::string cluster;
};

// As it was given, which the coordinator checks; or what was asked for after a look at the switch, which is
// then named by its decision: whoever confirms means the one that is shown, and none that is started under
// its name meanwhile.
absl::StatusOr<Confirmed> GetConfirmed(Context& context, const SwitchOptions& options, bool back,
                                       absl::string_view what) {
  if (!options.confirm.empty()) return Confirmed{FullSwitchName(options.name), options.confirm};
  EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one, context.client.GetSwitch(FullSwitchName(options.name)));
  const std::string cluster = back ? one.spec().from() : one.spec().to();
  *context.host.err << SwitchTree(one, context.host.now());
  EVENKEEL_RETURN_IF_ERROR(Confirm(context, options, cluster, absl::StrCat(what, " ", cluster, ".")));
  return Confirmed{FullSwitchName(LastSegment(one.decision())), cluster};
}

absl::Status Pause(Context& context, const SwitchOptions& options) {
  v1::PauseSwitchRequest request;
  request.set_name(FullSwitchName(options.name));
  request.set_reason(options.reason);
  EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one, context.client.PauseSwitch(request));
  return Tell(context, options, one, "paused: green gets nothing more until `evenkeel switch resume`");
}

absl::Status Resume(Context& context, const SwitchOptions& options) {
  v1::ResumeSwitchRequest request;
  if (options.may_cut) request.set_may_cut(*options.may_cut);
  EVENKEEL_ASSIGN_OR_RETURN(
      const Confirmed confirmed,
      GetConfirmed(context, options, false,
                   options.may_cut ? absl::StrCat("Up to ", Count(*options.may_cut, "request"),
                                                  " may be cut, and more traffic may go to cluster")
                                   : "It goes on, and more traffic may go to cluster"));
  request.set_name(confirmed.name);
  request.set_confirm_cluster(confirmed.cluster);
  EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one, context.client.ResumeSwitch(request));
  return Tell(context, options, one, "goes on");
}

// An order is taken at once, and what it orders may take a while, or end otherwise.
std::string SeenBy(const v1::Switch& one) {
  return absl::StrCat("; how it goes: evenkeel switch status ", NameText(one), " -w");
}

absl::Status RollBack(Context& context, const SwitchOptions& options) {
  v1::RollBackSwitchRequest request;
  request.set_reason(options.reason);
  request.set_onto_unknown(options.onto_unknown);
  EVENKEEL_ASSIGN_OR_RETURN(
      const Confirmed confirmed,
      GetConfirmed(context, options, true, "All traffic goes back, at once, to cluster"));
  request.set_name(confirmed.name);
  request.set_confirm_cluster(confirmed.cluster);
  EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one, context.client.RollBackSwitch(request));
  if (one.has_end_time()) return Tell(context, options, one, "ended");
  return Tell(context, options, one,
              absl::StrCat("is being rolled back: all traffic goes to cluster ", Printable(confirmed.cluster),
                           SeenBy(one)));
}

absl::Status Commit(Context& context, const SwitchOptions& options) {
  v1::CommitSwitchRequest request;
  EVENKEEL_ASSIGN_OR_RETURN(
      const Confirmed confirmed,
      GetConfirmed(context, options, false, "The way back is closed, and all traffic stays in cluster"));
  request.set_name(confirmed.name);
  request.set_confirm_cluster(confirmed.cluster);
  EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one, context.client.CommitSwitch(request));
  const std::string stays = absl::StrCat(": all traffic stays in cluster ", Printable(confirmed.cluster));
  if (one.end() == v1::Switch::END_COMMITTED) {
    return Tell(context, options, one, absl::StrCat("is committed", stays));
  }
  return Tell(context, options, one, absl::StrCat("is being committed", stays, SeenBy(one)));
}

// ---- status and history ----

// Only an end that is none of the two that are meant is an error.
absl::Status AsMeant(const v1::Switch& one) {
  if (one.end() == v1::Switch::END_COMMITTED || one.end() == v1::Switch::END_OBSERVED)
    return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("switch ", NameText(one), " has ended ", PhaseText(one),
                                                    one.outcome().empty() ? "" : ": ", one.outcome()));
}

// The only one that is under way.
absl::StatusOr<std::string> OnlyOne(Context& context) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Switch> open, context.client.ListSwitches(true, 0));
  if (open.size() == 1) return open.front().name();
  if (open.empty()) return absl::NotFoundError("no switch is under way");
  return absl::FailedPreconditionError(absl::StrCat(
      "several switches are under way; say which: ",
      absl::StrJoin(open, ", ",
                    [](std::string* out, const v1::Switch& one) { absl::StrAppend(out, NameText(one)); })));
}

absl::Status Status(Context& context, const SwitchOptions& options) {
  if (options.watch) {
    std::string name = FullSwitchName(options.name);
    if (options.name.empty()) {
      EVENKEEL_ASSIGN_OR_RETURN(name, OnlyOne(context));
    }
    EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch last, WatchUntilEnded(context, name, options.output));
    return AsMeant(last);
  }
  std::vector<std::string> names;
  if (options.name.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Switch> open, context.client.ListSwitches(true, 0));
    for (const v1::Switch& one : open) names.push_back(one.name());
  } else {
    names.push_back(FullSwitchName(options.name));
  }
  std::vector<nlohmann::ordered_json> objects;
  std::string trees;
  for (const std::string& name : names) {
    EVENKEEL_ASSIGN_OR_RETURN(const v1::Switch one, context.client.GetSwitch(name));
    objects.push_back(ToObject(one));
    absl::StrAppend(&trees, trees.empty() ? "" : "\n", SwitchTree(one, context.host.now()));
  }
  const bool single = !options.name.empty();
  if (PrintForPrograms(context, options.output, single ? objects.front() : ToList(std::move(objects)))) {
    return absl::OkStatus();
  }
  if (names.empty()) *context.host.err << "No switch is under way" << std::endl;
  *context.host.out << trees << std::flush;
  return absl::OkStatus();
}

absl::Status History(Context& context, const SwitchOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Switch> all,
                            context.client.ListSwitches(false, options.last));
  std::vector<nlohmann::ordered_json> objects;
  std::vector<Row> rows;
  for (const v1::Switch& one : all) {
    if (!options.output.empty()) objects.push_back(ToObject(one));
    const SwitchLine line = HistoryLine(one, context.host.now());
    const bool well = one.end() == v1::Switch::END_COMMITTED || one.phase() != v1::Switch::PHASE_ENDED;
    rows.push_back({{line.decision},
                    {line.name},
                    {line.what},
                    {line.began},
                    {line.took},
                    {line.end, well ? Style::kPlain : Style::kWarning},
                    {line.requests},
                    {line.lost}});
  }
  if (PrintForPrograms(context, options.output, ToList(std::move(objects)))) return absl::OkStatus();
  if (rows.empty()) {
    *context.host.err << "There has been no switch" << std::endl;
    return absl::OkStatus();
  }
  Table({{"DECISION"}, {"NAME"}, {"DIRECTION"}, {"BEGAN"}, {"TOOK"}, {"END"}, {"REQUESTS"}, {"LOST"}},
        UsesColour(context.host))
      .Print(*context.host.out, rows);
  context.host.out->flush();
  return absl::OkStatus();
}

}  // namespace

absl::Status RunSwitch(Context& context, const SwitchOptions& options) {
  if (options.command == "plan") return Plan(context, options);
  if (options.command == "start") return Start(context, options);
  if (options.command == "pause") return Pause(context, options);
  if (options.command == "resume") return Resume(context, options);
  if (options.command == "rollback") return RollBack(context, options);
  if (options.command == "commit") return Commit(context, options);
  if (options.command == "history") return History(context, options);
  return Status(context, options);
}

}  // namespace evenkeel::cli
