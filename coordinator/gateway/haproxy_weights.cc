#include "coordinator/gateway/haproxy_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "coordinator/gateway/shares.h"

namespace evenkeel::coordinator::haproxy {
namespace {

bool Matches(absl::string_view pattern, absl::string_view server) {
  if (absl::ConsumeSuffix(&pattern, "*")) return absl::StartsWith(server, pattern);
  return pattern == server;
}

bool Takes(const ServerState& server) {
  return !server.maintenance && !server.draining && server.weight > 0;
}

}  // namespace

absl::StatusOr<std::map<std::string, uint32_t>> WeightsOf(const RouteShape& shape,
                                                          const std::map<std::string, size_t>& servers) {
  // The largest weight of any server; each other share follows from it.
  double best_error = 101.0;
  std::map<std::string, uint32_t> best;
  for (uint32_t scale = 1; scale <= kLargestWeight; ++scale) {
    double largest = 0.0;  // percent of one server
    for (const auto& [backend, wish] : shape.backends) {
      const auto count = servers.find(backend);
      if (wish.percent == 0) continue;
      if (count == servers.end() || count->second == 0) {
        return absl::InvalidArgumentError(absl::StrCat("backend ", backend, " has no server"));
      }
      largest = std::max(largest, wish.percent / static_cast<double>(count->second));
    }
    std::map<std::string, uint32_t> weights;
    double sum = 0.0;
    for (const auto& [backend, wish] : shape.backends) {
      if (wish.percent == 0) {
        weights[backend] = 0;
        continue;
      }
      const auto count = static_cast<double>(servers.at(backend));
      weights[backend] =
          std::max<uint32_t>(1, static_cast<uint32_t>(std::lround(wish.percent / count / largest * scale)));
      sum += weights[backend] * count;
    }
    double error = 0.0;
    for (const auto& [backend, wish] : shape.backends) {
      if (wish.percent == 0) continue;
      const double share = 100.0 * weights[backend] * static_cast<double>(servers.at(backend)) / sum;
      error = std::max(error, std::abs(share - wish.percent));
    }
    // Of equally good ones the largest: HAProxy's finer steps at a slow start.
    if (error <= best_error) {
      best_error = error;
      best = std::move(weights);
    }
  }
  if (best_error > kShareTolerance) {
    return absl::InvalidArgumentError(absl::StrCat("weights up to ", kLargestWeight,
                                                   " of these servers come no nearer to the shares than ",
                                                   best_error, "%"));
  }
  return best;
}

absl::StatusOr<std::map<std::string, std::vector<ServerState>>> Grouped(
    const std::vector<ServerState>& servers, const RouteParts& parts) {
  std::map<std::string, std::vector<ServerState>> grouped;
  for (const auto& [backend, patterns] : parts) grouped[backend] = {};
  for (const ServerState& server : servers) {
    std::string of;
    for (const auto& [backend, patterns] : parts) {
      const bool matches = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return Matches(pattern, server.server);
      });
      if (!matches) continue;
      if (!of.empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat("server ", server.server, " is of two backends, ", of, " and ", backend));
      }
      of = backend;
    }
    grouped[of.empty() ? server.server : of].push_back(server);
  }
  for (const auto& [backend, patterns] : parts) {
    if (grouped[backend].empty()) {
      return absl::NotFoundError(absl::StrCat("HAProxy has no server of backend ", backend));
    }
  }
  return grouped;
}

bool IsLeftOut(const ServerState& server, const std::vector<ServerState>& backend) {
  if (!server.maintenance) return false;
  const bool all =
      std::all_of(backend.begin(), backend.end(), [](const ServerState& other) { return other.maintenance; });
  if (all) {
    return server.weight > 0 && std::any_of(backend.begin(), backend.end(),
                                            [](const ServerState& other) { return other.weight == 0; });
  }
  return server.weight > 0 || std::none_of(backend.begin(), backend.end(),
                                           [](const ServerState& other) { return other.draining; });
}

bool AllTakePart(const std::map<std::string, std::vector<ServerState>>& servers, const RouteShape& shape) {
  return std::all_of(servers.begin(), servers.end(), [&](const auto& of_backend) {
    const std::vector<ServerState>& group = of_backend.second;
    const auto wish = shape.backends.find(of_backend.first);
    if (wish == shape.backends.end() || wish->second.mode != BackendMode::kServing) return true;
    return std::all_of(group.begin(), group.end(), [&](const ServerState& server) {
      return IsLeftOut(server, group) || (!server.maintenance && !server.draining);
    });
  });
}

RouteShape ShapeOfServers(const std::map<std::string, std::vector<ServerState>>& servers) {
  std::map<std::string, uint64_t> weights;
  for (const auto& [backend, group] : servers) {
    weights[backend] = 0;
    for (const ServerState& server : group) {
      if (Takes(server)) weights[backend] += server.weight;
    }
  }
  RouteShape shape;
  const std::map<std::string, uint32_t> percents = PercentsOf(weights);
  for (const auto& [backend, group] : servers) {
    BackendWish& wish = shape.backends[backend];
    wish.percent = percents.at(backend);
    if (weights[backend] > 0 || group.empty()) continue;
    const bool closed =
        std::all_of(group.begin(), group.end(), [](const ServerState& server) { return server.maintenance; });
    const bool drains =
        std::any_of(group.begin(), group.end(), [](const ServerState& server) { return server.draining; });
    wish.mode = closed ? BackendMode::kClosed : drains ? BackendMode::kDraining : BackendMode::kServing;
  }
  return shape;
}

}  // namespace evenkeel::coordinator::haproxy
