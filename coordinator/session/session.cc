#include "coordinator/session/session.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/rpc/status.h"
#include "coordinator/session/close_sampling.h"
#include "coordinator/session/validate.h"

namespace evenkeel::coordinator {
namespace {

void SetDuration(absl::Duration from, google::protobuf::Duration* to) {
  absl::Duration rest;
  to->set_seconds(absl::IDivDuration(from, absl::Seconds(1), &rest));
  to->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

std::string MetadataValue(const grpc::ServerContext& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

ProbeOutcome OutcomeOf(const v1::ProbeResult& result) {
  switch (result.outcome()) {
    case v1::ProbeResult::OUTCOME_REACHED:
      return ProbeOutcome::kReached;
    case v1::ProbeResult::OUTCOME_REFUSED:
      return ProbeOutcome::kRefused;
    case v1::ProbeResult::OUTCOME_TIMED_OUT:
      return ProbeOutcome::kTimedOut;
    case v1::ProbeResult::OUTCOME_UNREACHABLE:
      return ProbeOutcome::kUnreachable;
    case v1::ProbeResult::OUTCOME_PROTOCOL_ERROR:
      return ProbeOutcome::kProtocolError;
    case v1::ProbeResult::OUTCOME_PROBER_FAILED:
      return ProbeOutcome::kProberFailed;
    default:  // also what a newer agent may know: evidence of nothing
      return ProbeOutcome::kNotTried;
  }
}

v1::FencingSettings MessageOf(const FencingSettings& settings) {
  v1::FencingSettings message;
  message.set_version(settings.version);
  message.set_armed(settings.armed);
  SetDuration(settings.isolation_timeout, message.mutable_isolation_timeout());
  SetDuration(settings.stop_timeout, message.mutable_stop_timeout());
  for (const MarkedPod& pod : settings.marked) {
    v1::MarkedPod& marked = *message.add_marked_pods();
    marked.set_namespace_(pod.name_space);
    marked.set_name(pod.name);
    marked.set_uid(pod.uid);
  }
  for (const Voucher& peer : settings.vouchers) {
    v1::Voucher& voucher = *message.add_vouchers();
    voucher.set_node(peer.node);
    voucher.set_address(peer.address);
    voucher.set_agent_port(peer.agent_port);
  }
  for (const std::string& node : settings.condemned) message.add_condemned_nodes(node);
  message.set_release(settings.release);
  message.set_answered_fence(settings.answered_fence);
  return message;
}

ProbeAnswered NoAnswer(uint64_t probe_id) {
  return ProbeAnswered{probe_id, ProbeOutcome::kProberFailed, ProbeOutcome::kProberFailed,
                       ProbeOutcome::kProberFailed, absl::ZeroDuration()};
}

// The name that an action has at the agent, who answers one of the same name only once.
std::string RequestId(const ReleasedAction& action) {
  return absl::StrCat("decisions/", action.decision.ToString(), "/actions/", action.action.number);
}

ActionFinished Finished(const ReleasedAction& action, ActionOutcome outcome, std::string detail) {
  return ActionFinished{action.decision, action.action.number, outcome, std::move(detail),
                        action.action.attempts};
}

absl::Status Mismatch(absl::string_view field, const std::string& claimed, const std::string& proven,
                      const std::string& proof) {
  return base::WithReason(base::WithDetail(absl::PermissionDeniedError(absl::StrCat(
                                               field, ": the agent claims \"", claimed, "\", but its ", proof,
                                               " proves \"", proven, "\"")),
                                           base::kFieldKey, field),
                          "IDENTITY_MISMATCH");
}

absl::Status TooMany(absl::string_view what) {
  return base::WithReason(absl::ResourceExhaustedError(absl::StrCat(what, ": more than an agent may send")),
                          "RATE_EXCEEDED");
}

}  // namespace

Session::Session(SessionHost& host, uint64_t id, absl::Time now)
    : host_(host),
      id_(id),
      stream_(*this),
      messages_(kMessagesPerSecond, kMessageBurst, now),
      reports_(kReportsPerSecond, kReportBurst, now),
      fencing_statuses_(kFencingStatusesPerSecond, kFencingStatusBurst, now) {}

SessionDescription Session::Describe() const {
  return SessionDescription{id_, agent_version_, boot_id_, agent_port_, peer_, opened_, last_beat_};
}

void Session::OnAccepted() {
  phase_ = Phase::kAwaitingHello;
  peer_ = stream_.context().peer();
  host_.OnAccepted(*this);
  if (phase_ == Phase::kAwaitingHello) stream_.Read();
}

void Session::OnMessage(const grpc::ByteBuffer& bytes) {
  if (absl::Status status = Take(bytes, host_.Now()); !status.ok()) {
    Refuse(status);
    return;
  }
  // While the identity is being checked nothing more is read: strangers wait.
  if (phase_ == Phase::kOpen) stream_.Read();
}

absl::Status Session::Take(const grpc::ByteBuffer& bytes, absl::Time now) {
  const size_t limit = phase_ == Phase::kAwaitingHello ? kMaxHelloBytes : kMaxMessageBytes;
  if (bytes.Length() > limit) {
    return base::WithReason(absl::ResourceExhaustedError(absl::StrCat("a message of ", bytes.Length(),
                                                                      " bytes, the limit is ", limit)),
                            "MESSAGE_TOO_LARGE");
  }
  if (!messages_.Admit(now)) return TooMany("messages");
  const v1::ConnectRequest* request = host_.Decode(bytes);
  if (request == nullptr) {
    return base::WithReason(absl::InvalidArgumentError("a message that is no evenkeel.v1.ConnectRequest"),
                            "MESSAGE_MALFORMED");
  }
  if (phase_ == Phase::kAwaitingHello) return TakeHello(*request);
  switch (request->message_case()) {
    case v1::ConnectRequest::kBeat:
      return TakeBeat(request->beat(), now);
    case v1::ConnectRequest::kReport:
      return TakeReport(request->report(), now);
    case v1::ConnectRequest::kProbeAnswer:
      return TakeProbeAnswer(request->probe_answer());
    case v1::ConnectRequest::kRestartAnswer:
      return TakeRestartAnswer(request->restart_answer());
    case v1::ConnectRequest::kFencingStatus:
      return TakeFencingStatus(request->fencing_status());
    case v1::ConnectRequest::kGoodbye:
      EVENKEEL_RETURN_IF_ERROR(ValidateGoodbye(request->goodbye()));
      phase_ = Phase::kLeaving;
      Close(true, absl::StrCat("said goodbye: ", request->goodbye().reason()));
      host_.OnLeaving(*this);
      return absl::OkStatus();
    case v1::ConnectRequest::kHello:
      return base::InvalidField("hello", "came twice in one session");
    case v1::ConnectRequest::MESSAGE_NOT_SET:
      break;  // of a newer agent: nothing that we know of
  }
  return absl::OkStatus();
}

absl::Status Session::TakeHello(const v1::ConnectRequest& request) {
  if (!request.has_hello()) return base::InvalidField("hello", "must be the first message of a session");
  const v1::Hello& hello = request.hello();
  EVENKEEL_RETURN_IF_ERROR(ValidateHello(hello));
  node_ = NodeKey{hello.cluster(), hello.node()};
  agent_version_ = hello.agent_version();
  boot_id_ = hello.boot_id();
  agent_port_ = static_cast<uint16_t>(hello.agent_port());
  phase_ = Phase::kAwaitingIdentity;
  host_.OnHello(*this, Credentials());
  return absl::OkStatus();
}

AgentCredentials Session::Credentials() const {
  AgentCredentials credentials;
  credentials.cluster = MetadataValue(stream_.context(), "evenkeel-cluster");
  const std::string authorization = MetadataValue(stream_.context(), "authorization");
  absl::string_view token = authorization;
  if (absl::ConsumePrefix(&token, "Bearer ")) credentials.bearer_token = std::string(token);
  const auto tls = stream_.context().auth_context();
  if (tls != nullptr && tls->IsPeerAuthenticated()) {
    const auto certificates = tls->FindPropertyValues("x509_pem_cert");
    if (!certificates.empty()) {
      credentials.certificate_pem = std::string(certificates.front().data(), certificates.front().size());
    }
  }
  credentials.peer = peer_;
  return credentials;
}

void Session::Identified(const absl::StatusOr<AgentIdentity>& identity) {
  if (phase_ != Phase::kAwaitingIdentity) return;
  if (!identity.ok()) {
    Refuse(identity.status());
  } else if (identity->node.cluster != node_.cluster) {
    Refuse(Mismatch("hello.cluster", node_.cluster, identity->node.cluster, identity->proof));
  } else if (identity->node.node != node_.node) {
    Refuse(Mismatch("hello.node", node_.node, identity->node.node, identity->proof));
  } else {
    proof_ = identity->proof;
    pod_ = identity->pod;
    host_.OnProven(*this);
  }
}

void Session::Open(uint64_t epoch, absl::Duration beat_interval, BeatMonitor::Watched* watched) {
  EVENKEEL_CHECK(phase_ == Phase::kAwaitingIdentity) << "a session is opened once";
  phase_ = Phase::kOpen;
  watched_ = watched;
  opened_ = host_.Now();
  last_beat_ = std::make_shared<LastBeat>(opened_);
  Welcome(epoch, beat_interval);
  stream_.Read();
}

absl::Status Session::TakeBeat(const v1::Beat& beat, absl::Time now) {
  if (beat.sequence() <= last_sequence_) {
    return base::InvalidField(
        "beat.sequence", absl::StrCat("is ", beat.sequence(), " after ", last_sequence_, "; it must rise"));
  }
  last_sequence_ = beat.sequence();
  last_beat_->Set(now, beat.node_time_ms());
  host_.OnBeat(*this, now);
  if (++beats_ % kBeatsPerAcknowledgement == 0) {
    acknowledgement_waits_ = true;
    WriteNext();
  }
  return absl::OkStatus();
}

absl::Status Session::TakeReport(const v1::Report& report, absl::Time now) {
  if (!reports_.Admit(now)) return TooMany("reports");
  EVENKEEL_RETURN_IF_ERROR(ValidateReport(report));
  if (!reported_ && !report.full())
    return base::InvalidField("report.full", "must be set on a session's first report");
  reported_ = true;
  host_.OnReport(*this, report);
  return absl::OkStatus();
}

absl::Status Session::TakeProbeAnswer(const v1::ProbeAnswer& answer) {
  EVENKEEL_RETURN_IF_ERROR(ValidateProbeAnswer(answer));
  const auto found = std::find_if(probes_.begin(), probes_.end(), [&](const OutstandingProbe& probe) {
    return probe.id == answer.probe_id();
  });
  if (found == probes_.end()) return absl::OkStatus();  // too late: nobody waits for it any more
  probes_.erase(found);
  host_.OnProbeAnswered(ProbeAnswered{answer.probe_id(), OutcomeOf(answer.kubelet_tcp()),
                                      OutcomeOf(answer.kubelet_tls()), OutcomeOf(answer.agent()),
                                      absl::Microseconds(answer.kubelet_tcp().latency_us())});
  return absl::OkStatus();
}

absl::Status Session::TakeRestartAnswer(const v1::RestartAnswer& answer) {
  EVENKEEL_RETURN_IF_ERROR(ValidateRestartAnswer(answer));
  const auto found = std::find_if(restarts_.begin(), restarts_.end(), [&](const OutstandingRestart& restart) {
    return restart.request_id == answer.request_id();
  });
  if (found == restarts_.end()) return absl::OkStatus();  // too late
  const ReleasedAction action = std::move(found->action);
  restarts_.erase(found);
  const bool taken = answer.outcome() == v1::RestartAnswer::OUTCOME_TAKEN;
  host_.OnActionFinished(
      Finished(action, taken ? ActionOutcome::kDone : ActionOutcome::kRefused, answer.detail()));
  return absl::OkStatus();
}

absl::Status Session::TakeFencingStatus(const v1::FencingStatus& status) {
  if (!fencing_statuses_.Admit(host_.Now())) return TooMany("fencing statuses");
  EVENKEEL_RETURN_IF_ERROR(ValidateFencingStatus(status));
  FencingReported report{.node = node_,
                         .session_id = id_,
                         .version = status.version(),
                         .armed = status.armed(),
                         .watchdog_timeout = {},
                         .fenced = status.fenced(),
                         .detail = status.detail(),
                         .fence = status.fence()};
  if (status.has_watchdog_timeout()) {
    report.watchdog_timeout = absl::Seconds(status.watchdog_timeout().seconds()) +
                              absl::Nanoseconds(status.watchdog_timeout().nanos());
  }
  host_.OnFencingReported(report);
  return absl::OkStatus();
}

void Session::SetFencing(FencingSettings settings) {
  fencing_waits_ = std::move(settings);
  WriteNext();
}

void Session::SampleClosely(std::vector<std::string> pod_uids) {
  if (pod_uids.size() > kMostCloselySampled) pod_uids.resize(kMostCloselySampled);
  close_sampling_waits_ = std::move(pod_uids);
  WriteNext();
}

void Session::Welcome(uint64_t epoch, absl::Duration beat_interval) {
  epoch_ = epoch;
  beat_interval_ = beat_interval;
  welcome_waits_ = true;
  WriteNext();
}

bool Session::Probe(const ProbeNode& request, absl::Time now) {
  if (phase_ != Phase::kOpen) return false;
  probes_.erase(std::remove_if(probes_.begin(), probes_.end(),
                               [now](const OutstandingProbe& probe) { return probe.forget <= now; }),
                probes_.end());
  if (probes_.size() >= kMaxProbes || probes_waiting_.size() >= kMaxProbes) return false;
  // The agent's own time plus a second for the way: nobody waits longer for the answer.
  probes_.push_back(OutstandingProbe{request.probe_id, now + request.timeout + absl::Seconds(1)});
  probes_waiting_.push_back(request);
  WriteNext();
  return true;
}

bool Session::Restart(const ReleasedAction& action, uint64_t epoch) {
  if (phase_ != Phase::kOpen || restarts_.size() >= kMaxRestarts) return false;
  v1::RestartRequest request;
  request.set_request_id(RequestId(action));
  request.set_part(action.action.kind == ActionKind::kRestartKubelet ? v1::RestartRequest::PART_KUBELET
                                                                     : v1::RestartRequest::PART_RUNTIME);
  request.set_epoch(epoch);
  restarts_.push_back({action, request.request_id(), host_.Now() + kRestartTime});
  restarts_waiting_.push_back(std::move(request));
  WriteNext();
  return true;
}

void Session::ForgetRestart(absl::Time now) {
  std::vector<OutstandingRestart> late;
  const auto is_late = [now](const OutstandingRestart& restart) { return restart.forget <= now; };
  std::copy_if(restarts_.begin(), restarts_.end(), std::back_inserter(late), is_late);
  restarts_.erase(std::remove_if(restarts_.begin(), restarts_.end(), is_late), restarts_.end());
  for (const OutstandingRestart& restart : late) {
    host_.OnActionFinished(Finished(restart.action, ActionOutcome::kUnreachable,
                                    "the agent has not answered; it may be too old to know restarts"));
  }
}

void Session::WriteNext() {
  if (phase_ != Phase::kOpen || stream_.writing()) return;
  v1::ConnectResponse response;
  if (welcome_waits_) {
    welcome_waits_ = false;
    v1::Welcome* welcome = response.mutable_welcome();
    welcome->set_epoch(epoch_);
    welcome->set_session_id(id_);
    SetDuration(beat_interval_, welcome->mutable_beat_interval());
  } else if (!probes_waiting_.empty()) {
    const ProbeNode& probe = probes_waiting_.front();
    v1::ProbeRequest* request = response.mutable_probe_request();
    request->set_probe_id(probe.probe_id);
    request->set_target_node(probe.target.node);
    request->set_address(probe.address);
    request->set_kubelet_port(probe.kubelet_port);
    request->set_agent_port(probe.agent_port);
    SetDuration(probe.timeout, request->mutable_timeout());
    probes_waiting_.pop_front();
  } else if (!restarts_waiting_.empty()) {
    *response.mutable_restart_request() = std::move(restarts_waiting_.front());
    restarts_waiting_.pop_front();
  } else if (fencing_waits_) {
    *response.mutable_fencing_settings() = MessageOf(*fencing_waits_);
    fencing_waits_.reset();
  } else if (close_sampling_waits_) {
    v1::SampleClosely* closely = response.mutable_sample_closely();
    for (std::string& uid : *close_sampling_waits_) closely->add_pod_uids(std::move(uid));
    close_sampling_waits_.reset();
  } else if (acknowledgement_waits_) {
    acknowledgement_waits_ = false;
    response.mutable_beat_acknowledgement()->set_sequence(last_sequence_);
  } else {
    return;
  }
  stream_.Write(response);
}

void Session::OnWritten() {
  WriteNext();
}

void Session::OnReadEnd() {
  End(absl::CancelledError("the stream was closed without goodbye"), "connection lost");
}

void Session::Refuse(const absl::Status& status) {
  if (phase_ == Phase::kEnding) return;
  host_.OnRefused(*this, status);
  End(status, std::string(status.message()));
}

void Session::GoodbyeConfirmed() {
  if (phase_ == Phase::kLeaving) End(absl::OkStatus(), "");
}

void Session::Close(bool goodbye, const std::string& reason) {
  for (const OutstandingProbe& probe : probes_) host_.OnProbeAnswered(NoAnswer(probe.id));
  probes_.clear();
  probes_waiting_.clear();
  for (const OutstandingRestart& restart : restarts_) {
    host_.OnActionFinished(
        Finished(restart.action, ActionOutcome::kUnreachable, "the agent's session ended before its answer"));
  }
  restarts_.clear();
  restarts_waiting_.clear();
  host_.OnClosed(*this, goodbye, reason);
  watched_ = nullptr;
}

void Session::End(const absl::Status& status, const std::string& reason) {
  const bool was_open = phase_ == Phase::kOpen;
  phase_ = Phase::kEnding;
  stream_.End(rpc::ToGrpc(status));
  if (was_open) Close(false, reason);
  host_.OnEnding(*this);
}

void Session::OnFinished() {
  host_.OnFinished(*this);
}

}  // namespace evenkeel::coordinator
