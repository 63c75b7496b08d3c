// What the core says to a gateway and hears of it: one vocabulary for every kind of gateway. A gateway holds
// routes; a route spreads its requests over two backends or more by weight. What a route is called in a kind
// of gateway is its adapter's to say (a `backend` section of HAProxy, an HTTPRoute, a Service, a listener).
//
// Everything here is a statement of what shall be, or of what was read: none is a command to change something
// by so much. So a statement that is repeated after a crash changes nothing (L4).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

// One route of one gateway: what a switch holds for itself alone (L3).
struct RouteKey {
  std::string gateway;                                // as the coordinator's configuration calls it
  std::string route;                                  // in the words of that kind of gateway
  auto operator<=>(const RouteKey&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
};

enum class BackendMode {
  kServing,   // gets requests by its weight; with weight 0 none that are new
  kDraining,  // gets none that are new, not those of a sticky session either; what is in flight goes on
  kClosed,    // out of use. Only where nothing is in flight: an adapter refuses it (kBlocked) where it is not
};

// One side of a route: what of one cluster stands behind it. It may be made of several servers, which its
// adapter knows; their weights are chosen so that they have the backend's share together.
struct BackendWish {
  uint32_t percent = 0;  // of the route's requests, 0-100; those of a route's backends are 100 together
  BackendMode mode = BackendMode::kServing;
  bool operator==(const BackendWish&) const = default;
};

// Requests with this header go to `backend`, whatever the weights are.
struct CanaryRule {
  std::string header;  // name, lower case
  std::string value;   // equal to this, byte by byte
  std::string backend;
  bool operator==(const CanaryRule&) const = default;
};

// A route as it shall be, or was read to be.
struct RouteShape {
  std::map<std::string, BackendWish> backends;  // by name
  std::optional<CanaryRule> canary;
  bool operator==(const RouteShape&) const = default;
};

// Who wrote a route last, kept by the gateway itself as near to the weights as its kind allows. The order of
// marks is that of (epoch, version): an adapter writes nothing over a mark that is greater than its own (L7).
struct RouteMark {
  uint64_t epoch = 0;    // of the coordinator's start
  DecisionId owner;      // the switch
  uint64_t version = 0;  // number of the wish in its epoch, from 1: rises over all switches
  bool operator==(const RouteMark&) const = default;
};

// To the gateway: the route shall be so.
struct RouteWish {
  RouteKey key;
  RouteShape shape;
  RouteMark mark;
  // Written only where the route reads as this, or as `shape` already; else kBlocked, and the answer holds
  // what was read. None: whatever it is (a rollback, and what the switch's rules heal).
  std::optional<RouteShape> only_from;
  // The most requests that closing a backend may cut. 0: none, as everywhere but where an operator has seen
  // the number and ordered it.
  uint64_t may_cut = 0;
  bool operator==(const RouteWish&) const = default;
};

// How much is known of a shape that was read.
enum class Proof {
  kConfigured,  // it is written where the gateway reads it
  kAccepted,    // the gateway's controller has taken it (conditions of this generation; an ACK)
  kServed,      // what carries the requests says so itself
};

// How long answers took: a sum that only rises, so that the difference of two readings is the time of what
// was answered between them, however long ago anything else was. An adapter may begin again with 0 at any
// time (it may have to remember the sum itself, and forgets it when it ends).
struct AnswerTime {
  uint64_t answers = 0;   // whose time is in the sum
  absl::Duration total;   // that they took, one after another
  absl::Duration within;  // a difference may be wrong by so much, however many answers it is of; 0: exact
  bool operator==(const AnswerTime&) const = default;

  // `time` shared among the answers, in whole nanoseconds, as times are stored. None: there are none.
  std::optional<absl::Duration> Each(absl::Duration time) const {
    if (answers == 0) return std::nullopt;
    return absl::Trunc(time / static_cast<int64_t>(answers), absl::Nanoseconds(1));
  }
  std::optional<absl::Duration> Mean() const { return Each(total); }
};

// Since the gateway's process began (`RouteReading.instance`); they begin again with the next one.
struct BackendCounters {
  uint64_t requests = 0;       // answered or failed; of TCP: connections that ended
  uint64_t server_errors = 0;  // answered with 5xx
  uint64_t failed = 0;         // no whole answer: connection refused, reset, timed out at the server's side
  uint64_t cut = 0;            // ended by the gateway's own action
  std::optional<AnswerTime> answer_time;  // none: it does not measure that
  bool operator==(const BackendCounters&) const = default;
};

struct BackendReading {
  uint32_t percent = 0;  // of what is new, as the weights say now, rounded
  BackendMode mode = BackendMode::kServing;
  uint32_t servers = 0;     // that it is made of
  uint32_t servers_up = 0;  // as the gateway's own checks see them; without checks, all that are not closed
  // Requests (of TCP: connections) that its servers have not finished. None: this kind does not count them,
  // so nothing about its drain can be proven.
  std::optional<uint64_t> in_flight;
  std::optional<BackendCounters> counters;  // none: not counted by this kind
  bool operator==(const BackendReading&) const = default;
};

// A route as it is. Taken in one look as far as the kind allows.
struct RouteReading {
  std::map<std::string, BackendReading> backends;  // the switch's, and every other one of the route
  std::optional<CanaryRule> canary;
  Proof proof = Proof::kConfigured;
  std::optional<RouteMark> mark;  // none: nobody has written, or it was lost with a reload
  // The gateway's process (its start, a uid): another one means that it was reloaded or restarted, and that
  // what only lived in its memory may be gone.
  std::string instance;
  // Of the route's configuration: another one means that somebody wrote, whoever it was. Empty: not known.
  std::string revision;
  bool operator==(const RouteReading&) const = default;
};

// The shape of a reading, to be compared with a wish.
RouteShape ShapeOf(const RouteReading& reading);

// "blue 90%, green 10%, canary x-canary: yes -> green"; a mode is named where it is not kServing.
std::string ToWords(const RouteShape& shape);

// What a kind of gateway can do: stated by its adapter, held by the contract suite, told with the first
// reading, and gone by in the preflight.
struct GatewayAbilities {
  bool atomic = false;         // all backends of a route change at once
  bool weights = false;        // shares between 0 and 100; else only one backend or the other
  uint32_t least_percent = 1;  // the smallest share above 0 that it can give
  bool canary = false;
  bool counts_in_flight = false;
  bool counts_requests = false;
  bool checks_servers = false;   // servers_up is what it found itself
  bool survives_reload = false;  // the shape does
  bool fences = false;           // a write with a lesser mark changes nothing, also in a race
  Proof best_proof = Proof::kConfigured;
  bool operator==(const GatewayAbilities&) const = default;
};

}  // namespace evenkeel::coordinator
