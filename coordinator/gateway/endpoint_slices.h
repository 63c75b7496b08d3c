// EndpointSlices of Evenkeel's own, for a Service without a selector: one slice for each backend, empty where
// it gets nothing. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/mark.h"

namespace evenkeel::coordinator {

inline constexpr char kServiceNameLabel[] = "kubernetes.io/service-name";
inline constexpr char kManagedByLabel[] = "endpointslice.kubernetes.io/managed-by";
inline constexpr char kManagedBy[] = "evenkeel.dev";
// On a slice of ours: the Service whose endpoints it mirrors, as EndpointSource::Parse takes it.
inline constexpr char kSourceAnnotation[] = "evenkeel.dev/switch-source";
inline constexpr size_t kMostEndpoints = 1000;  // of one slice: the API's own bound

// "NAMESPACE/NAME"; `what` is for the error.
absl::StatusOr<kube::ObjectName> ParseName(absl::string_view text, absl::string_view what);

// "CLUSTER/NAMESPACE/SERVICE": whose endpoints a backend is.
struct EndpointSource {
  std::string cluster;
  kube::ObjectName service;
  static absl::StatusOr<EndpointSource> Parse(absl::string_view text);
};
// INVALID_ARGUMENT unless each backend has exactly one, and a name that an object can have.
absl::StatusOr<std::map<std::string, EndpointSource>> SourcesOf(const RouteParts& parts);

// What a slice carries.
struct SliceContent {
  std::string address_type = "IPv4";
  std::vector<std::string> addresses;  // of ready endpoints; sorted, each once
  kube::Json ports = kube::Json::array();
  bool operator==(const SliceContent&) const = default;
};
SliceContent ContentOfSlice(const kube::Json& slice);
// The ready endpoints of a Service, of the list of its slices; those of one type of address, where it is
// given, since a slice cannot change its own. FAILED_PRECONDITION: none is ready, they are of several ports
// lists, or more than a slice can hold.
absl::StatusOr<SliceContent> ReadyEndpoints(const kube::Json& list, const std::string& of,
                                            absl::string_view address_type = "");

std::string SliceName(const std::string& service, const std::string& backend);

// A slice as an object to create, or the merge patch with the resource version of `there` as precondition.
kube::Json SliceToCreate(const std::string& api_version, const std::string& service,
                         const std::string& backend, const SliceContent& content, const kube::Json& notes);
kube::Json SlicePatch(const kube::Json& there, const SliceContent& content, const kube::Json& notes);

// The Service's slices as they are.
struct SlicesLook {
  std::map<std::string, kube::Json> ours;  // by backend; absent where there is none
  std::map<std::string, SliceContent> contents;
  RouteReading reading;
};
// A slice of nobody's backend is a backend of its own name. Shares are those of ready addresses, since a
// Service spreads connections evenly. The reading's mark is the least of all backends' slices; none where one
// lacks it.
SlicesLook LookAt(const kube::Json& list, const std::string& service, const RouteParts& parts,
                  absl::string_view store_id);

}  // namespace evenkeel::coordinator
