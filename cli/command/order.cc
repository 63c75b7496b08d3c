#include "cli/command/order.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "cli/failure.h"
#include "cli/print/text.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

std::string Because(const std::string& reason) {
  return reason.empty() ? "" : absl::StrCat(" (", Printable(reason), ")");
}

std::string AllOr(const std::string& cluster) {
  return absl::StrCat("clusters/", cluster.empty() ? "-" : cluster);
}

}  // namespace

absl::Status RunMaintenance(Context& context, const MaintenanceOptions& options) {
  const bool start = !options.words.empty() && options.words[0] == "start";
  if (options.words.size() != 2 || (!start && options.words[0] != "end")) {
    return absl::InvalidArgumentError("say: maintenance start NODE --for 1h, or: maintenance end NODE");
  }
  if (!start && (options.length > absl::ZeroDuration() || !options.reason.empty() || options.validate_only)) {
    return absl::InvalidArgumentError("maintenance end takes a node and nothing else");
  }
  if (start && options.length <= absl::ZeroDuration()) {
    return WithCure(absl::InvalidArgumentError("it is not said how long the maintenance takes"),
                    "--for with a duration, for example: --for 1h");
  }
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                            FullNames(context, {Kind::kMaintenance, {options.words[1]}}));
  const std::string node = LastSegment(names[0]);
  if (!start) {
    EVENKEEL_RETURN_IF_ERROR(context.client.EndMaintenance(names[0]).status());
    *context.host.out << "The maintenance of node " << node << " has ended." << std::endl;
    return absl::OkStatus();
  }
  EVENKEEL_ASSIGN_OR_RETURN(
      const v1::Maintenance maintenance,
      context.client.StartMaintenance(names[0], options.length, options.reason, options.validate_only));
  *context.host.out << "Node " << node << (options.validate_only ? " would be" : " is")
                    << " under maintenance until " << Instant(ToTime(maintenance.end_time()))
                    << Because(maintenance.reason()) << "; nothing new is done to it until then."
                    << std::endl;
  return absl::OkStatus();
}

absl::Status RunPause(Context& context, const PauseOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Pause> pauses,
                            context.client.PauseCluster(AllOr(context.settings.cluster), options.length,
                                                        options.reason, options.validate_only));
  for (const v1::Pause& pause : pauses) {
    *context.host.out << "Cluster " << LastSegment(pause.cluster())
                      << (options.validate_only ? " would be" : " is") << " paused "
                      << (pause.has_end_time() ? "until " + Instant(ToTime(pause.end_time()))
                                               : std::string("until `evenkeel resume`"))
                      << Because(pause.reason()) << ": nothing is done in it." << std::endl;
  }
  return absl::OkStatus();
}

absl::Status RunResume(Context& context) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Pause> pauses,
                            context.client.ResumeCluster(AllOr(context.settings.cluster)));
  if (pauses.empty()) *context.host.out << "Nothing was paused." << std::endl;
  for (const v1::Pause& pause : pauses) {
    *context.host.out << "Cluster " << LastSegment(pause.cluster()) << " is not paused any more."
                      << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace evenkeel::cli
