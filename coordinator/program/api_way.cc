#include "coordinator/program/api_way.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace evenkeel::coordinator {

std::optional<base::IpPort> ApiWay(const std::string& server) {
  absl::string_view host = server;
  if (!absl::ConsumePrefix(&host, "https://")) return std::nullopt;
  host = host.substr(0, host.find('/'));
  std::optional<base::IpPort> way = base::ParseIpPort(host);
  if (!way) way = base::ParseIpPort(absl::StrCat(host, ":443"));
  if (way && way->IsLocal()) return std::nullopt;
  return way;
}

}  // namespace evenkeel::coordinator
