// The thread of one gateway: reads the routes that are watched, carries out what is wished, one thing at a
// time. So what is told is in the order in which it was seen, and what was read back of a write is told
// before the write's answer.
//
// A wish goes before all readings, and ends a reading that is under way; a wish with a greater mark takes the
// place of one of the same route that waits (answered kWithdrawn) and ends one that is under way: nobody
// waits for a step that is overtaken by its rollback.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "coordinator/core/events.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/gateway.h"

namespace evenkeel::coordinator {

// A released action that wishes a route's shape.
struct ShapeOrder {
  DecisionId decision;
  uint32_t number = 0;
  uint32_t attempt = 0;
  RouteWish wish;
};

// Told on the worker's thread (an order that cannot wait, and those that are left at the end: on the
// caller's). It may call the worker, but not destroy it.
class GatewayListener {
 public:
  virtual ~GatewayListener() = default;
  virtual void RouteWasRead(const RouteKey& key, const RouteReading& reading,
                            const GatewayAbilities& abilities) = 0;
  // Once, when it could not be read for `lost_after` or three tries, or at once when trying again would not
  // help; the next reading ends it.
  virtual void GatewayWasLost(const std::string& gateway, const std::string& detail) = 0;
  virtual void OrderEnded(const ActionFinished& answer) = 0;
};

class GatewayWorker {
 public:
  struct Options {
    std::string name;  // of the gateway
    absl::Duration read_deadline = absl::Seconds(1);
    absl::Duration write_deadline = absl::Seconds(3);  // its tries included
    absl::Duration lost_after = absl::Seconds(1);
    absl::Duration retry = absl::Milliseconds(250);  // of a reading that failed, or sooner by its period
    size_t most_orders = 64;                         // waiting; more are answered kUnreachable
    size_t most_routes = 256;                        // watched; more are not, and that is told as a loss
  };

  // All outlive it.
  GatewayWorker(Options options, Gateway& gateway, GatewayListener& listener);
  // Ends what is under way. What waits is answered kWithdrawn. Not from the listener.
  ~GatewayWorker();
  GatewayWorker(const GatewayWorker&) = delete;
  GatewayWorker& operator=(const GatewayWorker&) = delete;

  // Any thread; they do not wait.
  // Reads the route at once and then each `period`, in place of what was asked before; zero: no more.
  void Watch(const RouteKey& key, RouteParts parts, absl::Duration period);
  // The route is watched: it is made of the parts that were told there; else kRefused.
  void Do(ShapeOrder order);
  // Orders of that decision that are not begun are answered kWithdrawn.
  void Withdraw(DecisionId decision);

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    RoutePlace place;
    absl::Duration period;
    Clock::time_point due;
  };

  void Run();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Carry(const ShapeOrder& order, const std::optional<RoutePlace>& place);
  void ReadRoute(const RouteKey& key, const RoutePlace& place);
  void NoteReading(const RouteKey& key, const absl::StatusOr<RouteReading>& reading, const RoutePlace& place);
  void Answer(const ShapeOrder& order, ActionOutcome outcome, std::string detail);

  const Options options_;
  Gateway* const gateway_;
  GatewayListener* const listener_;

  absl::Mutex mutex_;
  std::deque<ShapeOrder> orders_ ABSL_GUARDED_BY(mutex_);
  std::map<RouteKey, Watched> watched_ ABSL_GUARDED_BY(mutex_);
  // What the thread is at: a call, and the order that it is for; none: a reading.
  Interrupt* interrupt_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::optional<ShapeOrder> under_way_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The thread's own.
  int failures_ = 0;  // readings, one after the other
  Clock::time_point first_failure_;
  bool lost_ = false;

  std::thread thread_;  // last: it uses the rest
};

}  // namespace evenkeel::coordinator
