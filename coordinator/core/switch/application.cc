#include "absl/strings/str_cat.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

std::string Application::ToString() const {
  return absl::StrCat(name_space, "/", service.empty() ? selector : service);
}

}  // namespace evenkeel::coordinator
