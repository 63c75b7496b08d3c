#include "cli/command/change.h"

#include <fstream>
#include <iterator>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "cli/manifest.h"
#include "cli/print/text.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

// As kubectl would name it: "failoverpolicy.evenkeel.dev/east".
std::string Shown(const v1::Policy& policy) {
  const char* kind = policy.has_scale()       ? "scalepolicy"
                     : policy.has_burst()     ? "burstpolicy"
                     : policy.has_switching() ? "switchpolicy"
                                              : "failoverpolicy";
  return absl::StrCat(kind, ".evenkeel.dev/", LastSegment(policy.name()));
}

}  // namespace

absl::StatusOr<std::string> ReadManifest(const Host& host, const std::string& file) {
  std::ifstream stream;
  if (file != "-") {
    stream.open(file, std::ios::binary);
    if (!stream) return absl::NotFoundError(absl::StrCat("-f: the file ", file, " cannot be read"));
  }
  std::istream& in = file == "-" ? *host.in : stream;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

absl::StatusOr<std::vector<v1::Policy>> ReadPolicies(const Host& host,
                                                     const std::vector<std::string>& files) {
  std::vector<v1::Policy> all;
  for (const std::string& file : files) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string text, ReadManifest(host, file));
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Policy> policies,
                              ParseManifests(text, file == "-" ? "standard input" : file));
    all.insert(all.end(), policies.begin(), policies.end());
  }
  if (all.empty()) return absl::InvalidArgumentError("there is no policy in what -f names");
  return all;
}

absl::Status RunApply(Context& context, const ApplyOptions& options) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Policy> policies,
                            ReadPolicies(context.host, options.files));
  for (const v1::Policy& policy : policies) {
    const absl::StatusOr<v1::ApplyPolicyResponse> checked = context.client.ApplyPolicy(policy, true);
    if (!checked.ok()) {
      return base::Annotate(checked.status(),
                            absl::StrCat("policy ", LastSegment(policy.name()), " (nothing is applied)"));
    }
    if (options.validate_only) {
      *context.host.out << Shown(policy)
                        << (checked->created() ? " would be created" : " would be configured") << std::endl;
    }
  }
  if (options.validate_only) return absl::OkStatus();
  for (const v1::Policy& policy : policies) {
    EVENKEEL_ASSIGN_OR_RETURN(const v1::ApplyPolicyResponse applied,
                              context.client.ApplyPolicy(policy, false));
    *context.host.out << Shown(policy) << (applied.created() ? " created" : " configured") << std::endl;
  }
  return absl::OkStatus();
}

absl::Status RunDelete(Context& context, const DeleteOptions& options) {
  std::vector<std::string> names;
  if (!options.files.empty()) {
    if (!options.words.empty()) return absl::InvalidArgumentError("name policies or give -f, but not both");
    EVENKEEL_ASSIGN_OR_RETURN(const std::vector<v1::Policy> policies,
                              ReadPolicies(context.host, options.files));
    for (const v1::Policy& policy : policies) names.push_back(policy.name());
  } else {
    EVENKEEL_ASSIGN_OR_RETURN(const Request request, ParseRequest(options.words));
    if (request.kind != Kind::kPolicy) {
      return absl::InvalidArgumentError(absl::StrCat("only policies can be deleted; ",
                                                     NameOf(request.kind).plural,
                                                     " are what Evenkeel sees and records"));
    }
    if (request.names.empty()) return absl::InvalidArgumentError("say which policy: delete policy NAME");
    EVENKEEL_ASSIGN_OR_RETURN(names, FullNames(context, request));
  }
  for (const std::string& name : names) {
    EVENKEEL_RETURN_IF_ERROR(context.client.DeletePolicy(name, ""));
    *context.host.out << "policy.evenkeel.dev \"" << LastSegment(name) << "\" deleted" << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace evenkeel::cli
