#include "coordinator/session/agent_sessions.h"

#include "coordinator/session/session_loop.h"

namespace evenkeel::coordinator {

AgentSessions::AgentSessions(const Options& options, AgentAuthenticator& authenticator, EventSink& events,
                             ReportSink& reports, const time::Clock& clock)
    : loop_(std::make_unique<Loop>(options, authenticator, events, reports, clock)) {}

AgentSessions::~AgentSessions() = default;

void AgentSessions::RegisterWith(grpc::ServerBuilder& builder) {
  loop_->RegisterWith(builder);
}
void AgentSessions::Start() {
  loop_->Start();
}
void AgentSessions::Stop() {
  loop_->Stop();
}
void AgentSessions::Close() {
  loop_->Close();
}
void AgentSessions::Release(const ProbeNode& request) {
  loop_->Release(request);
}
void AgentSessions::Release(const SetBeats& request) {
  loop_->Release(request);
}
void AgentSessions::Release(const SetFencing& request) {
  loop_->Release(request);
}
void AgentSessions::Release(const ConfirmGoodbye& request) {
  loop_->Release(request);
}
void AgentSessions::Release(const CloseSampling& request) {
  loop_->Release(request);
}
void AgentSessions::Release(const ReleasedAction& action) {
  loop_->Release(action);
}
const AgentSessions::Figures& AgentSessions::figures() const {
  return loop_->figures();
}

}  // namespace evenkeel::coordinator
