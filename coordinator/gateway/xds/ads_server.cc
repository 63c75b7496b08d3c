#include "coordinator/gateway/xds/ads_server.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "coordinator/gateway/xds/resources.h"

namespace evenkeel::coordinator::xds {
namespace {

namespace wire = envoy::service::discovery::v3;

constexpr size_t kLongestId = 256;
constexpr absl::Duration kLookAgain = absl::Milliseconds(5);

wire::DiscoveryResponse ToWire(const Response& response) {
  wire::DiscoveryResponse message;
  message.set_version_info(response.version);
  message.set_nonce(response.nonce);
  message.set_type_url(UrlOf(response.type));
  for (const auto& [name, bytes] : response.resources) {
    wire::Packed& packed = *message.add_resources();
    packed.set_type_url(UrlOf(response.type));
    packed.set_value(bytes);
  }
  return message;
}

}  // namespace

// One stream. Of each type at most one answer is on its way (AdsStream) to a client that reads what it
// answers, so what waits to be sent is bounded; a client that answers what it cannot have read is ended.
class AdsServer::Client final
    : public grpc::ServerBidiReactor<wire::DiscoveryRequest, wire::DiscoveryResponse> {
 public:
  Client(AdsServer& server, std::string peer) : server_(server), peer_(std::move(peer)) {}

  void Begin() { StartRead(&request_); }
  void set_id(uint64_t id) { id_ = id; }

  // Under the server's mutex: the client is there until it is unregistered.
  void Offer(const Snapshot& snapshot) {
    absl::MutexLock lock(&mutex_);
    Send(stream_.OnSnapshot(snapshot));
  }
  void End(grpc::Status status) {
    absl::MutexLock lock(&mutex_);
    Finish(std::move(status));
  }
  ClientView View() {
    absl::MutexLock lock(&mutex_);
    ClientView view = {.id = node_, .peer = peer_, .routes = stream_.standing(Type::kRoute)};
    for (const Type type : {Type::kCluster, Type::kEndpoints, Type::kListener, Type::kRoute}) {
      if (view.refusal.empty()) view.refusal = stream_.refusal(type);
    }
    return view;
  }

  std::optional<ClientView> Refusal(const std::map<Type, std::set<std::string>>& names) {
    absl::MutexLock lock(&mutex_);
    for (const auto& [type, of_type] : names) {
      if (!stream_.Refuses(type, of_type)) continue;
      return ClientView{.id = node_,
                        .peer = peer_,
                        .routes = stream_.standing(Type::kRoute),
                        .refusal = stream_.refusal(type)};
    }
    return std::nullopt;
  }

  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    if (!ok) return Finish(grpc::Status::OK);
    if (node_.empty()) node_ = base::ValidUtf8(request_.node().id(), kLongestId);
    const std::optional<Type> type = TypeOf(request_.type_url());
    // Types that are not served are asked for in vain, which is no reason to end the others.
    if (type) {
      Request request = {.type = *type,
                         .nonce = request_.response_nonce(),
                         .names = {request_.resource_names().begin(), request_.resource_names().end()}};
      if (request_.has_error_detail()) request.error = request_.error_detail().message();
      AdsStream::Reaction reaction = stream_.OnRequest(request);
      if (!reaction.ok) {
        return Finish({grpc::StatusCode::INVALID_ARGUMENT, "too many names of resources, or too long ones"});
      }
      Send(std::move(reaction.responses));
    }
    if (!finished_) StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) return Finish(grpc::Status::OK);
    SendNext();
  }

  void OnCancel() override { End(grpc::Status::CANCELLED); }

  void OnDone() override {
    if (id_ != 0) server_.Unregister(id_);
    delete this;
  }

 private:
  void Send(std::vector<Response> responses) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const Response& response : responses) waiting_.push_back(ToWire(response));
    SendNext();
    if (waiting_.size() > kTypes) {
      Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "answers are asked for faster than they are read"});
    }
  }
  void SendNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_ || waiting_.empty()) return;
    writing_ = true;
    message_ = std::move(waiting_.front());
    waiting_.pop_front();
    StartWrite(&message_);
  }
  void Finish(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(finished_, true)) return;
    ServerBidiReactor::Finish(std::move(status));
  }

  AdsServer& server_;
  const std::string peer_;
  uint64_t id_ = 0;  // 0: not registered
  wire::DiscoveryRequest request_;

  absl::Mutex mutex_;
  AdsStream stream_ ABSL_GUARDED_BY(mutex_);
  std::string node_ ABSL_GUARDED_BY(mutex_);
  std::deque<wire::DiscoveryResponse> waiting_ ABSL_GUARDED_BY(mutex_);
  wire::DiscoveryResponse message_ ABSL_GUARDED_BY(mutex_);  // on its way
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

AdsServer::~AdsServer() {
  absl::MutexLock lock(&mutex_);
  EVENKEEL_CHECK(clients_.empty()) << "the gRPC server must be shut down before what it serves goes";
}

grpc::ServerBidiReactor<wire::DiscoveryRequest, wire::DiscoveryResponse>*
AdsServer::StreamAggregatedResources(grpc::CallbackServerContext* context) {
  auto* const client = new Client(*this, context->peer());
  if (Register(*client)) {
    client->Begin();
  } else {
    client->End({grpc::StatusCode::UNAVAILABLE, "this coordinator takes no more clients: try another one"});
  }
  return client;
}

bool AdsServer::Register(Client& client) {
  absl::MutexLock lock(&mutex_);
  if (ended_ || clients_.size() >= options_.most_clients) return false;
  client.set_id(++last_id_);
  clients_[last_id_] = &client;
  if (snapshot_ != nullptr) client.Offer(*snapshot_);
  return true;
}

void AdsServer::Unregister(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  clients_.erase(id);
}

void AdsServer::Serve(Snapshot snapshot) {
  absl::MutexLock lock(&mutex_);
  snapshot_ = std::make_shared<const Snapshot>(std::move(snapshot));
  for (const auto& [id, client] : clients_) client->Offer(*snapshot_);
}

void AdsServer::End() {
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  for (const auto& [id, client] : clients_) {
    client->End({grpc::StatusCode::UNAVAILABLE, "this coordinator stops: try another one"});
  }
}

std::vector<ClientView> AdsServer::clients() {
  absl::MutexLock lock(&mutex_);
  std::vector<ClientView> views;
  for (const auto& [id, client] : clients_) views.push_back(client->View());
  return views;
}

std::vector<ClientView> AdsServer::Refusing(const std::map<Type, std::set<std::string>>& names) {
  absl::MutexLock lock(&mutex_);
  std::vector<ClientView> views;
  for (const auto& [id, client] : clients_) {
    if (std::optional<ClientView> view = client->Refusal(names)) views.push_back(*std::move(view));
  }
  return views;
}

bool AdsServer::AwaitClients(const Call& call) {
  for (;;) {
    const std::vector<ClientView> views = clients();
    if (std::none_of(views.begin(), views.end(),
                     [](const ClientView& view) { return view.routes == Standing::kPending; })) {
      return true;
    }
    if (!call.Pause(kLookAgain)) return false;
  }
}

}  // namespace evenkeel::coordinator::xds
