#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/config/file.h"
#include "common/http/client.h"
#include "common/kube/cluster_config.h"
#include "common/kube/kubernetes_api.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"

namespace evenkeel::kube {

// The API server of a real cluster, over one thread and, with HTTP/2, usually one connection of its own.
// See KubernetesApi for what each call promises.
class Client final : public KubernetesApi {
 public:
  struct Options {
    std::string name = "kube";  // of the thread
    http::Client::Options http;
    std::size_t max_object_bytes = std::size_t{4} << 20;  // etcd itself takes 1.5 MiB
    std::size_t max_list_bytes = std::size_t{64} << 20;
    // Of a kubelet's answer, which is foreign and read on the client's thread: thousands of pods.
    std::size_t max_node_bytes = std::size_t{4} << 20;
    time::BackoffPolicy backoff = {.initial = absl::Milliseconds(100), .maximum = absl::Seconds(5)};
  };

  // `clock` must outlive it. Nothing is sent yet.
  Client(ClusterConfig config, const time::Clock& clock);
  Client(ClusterConfig config, const time::Clock& clock, Options options);
  // Ends what is under way with CANCELLED and waits for the callbacks. Not from a callback.
  ~Client() override;

  Call Get(const Resource& resource, const ObjectName& name, absl::Duration deadline,
           Done<Json> done) override;
  Call GetPart(const Resource& resource, const ObjectName& name, const std::string& subresource,
               absl::Duration deadline, Done<Json> done) override;
  Call GetResources(const std::string& group, const std::string& version, absl::Duration deadline,
                    Done<Json> done) override;
  Call List(const Resource& resource, const ListOptions& options, absl::Duration deadline,
            Done<Json> done) override;
  Call Watch(const Resource& resource, const WatchOptions& options, std::function<void(WatchEvent)> on_event,
             std::function<void(absl::Status)> done) override;
  Call Create(const Resource& resource, const std::string& name_space, Json object, absl::Duration deadline,
              Done<Json> done) override;
  Call Patch(const Resource& resource, const ObjectName& name, const PatchOptions& options, Json patch,
             absl::Duration deadline, Done<Json> done) override;
  Call Delete(const Resource& resource, const ObjectName& name, const DeleteOptions& options,
              absl::Duration deadline, Done<Json> done) override;
  Call Evict(const ObjectName& pod, const DeleteOptions& options, absl::Duration deadline,
             Done<Json> done) override;
  Call TouchLog(const ObjectName& pod, const std::string& container, absl::Duration deadline,
                std::function<void(absl::Status)> done) override;
  Call GetFromNode(const std::string& node, const std::string& path, absl::Duration deadline,
                   Done<std::string> done) override;
  Call ReviewToken(const std::string& token, const std::vector<std::string>& audiences,
                   absl::Duration deadline, Done<TokenReview> done) override;
  Call ReviewAccess(const AccessQuestion& question, absl::Duration deadline,
                    Done<AccessAnswer> done) override;
  Call GetServerVersion(absl::Duration deadline, Done<ServerVersion> done) override;
  Call After(absl::Duration delay, std::function<void()> task) override;

 private:
  struct Operation;
  struct Eviction;
  struct WatchOperation;

  // What is sent, and whether it may be sent again when it may have been carried out already.
  struct Plan {
    std::string method = "GET";
    std::string path;  // with query
    std::string body;
    std::string content_type = "application/json";
    std::size_t max_bytes = 0;  // of the answer; 0: one object
    bool repeatable = true;
    enum class Answer {
      kObject,
      kText,
      kUnread
    } answer = Answer::kObject;  // a good one; text: as a JSON string
  };

  static absl::StatusOr<Json> Decode(const absl::StatusOr<http::Response>& answer, Plan::Answer as);
  Call Run(Plan plan, absl::Duration deadline, Done<Json> done);
  void Attempt(const std::shared_ptr<Operation>& operation);
  void OnAnswer(const std::shared_ptr<Operation>& operation, const absl::StatusOr<http::Response>& answer);
  void RepeatOrFinish(const std::shared_ptr<Operation>& operation, absl::Status failure);
  void GiveUp(const std::shared_ptr<Operation>& operation);
  void Finish(const std::shared_ptr<Operation>& operation, absl::StatusOr<Json> result);
  void Abandon(const std::shared_ptr<Operation>& operation, absl::string_view why);
  absl::StatusOr<http::Request> MakeRequest(const Plan& plan);

  void AskEvictionVersion(const std::shared_ptr<Eviction>& eviction);
  void SendEviction(const std::shared_ptr<Eviction>& eviction);

  const ClusterConfig config_;
  const time::Clock& clock_;
  const Options options_;
  std::unique_ptr<config::ReloadingFile> token_file_;

  // The client's thread only.
  absl::flat_hash_set<std::shared_ptr<Operation>> operations_;
  std::string eviction_version_;  // "v1" or "v1beta1", as this server last said; empty: not asked yet
  bool closing_ = false;

  http::Client http_;  // last: its thread uses the rest
};

}  // namespace evenkeel::kube
