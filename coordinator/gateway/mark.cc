#include "coordinator/gateway/mark.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::string_view kFirst = "evenkeel";
constexpr size_t kLongestStoreId = 64;

}  // namespace

bool IsFitForMark(absl::string_view store_id) {
  return !store_id.empty() && store_id.size() <= kLongestStoreId &&
         std::all_of(store_id.begin(), store_id.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

std::string ToText(const StoredMark& mark) {
  return absl::StrCat(kFirst, "/", mark.store_id, "/", mark.mark.epoch, "/", mark.mark.owner.ToString(), "/",
                      mark.mark.version);
}

std::optional<StoredMark> ParseMark(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  if (parts.size() != 5 || parts[0] != kFirst || !IsFitForMark(parts[1])) return std::nullopt;
  StoredMark mark = {.store_id = std::string(parts[1]), .mark = {}};
  const auto owner = DecisionId::Parse({parts[3].data(), parts[3].size()});
  if (!owner.ok() || !absl::SimpleAtoi(parts[2], &mark.mark.epoch) ||
      !absl::SimpleAtoi(parts[4], &mark.mark.version)) {
    return std::nullopt;
  }
  mark.mark.owner = *owner;
  // One way to write each mark, so that two that read the same are the same.
  if (ToText(mark) != text) return std::nullopt;
  return mark;
}

bool IsBefore(const RouteMark& mark, const RouteMark& other) {
  return std::tie(mark.epoch, mark.version) < std::tie(other.epoch, other.version);
}

std::optional<std::string> WhyNotOver(const std::optional<StoredMark>& theirs, const StoredMark& ours,
                                      absl::string_view release) {
  if (!theirs) return std::nullopt;
  if (theirs->store_id != ours.store_id) {
    return absl::StrCat("the route belongs to a coordinator with another store (", theirs->store_id,
                        "; ours is ", ours.store_id, "): if that one is gone for good, ", release);
  }
  if (IsBefore(ours.mark, theirs->mark)) {
    return absl::StrCat("a newer word is there already: of epoch ", theirs->mark.epoch, ", switch ",
                        theirs->mark.owner.ToString(), ", version ", theirs->mark.version,
                        "; this one is of epoch ", ours.mark.epoch, ", version ", ours.mark.version);
  }
  if (theirs->mark.epoch == ours.mark.epoch && theirs->mark.version == ours.mark.version &&
      theirs->mark != ours.mark) {
    return absl::StrCat("two switches use one version of epoch ", ours.mark.epoch, ": ",
                        theirs->mark.owner.ToString(), " has written it, and this is ",
                        ours.mark.owner.ToString());
  }
  return std::nullopt;
}

}  // namespace evenkeel::coordinator
