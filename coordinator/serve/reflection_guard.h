// Lets nobody without an identity use gRPC's server reflection: it comes as a finished service that asks
// nobody.
#pragma once

#include <grpcpp/support/server_interceptor.h>

#include "coordinator/serve/access.h"

namespace evenkeel::coordinator {

// Holds up each call of a method "/grpc.reflection..." until `access` has found that its caller may see the
// clusters; other callers' calls are cancelled. All other methods are left alone.
class ReflectionGuardFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // `access` outlives the server.
  explicit ReflectionGuardFactory(AccessControl& access) : access_(access) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override;

 private:
  AccessControl& access_;
};

}  // namespace evenkeel::coordinator
