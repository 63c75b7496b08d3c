#include "coordinator/core/workload.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

std::string Workload::ToString() const {
  const bool own = !absl::StrContains(group, '.') || absl::EndsWith(group, ".k8s.io");
  return absl::StrCat(kind, own ? "" : ".", own ? "" : group, " ", name_space, "/", name);
}

}  // namespace evenkeel::coordinator
