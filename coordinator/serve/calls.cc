#include "coordinator/serve/calls.h"

#include <chrono>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/rpc/status.h"

namespace evenkeel::coordinator {
namespace {

absl::string_view View(const grpc::string_ref& text) {
  return {text.data(), text.size()};
}

absl::Status CheckDeadline(const grpc::ServerContextBase& context) {
  if (context.deadline() != std::chrono::system_clock::time_point::max()) return absl::OkStatus();
  return DeadlineRequired();
}

}  // namespace

absl::Status DeadlineRequired() {
  return base::WithReason(
      absl::InvalidArgumentError(
          "the call has no deadline: set one, for example of 10 seconds, so that a lost answer is "
          "not waited for without end"),
      "DEADLINE_REQUIRED");
}

Credentials CredentialsOf(const grpc::ServerContextBase& context) {
  Credentials credentials;
  const auto authorization = context.client_metadata().find("authorization");
  if (authorization != context.client_metadata().end()) {
    absl::string_view value = View(authorization->second);
    if (absl::ConsumePrefix(&value, "Bearer ")) credentials.bearer_token = std::string(value);
  }
  const auto tls = context.auth_context();
  if (tls != nullptr && tls->IsPeerAuthenticated()) {
    const auto certificates = tls->FindPropertyValues("x509_pem_cert");
    if (!certificates.empty()) credentials.certificate_pem = std::string(View(certificates.front()));
  }
  return credentials;
}

void CheckAll(AccessControl& access, const Credentials& credentials, std::vector<Permission> permissions,
              AccessControl::Done done) {
  if (permissions.empty()) {
    done(absl::OkStatus());
    return;
  }
  const Permission first = std::move(permissions.back());
  permissions.pop_back();
  access.Check(credentials, first,
               [&access, credentials, permissions = std::move(permissions),
                done = std::move(done)](absl::Status status) {
                 if (status.ok()) {
                   CheckAll(access, credentials, permissions, done);
                 } else {
                   done(std::move(status));
                 }
               });
}

grpc::ServerUnaryReactor* AnswerLater(CallEnvironment& environment, grpc::CallbackServerContext* context,
                                      const Permission& permission, std::function<void(Finish)> work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const Finish finish = [reactor](const absl::Status& status) { reactor->Finish(rpc::ToGrpc(status)); };
  if (const absl::Status status = CheckDeadline(*context); !status.ok()) {
    finish(status);
    return reactor;
  }
  environment.access.Check(
      CredentialsOf(*context), permission,
      [&environment, finish, work = std::move(work)](const absl::Status& status) {
        if (!status.ok()) {
          finish(status);
        } else if (!environment.workers.TrySubmit([finish, work] { work(finish); })) {
          finish(base::WithReason(
              absl::ResourceExhaustedError("too many calls are waiting; try again in a moment"),
              "TOO_MANY_CALLS"));
        }
      });
  return reactor;
}

grpc::ServerUnaryReactor* Answer(CallEnvironment& environment, grpc::CallbackServerContext* context,
                                 const Permission& permission, std::function<absl::Status()> work) {
  return AnswerLater(environment, context, permission,
                     [work = std::move(work)](const Finish& finish) { finish(work()); });
}

}  // namespace evenkeel::coordinator
