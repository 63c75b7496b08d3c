#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/show/fields.h"
#include "evenkeel/v1/burst.pb.h"

// How clusters use virtual nodes, for people.
namespace evenkeel::cli {

std::vector<Field> Fields(const v1::Burst& burst, const TableOptions& options, absl::Time now);

std::string Describe(const v1::Burst& burst, absl::Time now);

}  // namespace evenkeel::cli
