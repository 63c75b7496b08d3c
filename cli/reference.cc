#include "cli/reference.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

// The collections of a full name, outermost first.
std::vector<absl::string_view> Collections(Kind kind) {
  switch (kind) {
    case Kind::kCluster:
      return {"clusters"};
    case Kind::kNode:
      return {"clusters", "nodes"};
    case Kind::kPod:
      return {"clusters", "namespaces", "pods"};
    case Kind::kContainer:
      return {"clusters", "namespaces", "pods", "containers"};
    case Kind::kDecision:
      return {"decisions"};
    case Kind::kPolicy:
      return {"policies"};
    case Kind::kMaintenance:
      return {"clusters", "maintenances"};
    case Kind::kScaler:
      return {"scalers"};
    case Kind::kBurst:
      return {"bursts"};
  }
  return {};
}

bool IsFull(Kind kind, absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  const std::vector<absl::string_view> collections = Collections(kind);
  if (parts.size() != 2 * collections.size()) return false;
  for (std::size_t i = 0; i < collections.size(); ++i) {
    if (parts[2 * i] != collections[i] || parts[2 * i + 1].empty()) return false;
  }
  return true;
}

// The kind of which the word is a full resource name deeper than KIND/NAME.
std::optional<Kind> KindOfFullName(absl::string_view word) {
  for (const KindName& names : KindNames()) {
    if (Collections(names.kind).size() > 1 && IsFull(names.kind, word)) return names.kind;
  }
  return std::nullopt;
}

}  // namespace

const std::vector<KindName>& KindNames() {
  static const auto& names = *new std::vector<KindName>{
      {Kind::kCluster, "cluster", "clusters", ""},
      {Kind::kNode, "node", "nodes", "no"},
      {Kind::kPod, "pod", "pods", "po"},
      {Kind::kContainer, "container", "containers", ""},
      {Kind::kDecision, "decision", "decisions", ""},
      {Kind::kPolicy, "policy", "policies", ""},
      {Kind::kMaintenance, "maintenance", "maintenances", ""},
      {Kind::kScaler, "scaler", "scalers", ""},
      {Kind::kBurst, "burst", "bursts", ""},
  };
  return names;
}

const KindName& NameOf(Kind kind) {
  return *std::find_if(KindNames().begin(), KindNames().end(),
                       [kind](const KindName& names) { return names.kind == kind; });
}

absl::StatusOr<Kind> ParseKind(absl::string_view word) {
  const std::string lower = absl::AsciiStrToLower(word);
  for (const KindName& names : KindNames()) {
    if (lower == names.singular || lower == names.plural ||
        (!names.abbreviation.empty() && lower == names.abbreviation)) {
      return names.kind;
    }
  }
  for (const absl::string_view policy : {"failoverpolicy", "failoverpolicies", "scalepolicy", "scalepolicies",
                                         "burstpolicy", "burstpolicies", "switchpolicy", "switchpolicies"}) {
    if (lower == policy) return Kind::kPolicy;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no resource type \"", word,
      "\"; there are: ", absl::StrJoin(KindNames(), ", ", [](std::string* out, const KindName& names) {
        absl::StrAppend(out, names.plural);
      })));
}

absl::StatusOr<Request> ParseRequest(const std::vector<std::string>& words) {
  if (words.empty()) return absl::InvalidArgumentError("say which resources, for example: nodes");
  if (!absl::StrContains(words[0], '/')) {
    EVENKEEL_ASSIGN_OR_RETURN(const Kind kind, ParseKind(words[0]));
    return Request{kind, {words.begin() + 1, words.end()}};
  }
  std::optional<Request> request;
  for (const std::string& word : words) {
    std::optional<Kind> kind = KindOfFullName(word);
    std::string name = word;
    if (!kind) {
      const std::pair<std::string, std::string> parts = absl::StrSplit(word, absl::MaxSplits('/', 1));
      EVENKEEL_ASSIGN_OR_RETURN(kind, ParseKind(parts.first));
      name = parts.second;
    }
    if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("there is no name in \"", word, "\""));
    if (!request) request = Request{*kind, {}};
    if (request->kind != *kind) {
      return absl::InvalidArgumentError(
          "names of one type only, please: two types do not fit into one table");
    }
    request->names.push_back(std::move(name));
  }
  return *std::move(request);
}

absl::StatusOr<std::string> FullName(Kind kind, absl::string_view name, const Scope& scope) {
  if (IsFull(kind, name)) return std::string(name);
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  const bool is_container = kind == Kind::kContainer;
  const bool parts_are_named =
      std::none_of(parts.begin(), parts.end(), [](absl::string_view part) { return part.empty(); });
  if (!parts_are_named || parts.size() != (is_container ? 2U : 1U)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" does not name a ", NameOf(kind).singular,
                                                   is_container ? ": say POD/CONTAINER" : ""));
  }
  switch (kind) {
    case Kind::kCluster:
      return absl::StrCat("clusters/", name);
    case Kind::kNode:
      return absl::StrCat("clusters/", scope.cluster, "/nodes/", name);
    case Kind::kPod:
      return absl::StrCat("clusters/", scope.cluster, "/namespaces/", scope.namespace_name, "/pods/", name);
    case Kind::kContainer:
      return absl::StrCat("clusters/", scope.cluster, "/namespaces/", scope.namespace_name, "/pods/",
                          parts[0], "/containers/", parts[1]);
    case Kind::kDecision:
      return absl::StrCat("decisions/", name);
    case Kind::kPolicy:
      return absl::StrCat("policies/", name);
    case Kind::kMaintenance:
      return absl::StrCat("clusters/", scope.cluster, "/maintenances/", name);
    case Kind::kScaler:
      return absl::StrCat("scalers/", name);
    case Kind::kBurst:
      return absl::StrCat("bursts/", name);
  }
  return absl::InvalidArgumentError("no such kind");
}

bool NeedsCluster(Kind kind, absl::string_view name) {
  return Collections(kind).size() > 1 && !IsFull(kind, name);
}

}  // namespace evenkeel::cli
