// Label selectors as Kubernetes writes them in scale subresources. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// "app=web,tier!=front,zone in (a,b),!legacy,age>3": all of them must hold. Source: labels.Parse of
// k8s.io/apimachinery/pkg/labels/selector.go. An empty one matches nothing here: a workload without a
// selector has no pods that could be told.
class Selector {
 public:
  // INVALID_ARGUMENT: it is not one, or longer than 64 KiB.
  static absl::StatusOr<Selector> Parse(absl::string_view text);
  bool Matches(const std::map<std::string, std::string>& labels) const;
  // The key and value of one equality in it, where there is one: what an index goes by. Empty key: none.
  const std::pair<std::string, std::string>& anchor() const { return anchor_; }

 private:
  friend class SelectorParser;
  enum class Operator { kIn, kNotIn, kExists, kNotExists, kGreater, kLess };
  struct Requirement {
    std::string key;
    Operator op = Operator::kIn;
    std::vector<std::string> values;  // of kIn and kNotIn; rising, none twice
    int64_t bound = 0;                // of kGreater and kLess
  };
  static bool Holds(const Requirement& requirement, const std::map<std::string, std::string>& labels);

  std::vector<Requirement> requirements_;
  std::pair<std::string, std::string> anchor_;
};

}  // namespace evenkeel::coordinator
