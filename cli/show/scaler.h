#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/show/fields.h"
#include "evenkeel/v1/policy.pb.h"
#include "evenkeel/v1/scaler.pb.h"

// Scalers, for people.
namespace evenkeel::cli {

// "Deployment shop/web".
std::string TargetOf(const v1::ScaleTarget& target);

// "namespaces/shop/deployments/web", as decisions name it.
std::string WorkloadOf(const v1::ScaleTarget& target);

std::vector<Field> Fields(const v1::Scaler& scaler, const TableOptions& options, absl::Time now);

std::string Describe(const v1::Scaler& scaler, absl::Time now);

}  // namespace evenkeel::cli
