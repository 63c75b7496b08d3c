#include "agent/collect/kubelet_collector.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/decode/kubelet_metrics.h"
#include "agent/decode/kubelet_pods.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace evenkeel::agent {
namespace {

http::Client::Options ClientOptions() {
  return {.name = "kubelet", .max_in_flight = 4, .max_queued = 8, .max_connections_per_host = 2};
}

// What an answer to /healthz, or the lack of one, says of the kubelet. Failures that are ours (no right to
// ask, a certificate that we cannot verify, no token) say nothing of it.
PartObservation Judge(const absl::StatusOr<http::Response>& answer) {
  if (!answer.ok()) {
    const std::string reason = base::Detail(answer.status(), base::kReasonKey).value_or("");
    const bool ours = reason == http::kReasonTls || reason == http::kReasonResolve ||
                      !(absl::IsUnavailable(answer.status()) || absl::IsDeadlineExceeded(answer.status()));
    return {.state = ours ? v1::PART_STATE_UNSPECIFIED : v1::PART_STATE_UNREACHABLE,
            .detail = std::string(answer.status().message()),
            .latency = {}};
  }
  if (answer->code == 200) {
    return {.state = v1::PART_STATE_HEALTHY, .detail = "", .latency = {}};
  }
  const bool refused = answer->code == 401 || answer->code == 403;
  if (const std::string failed = refused ? "" : DecodeFailedChecks(answer->body); !failed.empty()) {
    return {.state = v1::PART_STATE_UNHEALTHY,
            .detail = absl::StrCat("checks of its /healthz that fail: ", failed),
            .latency = {}};
  }
  return {.state = refused ? v1::PART_STATE_UNSPECIFIED : v1::PART_STATE_UNHEALTHY,
          .detail = absl::StrCat("GET /healthz was answered with ", answer->code,
                                 refused ? ": the agent's token may not ask it" : ""),
          .latency = {}};
}

std::string ContainerKey(const std::string& pod_namespace, const std::string& pod,
                         const std::string& container) {
  return absl::StrCat(pod_namespace, "/", pod, "/", container);
}

}  // namespace

KubeletCollector::KubeletCollector(Options options, Board& board, UsageCollector& usage,
                                   const time::Clock& clock)
    : options_(std::move(options)), board_(board), usage_(usage), clock_(clock), client_(ClientOptions()) {
  if (!options_.token_file.empty()) {
    token_.emplace(options_.token_file, clock_);
  }
  if (!options_.ca_file.empty()) {
    ca_.emplace(options_.ca_file, clock_);
  }
  client_.After(absl::ZeroDuration(), [this] {
    Ask({"/healthz", options_.health_interval, options_.health_deadline, 64 << 10,
         &KubeletCollector::OnHealth});
    Ask({"/pods", options_.document_interval, options_.document_deadline, 16 << 20,
         &KubeletCollector::OnPods});
    Ask({"/metrics/resource", options_.document_interval, options_.document_deadline, 4 << 20,
         &KubeletCollector::OnMetrics});
    Ask({"/metrics", options_.metrics_interval, options_.document_deadline, 8 << 20,
         &KubeletCollector::OnOwnMetrics});
  });
}

// Asks now, and again one interval after now, or at once when the answer took longer than that.
void KubeletCollector::Ask(const Question& question) {
  const absl::Time began = clock_.Now();
  const auto done = [this, question, began](const Answer& answer) {
    const absl::Duration took = clock_.Now() - began;
    (this->*question.handler)(answer, took);
    client_.After(question.interval - took, [this, question] { Ask(question); });
  };
  auto request = MakeRequest(question);
  if (request.ok()) {
    client_.Start(*std::move(request), done);
  } else {
    done(request.status());
  }
}

absl::StatusOr<http::Request> KubeletCollector::MakeRequest(const Question& question) {
  http::Request request;
  request.url = absl::StrCat(options_.url, question.path);
  request.deadline = question.deadline;
  request.max_body_bytes = question.most_bytes;
  if (token_) {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string token, token_->Get());
    request.headers.push_back({.name = "Authorization", .value = absl::StrCat("Bearer ", token)});
  }
  if (ca_) {
    EVENKEEL_ASSIGN_OR_RETURN(std::string ca, ca_->Get());
    if (tls_ == nullptr || tls_->ca_pem != ca) {
      auto tls = std::make_shared<http::Tls>();
      tls->ca_pem = std::move(ca);
      tls_ = std::move(tls);
    }
    request.tls = tls_;
  }
  return request;
}

void KubeletCollector::OnHealth(const Answer& answer, absl::Duration took) {
  if (absl::IsCancelled(answer.status())) {
    return;  // the agent stops
  }
  PartObservation seen = Judge(answer);
  seen.latency = took;
  if (token_ && answer.ok() && answer->code == 401) {
    token_->Forget();  // it was renewed, perhaps
  }
  board_.Update([&](NodeState& state) { state.SetKubelet(seen, absl::Now()); });
}

const std::string* KubeletCollector::Body(const char* what, const Answer& answer) {
  if (answer.ok() && answer->code == 200) {
    return &answer->body;
  }
  if (absl::IsCancelled(answer.status())) {
    return nullptr;  // the agent stops
  }
  const absl::Status cause =
      answer.ok() ? absl::UnavailableError(absl::StrCat("answered with ", answer->code)) : answer.status();
  if (const auto suppressed = limiter_.Admit(what, clock_.Now())) {
    log::Warn("the kubelet does not tell what was asked",
              {{"path", what}, {"cause", cause}, {"suppressed", *suppressed}});
  }
  return nullptr;
}

void KubeletCollector::OnPods(const Answer& answer, absl::Duration) {
  const std::string* body = Body("/pods", answer);
  if (body == nullptr) {
    return;
  }
  auto pods = DecodeKubeletPods(*body);
  if (!pods.ok()) {
    Body("/pods", pods.status());
    return;
  }
  container_ids_.clear();
  std::vector<KubeletContainerStatus> statuses;
  for (KubeletPod& pod : *pods) {
    for (KubeletContainer& container : pod.containers) {
      if (container.container_id.empty()) {
        continue;
      }
      container_ids_[ContainerKey(pod.pod_namespace, pod.name, container.name)] = container.container_id;
      statuses.push_back({.container_id = std::move(container.container_id),
                          .image = std::move(container.image),
                          .restarts = container.restarts,
                          .exit_code = container.exit_code,
                          .exit_reason = std::move(container.exit_reason)});
    }
  }
  board_.Update([&](NodeState& state) { state.SetKubeletStatuses(statuses); });
}

void KubeletCollector::OnMetrics(const Answer& answer, absl::Duration) {
  const std::string* body = Body("/metrics/resource", answer);
  if (body == nullptr) {
    return;
  }
  const auto samples = DecodeResourceMetrics(*body);
  if (!samples.ok()) {
    Body("/metrics/resource", samples.status());
    return;
  }
  std::vector<ContainerCounters> counters;
  for (const ContainerResourceSample& sample : *samples) {
    const auto id = container_ids_.find(ContainerKey(sample.pod_namespace, sample.pod, sample.container));
    if (id != container_ids_.end()) {
      counters.push_back({.container_id = id->second,
                          .cpu_total = sample.cpu_total,
                          .cpu_time = sample.cpu_time,
                          .memory_working_set_bytes = sample.working_set_bytes});
    }
  }
  usage_.AddCounters(UsageCollector::Source::kKubelet, counters);
}

void KubeletCollector::OnOwnMetrics(const Answer& answer, absl::Duration took) {
  const std::string* body = Body("/metrics", answer);
  if (body == nullptr) {
    return;
  }
  const auto last_seen = DecodePlegLastSeen(*body);
  if (!last_seen) {
    return;  // a kubelet that does not tell
  }
  // Compared with itself only, so that a step of the node's clock makes nobody sick. The first reading says
  // nothing yet.
  PartObservation seen{.state = v1::PART_STATE_HEALTHY, .detail = "", .latency = took};
  const bool first = !pleg_last_seen_.has_value();
  if (pleg_last_seen_ != last_seen) {
    pleg_last_seen_ = last_seen;
    pleg_unchanged_since_ = clock_.Now();
    if (first) {
      return;
    }
  } else if (clock_.Now() - pleg_unchanged_since_ >= options_.pleg_stuck_after) {
    seen.state = v1::PART_STATE_UNHEALTHY;
    seen.detail =
        absl::StrCat("it has not looked at them for ", absl::FormatDuration(options_.pleg_stuck_after));
  } else {
    return;  // it may move yet
  }
  board_.Update([&](NodeState& state) { state.SetPleg(seen, absl::Now()); });
}

}  // namespace evenkeel::agent
