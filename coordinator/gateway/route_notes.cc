#include "coordinator/gateway/route_notes.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/kube/json.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kDrainingWord[] = "draining";
constexpr char kClosedWord[] = "closed";

}  // namespace

std::optional<StoredMark> MarkOn(const kube::Json& object, absl::string_view part) {
  return ParseMark(kube::Text(object, {"metadata", "annotations", absl::StrCat(kMarkAnnotation, part)}));
}

std::map<std::string, StoredMark> AllMarksOn(const kube::Json& object) {
  std::map<std::string, StoredMark> marks;
  const kube::Json* const annotations = kube::Find(object, {"metadata", "annotations"});
  if (annotations == nullptr || !annotations->is_object()) return marks;
  for (const auto& [name, text] : annotations->items()) {
    if (!absl::StartsWith(name, kMarkAnnotation) || !text.is_string()) continue;
    const std::optional<StoredMark> mark = ParseMark(text.get<std::string>());
    if (mark) marks.emplace(name, *mark);
  }
  return marks;
}

std::map<std::string, BackendMode> ModesOn(const kube::Json& object, absl::string_view part) {
  std::map<std::string, BackendMode> modes;
  const std::string text =
      kube::Text(object, {"metadata", "annotations", absl::StrCat(kModesAnnotation, part)});
  for (const absl::string_view one : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> mode = absl::StrSplit(one, absl::MaxSplits('=', 1));
    if (mode.second == kDrainingWord) modes[std::string(mode.first)] = BackendMode::kDraining;
    if (mode.second == kClosedWord) modes[std::string(mode.first)] = BackendMode::kClosed;
  }
  return modes;
}

kube::Json NotesOf(const StoredMark& mark, const RouteShape& shape, absl::string_view part) {
  std::vector<std::string> modes;
  for (const auto& [backend, wish] : shape.backends) {
    if (wish.mode == BackendMode::kDraining) modes.push_back(absl::StrCat(backend, "=", kDrainingWord));
    if (wish.mode == BackendMode::kClosed) modes.push_back(absl::StrCat(backend, "=", kClosedWord));
  }
  return {{absl::StrCat(kMarkAnnotation, part), ToText(mark)},
          {absl::StrCat(kModesAnnotation, part), absl::StrJoin(modes, ",")}};
}

}  // namespace evenkeel::coordinator
