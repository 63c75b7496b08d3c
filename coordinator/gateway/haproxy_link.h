// What all routes of one HAProxy have in common: its sockets, patience with them, and what its backend
// sections count.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/call.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/haproxy_answers.h"
#include "coordinator/gateway/haproxy_socket.h"

namespace evenkeel::coordinator::haproxy {

struct LinkOptions {
  SocketAddress socket;  // level admin
  // The master's socket (haproxy -W -S): shows what workers that a reload has replaced still have in flight.
  std::optional<SocketAddress> master;
  // Without a master: for how long after a reload an old process may go on (HAProxy's hard-stop-after). Until
  // then nothing is said about requests in flight. A process that is younger than that when it is first seen
  // may have come with a reload.
  absl::Duration old_process_lasts = absl::Minutes(15);
  absl::Duration try_timeout = absl::Milliseconds(800);  // of one line and its answer
};

// One thread at a time.
class Link {
 public:
  explicit Link(LinkOptions options) : options_(std::move(options)) {}

  // Sends the commands as one line, on one connection, and gives their answers. They are read by one process;
  // others may write in between.
  absl::StatusOr<std::vector<std::string>> Ask(const std::vector<std::string>& commands, const Call& call);

  // `work` until it ends otherwise than by UNAVAILABLE, INTERNAL, ABORTED or a part's DEADLINE_EXCEEDED, in
  // jittered pauses, for as long as the call lasts. The last failure then.
  absl::Status Patiently(const Call& call, const std::function<absl::Status()>& work);

  // Adds what workers that were replaced by reloads have in flight of these sections; all is unknown where
  // that cannot be seen: none of them, nor the master, may keep the process that serves from being read and
  // written. To be called after that one was read.
  void AddOldWorkers(const Process& current, std::map<std::string, std::optional<uint64_t>>& in_flight,
                     const Call& call);

  const LinkOptions& options() const { return options_; }

 private:
  absl::Status AskOldWorkers(std::map<std::string, std::optional<uint64_t>>& in_flight, const Call& call);

  const LinkOptions options_;
  std::string instance_;                // that was seen last
  std::optional<absl::Time> reloaded_;  // on the monotonic clock
};

// A backend's reading, but for its share, its mode and the time of its answers, of the rows of its section or
// of its servers alone.
BackendReading ReadingOf(const std::vector<StatRow>& rows);

// What became of a wish whose last try failed so; `written`: something of it was sent.
ShapeAnswer AnswerForFailure(const absl::Status& failure, bool written, std::optional<RouteReading> reading);

}  // namespace evenkeel::coordinator::haproxy
