#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/time/clock.h"
#include "evenkeel/v1/agent_session.pb.h"

namespace evenkeel::agent {

// One try to reach a port: a TCP connection, and over it either a TLS handshake or a GET (of /livez, if not
// told otherwise). Never blocks. One thread.
//
// What is learned is told apart with care, because a node's life hangs on it: a refusal was written by the
// kernel of a living machine, silence was not, and a try that failed for want of something here says nothing
// about the target. The TLS handshake does not verify who answers: a handshake is only asked for because the
// kernel alone cannot do it, so that its success proves that the process behind the port runs.
class ProbeTry {
 public:
  enum class Over { kTls, kHttp };

  // `address` is an IPv4 or IPv6 literal; `tls`, used with kTls, and `clock` outlive this. The clock is asked
  // at each stage, not once a call: a quick peer may have answered before this thread comes to read, so that
  // one call sees a whole handshake. `path` is what kHttp asks for.
  ProbeTry(Over over, const std::string& address, uint32_t port, SSL_CTX* tls, const time::Clock& clock,
           std::string path = "/livez");
  ~ProbeTry();

  ProbeTry(const ProbeTry&) = delete;
  ProbeTry& operator=(const ProbeTry&) = delete;

  bool done() const { return stage_ == Stage::kDone; }

  // While not done: what poll(2) is to wait for.
  int file_descriptor() const { return socket_; }
  short poll_events() const { return poll_events_; }

  // Goes on as far as it can; called when the descriptor is ready.
  void Advance();

  // The time is over: what has not answered has timed out.
  void Expire();

  // Once done. The TCP connection; and what was asked over it, not tried when there was no connection.
  const v1::ProbeResult& connection() const { return connection_; }
  const v1::ProbeResult& answer() const { return answer_; }

 private:
  enum class Stage { kConnecting, kHandshaking, kRequesting, kReading, kDone };

  void Connect(const std::string& address, uint32_t port);
  void Connected();
  void Handshake();
  void SendRequest();
  void ReadAnswer();
  void End(v1::ProbeResult& result, v1::ProbeResult::Outcome outcome, std::string detail);
  void Close();

  const Over over_;
  SSL_CTX* const tls_context_;
  const time::Clock& clock_;
  const std::string path_;
  Stage stage_ = Stage::kConnecting;
  absl::Time stage_began_;
  int socket_ = -1;
  short poll_events_ = 0;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, &SSL_free};
  std::string request_;
  std::string answer_text_;
  v1::ProbeResult connection_;
  v1::ProbeResult answer_;
};

}  // namespace evenkeel::agent
