// A switch as the tests of this folder take it: shop/web from cluster blue to cluster green, by one route of
// one gateway, in steps of 10, 50 and 100 %.
#pragma once

#include <cstdint>

#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/side_health.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

inline const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

inline SwitchStep StepTo(uint32_t percent) {
  SwitchStep step;
  step.percent = percent;
  step.soak = absl::Seconds(10);
  step.min_requests = 100;
  return step;
}

inline SwitchSpec ASwitch() {
  SwitchSpec spec;
  spec.name = "web";
  spec.from = "east";
  spec.to = "west";
  Application web;
  web.name_space = "shop";
  web.service = "web";
  spec.applications = {web};
  SwitchedRoute route;
  route.key = {"edge", "web"};
  route.blue = "east";
  route.green = "west";
  spec.routes = {route};
  spec.steps = {StepTo(10), StepTo(50), StepTo(100)};
  spec.prober.url = "http://edge/";
  spec.mode = SwitchMode::kEnforce;
  return spec;
}

// It has answered so many more, each in so long a time.
inline void Answer(BackendReading& backend, uint64_t requests, uint64_t bad = 0,
                   absl::Duration each = absl::Milliseconds(10)) {
  if (!backend.counters) backend.counters = BackendCounters{};
  if (!backend.counters->answer_time) backend.counters->answer_time = AnswerTime{};
  backend.counters->requests += requests;
  backend.counters->server_errors += bad;
  backend.counters->answer_time->answers += requests;
  backend.counters->answer_time->total += each * static_cast<int64_t>(requests);
}

inline BackendReading ABackend(uint32_t percent, uint64_t requests = 0, uint64_t bad = 0) {
  BackendReading backend;
  backend.percent = percent;
  backend.servers = backend.servers_up = 3;
  backend.in_flight = 0;
  Answer(backend, requests, bad);
  return backend;
}

// As the gateway shows it with so many percent on green.
inline RouteReading AReading(uint32_t green_percent) {
  RouteReading reading;
  reading.backends["east"] = ABackend(100 - green_percent);
  reading.backends["west"] = ABackend(green_percent);
  reading.proof = Proof::kServed;
  reading.instance = "pid 7";
  return reading;
}

// A cluster in which the three pods that are needed are Ready.
inline SideSight AWellSide() {
  SideSight sight;
  sight.api_reachable = true;
  sight.pods_needed = sight.pods_ready = 3;
  return sight;
}

}  // namespace evenkeel::coordinator
