// Asks something outside of Kubernetes over HTTP: a POST of JSON, to be answered by any 2xx. The fencing hook
// and the webhook of headroom both ask by it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/http/client.h"
#include "common/time/backoff.h"
#include "coordinator/act/answer.h"

namespace evenkeel::coordinator {

class HttpHook {
 public:
  struct Options {
    std::string name = "http-hook";               // of its thread; at most 15 characters
    std::string ca_pem;                           // vouches for https hooks; empty: the system's
    absl::Duration deadline = absl::Seconds(10);  // of each try
    int tries = 1;  // until it answers 2xx, or 4xx, which trying again would not change
    time::BackoffPolicy pause{.initial = absl::Seconds(1), .maximum = absl::Seconds(5)};
    int at_once = 4;
    int most_waiting = 256;  // more are answered kRefused
  };

  explicit HttpHook(Options options);
  // Ends what is under way; what waits for its next try is not answered any more.
  ~HttpHook();

  HttpHook(const HttpHook&) = delete;
  HttpHook& operator=(const HttpHook&) = delete;

  // Any thread; never waits. `wanted` is asked before each try and every 50 ms while one is under way: what
  // is not wanted any more is ended. `done` comes once, as `wanted` on the hook's thread, and never from
  // within: kDone with the code and what the hook said, kRefused with what became of it.
  using StillWanted = std::function<bool()>;
  void Ask(std::string url, std::string json, StillWanted wanted, AnswerDone done);

 private:
  struct Question;

  const Options options_;
  const std::shared_ptr<const http::Tls> tls_;
  http::Client client_;  // the last: its callbacks use the others
};

}  // namespace evenkeel::coordinator
