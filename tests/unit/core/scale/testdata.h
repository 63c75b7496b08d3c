#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/scale/pod_load.h"

namespace evenkeel::coordinator {

// When the pods of a case are looked at.
inline const absl::Time kLook = absl::FromUnixSeconds(1'700'000'000);

// A row of testdata/hpa_cases.txt; the file says what it means.
struct HpaCase {
  std::string name;
  int64_t current = 0;
  int64_t target_percent = 0;
  std::vector<PodLoad> pods;
  int64_t hpa = 0;
  int64_t use_percent = 0;
  int64_t ours = 0;
};

// All rows; fails the test when the file cannot be read or a row is not of its form.
std::vector<HpaCase> ReadHpaCases();

}  // namespace evenkeel::coordinator
