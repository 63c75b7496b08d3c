#pragma once

#include <prometheus/collectable.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/observability/checks.h"
#include "common/observability/endpoint.h"

namespace evenkeel::observability {

// What a program tells those who run it, over HTTP: /livez and /readyz (200 or 503, with a line for each
// check), /metrics (Prometheus' text format). Everything else is 404,
// unless the program answers it.
struct Sources {
  Checks live;   // not good: only a restart helps
  Checks ready;  // not good: it works, but do not count on it now
  prometheus::Registry metrics;
  // Asked at each scrape too, for what is not counted but looked up. They outlive the endpoint.
  std::vector<const prometheus::Collectable*> collectables;
  // Asked for every other path; nothing = 404. Called as an Endpoint's handler.
  std::function<std::optional<Endpoint::Reply>(absl::string_view path)> more;
};

// `sources` must outlive what is returned.
absl::StatusOr<std::unique_ptr<Endpoint>> Serve(const Endpoint::Options& options, const Sources& sources);

}  // namespace evenkeel::observability
