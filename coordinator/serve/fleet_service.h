// FleetService: see proto/evenkeel/v1/fleet.proto.
#pragma once

#include <grpcpp/grpcpp.h>

#include "coordinator/serve/calls.h"
#include "coordinator/serve/fleet_view.h"
#include "evenkeel/v1/fleet.grpc.pb.h"

namespace evenkeel::coordinator {

class FleetService final : public v1::FleetService::CallbackService {
 public:
  // Both outlive the server.
  FleetService(CallEnvironment& environment, FleetView& view) : environment_(environment), view_(view) {}

  grpc::ServerUnaryReactor* ListClusters(grpc::CallbackServerContext* context,
                                         const v1::ListClustersRequest* request,
                                         v1::ListClustersResponse* response) override;
  grpc::ServerUnaryReactor* GetCluster(grpc::CallbackServerContext* context,
                                       const v1::GetClusterRequest* request,
                                       v1::GetClusterResponse* response) override;
  grpc::ServerUnaryReactor* ListNodes(grpc::CallbackServerContext* context,
                                      const v1::ListNodesRequest* request,
                                      v1::ListNodesResponse* response) override;
  grpc::ServerUnaryReactor* GetNode(grpc::CallbackServerContext* context, const v1::GetNodeRequest* request,
                                    v1::GetNodeResponse* response) override;
  grpc::ServerUnaryReactor* ListPods(grpc::CallbackServerContext* context, const v1::ListPodsRequest* request,
                                     v1::ListPodsResponse* response) override;
  grpc::ServerUnaryReactor* GetPod(grpc::CallbackServerContext* context, const v1::GetPodRequest* request,
                                   v1::GetPodResponse* response) override;
  grpc::ServerUnaryReactor* ListContainers(grpc::CallbackServerContext* context,
                                           const v1::ListContainersRequest* request,
                                           v1::ListContainersResponse* response) override;
  grpc::ServerUnaryReactor* GetContainer(grpc::CallbackServerContext* context,
                                         const v1::GetContainerRequest* request,
                                         v1::GetContainerResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchFleetResponse>* WatchFleet(grpc::CallbackServerContext* context,
                                                               const v1::WatchFleetRequest* request) override;

 private:
  CallEnvironment& environment_;
  FleetView& view_;
};

}  // namespace evenkeel::coordinator
