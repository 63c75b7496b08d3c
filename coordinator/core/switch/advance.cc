#include "coordinator/core/switch/advance.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/freeze.h"
#include "coordinator/core/switch/shapes.h"
#include "coordinator/core/switch/transitions.h"

namespace evenkeel::coordinator {
namespace {

// A step that is written on all routes sooner is judged from its soak on.
constexpr absl::Duration kQuickMove = absl::Seconds(1);

// Since when green has been missed, beside what gates find bad.
constexpr char kNoServer[] = "servers";

// One look at a switch.
class OneLook {
 public:
  OneLook(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight)
      : record_(record), memory_(memory), sight_(sight), at_{record, memory, sight, moves_} {}

  SwitchMoves Go() {
    memory_.waits_for.clear();
    if (record_.phase == SwitchPhase::kEnded) return std::move(moves_);
    NoteTraffic();
    if (record_.phase == SwitchPhase::kPreflight) {
      JudgePreflight();
    } else if (!IsOutranked()) {
      LookAtRoutes();
      if (memory_.restored && AllWritten()) at_.ShowAnew();
      GoOn();
      WriteWishes();
    }
    return std::move(moves_);
  }

 private:
  void NoteTraffic() {
    if (record_.ledger.spans.empty()) at_.BeginLedger();
    for (const SwitchedRoute& route : record_.spec.routes) {
      const RouteSight& seen = sight_.routes.at(route.key);
      if (seen.reading) NoteReading(record_.ledger, route, *seen.reading);
    }
    NoteRecent(memory_.recent, TotalOf(record_.ledger), sight_.now);
    NoteFillsAgain();
  }

  // L10: what came to blue after its drain began has as much time to end as what was there then.
  void NoteFillsAgain() {
    const bool drains = record_.phase == SwitchPhase::kDraining || record_.phase == SwitchPhase::kHolding ||
                        record_.phase == SwitchPhase::kCommitting;
    if (!drains || !BlueHasShare()) return;
    record_.draining_since = sight_.now;
    memory_.empty_since.reset();
    if (record_.drained) moves_.changed = true;
    record_.drained = false;
  }

  bool BlueHasShare() const {
    return std::any_of(record_.spec.routes.begin(), record_.spec.routes.end(), [this](const auto& route) {
      const auto& reading = sight_.routes.at(route.key).reading;
      return reading && ReadSide(Side::kBlue, {route}, {{route.key, *reading}}, {}).has_share;
    });
  }

  // ---- preflight ----

  void JudgePreflight() {
    if (!sight_.findings) {
      memory_.waits_for = "the preflight";
      return;
    }
    // Where people are asked about a lost cluster the question stays open: with their answer it is found
    // anew.
    const bool is_asked = record_.stop && record_.origin == SwitchOrigin::kLostCluster;
    if (HasBlocker(*sight_.findings) && !is_asked) {
      const Finding& first = sight_.findings->front();
      return at_.End(SwitchEnd::kRefused,
                     absl::StrCat("The preflight found what blocks it: ", first.subject, ": ", first.words));
    }
    if (record_.spec.mode == SwitchMode::kObserve) {
      return at_.End(SwitchEnd::kObserved, "The preflight passed; the mode observes, so nothing was moved");
    }
    if (AwaitsEarlierRequests()) return;
    // The findings that hold a step hold the first one, too, when they come after the preflight.
    if (MayMove()) {
      at_.BeginStep(0);
      WriteWishes();
    }
  }

  // What green has in flight from before the switch, as after a rollback a moment ago, is slow: what was
  // quick has been answered. It would be taken for green's time in a first step that gives green little else.
  bool AwaitsEarlierRequests() {
    const SideReading green = at_.Reading(Side::kGreen);
    if (record_.origin == SwitchOrigin::kLostCluster || !green.in_flight_known || green.in_flight == 0) {
      return false;
    }
    if (sight_.now - record_.phase_since >= kEarlierPatience) return false;
    memory_.waits_for =
        absl::StrCat("what green has in flight from before: ", Count(green.in_flight, "request"));
    return true;
  }

  // ---- routes ----

  // L7: a coordinator with a greater epoch has written. Nothing is done here any more.
  bool IsOutranked() {
    for (const auto& [key, seen] : sight_.routes) {
      if (seen.write == WriteState::kOutranked) {
        at_.Stop(StopCause::kOutranked, absl::StrCat("another coordinator has written ", key.gateway, "/",
                                                     key.route, Because(seen.detail)));
      }
    }
    return record_.stop && record_.stop->cause == StopCause::kOutranked;
  }

  void LookAtRoutes() {
    for (const SwitchedRoute& route : record_.spec.routes) {
      const RouteSight& seen = sight_.routes.at(route.key);
      RouteRecord& known = record_.routes.at(route.key);
      if (known.written) memory_.in_doubt.erase(route.key);
      if (seen.write == WriteState::kRefused) Refused(route, seen);
      if (seen.write == WriteState::kBlocked) Blocked(route, known, seen);
      if (sight_.now - seen.away_since >= kGatewayPatience && !record_.stop) {
        // One that answers and does not do it, as one that refuses what a rollback wishes, says so itself.
        at_.Stop(StopCause::kGateway,
                 seen.reading
                     ? absl::StrCat("gateway ", route.key.gateway, " does not do what is wished of ",
                                    route.key.route, Because(seen.detail))
                     : absl::StrCat("gateway ", route.key.gateway, " does not answer", Because(seen.detail)));
      }
      if (!seen.reading || !known.written || seen.write != WriteState::kNone) continue;
      if (IsShaped(route, *seen.reading, known.wished)) {
        if (known.instance != seen.reading->instance) {
          known.instance = seen.reading->instance;  // reloaded, and nothing was lost
          at_.Happened(absl::StrCat("Gateway ", route.key.gateway, " was reloaded and has kept its weights"));
        }
        continue;
      }
      Changed(route, known,
              absl::StrCat("it has ", Say(route, ShapeOf(*seen.reading)), " instead of ",
                           Say(route, known.wished)),
              IsReloaded(known, seen));
    }
    if (record_.stop && record_.stop->cause == StopCause::kGateway && AllAnswer()) {
      record_.stop.reset();
      at_.Happened("All gateways answer again: it goes on");
    }
  }

  static bool IsReloaded(const RouteRecord& known, const RouteSight& seen) {
    return seen.reading && !known.instance.empty() && known.instance != seen.reading->instance;
  }

  bool AllAnswer() const {
    return std::all_of(sight_.routes.begin(), sight_.routes.end(), [](const auto& route) {
      return route.second.reading && route.second.away_since == absl::InfiniteFuture();
    });
  }

  void Refused(const SwitchedRoute& route, const RouteSight& seen) {
    const std::string why = absl::StrCat("gateway ", route.key.gateway, " refuses what is wished of ",
                                         route.key.route, Because(seen.detail));
    if (record_.phase == SwitchPhase::kMoving && !record_.stop) {
      at_.FailStep(why);
    } else {
      at_.Stop(StopCause::kRefused, why);
    }
  }

  static bool Closes(const SwitchedRoute& route, const RouteShape& shape) {
    const auto blue = shape.backends.find(route.blue);
    return blue != shape.backends.end() && blue->second.mode == BackendMode::kClosed;
  }

  void Blocked(const SwitchedRoute& route, RouteRecord& known, const RouteSight& seen) {
    if (record_.phase == SwitchPhase::kCommitting && Closes(route, known.wished)) {
      // Something is in flight at blue again: it is not closed, and its drain is watched anew.
      memory_.empty_since.reset();
      at_.UnwishCommit();
      // Or the route is another's by now. Where that was not read, the wish that it stays open shows it.
      if (!seen.reading || ShapeOf(*seen.reading) == known.read) return;
    }
    Changed(route, known, seen.detail, IsReloaded(known, seen));
  }

  // A route is not as it was wished, and nobody here wrote it so.
  void Changed(const SwitchedRoute& route, RouteRecord& known, const std::string& what, bool reloaded) {
    // Nothing is written: it is looked at again when it goes on.
    if (IsFrozen(record_)) return;
    const std::string name = absl::StrCat(route.key.gateway, "/", route.key.route);
    const std::string how =
        reloaded ? "the gateway was reloaded and " : "somebody else has changed the route: ";
    const OnForeignChange rule = reloaded ? record_.spec.on_reload : record_.spec.on_foreign_change;
    // What goes back to blue is wished whatever was there. Where people were asked what is to become of
    // green, whoever changed it may have come to its rescue.
    const bool heals =
        (rule == OnForeignChange::kHeal && !IsLeftToPeople()) || record_.phase == SwitchPhase::kRollingBack;
    if (heals && MayHeal(known)) {
      known.written = false;
      if (record_.phase == SwitchPhase::kSoaking) record_.phase_since = sight_.now;  // it shows itself anew
      at_.Happened(absl::StrCat(name, ": ", how, what, "; it is written again"));
      healed_.insert(route.key);
      return;
    }
    // Of another stop nothing is written to it either; but a wish that is still to be written would be wished
    // again and again.
    if (record_.stop && known.written) return;
    at_.Stop(
        StopCause::kForeignChange,
        absl::StrCat(name, ": ", how, what,
                     heals ? absl::StrCat("; it was written again ", kMostHeals, " times already") : ""));
  }

  // Green fails, and people were asked what is to become of it: it is not given back what somebody, or a
  // reload, has taken from it since.
  bool IsLeftToPeople() const {
    return record_.stop &&
           (record_.stop->cause == StopCause::kGates || record_.stop->cause == StopCause::kWayBack);
  }

  // The same, where it was taken while no coordinator looked.
  bool WasChangedUnseen(const SwitchedRoute& route, const RouteRecord& known, const RouteSight& seen) const {
    return memory_.restored && IsLeftToPeople() &&
           !(seen.reading && IsShaped(route, *seen.reading, known.wished));
  }

  bool MayHeal(RouteRecord& known) {
    if (sight_.now - known.healing_since > kHealSpan) {
      known.heals = 0;
      known.healing_since = sight_.now;
    }
    if (known.heals >= kMostHeals) return false;
    ++known.heals;
    moves_.changed = true;
    return true;
  }

  // Whatever is not as it was wished is wished again.
  void WriteWishes() {
    if (record_.phase == SwitchPhase::kEnded) return;
    if (IsFrozen(record_)) return;
    // What may be cut was counted of all routes together: each cuts no more than its part of that.
    uint64_t may_cut = record_.phase == SwitchPhase::kCommitting ? record_.may_cut : 0;
    for (const SwitchedRoute& route : record_.spec.routes) {
      const RouteSight& seen = sight_.routes.at(route.key);
      RouteRecord& known = record_.routes.at(route.key);
      const bool under_way = seen.write == WriteState::kUnderWay && seen.under_way == known.wished;
      if (known.written || under_way) continue;
      if (WasChangedUnseen(route, known, seen)) continue;
      if (MovesOntoTheDead(route, known, seen)) {
        memory_.waits_for = absl::StrCat("a server of green that answers gateway ", route.key.gateway);
        continue;
      }
      // Not in the look that was told of the refusal, else it would be asked as fast as it answers.
      if (seen.write == WriteState::kRefused && record_.phase == SwitchPhase::kMoving) continue;
      // What it takes the place of is on its way.
      if (seen.write == WriteState::kUnderWay) memory_.in_doubt.insert(route.key);
      WishToWrite wish{.key = route.key, .shape = known.wished, .only_from = {}, .may_cut = 0};
      const bool whatever = record_.phase == SwitchPhase::kRollingBack || healed_.contains(route.key) ||
                            memory_.in_doubt.contains(route.key) ||
                            record_.spec.on_foreign_change == OnForeignChange::kHeal;
      if (!whatever) wish.only_from = known.read;
      wish.may_cut = std::min(may_cut, InFlightAtBlue(route, seen));
      may_cut -= wish.may_cut;
      moves_.wishes.push_back(std::move(wish));
    }
  }

  // L10: it would give green more of a route whose gateway's checks find none of green's servers. What is out
  // of use is not checked.
  static bool MovesOntoTheDead(const SwitchedRoute& route, const RouteRecord& known, const RouteSight& seen) {
    if (known.written || !seen.reading || !seen.checks_servers) return false;
    const auto green = seen.reading->backends.find(route.green);
    const auto wished = known.wished.backends.find(route.green);
    if (green == seen.reading->backends.end() || wished == known.wished.backends.end()) return false;
    const bool is_dead = green->second.servers > 0 && green->second.servers_up == 0 &&
                         green->second.mode != BackendMode::kClosed;
    const bool gains = wished->second.percent > green->second.percent ||
                       (known.wished.canary && known.wished.canary != seen.reading->canary);
    return is_dead && gains;
  }

  static uint64_t InFlightAtBlue(const SwitchedRoute& route, const RouteSight& seen) {
    if (!seen.reading) return 0;
    const auto blue = seen.reading->backends.find(route.blue);
    return blue == seen.reading->backends.end() ? 0 : blue->second.in_flight.value_or(0);
  }

  bool AllWritten() const {
    return std::all_of(record_.routes.begin(), record_.routes.end(),
                       [](const auto& route) { return route.second.written; });
  }

  // ---- going on ----

  void GoOn() {
    // While it stands it waits for people, not for its gates.
    if (record_.stop) memory_.untold_since.reset();
    if (LosesBlue()) return;
    switch (record_.phase) {
      case SwitchPhase::kMoving:
        if (AllWritten()) return at_.BeginSoak();
        // What a route cannot be given for so long the others have by now.
        if (sight_.now - record_.phase_since >= kQuickMove) GreenFails();
        return;
      case SwitchPhase::kSoaking:
        return Soak();
      case SwitchPhase::kDraining:
        if (!GreenFails() && AllWritten()) Drain();
        return;
      case SwitchPhase::kHolding:
        if (!GreenFails() && AllWritten()) Hold();
        return;
      case SwitchPhase::kCommitting:
        return Commit();
      case SwitchPhase::kRollingBack:
        return GoBack();
      case SwitchPhase::kPreflight:
      case SwitchPhase::kEnded:
        return;
    }
  }

  // Blue is lost in the midst of the switch: there is nothing to be compared with and no way back, and every
  // request that is still sent there is lost. True: that was dealt with.
  bool LosesBlue() {
    const bool midst = record_.phase == SwitchPhase::kMoving || record_.phase == SwitchPhase::kSoaking;
    const auto last = static_cast<uint32_t>(record_.spec.steps.size() - 1);
    if (!sight_.blue.lost || !midst || record_.step == last) return false;
    if (record_.stop && !HasPassed(*record_.stop)) return false;
    const HealthAnswer green = JudgeCarrier(sight_.green, at_.Reading(Side::kGreen));
    if (green.health == Health::kUnhealthy) {
      at_.Stop(StopCause::kWayBack, absl::StrCat("cluster ", record_.spec.from,
                                                 " is lost, and green is not well: ", green.reason));
    } else if (record_.spec.on_lost_blue == OnLostBlue::kFinish || record_.may_hurry) {
      record_.stop.reset();
      at_.Happened(absl::StrCat("Cluster ", record_.spec.from, " is lost: green gets everything"));
      at_.BeginStep(last);
    } else {
      at_.Stop(StopCause::kLostBlue,
               absl::StrCat("cluster ", record_.spec.from, " is lost; green could have everything at once"));
    }
    return true;
  }

  // It stopped because green failed beside a sick blue, and green does not fail any more: its blue was dying.
  bool HasPassed(const SwitchStop& stop) const {
    return stop.cause == StopCause::kWayBack && !memory_.gates.empty() &&
           Together(memory_.gates) != GateVerdict::kFail;
  }

  // A stop for these reasons leaves the failing green to people as well.
  bool LeavesToPeople() const {
    if (!record_.stop) return false;
    switch (record_.stop->cause) {
      case StopCause::kOperator:
      case StopCause::kApproval:
      case StopCause::kLostBlue:
      case StopCause::kGates:
      case StopCause::kDrain:
      case StopCause::kGateway:
        return false;
      case StopCause::kWayBack:
      case StopCause::kForeignChange:
      case StopCause::kRefused:
      case StopCause::kOutranked:
        return true;
    }
    return true;
  }

  // Asks the gates; one that fails fails the step.
  bool GreenFails() {
    if (MissesGreen()) return true;
    if (memory_.restored) return false;  // the routes have not been read back yet
    const GateSight gates = at_.SightOfGates();
    memory_.gates = AskGates(record_.spec.gates, gates, memory_.bad_since);
    DoubtProber(gates);
    record_.baseline = NoteBaseline(record_.baseline, gates);
    const bool fails = Together(memory_.gates) == GateVerdict::kFail;
    // A step that a gateway refuses fails as well, whatever the gates say.
    if (!fails && record_.phase != SwitchPhase::kMoving) memory_.failing_since.reset();
    if (!fails || LeavesToPeople()) return false;
    at_.FailStep(Reasons(memory_.gates, GateVerdict::kFail));
    return true;
  }

  // What gates cannot tell while a route is not read, nor until all are read back after a restart: another
  // one is to be given to green, and its gateway finds nobody there.
  bool MissesGreen() {
    const auto missing = std::find_if(
        record_.spec.routes.begin(), record_.spec.routes.end(), [this](const SwitchedRoute& route) {
          return MovesOntoTheDead(route, record_.routes.at(route.key), sight_.routes.at(route.key));
        });
    if (missing == record_.spec.routes.end()) {
      if (memory_.bad_since.erase(kNoServer) > 0) memory_.failing_since.reset();
      return false;
    }
    const absl::Time since = memory_.bad_since.try_emplace(kNoServer, sight_.now).first->second;
    if (sight_.now - since < record_.spec.gates.bad_for || LeavesToPeople()) return false;
    at_.FailStep(absl::StrCat("none of its servers answers gateway ", missing->key.gateway));
    return true;
  }

  // A request that got no answer names no side. While both have traffic and blue is not well it may have been
  // blue's: green is not taken from for it, least of all for a blue that is dying.
  void DoubtProber(const GateSight& gates) {
    if (record_.phase != SwitchPhase::kMoving && record_.phase != SwitchPhase::kSoaking) return;
    const auto prober = std::find_if(memory_.gates.begin(), memory_.gates.end(),
                                     [](const GateAnswer& answer) { return answer.gate == "prober"; });
    if (prober == memory_.gates.end() || prober->verdict != GateVerdict::kFail) return;
    uint64_t by_green = 0;
    for (const auto& [kind, count] : gates.probes) by_green += count.failed_on_green;
    if (by_green > record_.spec.gates.max_probe_failures) return;
    const HealthAnswer blue = at_.WayBack(false);
    if (blue.health == Health::kHealthy) return;
    prober->verdict = GateVerdict::kInconclusive;
    absl::StrAppend(&prober->reason, ", which may have been blue's: ", blue.reason);
  }

  void Soak() {
    if (GreenFails() || record_.stop || !AllWritten()) return;
    const absl::Duration soaked = sight_.now - record_.phase_since;
    const SwitchStep& step = record_.spec.steps[record_.step];
    if (soaked < step.soak) return memory_.untold_since.reset();
    if (!GatesPass()) return;
    if (record_.step + 1 == record_.spec.steps.size()) return at_.BeginDrain();
    if (MayMove()) at_.BeginStep(record_.step + 1);
  }

  // Else it waits, and stops after the gates' patience.
  bool GatesPass() {
    if (Together(memory_.gates) == GateVerdict::kPass) {
      memory_.untold_since.reset();
      return true;
    }
    if (!memory_.untold_since) memory_.untold_since = sight_.now;
    const absl::Duration waited = sight_.now - *memory_.untold_since;
    const std::string open = Reasons(memory_.gates, GateVerdict::kInconclusive);
    if (waited < record_.spec.gates.patience) {
      memory_.waits_for = open;
    } else {
      at_.Stop(StopCause::kGates,
               absl::StrCat("it could not be told in ", Say(waited), " whether to go on: ", open));
    }
    return false;
  }

  // Whether green may be given more now, or the way back be closed.
  bool MayMove() {
    if (record_.stop) return false;
    const uint32_t next = record_.phase == SwitchPhase::kPreflight ? 0 : record_.step + 1;
    const bool is_step = next < record_.spec.steps.size();
    if (is_step && record_.spec.steps[next].approve && !record_.approved) {
      at_.Stop(StopCause::kApproval,
               absl::StrCat("the step ", Say(record_.spec.steps[next]), " waits for approval"));
      return false;
    }
    if (const auto freeze = FreezeAt(record_.spec.freezes, sight_.now)) {
      memory_.waits_for =
          absl::StrCat("the end of the freeze", Because(freeze->name), " at ", SayTime(freeze->until));
      return false;
    }
    memory_.waits_for = sight_.held;
    return sight_.held.empty();
  }

  void Drain() {
    if (record_.stop) return;
    const SideReading blue = at_.Reading(Side::kBlue);
    if (Emptied(blue)) {
      record_.drained = true;
      at_.Happened("Nothing is in flight at blue any more, as the gateway counts");
      return at_.BeginHold();
    }
    if (sight_.now - record_.draining_since < record_.spec.drain.deadline || IsEmptyNow()) {
      memory_.waits_for = IsEmptyNow() ? "certainty that nothing is in flight at blue" : InFlight(blue);
      return;
    }
    at_.Happened(absl::StrCat("After ", Say(record_.spec.drain.deadline), " blue still has ", InFlight(blue),
                              "; it is left alone"));
    at_.BeginHold();
  }

  static std::string InFlight(const SideReading& blue) {
    if (!blue.seen) return "what the gateway does not tell";
    if (!blue.in_flight_known) return "what this gateway does not count";
    return absl::StrCat(Count(blue.in_flight, "request"), " in flight at blue");
  }

  // Nothing has been in flight for kEmptyFor.
  bool Emptied(const SideReading& blue) {
    if (!blue.seen || !blue.in_flight_known || blue.in_flight > 0) {
      memory_.empty_since.reset();
      return false;
    }
    if (!memory_.empty_since) memory_.empty_since = sight_.now;
    return sight_.now - *memory_.empty_since >= kEmptyFor;
  }

  // As the look before this call saw it; that it stays so is proven within kEmptyFor, or it is not empty
  // then.
  bool IsEmptyNow() const { return memory_.empty_since.has_value(); }

  void Hold() {
    if (!record_.drained && Emptied(at_.Reading(Side::kBlue))) {
      record_.drained = moves_.changed = true;
    }
    if (record_.stop) return;
    if (sight_.now < record_.hold_until) return;
    if (!record_.spec.hold.commit_by_itself) {
      memory_.waits_for = "somebody to commit it";
      return;
    }
    if (GatesPass() && MayMove()) at_.BeginCommit();
  }

  // L10: blue is closed only when nothing is in flight there, or when what would be cut has been counted and
  // allowed.
  void Commit() {
    if (record_.commit_wished) {
      if (AllWritten()) at_.End(SwitchEnd::kCommitted, at_.SummaryOfCommit());
      return;
    }
    // Until blue is closed the way back is open.
    if (GreenFails()) return;
    const SideReading blue = at_.Reading(Side::kBlue);
    const bool emptied = Emptied(blue);
    if (emptied && record_.stop && record_.stop->cause == StopCause::kDrain) {
      record_.stop.reset();
      at_.Happened("Nothing is in flight at blue any more: it goes on");
    }
    if (record_.stop || !AllWritten()) return;
    if (!record_.spec.hold.close_blue) return at_.WishCommitted(false);
    if (emptied) return at_.WishCommitted(true);
    const bool late = sight_.now - record_.draining_since >= record_.spec.drain.deadline;
    if (!late || IsEmptyNow()) {
      memory_.waits_for = IsEmptyNow() ? "certainty that nothing is in flight at blue" : InFlight(blue);
      return;
    }
    if (record_.may_cut > 0 && blue.seen && blue.in_flight_known && blue.in_flight <= record_.may_cut) {
      return at_.WishCommitted(true);
    }
    switch (record_.spec.drain.at_deadline) {
      case AtDrainDeadline::kLeave:
        at_.Happened(absl::StrCat("Blue is not closed: it still has ", InFlight(blue)));
        return at_.WishCommitted(false);
      case AtDrainDeadline::kCut:
        if (blue.seen && blue.in_flight_known) {
          at_.Happened(absl::StrCat("Closing blue cuts at most ", InFlight(blue), ", as the rule says"));
          record_.may_cut = blue.in_flight;
          return at_.WishCommitted(true);
        }
        break;
      case AtDrainDeadline::kAsk:
        break;
    }
    at_.Stop(StopCause::kDrain, absl::StrCat("closing blue would cut ", InFlight(blue)));
  }

  void GoBack() {
    if (AllWritten()) {
      return at_.End(SwitchEnd::kRolledBack,
                     absl::StrCat("Blue has all traffic again: ", record_.rollback_reason));
    }
    // L10, also where blue falls ill on the way.
    const HealthAnswer back = at_.WayBack(false);
    if (back.health == Health::kUnhealthy && !record_.stop) {
      at_.Stop(StopCause::kWayBack,
               absl::StrCat("blue fell ill while it was being given its traffic back: ", back.reason));
    }
  }

  SwitchRecord& record_;
  SwitchMemory& memory_;
  const SwitchSight& sight_;
  SwitchMoves moves_;
  std::set<RouteKey> healed_;
  Transitions at_;
};

}  // namespace

bool IsFrozen(const SwitchRecord& record) {
  if (!record.stop) return false;
  switch (record.stop->cause) {
    case StopCause::kForeignChange:
    case StopCause::kOutranked:
      return true;
    case StopCause::kRefused:
      return record.phase != SwitchPhase::kRollingBack;
    case StopCause::kWayBack:
      // Neither more to a green that fails, nor back to a blue that does; after a restart neither.
      return true;
    case StopCause::kGates:
      // Nor what is still missing of a step.
      return record.phase == SwitchPhase::kMoving;
    case StopCause::kOperator:
    case StopCause::kApproval:
    case StopCause::kGateway:
    case StopCause::kLostBlue:
    case StopCause::kDrain:
      return false;
  }
  return true;
}

SwitchMoves Advance(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight) {
  return OneLook(record, memory, sight).Go();
}

}  // namespace evenkeel::coordinator
