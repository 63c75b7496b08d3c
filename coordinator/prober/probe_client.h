// One client of a gateway: one request at a time, over a connection of its own. It never waits and has no
// clock: whoever has it polls its connection and brings the time.
//
// What is lost is lost: nothing is sent a second time, as HTTP libraries do behind their users' backs when a
// connection that was kept ends under a request. Only a connection that had ended before the request was
// sent is left for a new one, and a connection that cannot be made is tried with the host's next address.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/core/switch/probe_facts.h"
#include "coordinator/prober/http_answer.h"
#include "coordinator/prober/probe_line.h"

namespace evenkeel::coordinator {

// What clients of one kind send, and how long they wait.
struct ProbeManner {
  ProbeKind kind = ProbeKind::kFresh;
  std::string request;  // all of its bytes
  bool keeps = false;   // the connection, for the next request
  std::string host;     // whom a TLS server must be
  std::string side_header;
  absl::Duration deadline;  // from the beginning to the whole answer; of a stream: to its head
  // Of a stream: it is read for so long, and then ended as one that went well. Zero: it is none.
  absl::Duration read_for;
  absl::Duration silence = absl::InfiniteDuration();  // of a stream: the longest between two pieces of it
};

// A request that has ended.
struct ProbeEnd {
  std::string problem;  // a clause; empty: it went well
  std::string backend;  // that answered, as the answer's header has it; empty: not known
  bool operator==(const ProbeEnd&) const = default;
};

class ProbeClient {
 public:
  // Of one turn: others wait meanwhile. A stream that has more then rests, so that none takes more than its
  // share, however fast it is.
  static constexpr size_t kMostBytesATurn = size_t{48} << 10;
  static constexpr absl::Duration kRest = absl::Milliseconds(20);

  // All of it outlives the client. `tls` null: plain.
  ProbeClient(const ProbeManner& manner, const ProbeTls* tls) : manner_(manner), tls_(tls) {}

  // While not busy. `addresses`: of the host, in the order in which they are tried; not empty.
  void Begin(std::shared_ptr<const std::vector<ProbeAddress>> addresses, absl::Time now);
  // Its connection is ready, or it is time.
  void Go(absl::Time now);

  bool busy() const { return busy_; }
  // The request that has ended since the last call; nullopt: none.
  std::optional<ProbeEnd> TakeEnd() { return std::exchange(end_, std::nullopt); }
  // When Go is to be called at the latest; in the past: at once.
  absl::Time due() const { return due_; }
  // What to poll; negative: nothing.
  int descriptor() const { return line_ == nullptr || rests_ ? -1 : line_->descriptor(); }
  short events() const { return line_ == nullptr ? short{0} : line_->events(); }

 private:
  void Connect();
  void Advance(absl::Time now);
  void Send(absl::Time now);
  void Receive(absl::Time now);
  void Take(absl::string_view bytes, absl::Time now);
  void DropWhatEnded();
  // The time is over, or the stream was read for long enough.
  void Watch(absl::Time now);
  void WatchStream(absl::Time now);
  void Broke(absl::Time now);
  void End(std::string problem, bool keep);

  const ProbeManner& manner_;
  const ProbeTls* const tls_;
  std::shared_ptr<const std::vector<ProbeAddress>> addresses_;
  size_t at_ = 0;     // the address that is tried, or was connected to last
  size_t tried_ = 0;  // for this request
  std::unique_ptr<ProbeLine> line_;
  std::optional<HttpAnswer> answer_;
  bool busy_ = false;
  bool more_ = false;   // of the answer may be there already, and no poll would tell
  bool rests_ = false;  // until due_
  size_t sent_ = 0;
  absl::Time began_;
  absl::Time heard_;
  absl::Time due_ = absl::InfiniteFuture();
  std::optional<ProbeEnd> end_;
};

}  // namespace evenkeel::coordinator
