// The clients of one switch: when each begins its next request, and what became of them all. It never waits
// and has no clock.
//
// Quick requests (fresh, keepalive) begin `per_second` times a second each. What is due while kMostQuick of a
// kind are under way is left out: those that hang are told at their deadline. Slow requests and streams
// follow one another, kLong of each at a time, so that some are under way at every instant of the switch.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/switch/probe_target.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/prober/probe_book.h"
#include "coordinator/prober/probe_client.h"

namespace evenkeel::coordinator {

using ProbeAddresses = std::shared_ptr<const std::vector<ProbeAddress>>;

class ProbeRun {
 public:
  static constexpr size_t kMostQuick = 64;
  static constexpr size_t kLong = 4;
  static constexpr absl::Duration kQuickDeadline = absl::Seconds(10);
  static constexpr absl::Duration kSlowDeadline = absl::Minutes(1);
  static constexpr absl::Duration kStreamFor = absl::Seconds(10);
  static constexpr absl::Duration kStreamSilence = absl::Seconds(10);
  // The least time between two beginnings of a client of the long kinds.
  static constexpr absl::Duration kPace = absl::Seconds(1);

  // INVALID_ARGUMENT: the spec's URL or paths are none. `run`: see ProbeBook. `tls` outlives it.
  static absl::StatusOr<std::unique_ptr<ProbeRun>> Create(const StartProber& request, uint64_t run,
                                                          const ProbeTls* tls, absl::Time now);

  const SwitchSpec& spec() const { return spec_; }
  const ProbeTarget& target() const { return target_; }

  // Begins what is due. `addresses`: of the target's host; null: they are not known yet, and nothing begins;
  // none: every request that is due is lost by `why_none`.
  void Begin(const ProbeAddresses& addresses, const std::string& why_none, absl::Time now);
  // Adds what is to be polled, and for each of them its client.
  void Poll(std::vector<pollfd>& polls, std::vector<ProbeClient*>& clients);
  // Each client whose time has come goes on, and what has ended is noted. After those that were ready went.
  void Note(absl::Time now);
  // When Begin or Note is to be called at the latest; of no use while addresses are not known.
  absl::Time due() const;

  std::optional<ProbesTold> Take() { return book_.Take(); }

 private:
  struct Line {
    std::unique_ptr<ProbeClient> client;
    absl::Time next = absl::InfinitePast();  // of long kinds: it begins no sooner
  };
  struct Kind {
    ProbeManner manner;
    absl::Duration period;  // of quick ones; zero: each follows the one before
    absl::Time next;
    size_t most = 0;  // clients
    std::vector<Line> lines;
  };

  ProbeRun(const StartProber& request, uint64_t run, ProbeTarget target, const ProbeTls* tls)
      : spec_(request.spec), target_(std::move(target)), tls_(tls), book_(request.decision, run) {}

  void Add(ProbeKind kind, const std::string& path, absl::Time now);
  void BeginOne(Kind& kind, Line& line, const ProbeAddresses& addresses, const std::string& why_none,
                absl::Time now);
  void BeginQuick(Kind& kind, const ProbeAddresses& addresses, const std::string& why_none, absl::Time now);
  void NoteEnd(const Kind& kind, Line& line, absl::Time now);
  static Line* FreeLine(Kind& kind, const ProbeTls* tls);

  const SwitchSpec spec_;
  const ProbeTarget target_;
  const ProbeTls* const tls_;
  ProbeBook book_;
  std::list<Kind> kinds_;  // clients hold their manners
};

}  // namespace evenkeel::coordinator
