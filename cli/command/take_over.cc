#include "cli/command/take_over.h"

#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/manifest.h"
#include "cli/print/structured.h"
#include "cli/print/text.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

constexpr const char* kUsage = "say: takeover hpa NAMESPACE/NAME";

absl::StatusOr<v1::TakeOverAutoscalerRequest> RequestFrom(const Context& context,
                                                          const TakeOverOptions& options) {
  const std::vector<std::string>& words = options.words;
  if (words.size() != 2 || (words[0] != "hpa" && words[0] != "horizontalpodautoscaler")) {
    return absl::InvalidArgumentError(kUsage);
  }
  v1::TakeOverAutoscalerRequest request;
  const std::vector<std::string> parts = absl::StrSplit(words[1], '/');
  if (parts.size() > 2 || parts.front().empty() || parts.back().empty()) {
    return absl::InvalidArgumentError(kUsage);
  }
  request.set_cluster(context.settings.cluster);
  request.set_namespace_(parts.size() == 2 ? parts.front() : context.settings.namespace_name);
  request.set_autoscaler(parts.back());
  if (!options.policy.empty()) {
    request.set_policy(absl::StrContains(options.policy, '/') ? options.policy
                                                              : absl::StrCat("policies/", options.policy));
  }
  request.set_mode(options.mode == "observe" ? v1::POLICY_MODE_OBSERVE : v1::POLICY_MODE_ENFORCE);
  request.set_validate_only(options.dry_run);
  return request;
}

}  // namespace

absl::Status RunTakeOver(Context& context, const TakeOverOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const v1::TakeOverAutoscalerRequest request, RequestFrom(context, options));
  EVENKEEL_ASSIGN_OR_RETURN(const v1::TakeOverAutoscalerResponse response,
                            context.client.TakeOverAutoscaler(request));
  if (options.dry_run) {
    PrintYaml(*context.host.out, ToManifest(response.policy()));
    return absl::OkStatus();
  }
  const bool observes = request.mode() == v1::POLICY_MODE_OBSERVE;
  *context.host.out << "scalepolicy.evenkeel.dev/" << Printable(LastSegment(response.policy().name()))
                    << (observes ? " only observes, and leaves the scaling to" : " takes the place of")
                    << " the HorizontalPodAutoscaler "
                    << Printable(absl::StrCat(request.namespace_(), "/", request.autoscaler()));
  if (!response.decision().empty()) {
    *context.host.out << (observes ? "; see decision " : ", which decision ")
                      << Printable(LastSegment(response.decision()))
                      << (observes ? "" : " deletes once the load is known");
  }
  *context.host.out << std::endl;
  return absl::OkStatus();
}

}  // namespace evenkeel::cli
