#include "common/observability/server.h"

#include <prometheus/text_serializer.h>

#include <utility>

namespace evenkeel::observability {
namespace {

Endpoint::Reply ReplyOf(const Checks& checks) {
  Checks::Answer answer = checks.Ask();
  return {.code = answer.good ? 200 : 503, .body = std::move(answer.text)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Endpoint>> Serve(const Endpoint::Options& options, const Sources& sources) {
  return Endpoint::Start(options, [&sources](absl::string_view path) -> Endpoint::Reply {
    if (path == "/livez") return ReplyOf(sources.live);
    if (path == "/readyz") return ReplyOf(sources.ready);
    if (path == "/metrics") {
      std::vector<prometheus::MetricFamily> families = sources.metrics.Collect();
      for (const prometheus::Collectable* more : sources.collectables) {
        for (prometheus::MetricFamily& family : more->Collect()) families.push_back(std::move(family));
      }
      return {.body = prometheus::TextSerializer().Serialize(families),
              .content_type = "text/plain; version=0.0.4; charset=utf-8"};
    }
    if (sources.more) {
      if (auto reply = sources.more(path)) return *std::move(reply);
    }
    return {.code = 404, .body = "served here: /livez /readyz /metrics\n"};
  });
}

}  // namespace evenkeel::observability
