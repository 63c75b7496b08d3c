#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::cli {

// The kinds of resources that the command knows.
enum class Kind : std::uint8_t {
  kCluster,
  kNode,
  kPod,
  kContainer,
  kDecision,
  kPolicy,
  kMaintenance,
  kScaler,
  kBurst
};

// A kind and how it is written.
struct KindName {
  Kind kind;
  absl::string_view singular;
  absl::string_view plural;
  absl::string_view abbreviation;  // may be empty
};

// All kinds, in the order in which help and completion name them.
const std::vector<KindName>& KindNames();

// The words for a kind.
const KindName& NameOf(Kind kind);

// The kind of "nodes", "node" or "no", in any case; INVALID_ARGUMENT that names those there are.
absl::StatusOr<Kind> ParseKind(absl::string_view word);

// A kind, and the names that were asked for: none means all of them.
struct Request {
  Kind kind;
  std::vector<std::string> names;
};

// Understands what stands after `get`: "nodes", "node n1 n2", "node/n1 node/n2", and full resource names such
// as "clusters/local/nodes/n1" and "decisions/12", which it passes on as they are. INVALID_ARGUMENT for kinds
// that do not exist or are mixed.
absl::StatusOr<Request> ParseRequest(const std::vector<std::string>& words);

// Where names belong that are not full: the cluster ("-" for any), and the namespace of pods.
struct Scope {
  std::string cluster;
  std::string namespace_name;
};

// The full resource name of `name`: itself if it is full, else within the scope. A container is named
// POD/CONTAINER. INVALID_ARGUMENT when the name is no name of that kind.
absl::StatusOr<std::string> FullName(Kind kind, absl::string_view name, const Scope& scope);

// Whether FullName needs the scope's cluster for this name.
bool NeedsCluster(Kind kind, absl::string_view name);

}  // namespace evenkeel::cli
