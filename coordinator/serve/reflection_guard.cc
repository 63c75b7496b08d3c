#include "coordinator/serve/reflection_guard.h"

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "coordinator/serve/calls.h"

namespace evenkeel::coordinator {
namespace {

class ReflectionGuard final : public grpc::experimental::Interceptor {
 public:
  ReflectionGuard(AccessControl& access, grpc::experimental::ServerRpcInfo* info)
      : access_(access), info_(info) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (!methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      methods->Proceed();
      return;
    }
    access_.Check(CredentialsOf(*info_->server_context()), {.verb = "list", .resource = "clusters"},
                  [this, methods](const absl::Status& status) {
                    if (!status.ok()) info_->server_context()->TryCancel();
                    methods->Proceed();
                  });
  }

 private:
  AccessControl& access_;
  grpc::experimental::ServerRpcInfo* const info_;
};

}  // namespace

grpc::experimental::Interceptor* ReflectionGuardFactory::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  if (!absl::StartsWith(info->method(), "/grpc.reflection.")) return nullptr;
  return new ReflectionGuard(access_, info);  // gRPC owns and deletes it
}

}  // namespace evenkeel::coordinator
