#include "coordinator/serve/decision_service.h"

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/fleet_listing.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/page_token.h"
#include "coordinator/serve/watch_call.h"

namespace evenkeel::coordinator {
namespace {

absl::Status List(const StateStore& store, const v1::ListDecisionsRequest& request,
                  v1::ListDecisionsResponse& response) {
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  DecisionFilter filter{.cluster = request.cluster(), .node = request.node(), .workload = {}, .kinds = {}};
  if (!request.workload().empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(const WorkloadName workload, ParseWorkload("workload", request.workload()));
    filter.workload = {.kinds = workload.kinds, .name_space = workload.name_space, .name = workload.name};
  }
  for (const int number : request.kinds()) {
    const auto kind = FromMessage(static_cast<v1::Decision::Kind>(number));
    if (!kind) return base::InvalidField("kinds", "must each be a kind of decision, as KIND_FAILOVER");
    filter.kinds.push_back(*kind);
  }
  const std::string kinds = absl::StrJoin(request.kinds(), ",");
  const std::initializer_list<absl::string_view> asked = {"ListDecisions", request.cluster(), request.node(),
                                                          kinds, request.workload()};
  EVENKEEL_ASSIGN_OR_RETURN(const std::string resume, ReadPageToken(asked, request.page_token()));
  std::optional<DecisionId> from;
  if (!resume.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(from, DecisionId::Parse(resume));
  }
  EVENKEEL_ASSIGN_OR_RETURN(const DecisionPage page, store.ListDecisions(filter, from, page_size));
  for (const Decision& decision : page.decisions) *response.add_decisions() = ToMessage(decision);
  if (page.next) response.set_next_page_token(MakePageToken(asked, page.next->ToString()));
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* DecisionService::ListDecisions(grpc::CallbackServerContext* context,
                                                         const v1::ListDecisionsRequest* request,
                                                         v1::ListDecisionsResponse* response) {
  return Answer(environment_, context, {.verb = "list", .resource = "decisions"},
                [this, request, response] { return List(store_, *request, *response); });
}

grpc::ServerUnaryReactor* DecisionService::GetDecision(grpc::CallbackServerContext* context,
                                                       const v1::GetDecisionRequest* request,
                                                       v1::GetDecisionResponse* response) {
  const auto id = ParseDecision("name", request->name());
  return Answer(environment_, context,
                {.verb = "get", .resource = "decisions", .name = id.ok() ? id->ToString() : ""},
                [this, id, response]() -> absl::Status {
                  if (!id.ok()) return id.status();
                  const auto decision = store_.GetDecision(*id);
                  if (absl::IsNotFound(decision.status())) return NotFound(DecisionResource(*id));
                  if (!decision.ok()) return decision.status();
                  *response->mutable_decision() = ToMessage(*decision);
                  return absl::OkStatus();
                });
}

grpc::ServerWriteReactor<v1::WatchDecisionsResponse>* DecisionService::WatchDecisions(
    grpc::CallbackServerContext* context, const v1::WatchDecisionsRequest* request) {
  return WatchCall<v1::WatchDecisionsResponse>::Start(
      environment_, context, {{.verb = "watch", .resource = "decisions"}},
      [this, cluster = request->cluster()](std::function<void()> wake)
          -> absl::StatusOr<std::unique_ptr<WatchSource<v1::WatchDecisionsResponse>>> {
        return std::make_unique<DecisionWatch>(feed_, cluster, std::move(wake));
      });
}

}  // namespace evenkeel::coordinator
