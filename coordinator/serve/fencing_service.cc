#include "coordinator/serve/fencing_service.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/serve/names.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestReason = 500;

}  // namespace

grpc::ServerUnaryReactor* FencingService::ConfirmFence(grpc::CallbackServerContext* context,
                                                       const v1::ConfirmFenceRequest* request,
                                                       v1::ConfirmFenceResponse* response) {
  const auto node = ParseNode("name", request->name());
  // A verb of its own: to say this wrongly destroys data, which to change a node does not.
  return AnswerLater(environment_, context,
                     {.verb = "fence", .resource = "nodes", .name = node.ok() ? node->node : std::string()},
                     [this, node, request, response](const Finish& finish) {
                       if (!node.ok()) return finish(node.status());
                       if (request->reason().size() > kLongestReason) {
                         return finish(base::InvalidField(
                             "reason", absl::StrCat("is longer than ", kLongestReason, " bytes")));
                       }
                       replies_.Ask(
                           [&](uint64_t request_id) {
                             return coordinator::ConfirmFence{
                                 .request_id = request_id, .node = *node, .reason = request->reason()};
                           },
                           [response, finish](const Reply& reply) {
                             if (reply.status.ok() && reply.decision)
                               response->set_decision(DecisionResource(*reply.decision));
                             finish(reply.status);
                           });
                     });
}

}  // namespace evenkeel::coordinator
