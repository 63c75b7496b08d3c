#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "agent/collect/board.h"
#include "agent/collect/usage_collector.h"
#include "common/config/file.h"
#include "common/http/client.h"
#include "common/log/limiter.h"
#include "common/time/clock.h"

namespace evenkeel::agent {

// Asks the node's kubelet: /healthz each second; /pods and /metrics/resource every ten; /metrics, of which
// one line is read (when PLEG, its look at the containers, last began), every twenty. Each question has a
// deadline and goes on whatever becomes of the others. All of it runs on the one thread of an HTTP client of
// its own.
class KubeletCollector {
 public:
  struct Options {
    std::string url;         // "https://10.0.0.1:10250"
    std::string ca_file;     // vouches for the kubelet; empty: the system's certificates
    std::string token_file;  // the service-account token, read again every minute; empty: none
    absl::Duration health_interval = absl::Seconds(1);
    absl::Duration health_deadline = absl::Seconds(2);
    absl::Duration document_interval = absl::Seconds(10);
    absl::Duration document_deadline = absl::Seconds(5);
    absl::Duration metrics_interval = absl::Seconds(20);
    // The kubelet looks at its containers each second, and calls itself not Ready when it has not for three
    // minutes.
    absl::Duration pleg_stuck_after = absl::Minutes(1);
  };

  // The references outlive it. Begins at once.
  KubeletCollector(Options options, Board& board, UsageCollector& usage, const time::Clock& clock);

  KubeletCollector(const KubeletCollector&) = delete;
  KubeletCollector& operator=(const KubeletCollector&) = delete;

 private:
  using Answer = absl::StatusOr<http::Response>;
  using Handler = void (KubeletCollector::*)(const Answer& answer, absl::Duration took);
  struct Question {
    const char* path;
    absl::Duration interval;
    absl::Duration deadline;
    size_t most_bytes;
    Handler handler;
  };

  void Ask(const Question& question);
  absl::StatusOr<http::Request> MakeRequest(const Question& question);
  void OnHealth(const Answer& answer, absl::Duration took);
  void OnPods(const Answer& answer, absl::Duration took);
  void OnMetrics(const Answer& answer, absl::Duration took);
  void OnOwnMetrics(const Answer& answer, absl::Duration took);
  // The body of a 200; otherwise the failure was logged, at times.
  const std::string* Body(const char* what, const Answer& answer);

  const Options options_;
  Board& board_;
  UsageCollector& usage_;
  const time::Clock& clock_;

  // Of the client's thread.
  std::optional<config::ReloadingFile> token_;
  std::optional<config::ReloadingFile> ca_;
  std::shared_ptr<const http::Tls> tls_;
  std::optional<absl::Time> pleg_last_seen_;  // as the kubelet says
  absl::Time pleg_unchanged_since_;           // by our clock
  // NAMESPACE/POD/CONTAINER -> runtime id: the metrics know containers by name only.
  absl::flat_hash_map<std::string, std::string> container_ids_;
  log::Limiter limiter_{absl::Minutes(5)};

  http::Client client_;  // last: destroyed first, and with it the callbacks
};

}  // namespace evenkeel::agent
