#include "common/rpc/grpc_log.h"

#include <grpc/support/log.h>
#include <grpcpp/version_info.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/log/limiter.h"
#include "common/log/log.h"

namespace evenkeel::rpc {

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
namespace {

void Write(gpr_log_func_args* line) {
  static auto* limiter = new log::Limiter(absl::Seconds(10));  // gRPC's threads may outlive static objects
  absl::string_view file = line->file;
  file = file.substr(file.rfind('/') + 1);  // npos + 1 is 0: the whole name
  const std::string place = absl::StrCat(file, ":", line->line);
  const auto suppressed = limiter->Admit(place, absl::Now());
  if (!suppressed) return;
  log::Write(line->severity == GPR_LOG_SEVERITY_ERROR ? log::Level::kWarn : log::Level::kDebug, "gRPC",
             {{"says", line->message}, {"place", place}, {"suppressed", *suppressed}});
}

}  // namespace

void RouteGrpcLog() {
  gpr_set_log_function(&Write);
}
#else
// From 1.65 on gRPC writes through Abseil's log, which goes to stderr by itself.
void RouteGrpcLog() {}
#endif

}  // namespace evenkeel::rpc
