// One connection of the prober, plain or TLS. It never waits: whoever has it polls its descriptor.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coordinator/prober/probe_tls.h"

namespace evenkeel::coordinator {

struct ProbeAddress {
  sockaddr_storage address = {};
  socklen_t size = 0;
};

// The addresses of a numeric host; empty: it is a name.
std::vector<ProbeAddress> NumericAddress(const std::string& host, uint16_t port);

class ProbeLine {
 public:
  enum class State {
    kConnecting,
    kShakingHands,
    kOpen,
    kFailed,  // `problem` says why
  };
  struct Got {
    enum class What { kBytes, kNothingYet, kEnd, kFailure } what = What::kNothingYet;
    size_t bytes = 0;
  };

  // Begins to connect. `tls` null: plain; else it outlives this, and the server must be `host`.
  ProbeLine(const ProbeAddress& address, const ProbeTls* tls, const std::string& host);
  ~ProbeLine();
  ProbeLine(const ProbeLine&) = delete;
  ProbeLine& operator=(const ProbeLine&) = delete;

  // Goes on with connecting and shaking hands as far as it goes without waiting.
  State Advance();
  // While open. How many of the bytes were taken; 0 also where it failed.
  size_t Write(absl::string_view bytes);
  Got Read(char* buffer, size_t size);

  State state() const { return state_; }
  const std::string& problem() const { return problem_; }  // a clause: "reset", "no connection: refused"
  int descriptor() const { return descriptor_; }           // negative: there is none
  // What to poll for before the next call.
  short events() const { return events_; }

 private:
  void Fail(absl::string_view what, int error);
  void FailTls(absl::string_view what);
  void Connected();
  void ShakeHands();
  // What SSL_get_error says of what was tried; true: it is to be tried again once polled.
  bool WantsMore(int result);

  const ProbeTls* const tls_;
  const std::string host_;
  State state_ = State::kConnecting;
  std::string problem_;
  int descriptor_ = -1;
  short events_ = 0;
  SslPointer ssl_;
};

}  // namespace evenkeel::coordinator
