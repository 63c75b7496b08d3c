// Sends requests of all kinds through the gateways of the switches that are under way, as users do, and tells
// the core four times a second what became of them (core/switch/probe_facts.h): what users would lose, these
// clients lose.
//
// Who answered is told by a header of the answers, where the switch names one. HTTP/1.1, plain or TLS.
//
// Bounded: of each switch at most 2 * ProbeRun::kMostQuick + 2 * ProbeRun::kLong connections, and nothing of
// their answers is kept. All of it is one thread's, and another one looks names of hosts up.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/time/clock.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class Prober {
 public:
  struct Options {
    std::string ca_pem;  // vouches for https gateways; empty: the system's authorities
    absl::Duration tell_every = absl::Milliseconds(250);
    absl::Duration look_up_every = absl::Seconds(30);  // names of hosts; after a failure each second
  };

  // INVALID_ARGUMENT: `ca_pem` holds no certificate. Both outlive it. ProbesTold comes from the prober's
  // thread, which waits while the sink's queue is full.
  static absl::StatusOr<std::unique_ptr<Prober>> Create(Options options, EventSink& sink,
                                                        const time::Clock& clock);
  // Ends all that is under way; nothing comes any more after it. The sink must not be stuck: let the runtime
  // run, or stop it first.
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Any thread; never wait. A decision that is probed already begins anew where its spec is another one. A
  // URL that cannot be used is told as one lost request.
  void Do(const StartProber& request);
  // Requests that are under way are ended, and not told.
  void Do(const StopProber& request);

 private:
  class Core;
  explicit Prober(std::unique_ptr<Core> core);

  const std::unique_ptr<Core> core_;
};

}  // namespace evenkeel::coordinator
