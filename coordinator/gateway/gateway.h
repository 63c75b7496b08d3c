// One gateway, of whatever kind: what the switch planner's words (core/switch/gateway_facts.h) become at the
// edge. Each kind is one implementation, held by one contract suite (tests/contract/gateway) against the real
// thing; what each guarantees is a table in coordinator/DESIGN.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/core/events.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/preflight.h"
#include "coordinator/gateway/call.h"

namespace evenkeel::coordinator {

// Which servers each backend of a route is made of, in the words of the gateway's kind. A backend that is not
// named here is the one thing of its own name.
using RouteParts = std::map<std::string, std::vector<std::string>>;

struct RoutePlace {
  std::string route;  // RouteKey.route
  RouteParts parts;
};

// What became of a wish.
//   kDone         written, and read back equal
//   kAlreadyDone  read equal before anything was written; a lesser mark was brought up to date all the same
//   kBlocked      `only_from` does not hold, or what is to be closed has requests in flight. Nothing written
//   kNotMine      a greater mark is there, or one of another store (L7). Nothing written
//   kRefused      the gateway says no, or its kind cannot do it; asking again changes nothing
//   kUnreachable  no answer, or it reads back otherwise: it may be done or not. Ask again
//   kWithdrawn    the call was interrupted before anything was written
struct ShapeAnswer {
  ActionOutcome outcome = ActionOutcome::kUnreachable;
  std::string detail;                   // in words
  std::optional<RouteReading> reading;  // the last one that was made, where one was
};

// How the servers of a backend are to be tried: GET `path`, or a connection where it is empty.
struct BackendCheck {
  std::string backend;
  uint16_t port = 0;  // 0: the one that the gateway sends requests to
  std::string path;
};

// That `server` (or all of a backend, by its name) could not be tried, and why.
inline std::vector<ServerCheck> NotTried(std::string server, std::string why) {
  return {{.server = std::move(server), .tried = false, .answered = false, .detail = std::move(why)}};
}

// Calls block, for no longer than their `call` allows, and come from one thread at a time. What fails for
// want of an answer is tried again by the adapter, in jittered pauses, for as long as the call lasts, so long
// as trying again changes nothing that is done already (L4).
class Gateway {
 public:
  virtual ~Gateway() = default;

  // Of this kind at its best, with its options. Any thread.
  virtual GatewayAbilities abilities() const = 0;
  // Of one route, where routes of this kind differ. INVALID_ARGUMENT as Read.
  virtual absl::StatusOr<GatewayAbilities> AbilitiesOf(const RoutePlace& /*place*/) { return abilities(); }

  // The route as it is. NOT_FOUND: there is no such route, or a part of it; INVALID_ARGUMENT: the place makes
  // no sense to this kind; PERMISSION_DENIED; FAILED_PRECONDITION: the gateway is not set up as it has to be;
  // INTERNAL: what it says makes no sense; UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED. Each says what helps.
  virtual absl::StatusOr<RouteReading> Read(const RoutePlace& place, const Call& call) = 0;

  // Makes the route as wished. `wish.key.route` is `place.route`.
  virtual ShapeAnswer Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) = 0;

  // Whether the backend's servers answer, tried from the gateway's side: each by its name. What this kind
  // cannot try so is told with `tried` = false and the reason; so is what could not be asked in time. Empty:
  // the gateway has no server for that backend. A gateway that has checks of its own tells what these found
  // last, and says so: port and path are then those of its configuration.
  virtual std::vector<ServerCheck> Check(const RoutePlace& place, const BackendCheck& check,
                                         const Call& call) = 0;

  // Whether what a wish means becomes another thing with time, because others own it (the endpoints of a
  // Service): then Keep is called about each second, whatever is watched. Any thread.
  virtual bool keeps() const { return false; }
  // Brings it up to date, under the mark of whoever wished it; no share is changed, and nobody is left with
  // nothing. OK: all is so; else why something is not, and the next call tries again.
  virtual absl::Status Keep(const Call& /*call*/) { return absl::OkStatus(); }
};

}  // namespace evenkeel::coordinator
