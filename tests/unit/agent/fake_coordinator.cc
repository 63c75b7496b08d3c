#include "tests/unit/agent/fake_coordinator.h"

#include <gtest/gtest.h>

#include "common/base/check.h"

namespace evenkeel::agent {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

}  // namespace

FakeCoordinator::FakeCoordinator(const TestCertificates& certificates, Behaviour behaviour, int port)
    : behaviour_(std::move(behaviour)) {
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({certificates.key_pem, certificates.certificate_pem});
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::SslServerCredentials(tls), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  EVENKEEL_CHECK(server_ != nullptr && port_ != 0) << "no port for the fake coordinator";
}

FakeCoordinator::~FakeCoordinator() {
  server_->Shutdown(std::chrono::system_clock::now());
}

FakeCoordinator::Seen FakeCoordinator::WaitUntil(const std::string& what,
                                                 const std::function<bool(const Seen&)>& condition) {
  absl::MutexLock lock(&mutex_);
  const auto holds = [this, &condition]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return condition(seen_); };
  EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&holds), kPatience)) << "waited in vain for: " << what;
  return seen_;
}

void FakeCoordinator::Send(const v1::ConnectResponse& response) {
  absl::MutexLock lock(&mutex_);
  EVENKEEL_CHECK(stream_ != nullptr) << "no session is open";
  stream_->Write(response);
}

void FakeCoordinator::End(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  EVENKEEL_CHECK(context_ != nullptr) << "no session is open";
  end_status_ = status;
  context_->TryCancel();
}

void FakeCoordinator::SetBehaviour(Behaviour behaviour) {
  absl::MutexLock lock(&mutex_);
  behaviour_ = std::move(behaviour);
}

void FakeCoordinator::Respond(const v1::ConnectRequest& request, Stream& stream) {
  v1::ConnectResponse response;
  if (request.has_hello() && behaviour_.welcome) {
    v1::Welcome& welcome = *response.mutable_welcome();
    welcome.set_epoch(1);
    welcome.set_session_id(seen_.sessions.size());
    welcome.mutable_beat_interval()->set_nanos(
        static_cast<int32_t>(absl::ToInt64Nanoseconds(behaviour_.beat_interval)));
    stream.Write(response);
  } else if (request.has_beat() && behaviour_.acknowledge && request.beat().sequence() % 10 == 0) {
    response.mutable_beat_acknowledgement()->set_sequence(request.beat().sequence());
    stream.Write(response);
  }
}

grpc::Status FakeCoordinator::Connect(grpc::ServerContext* context, Stream* stream) {
  {
    absl::MutexLock lock(&mutex_);
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : context->client_metadata()) {
      metadata[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
    }
    seen_.sessions.push_back(std::move(metadata));
    if (!behaviour_.refuse.ok()) {
      ++seen_.ended;
      return behaviour_.refuse;
    }
    stream_ = stream;
    context_ = context;
    end_status_ = grpc::Status::OK;
  }
  v1::ConnectRequest request;
  while (stream->Read(&request)) {
    absl::MutexLock lock(&mutex_);
    seen_.messages.push_back(request);
    Respond(request, *stream);
  }
  absl::MutexLock lock(&mutex_);
  ++seen_.ended;
  if (stream_ == stream) {
    stream_ = nullptr;
    context_ = nullptr;
  }
  return end_status_;
}

std::vector<v1::ConnectRequest> Only(const FakeCoordinator::Seen& seen,
                                     v1::ConnectRequest::MessageCase kind) {
  std::vector<v1::ConnectRequest> messages;
  for (const v1::ConnectRequest& message : seen.messages) {
    if (message.message_case() == kind) {
      messages.push_back(message);
    }
  }
  return messages;
}

}  // namespace evenkeel::agent
