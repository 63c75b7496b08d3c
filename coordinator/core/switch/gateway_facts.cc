#include "coordinator/core/switch/gateway_facts.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {
namespace {

absl::string_view ModeWord(BackendMode mode) {
  switch (mode) {
    case BackendMode::kServing:
      return "";
    case BackendMode::kDraining:
      return " (draining)";
    case BackendMode::kClosed:
      return " (closed)";
  }
  return "";
}

}  // namespace

RouteShape ShapeOf(const RouteReading& reading) {
  RouteShape shape{.backends = {}, .canary = reading.canary};
  for (const auto& [name, backend] : reading.backends) {
    shape.backends[name] = {.percent = backend.percent, .mode = backend.mode};
  }
  return shape;
}

std::string ToWords(const RouteShape& shape) {
  std::vector<std::string> words;
  for (const auto& [name, wish] : shape.backends) {
    words.push_back(absl::StrCat(name, " ", wish.percent, "%", ModeWord(wish.mode)));
  }
  if (shape.canary) {
    words.push_back(absl::StrCat("canary ", shape.canary->header, ": ", shape.canary->value, " -> ",
                                 shape.canary->backend));
  }
  return words.empty() ? "nothing" : absl::StrJoin(words, ", ");
}

}  // namespace evenkeel::coordinator
