// How long the servers of an HAProxy took to answer, as a sum that only rises. HAProxy tells a mean, `rtime`,
// of the last answers, however old they are: a server that was slow, lost its share and was mended reads as
// slow until it has answered hundreds again. What was answered between two readings follows from both means.
//
// Source: HAProxy 2.6, `show stat` (management.txt 9.1 says "over the 1024 last requests"; the code is less
// plain). stream_update_time_stats() (src/stream.c) adds each answer's time v, in whole ms, to the server's
// sum with swrate_add_dynamic() (include/haproxy/freq_ctr.h):
//     S' = S - ceil(S / n) + v,   n = TIME_STATS_SAMPLES = 512 (include/haproxy/defaults.h)
// and as long as the server has answered no more than n, without taking anything away: S' = S + v. Answers
// are counted in `req_tot` (cum_req). stats_fill_sv_stats() (src/stats.c) shows ceil(S / min(n, answers)). So
// after a first answers that filled the window, and k more that went through it, of mean v:
//     S' = (S + a v) q + n v (1 - q),   q = (1 - 1/n)^k
// which is solved for v. Of TCP sections HAProxy measures 0 and counts no requests: nothing is known then.
//
// What is wrong in it: a mean is rounded up to 1 ms, so that a sum S may be less by n ms. These errors
// telescope: what one reading gives too much, the next gives too little, so however many readings there are,
// the sum since any moment is right to about n ms for each server (AnswerTime::within). Where a reading holds
// so many answers that their order matters (hundreds, the window's size), late ones weigh more than early
// ones; no more can be known of them. Answers are counted when they begin and timed when they end, so a few
// are always on their way.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/haproxy_answers.h"

namespace evenkeel::coordinator::haproxy {

inline constexpr uint64_t kLatencyWindow = 512;  // answers

// What is shown of a server.
struct ShownMean {
  uint64_t answers = 0;  // ever
  uint64_t ms = 0;
};

// What the answers between two readings took together, in ms; below 0 by no more than is said above.
// `now.answers` is the greater one.
double TookMs(const ShownMean& before, const ShownMean& now);

// The sums of backends, each made of some servers. One thread at a time; nothing is kept of what is not asked
// for any more but a few figures a backend.
class AnswerTimes {
 public:
  // Takes the rows of a backend's servers (that of a whole section is passed over) as read of that process,
  // and gives what its answers took since this object first saw it, or since the process began where it began
  // later. Never less than before of the same process. None: not measured.
  std::optional<AnswerTime> Note(const std::string& backend, absl::string_view instance,
                                 const std::vector<StatRow>& rows);

 private:
  struct Sum {
    std::string instance;
    std::map<std::string, ShownMean> servers;  // by "SECTION/SERVER"; as they were read last
    uint64_t answers = 0;
    double ms = 0;           // may fall for a moment, by rounding
    double greatest_ms = 0;  // that it was: what is told
  };
  std::map<std::string, Sum> sums_;  // by backend
};

}  // namespace evenkeel::coordinator::haproxy
