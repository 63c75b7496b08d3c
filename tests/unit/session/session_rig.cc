#include "tests/unit/session/session_rig.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/kube/json.h"
#include "common/rpc/status.h"

namespace evenkeel::coordinator {

void ReportLog::Add(std::string line) {
  absl::MutexLock lock(&mutex_);
  lines_.push_back(std::move(line));
}

void ReportLog::OnSessionOpened(const NodeKey& node, const SessionDescription& session) {
  Add(absl::StrCat("opened ", node.node));
  absl::MutexLock lock(&mutex_);
  sessions_[node.node] = session;
}

void ReportLog::OnReport(const NodeKey& node, uint64_t, const v1::Report& report) {
  Add(absl::StrCat("report ", node.node, report.full() ? " full" : " delta"));
}

void ReportLog::OnSessionClosed(const NodeKey& node, uint64_t, const std::string& reason) {
  Add(absl::StrCat("closed ", node.node, ": ", reason));
}

std::vector<std::string> ReportLog::WaitForLines(size_t count) const {
  const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return lines_.size() >= count; };
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&enough));
  return lines_;
}

SessionDescription ReportLog::WaitForSession(const std::string& node) const {
  const auto known = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return sessions_.contains(node); };
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&known));
  return sessions_.at(node);
}

TestAgent::TestAgent(const Identity& identity) : stub_(v1::AgentSessionService::NewStub(identity.channel)) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  if (!identity.cluster.empty()) context_.AddMetadata("evenkeel-cluster", identity.cluster);
  if (!identity.token.empty()) context_.AddMetadata("authorization", absl::StrCat("Bearer ", identity.token));
  stream_ = stub_->Connect(&context_);
}

TestAgent::~TestAgent() {
  if (ended_) return;
  context_.TryCancel();
  (void)End();
}

bool TestAgent::SayHello(const std::string& cluster, const std::string& node) {
  v1::ConnectRequest request;
  request.mutable_hello()->set_cluster(cluster);
  request.mutable_hello()->set_node(node);
  request.mutable_hello()->set_agent_version("1.2.3");
  request.mutable_hello()->set_boot_id("boot-1");
  request.mutable_hello()->set_agent_port(9120);
  return Send(request);
}

bool TestAgent::Beat(uint64_t sequence, uint64_t node_time_ms) {
  v1::ConnectRequest request;
  request.mutable_beat()->set_sequence(sequence);
  request.mutable_beat()->set_node_time_ms(node_time_ms);
  return Send(request);
}

std::optional<v1::ConnectResponse> TestAgent::Receive() {
  v1::ConnectResponse response;
  if (!stream_->Read(&response)) return std::nullopt;
  return response;
}

absl::Status TestAgent::End() {
  while (Receive()) {
  }
  ended_ = true;
  return rpc::FromGrpc(stream_->Finish());
}

v1::ConnectRequest FullReport() {
  v1::ConnectRequest request;
  request.mutable_report()->set_full(true);
  request.mutable_report()->add_pods()->set_uid("pod-1");
  return request;
}

SessionRig::SessionRig(AgentSessions::Options options, AgentAuthenticator* authenticator) {
  std::string folder = (std::filesystem::temp_directory_path() / "session-XXXXXX").string();
  EVENKEEL_CHECK(mkdtemp(folder.data()) != nullptr) << folder;
  folder_ = folder;
  WriteServerCertificate(server_ca);
  std::ofstream(folder_ / "ca.crt") << client_ca.certificate_pem();
  auto credentials = MakeServerCredentials({.certificate = folder_ / "tls.crt",
                                            .key = folder_ / "tls.key",
                                            .client_ca = folder_ / "ca.crt",
                                            .reload_interval = absl::Seconds(1)});
  EVENKEEL_CHECK(credentials.ok()) << credentials.status();

  options.epoch = kEpoch;
  tokens_.emplace(TokenAuthenticator::Options{}, TokenAuthenticator::Apis{{"blue", &kubernetes}});
  authenticator_.emplace(&*tokens_, absl::flat_hash_set<std::string>{"blue", "outside"});
  sessions_.emplace(options, authenticator != nullptr ? *authenticator : *authenticator_, events, reports,
                    clock_);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", *credentials, &port_);
  sessions_->RegisterWith(builder);
  server_ = builder.BuildAndStart();
  EVENKEEL_CHECK(server_ != nullptr && port_ != 0) << "no server";
  sessions_->Start();
}

SessionRig::~SessionRig() {
  sessions_->Stop();
  server_->Shutdown(std::chrono::system_clock::now());
  sessions_.reset();
  std::filesystem::remove_all(folder_);
}

void SessionRig::WriteServerCertificate(const testing::CertificateAuthority& ca) {
  const testing::Identity identity = ca.Issue({.common_name = "coordinator", .ip_addresses = {"127.0.0.1"}});
  std::ofstream(folder_ / "tls.crt") << identity.certificate_pem;
  std::ofstream(folder_ / "tls.key") << identity.key_pem;
}

std::string SessionRig::TokenOf(const std::string& node) {
  const std::string pod = absl::StrCat("agent-on-", node);
  const std::string uid =
      kube::UidOf(kubernetes.Put(kube::Pods(), {{"apiVersion", "v1"},
                                                {"kind", "Pod"},
                                                {"metadata", {{"name", pod}, {"namespace", "evenkeel"}}},
                                                {"spec", {{"nodeName", node}}}}));
  kube::TokenReview review;
  review.authenticated = true;
  review.username = "system:serviceaccount:evenkeel:evenkeel-agent";
  review.audiences = {"evenkeel.dev"};
  review.extra["authentication.kubernetes.io/pod-name"] = {pod};
  review.extra["authentication.kubernetes.io/pod-uid"] = {uid};
  kubernetes.AddToken("token-of-" + node, review);
  return "token-of-" + node;
}

std::shared_ptr<grpc::Channel> SessionRig::Connect(const std::optional<testing::Identity>& certificate) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = server_ca.certificate_pem();
  if (certificate) {
    tls.pem_cert_chain = certificate->certificate_pem;
    tls.pem_private_key = certificate->key_pem;
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port_), grpc::SslCredentials(tls), arguments);
}

std::unique_ptr<TestAgent> SessionRig::OpenSession(const std::string& node) {
  auto agent = std::make_unique<TestAgent>(TestAgent::Identity{.token = TokenOf(node), .channel = Connect()});
  EVENKEEL_CHECK(agent->SayHello("blue", node)) << "no hello";
  const auto welcome = agent->Receive();
  EVENKEEL_CHECK(welcome.has_value() && welcome->has_welcome()) << agent->End();
  return agent;
}

}  // namespace evenkeel::coordinator
