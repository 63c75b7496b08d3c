#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evenkeel/v1/policy.pb.h"

// Policies as people write them.
//
//   apiVersion: evenkeel.dev/v1
//   kind: FailoverPolicy
//   metadata:
//     name: failover-production
//   spec:
//     cluster: production
//     mode: enforce
//     suspectAfter: 600ms
//
// Kinds: FailoverPolicy, ScalePolicy, BurstPolicy, SwitchPolicy. The keys of `spec` are the fields of the
// message evenkeel.v1.KIND in lowerCamelCase or as in the .proto file; durations are written as 200ms, 1.5s,
// 5m or 1h, modes as observe and enforce or by their enumerators, what there may be several of as a list.
namespace evenkeel::cli {

// The policies in one file of YAML documents, in order; empty documents are passed over. `file` is its name
// in errors. INVALID_ARGUMENT that names file, document, line and field, as "policies.yaml, document 2, line
// 7: spec.mode: ...". Only the shape and the types are checked: ranges are the coordinator's.
absl::StatusOr<std::vector<v1::Policy>> ParseManifests(const std::string& text, const std::string& file);

// A policy as a manifest. What the coordinator sets is under metadata too, where ParseManifests takes the
// etag (the policy is then applied only if nobody has changed it meanwhile) and passes over the times; what
// it tells of a SwitchPolicy (`watch`) is left out.
nlohmann::ordered_json ToManifest(const v1::Policy& policy);

}  // namespace evenkeel::cli
