// The whole coordinator, wired together.
//
//   agents --- session ---+                +--- act -------- Kubernetes, gateways
//   Kubernetes - observe -+- runtime/core -+--- serve ------ operators
//                                |
//                              store
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "coordinator/program/config.h"

namespace evenkeel::coordinator {

class Coordinator {
 public:
  // Opens the store, begins to watch the clusters and listens; running when it returns. Errors say what could
  // not be had and what helps.
  static absl::StatusOr<std::unique_ptr<Coordinator>> Start(const Config& config);

  // Stops in good order: no agent's silence is taken for anything, what is committed is released, and callers
  // are told.
  ~Coordinator();

  // The port of --listen, which may have been 0.
  int port() const;
  int http_port() const;

 private:
  struct Parts;
  explicit Coordinator(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace evenkeel::coordinator
