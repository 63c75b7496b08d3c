#include "coordinator/core/scale/pod_deaths.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

std::string CodeWords(const ContainerDeath& death) {
  return death.exit_code ? absl::StrCat(" (exit code ", *death.exit_code, ")") : "";
}

}  // namespace

bool IsOutOfMemory(const ContainerDeath& death) {
  return death.runs_on || death.reason == "OOMKilled";
}

std::string Words(const ContainerDeath& death) {
  const std::string who = absl::StrCat("container ", death.container);
  if (death.runs_on) return absl::StrCat("a process of ", who, " was killed for want of memory");
  if (IsOutOfMemory(death)) return absl::StrCat(who, " was killed for want of memory", CodeWords(death));
  if (!death.exit_code) return absl::StrCat(who, " ended");
  const bool says_more = !death.reason.empty();
  return absl::StrCat(who, " ended with exit code ", *death.exit_code,
                      says_more ? absl::StrCat(" (", death.reason, ")") : "");
}

std::string Words(const std::string& pod, const PodDeaths& deaths) {
  std::string text = absl::StrCat("pod ", pod);
  if (deaths.last) absl::StrAppend(&text, ": ", Words(*deaths.last));
  if (deaths.down > 0) absl::StrAppend(&text, ", and is not back");
  if (deaths.crash_loop) absl::StrAppend(&text, " (a crash loop)");
  if (deaths.restarts > 0) {
    absl::StrAppend(&text, "; started again ", Count(static_cast<size_t>(deaths.restarts), "time"));
  }
  return text;
}

}  // namespace evenkeel::coordinator
