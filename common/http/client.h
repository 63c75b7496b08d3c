#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/request.h"

namespace evenkeel::http {

class Client;

// A handle on a request, stream or timer. Dropping it changes nothing. Any thread may use it, also after the
// client is gone. Copies are the same call.
class Call {
 public:
  Call() = default;

  // A request or stream ends with CANCELLED, unless its end was already on its way; on the client's thread no
  // chunk comes after this returns. A timer's task does not run any more when this is called on the client's
  // thread.
  void Cancel() const;

 private:
  friend class Client;
  std::function<void()> cancel_;
};

// HTTP/1.1 and HTTP/2 (wherever TLS negotiates it) with kept-alive, shared connections.
//
// Threading: any thread may call. Every callback and timer task runs on the client's one thread, one after
// the other: it must be quick, must not block, and must not destroy the client. `done` comes exactly once a
// request, never from within Start or Stream, and before the destructor returns.
//
// Errors: DEADLINE_EXCEEDED (deadline or idle_timeout), CANCELLED (also when the client is destroyed),
// UNAVAILABLE (resolve, connect, TLS, broken connection), RESOURCE_EXHAUSTED (the queue is full: at once; the
// body is too large), INVALID_ARGUMENT (the request itself). Each says which by the reasons in request.h.
//
// A peer that vanishes without a word is noticed within `peer_silence`, on busy and on idle connections, by
// TCP's own probes, and its connections are not used again.
class Client {
 public:
  struct Options {
    std::string name = "http";  // of the thread; at most 15 characters
    int max_in_flight = 64;     // streams included
    int max_queued = 1024;      // beyond: RESOURCE_EXHAUSTED
    int max_connections_per_host = 16;
    absl::Duration peer_silence = absl::Seconds(6);  // at least 2 s: TCP counts in seconds
  };
  using Done = std::function<void(absl::StatusOr<Response>)>;
  using OnChunk = std::function<void(absl::string_view)>;

  Client();
  explicit Client(const Options& options);
  // Ends what is under way with CANCELLED and waits for the callbacks. Not from a callback.
  ~Client();

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Call Start(Request request, Done done);

  // As Start, but a 2xx body is handed to `on_chunk` piece by piece as it arrives, without a limit on its
  // whole.
  Call Stream(Request request, OnChunk on_chunk, Done done);

  // Start, and wait. Not from a callback.
  absl::StatusOr<Response> Fetch(Request request);

  // Runs `task` on the client's thread as soon as may be, in order with others, and in any case before the
  // destructor returns.
  void Post(std::function<void()> task);

  // A way to post for those that may outlive the client: its task is dropped when the client is gone.
  std::function<void(std::function<void()> task)> WeakPost();

  // Runs `task` on the client's thread after `delay` (negative counts as zero) unless cancelled, or the
  // client destroyed, before.
  Call After(absl::Duration delay, std::function<void()> task);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::http
