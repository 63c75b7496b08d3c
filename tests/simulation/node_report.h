// What a machine's agent finds when it looks: the report that the real one would send. The coordinator's side
// reads it with the product's own reader.
#pragma once

#include "evenkeel/v1/report.pb.h"
#include "tests/simulation/machine.h"

namespace evenkeel::simulation {

// Everything of it that speaks for sickness, whole; without the time and without what happened.
v1::Report ReportOf(const Machine& machine);

}  // namespace evenkeel::simulation
