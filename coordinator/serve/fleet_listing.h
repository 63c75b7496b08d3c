// The listings of FleetService: pages over the fleet view.
//
// Each reads the view a few hundred resources at a time, so that however large the fleet, nobody waits long
// for its lock. A page is not one moment's picture: what changes while it is read may appear as before or as
// after.
#pragma once

#include "absl/status/status.h"
#include "coordinator/serve/fleet_view.h"
#include "evenkeel/v1/fleet.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field; NOT_FOUND the parent that is not there.
absl::Status ListClusters(const FleetView& view, const v1::ListClustersRequest& request,
                          v1::ListClustersResponse& response);
absl::Status ListNodes(const FleetView& view, const v1::ListNodesRequest& request,
                       v1::ListNodesResponse& response);
absl::Status ListPods(const FleetView& view, const v1::ListPodsRequest& request,
                      v1::ListPodsResponse& response);
absl::Status ListContainers(const FleetView& view, const v1::ListContainersRequest& request,
                            v1::ListContainersResponse& response);

// NOT_FOUND that names the resource.
absl::Status NotFound(absl::string_view resource);

}  // namespace evenkeel::coordinator
