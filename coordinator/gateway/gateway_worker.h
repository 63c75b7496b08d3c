// The thread of one gateway: reads the routes that are watched, tries backends, and carries out what is
// wished, one thing at a time. So what is told is in the order in which it was seen, and what was read back
// of a write is told before the write's answer.
//
// A wish goes before all else, and ends a reading or a try that is under way (which is then begun anew); a
// wish with a greater mark takes the place of one of the same route that waits (answered kWithdrawn) and ends
// one that is under way: nobody waits for a step that is overtaken by its rollback.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/events.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/gateway/gateway.h"

namespace evenkeel::coordinator {

// A released action that wishes a route's shape.
struct ShapeOrder {
  DecisionId decision;
  uint32_t number = 0;
  uint32_t attempt = 0;
  RouteWish wish;
  std::string cluster;  // whose switch it is
};

// Told on the worker's thread (what cannot be taken, and the orders that are left at the end: on the
// caller's). It may call the worker, but not destroy it.
class GatewayListener {
 public:
  virtual ~GatewayListener() = default;
  virtual void RouteWasRead(const RouteKey& key, const RouteReading& reading,
                            const GatewayAbilities& abilities) = 0;
  // Once, when it could not be read for `lost_after` or three tries, or at once when trying again would not
  // help; the next reading ends it, and the next Watch of it has it told again.
  virtual void RouteWasLost(const RouteKey& key, const std::string& detail) = 0;
  virtual void BackendWasChecked(const BackendChecked& answer) = 0;
  virtual void OrderEnded(const ActionFinished& answer) = 0;
};

class GatewayWorker {
 public:
  struct Options {
    absl::Duration read_deadline = absl::Seconds(1);
    absl::Duration write_deadline = absl::Seconds(3);  // its tries included
    absl::Duration check_deadline = absl::Seconds(5);  // or less, as the question says
    absl::Duration lost_after = absl::Seconds(1);      // since the first reading that failed was begun
    absl::Duration retry = absl::Milliseconds(250);    // of a reading that failed, or sooner by its period
    absl::Duration keep_every = absl::Seconds(1);      // what changes with time; see Gateway::keeps
    absl::Duration keep_deadline = absl::Seconds(5);
    size_t most_orders = 64;   // waiting; more are answered kUnreachable
    size_t most_checks = 64;   // waiting; more are answered as not tried
    size_t most_routes = 256;  // watched; more are not, and that is told as a loss
  };

  // All outlive it.
  GatewayWorker(Options options, Gateway& gateway, GatewayListener& listener);
  // Ends what is under way. Orders that wait are answered kWithdrawn, questions not at all. Not from the
  // listener.
  ~GatewayWorker();
  GatewayWorker(const GatewayWorker&) = delete;
  GatewayWorker& operator=(const GatewayWorker&) = delete;

  // Any thread; they do not wait.
  // Reads the route at once and then each `period`, in place of what was asked before; zero: no more.
  void Watch(const WatchRoute& request);
  // Of a route that is watched: it is made of the parts that were told there; else it is not tried.
  void Check(const CheckBackend& request);
  // The same; else kRefused.
  void Do(ShapeOrder order);
  // Orders of that decision that are not begun are answered kWithdrawn.
  void Withdraw(DecisionId decision);
  // L7: orders of that cluster's switches are answered kNotMine from now on, with `why`: those that wait, and
  // one that is under way is ended before its next write.
  void StopFor(const std::string& cluster, const std::string& why);

 private:
  // The monotonic clock, also in waits: somebody may set the wall clock back (L2).
  using Clock = std::chrono::steady_clock;
  struct Watched {
    RoutePlace place;
    absl::Duration period;
    Clock::time_point due;
    int failures = 0;  // readings, one after the other
    Clock::time_point failing_since;
    bool lost = false;  // and that was told
  };
  // What comes next; nothing: the end.
  struct Task {
    std::optional<ShapeOrder> order;
    std::optional<CheckBackend> check;
    bool keep = false;
    RouteKey key;                     // of what is to be done
    std::optional<RoutePlace> place;  // none: the route is not watched
  };

  void Run();
  std::optional<Task> Next();
  Task TakeDue(Clock::time_point now);  // under the lock
  // What the thread is at from here on can be ended: at once where something else goes first.
  void Begin(Interrupt& interrupt, std::optional<ShapeOrder> order, bool keeps = false);
  void End();
  void EndKeeping();                            // under the lock
  Clock::time_point NextDue();                  // of readings; under the lock
  std::string WhyNot(const ShapeOrder& order);  // empty: it may be carried out
  void Carry(const ShapeOrder& order, const std::optional<RoutePlace>& place);
  void Try(const CheckBackend& check, const std::optional<RoutePlace>& place);
  void ReadRoute(const RouteKey& key, const RoutePlace& place);
  void TellReading(const RouteKey& key, const RoutePlace& place, const RouteReading& reading);
  void NoteFailure(const RouteKey& key, const absl::Status& why, Clock::time_point began);
  void KeepUp();
  void Answer(const ShapeOrder& order, ActionOutcome outcome, std::string detail);
  void Answer(const CheckBackend& check, std::vector<ServerCheck> servers);

  const Options options_;
  Gateway* const gateway_;
  GatewayListener* const listener_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ShapeOrder> orders_;
  std::deque<CheckBackend> checks_;
  std::map<RouteKey, Watched> watched_;
  Clock::time_point keep_due_ = Clock::time_point::max();  // never, where nothing changes with time
  // What the thread is at: a call, and the order that it is for; none: a reading, a try, or what it keeps.
  Interrupt* interrupt_ = nullptr;
  std::optional<ShapeOrder> under_way_;
  bool keeping_ = false;
  std::map<std::string, std::string> stopped_;  // by cluster: why
  bool stopping_ = false;

  std::thread thread_;  // last: it uses the rest
};

}  // namespace evenkeel::coordinator
