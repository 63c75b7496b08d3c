#include "coordinator/gateway/shape.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint64_t kWhole = 100;

bool IsName(absl::string_view name) {
  constexpr absl::string_view kMarks = "-_.:/";
  return !name.empty() && name.size() <= kLongestBackendName &&
         std::all_of(name.begin(), name.end(), [&](unsigned char c) {
           return absl::ascii_isalnum(c) || kMarks.find(static_cast<char>(c)) != absl::string_view::npos;
         });
}

bool IsHeaderValue(absl::string_view value) {
  return !value.empty() && value.size() <= 128 &&
         std::all_of(value.begin(), value.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

absl::Status CheckCanary(const RouteShape& shape) {
  const CanaryRule& canary = *shape.canary;
  const auto backend = shape.backends.find(canary.backend);
  if (backend == shape.backends.end() || backend->second.mode != BackendMode::kServing) {
    return absl::InvalidArgumentError(
        absl::StrCat("the canary rule names ", canary.backend, ", which is no backend that serves"));
  }
  const bool header_fits = !canary.header.empty() && canary.header.size() <= 64 &&
                           std::all_of(canary.header.begin(), canary.header.end(), [](unsigned char c) {
                             return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
                           });
  if (!header_fits || !IsHeaderValue(canary.value)) {
    return absl::InvalidArgumentError(
        "the canary rule's header must be lower-case letters, digits and '-', and its value 1 to 128 "
        "letters, "
        "digits, '-', '_' and '.'");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckShape(const RouteShape& shape) {
  if (shape.backends.empty() || shape.backends.size() > kMostBackends) {
    return absl::InvalidArgumentError(
        absl::StrCat("a route has 1 to ", kMostBackends, " backends, not ", shape.backends.size()));
  }
  uint64_t sum = 0;
  for (const auto& [name, wish] : shape.backends) {
    if (!IsName(name)) return absl::InvalidArgumentError("a backend's name is empty, too long or odd");
    if (wish.percent > 0 && wish.mode != BackendMode::kServing) {
      return absl::InvalidArgumentError(
          absl::StrCat("backend ", name, " is to get requests while it is drained or closed"));
    }
    sum += wish.percent;
  }
  if (sum != kWhole) {
    return absl::InvalidArgumentError(absl::StrCat("the backends' shares are ", sum, "% together, not 100%"));
  }
  return shape.canary ? CheckCanary(shape) : absl::OkStatus();
}

absl::Status CheckShape(const RouteShape& shape, const GatewayAbilities& abilities) {
  if (absl::Status status = CheckShape(shape); !status.ok()) return status;
  if (shape.canary && !abilities.canary) {
    return absl::InvalidArgumentError("this gateway, as it is set up, has no canary rule");
  }
  for (const auto& [name, wish] : shape.backends) {
    if (!abilities.weights && wish.percent != 0 && wish.percent != kWhole) {
      return absl::InvalidArgumentError(
          absl::StrCat("this kind of gateway has no shares between 0% and 100% (", name, ")"));
    }
    if (wish.percent != 0 && wish.percent < abilities.least_percent) {
      return absl::InvalidArgumentError(absl::StrCat("the least share that this gateway can give is ",
                                                     abilities.least_percent, "% (", name, ")"));
    }
  }
  return absl::OkStatus();
}

}  // namespace evenkeel::coordinator
