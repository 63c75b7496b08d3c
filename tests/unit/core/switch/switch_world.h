// A switch in a small world: gateways that do as they are told, clients at 300 requests a second, and two
// clusters whose health the test decides. The test plays the core's host: it looks each 100 ms, and writes
// what is wished before the next look.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/core/switch/advance.h"
#include "coordinator/core/switch/shapes.h"
#include "coordinator/core/switch/switch_orders.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {

inline const RouteKey kWeb = {"edge", "web"};

// ASwitch with a short hold.
inline SwitchSpec Quick() {
  SwitchSpec spec = ASwitch();
  spec.hold.length = absl::Seconds(5);
  return spec;
}

class SwitchWorld : public testing::Test {
 protected:
  static constexpr absl::Duration kLook = absl::Milliseconds(100);
  static constexpr uint64_t kRequestsALook = 30;

  SwitchWorld() : now_(kStart) {
    blue_ = green_ = AWellSide();
    findings_.emplace();
  }

  // One that is begun, with routes as they are before a switch.
  void Begin(const SwitchSpec& spec) {
    record_ = {};
    record_.spec = spec;
    record_.phase_since = now_;
    memory_ = {};
    for (const SwitchedRoute& route : spec.routes) gateway_[route.key] = AReading(0);
  }

  SwitchSight Sight() const {
    SwitchSight sight{.now = now_,
                      .routes = {},
                      .blue = blue_,
                      .green = green_,
                      .hooks = {},
                      .findings = findings_,
                      .held = held_};
    for (const auto& [key, reading] : gateway_) {
      RouteSight& seen = sight.routes[key];
      if (!away_.contains(key)) seen.reading = reading;
      seen.checks_servers = checks_servers_;
      if (const auto answer = answers_.find(key); answer != answers_.end()) {
        seen.write = answer->second;
        seen.detail = "so it says";
      }
      if (const auto since = away_since_.find(key); since != away_since_.end())
        seen.away_since = since->second;
    }
    return sight;
  }

  // One look, and what follows from it.
  void Look() {
    const SwitchMoves moves = Advance(record_, memory_, Sight());
    answers_.clear();
    for (const std::string& one : moves.happened) happened_.push_back(one);
    for (const WishToWrite& wish : moves.wishes) Write(wish);
    if (crashes_ > 0 && --crashes_ == 0) RestoreSwitch(record_, memory_, now_);
  }

  void Pass(absl::Duration by) {
    for (const absl::Time end = now_ + by; now_ < end;) {
      now_ += kLook;
      Serve();
      Look();
    }
  }
  // Until it is in that phase, or has stopped; no longer than a minute.
  void PassUntil(SwitchPhase phase) {
    for (int i = 0; i < 600 && record_.phase != phase && !record_.stop; ++i) Pass(kLook);
  }
  // Until a look wishes the commit; what it wishes is not written.
  void PassUntilCommitIsWished() {
    while (!record_.commit_wished && record_.phase == SwitchPhase::kCommitting) {
      now_ += kLook;
      Advance(record_, memory_, Sight());
    }
  }
  // Until that step soaks.
  void PassToStep(uint32_t step) {
    for (int i = 0; i < 600; ++i) {
      if (record_.phase == SwitchPhase::kSoaking && record_.step == step) return;
      Pass(kLook);
    }
    FAIL() << "step " << step << " never soaked: " << Word(record_.phase);
  }

  uint32_t Green(const std::string& route = "web") const {
    return gateway_.at({"edge", route}).backends.at("west").percent;
  }
  bool Happened(const std::string& part) const {
    for (const std::string& one : happened_) {
      if (one.find(part) != std::string::npos) return true;
    }
    return false;
  }

  absl::Time now_;
  SwitchRecord record_;
  SwitchMemory memory_;
  SideSight blue_;
  SideSight green_;
  std::optional<std::vector<Finding>> findings_;
  std::string held_;
  std::map<RouteKey, RouteReading> gateway_;
  std::map<RouteKey, WriteState> answers_;  // that the next look is shown
  bool checks_servers_ = true;              // the gateways do
  std::set<RouteKey> away_;                 // not read
  std::map<RouteKey, absl::Time> away_since_;
  std::set<RouteKey> deaf_;  // what is wished of it stays under way
  std::set<RouteKey> refuses_;
  uint32_t green_fails_percent_ = 0;
  uint32_t blue_fails_percent_ = 0;
  int crashes_ = 0;  // after so many looks the coordinator dies
  uint64_t prober_ = 0;
  std::vector<WishToWrite> wishes_;
  std::vector<std::string> happened_;

 private:
  void Write(const WishToWrite& wish) {
    wishes_.push_back(wish);
    RouteReading& reading = gateway_.at(wish.key);
    if (deaf_.contains(wish.key)) {
      answers_[wish.key] = WriteState::kUnderWay;
      return;
    }
    if (refuses_.contains(wish.key) && wish.shape.backends.at("west").percent > 0) {
      answers_[wish.key] = WriteState::kRefused;
      return;
    }
    if (wish.only_from && ShapeOf(reading) != *wish.only_from && ShapeOf(reading) != wish.shape) {
      answers_[wish.key] = WriteState::kBlocked;
      return;
    }
    for (const auto& [name, backend] : wish.shape.backends) {
      BackendReading& now = reading.backends.at(name);
      if (backend.mode == BackendMode::kClosed && now.in_flight.value_or(0) > wish.may_cut) {
        answers_[wish.key] = WriteState::kBlocked;
        return;
      }
      now.percent = backend.percent;
      now.mode = backend.mode;
    }
    reading.canary = wish.shape.canary;
    NoteWritten(record_, wish.key, reading);
  }

  // Clients are served by the weights; the prober goes through, too.
  void Serve() {
    for (auto& [key, reading] : gateway_) {
      const uint64_t to_green = kRequestsALook * reading.backends.at("west").percent / 100;
      const auto serve = [](BackendReading& backend, uint64_t requests, uint32_t fails_percent) {
        if (!backend.counters) return;
        Answer(backend, requests, requests * fails_percent / 100);
      };
      serve(reading.backends.at("west"), to_green, green_fails_percent_);
      serve(reading.backends.at("east"), kRequestsALook - to_green, blue_fails_percent_);
    }
    prober_ += 2;
    NoteProbes(record_.ledger, 1, {{ProbeKind::kFresh, {.requests = prober_}}}, {});
  }
};

}  // namespace evenkeel::coordinator
