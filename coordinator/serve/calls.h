// What every call of the operators' API goes through: a deadline where one is needed, identity and access,
// then the work on one of the workers.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coordinator/serve/access.h"
#include "coordinator/serve/worker_pool.h"

namespace evenkeel::coordinator {

// Shared by all services; outlives their server.
struct CallEnvironment {
  static constexpr size_t kMaxWatches = 256;

  AccessControl& access;
  WorkerPool& workers;
  std::atomic<size_t> watches{0};  // under way
};

// INVALID_ARGUMENT, reason DEADLINE_REQUIRED: what a call without a deadline is answered.
absl::Status DeadlineRequired();

// What the caller of `context` presents.
Credentials CredentialsOf(const grpc::ServerContextBase& context);

// Like AccessControl::Check, for a call that needs all of `permissions`.
void CheckAll(AccessControl& access, const Credentials& credentials, std::vector<Permission> permissions,
              AccessControl::Done done);

// A unary call: checks its deadline, then `permission`, then does `work`, whose status is the answer. `work`
// gets a function to call exactly once, from any thread, and runs on a worker.
using Finish = std::function<void(const absl::Status&)>;
grpc::ServerUnaryReactor* AnswerLater(CallEnvironment& environment, grpc::CallbackServerContext* context,
                                      const Permission& permission, std::function<void(Finish)> work);
// The same for work that is done when it returns.
grpc::ServerUnaryReactor* Answer(CallEnvironment& environment, grpc::CallbackServerContext* context,
                                 const Permission& permission, std::function<absl::Status()> work);

}  // namespace evenkeel::coordinator
