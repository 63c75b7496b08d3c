// Label selectors as kubectl writes them: "app=web,tier!=db,zone in (a,b),gpu,!spot".
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// Requirements that must all hold. As in Kubernetes, "!=" and "notin" hold where the label is not there at
// all.
class LabelSelector {
 public:
  // Matches everything.
  LabelSelector() = default;

  // Empty text matches everything. INVALID_ARGUMENT names `field` and what could not be read.
  static absl::StatusOr<LabelSelector> Parse(absl::string_view field, absl::string_view text);

  bool Matches(const std::map<std::string, std::string>& labels) const;
  bool matches_everything() const { return requirements_.empty(); }

 private:
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  struct Requirement {
    std::string key;
    Operator op = Operator::kExists;
    std::set<std::string> values;
  };

  std::vector<Requirement> requirements_;
};

}  // namespace evenkeel::coordinator
