// A Service without a selector, whose EndpointSlices are Evenkeel's own: for clusters whose pod networks are
// joined. Route: NAMESPACE/SERVICE in the gateway's cluster; a backend is CLUSTER/NAMESPACE/SERVICE, the
// Service whose ready endpoints are mirrored. No shares: a backend has all or nothing.
//
// Make before break: what gains is filled before what loses is emptied. Both are writes of one kind of
// object, and every kube-proxy sees them in one order by its watch: none sees a Service without endpoints.
//
// Fencing (L7): each backend has one slice, never deleted, only emptied; each is written with the resource
// version that was read as precondition, after its mark was read; and every write marks them all. So once a
// coordinator has marked them, one with a lesser mark finds each of its preconditions broken, and then the
// mark. A coordinator that is overtaken midway may have written some of its slices; its successor's write
// covers all.
//
// Endpoints come and go, so what a slice of ours holds is mirrored again each second (Keep), under the mark
// that it has: also where the route is not being switched, and after a restart, because each slice says by an
// annotation whose endpoints it has. One that is empty stays so, one of which no endpoint is ready stays as
// it is, and one that a later coordinator has marked is that one's.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/gateway/endpoint_slices.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/kube_retry.h"

namespace evenkeel::coordinator {

class SliceGateway final : public Gateway {
 public:
  struct Options {
    std::string store_id;                                   // of the coordinator; fits a mark
    std::map<std::string, kube::KubernetesApi*> clusters;   // by name: where backends may be. They outlive it
    uint64_t epoch = std::numeric_limits<uint64_t>::max();  // of the coordinator
  };

  // `api`: of the cluster that the route is in. It outlives it.
  SliceGateway(Options options, kube::KubernetesApi& api) : options_(std::move(options)), api_(&api) {}

  GatewayAbilities abilities() const override;
  absl::StatusOr<RouteReading> Read(const RoutePlace& place, const Call& call) override;
  ShapeAnswer Shape(const RoutePlace& place, const RouteWish& wish, const Call& call) override;
  // None is tried: kube-proxy tries nobody. Where Kubernetes says that none is ready, none answers.
  std::vector<ServerCheck> Check(const RoutePlace& place, const BackendCheck& check,
                                 const Call& call) override;
  bool keeps() const override { return true; }
  // Asks for the slices of all namespaces: PERMISSION_DENIED where that is not allowed. Where it ends before
  // all are done, the next one begins with those that are left; a cluster that does not answer is asked once
  // each time, so that the slices of others' endpoints do not wait for it.
  absl::Status Keep(const Call& call) override;

 private:
  absl::StatusOr<kube::Resource> Slices(kube::KubernetesApi& api, const Call& call);
  absl::StatusOr<kube::Json> List(kube::KubernetesApi& api, const kube::ObjectName& service,
                                  const Call& call);
  absl::StatusOr<SlicesLook> LookOnce(const kube::ObjectName& service, const RoutePlace& place,
                                      const Call& call);
  absl::StatusOr<SliceContent> EndpointsOf(const std::string& backend, const EndpointSource& source,
                                           const Call& call, absl::string_view address_type = "");
  absl::Status Write(const kube::ObjectName& service, const std::string& backend, const SlicesLook& look,
                     const SliceContent& content, const kube::Json& notes, const Call& call);
  absl::Status KeepOne(const kube::Resource& slices, const kube::Json& slice, std::set<std::string>& silent,
                       const Call& call);
  absl::Status Try(const RoutePlace& place, const RouteWish& wish, KubeAttempt& attempt, const Call& call);
  absl::StatusOr<std::map<std::string, SliceContent>> Wished(const RoutePlace& place, const RouteShape& shape,
                                                             const SlicesLook& look, const Call& call);

  const Options options_;
  kube::KubernetesApi* const api_;
  std::string kept_last_;  // the slice that Keep has come to, NAMESPACE/NAME
};

}  // namespace evenkeel::coordinator
