// Gates that ask somebody else: a URL that says whether a switch may go on (core/switch/gates.h).
//
// 200 with a body that begins with "pass" or "fail", in any case, is that; what follows on the first line is
// the reason that people are shown. Everything else, and no answer in time, is inconclusive: a gate that is
// broken neither moves traffic nor takes it back.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/http/client.h"
#include "coordinator/core/switch/switch_events.h"

namespace evenkeel::coordinator {

// What the answer says of the hook. Pure.
HookAnswered ReadHookAnswer(const DecisionId& decision, const GateHook& hook,
                            const absl::StatusOr<http::Response>& response);

// At most 256 bytes of a body are looked at, and 64 KiB read.
inline constexpr size_t kLongestHookReason = 256;
inline constexpr size_t kLongestHookBody = size_t{64} << 10;

class GateHooks {
 public:
  // `tell` is called once for each question, on the client's thread; both outlive this. `ca_pem`:
  // certificates that vouch for https hooks; empty: the system's.
  GateHooks(http::Client& client, std::function<void(HookAnswered)> tell, const std::string& ca_pem = "");

  // Any thread; never waits. One question a hook is under way at most by the core's own pace.
  void Ask(const AskHook& question);

 private:
  http::Client& client_;
  const std::function<void(HookAnswered)> tell_;
  const std::shared_ptr<const http::Tls> tls_;  // null: the system's authorities
};

}  // namespace evenkeel::coordinator
