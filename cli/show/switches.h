#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evenkeel/v1/switch.pb.h"

// Switches for people. All pure; no colour.
namespace evenkeel::cli {

// A switch as a tree: where it stands and why, its steps, each route with its weights, requests and what is
// in flight, its gates, and what it has cost.
//
//   web  east -> west  soaking at 50 % for 12.3 s
//   |- steps   10 % done, 50 % soaking, 100 %
//   |- edge/web
//   |  |- green west  50 %  3 of 3 up  7 in flight  12 ms
//   |  `- blue  east  50 %  3 of 3 up  9 in flight  11 ms
//   |- gates   5 pass, 1 inconclusive
//   |  `- health ?  a node is silent
//   `- served  green 1200 (0 failed), blue 1340 (0 failed), prober 310 (0 lost)
std::string SwitchTree(const v1::Switch& one, absl::Time now);

// What `switch plan` prints: findings, blockers first, the forecast, and whether it could be started.
std::string SwitchPlan(const v1::PlanSwitchResponse& plan);

// One line of `switch history` for each: when, which, how long, how it ended, requests and losses.
struct SwitchLine {
  std::string name;
  std::string decision;  // its id
  std::string what;      // "east -> west"
  std::string began;
  std::string took;
  std::string end;
  std::string requests;
  std::string lost;  // failed, cut, and of the prober
};
SwitchLine HistoryLine(const v1::Switch& one, absl::Time now);

}  // namespace evenkeel::cli
