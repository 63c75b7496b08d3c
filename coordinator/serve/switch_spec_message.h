// A switch's specification as operators write it: checked, filled with its defaults, and shown with the
// defaults in force.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/switch/switch_spec.h"
#include "evenkeel/v1/switch.pb.h"

namespace evenkeel::coordinator {

// What errors call the name and the specification: fields of the request.
struct SpecFields {
  absl::string_view name = "switch_id";
  absl::string_view spec = "spec";
};

// What the core is told. INVALID_ARGUMENT names the first field that is wrong, as "spec.steps[2].percent",
// and tells all that is wrong; ranges and defaults are those of proto/evenkeel/v1/switch.proto. `name`:
// lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit; not what reads
// as a decision's id.
absl::StatusOr<SwitchSpec> SwitchSpecFromMessage(absl::string_view name, const v1::SwitchSpec& message,
                                                 const SpecFields& fields = {});

v1::SwitchSpec ToMessage(const SwitchSpec& spec);

}  // namespace evenkeel::coordinator
