#include "coordinator/core/burst/valve.h"

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

ValveAdvice Close(std::string reason) {
  return {.step = ValveStep::kClose, .reason = std::move(reason)};
}

ValveAdvice WhileClosed(const ValveSight& sight) {
  if (!sight.pressing_since || !sight.virtual_nodes) return {};
  const absl::Time ripe = *sight.pressing_since + kPressFor;
  if (sight.now < ripe) return {.step = ValveStep::kStay, .reason = {}, .again = ripe};
  return {.step = ValveStep::kOpen, .reason = {}};
}

ValveAdvice WhileOpen(const ValveSight& sight) {
  if (!sight.not_any_more.empty()) return Close(sight.not_any_more);
  if (!sight.virtual_nodes) return Close("no virtual node is Ready");
  if (sight.pressing_since) return {};
  if (sight.real_room) return Close("real nodes have room again");
  const absl::Time ends = sight.last_pressed + kValveHold;
  if (sight.now < ends) return {.step = ValveStep::kStay, .reason = {}, .again = ends};
  return Close(absl::StrCat("every pod has had a node for ", Say(kValveHold)));
}

}  // namespace

ValveAdvice AskValve(const ValveSight& sight) {
  return sight.open ? WhileOpen(sight) : WhileClosed(sight);
}

}  // namespace evenkeel::coordinator
