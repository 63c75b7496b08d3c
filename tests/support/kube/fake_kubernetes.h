#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/kube/kubernetes_api.h"
#include "tests/support/kube/fake_loop.h"
#include "tests/support/kube/object_store.h"

namespace evenkeel::testing {

// A KubernetesApi in memory. It keeps the contract of the interface (tests/contract/kube runs on it and on a
// real API server), with a thread of its own for callbacks and real time for timers.
//
// Scale subresources are those of Deployments, StatefulSets and ReplicaSets, and of what a
// CustomResourceDefinition in it says. In faults and writes their resource is "deployments/scale".
//
// Limits: no admission, no validation beyond names, no controllers, no garbage collection; a pod on a node
// that is deleted with grace waits for Remove. Any thread may call anything.
class FakeKubernetes final : public kube::KubernetesApi {
 public:
  FakeKubernetes();
  ~FakeKubernetes() override;

  // What the test, in the place of everybody else, does to the cluster.
  kube::Json Put(const kube::Resource& resource, kube::Json object);          // creates or replaces
  void Remove(const kube::Resource& resource, const kube::ObjectName& name);  // at once; absent is fine
  absl::StatusOr<kube::Json> Peek(const kube::Resource& resource, const kube::ObjectName& name);
  std::vector<kube::Json> PeekAll(const kube::Resource& resource);

  // Who may do what: nothing is known and nothing allowed until the test says so.
  void AddToken(const std::string& token, kube::TokenReview review);  // audiences: what it is good for
  void SetAccess(std::function<bool(const kube::AccessQuestion&)> allowed);
  void SetEvictionsAllowed(bool allowed);  // true at first
  void SetServerVersion(kube::ServerVersion version);

  // What kubelets answer: asked on the API's thread, of nodes that are there. Without it they answer nothing,
  // as one that serves no such path.
  using Kubelets =
      std::function<absl::StatusOr<std::string>(const std::string& node, const std::string& path)>;
  void SetKubelets(Kubelets kubelets);

  // Faults. While disconnected, calls fail with UNAVAILABLE and watches break.
  void SetConnected(bool connected);
  // While stalled, watches stay open and say nothing, new ones too; what happened meanwhile is lost to them.
  void SetWatchesStalled(bool stalled);
  // Every watch is told that its version is gone, and lists must be made anew.
  void ForgetHistory();
  // Asked before each call that changes or reads objects, on the API's thread; what is not OK is the call's
  // answer and the call has no effect. Verbs as Kubernetes has them: get, list, watch, create, patch, delete,
  // evict, log, proxy.
  using Fault = std::function<absl::Status(const std::string& verb, const kube::Resource& resource,
                                           const kube::ObjectName& name)>;
  void SetFault(Fault fault);

  // The calls that came so far, but for those that only read, in order.
  struct Write {
    std::string verb;
    kube::Resource resource;
    kube::ObjectName name;
    kube::Json body;  // the object or patch; of a delete or eviction {uid, resourceVersion,
                      // gracePeriodSeconds} as given
    absl::Status result;
  };
  std::vector<Write> writes();

  // Waits until all that was called has been answered and every change delivered.
  void WaitUntilIdle() { loop_.WaitUntilIdle(); }

  kube::Call Get(const kube::Resource& resource, const kube::ObjectName& name, absl::Duration deadline,
                 kube::Done<kube::Json> done) override;
  kube::Call GetPart(const kube::Resource& resource, const kube::ObjectName& name,
                     const std::string& subresource, absl::Duration deadline,
                     kube::Done<kube::Json> done) override;
  // Verb "discover", of an API's version: its resource has no plural.
  kube::Call GetResources(const std::string& group, const std::string& version, absl::Duration deadline,
                          kube::Done<kube::Json> done) override;
  kube::Call List(const kube::Resource& resource, const kube::ListOptions& options, absl::Duration deadline,
                  kube::Done<kube::Json> done) override;
  kube::Call Watch(const kube::Resource& resource, const kube::WatchOptions& options,
                   std::function<void(kube::WatchEvent)> on_event,
                   std::function<void(absl::Status)> done) override;
  kube::Call Create(const kube::Resource& resource, const std::string& name_space, kube::Json object,
                    absl::Duration deadline, kube::Done<kube::Json> done) override;
  kube::Call Patch(const kube::Resource& resource, const kube::ObjectName& name,
                   const kube::PatchOptions& options, kube::Json patch, absl::Duration deadline,
                   kube::Done<kube::Json> done) override;
  kube::Call Delete(const kube::Resource& resource, const kube::ObjectName& name,
                    const kube::DeleteOptions& options, absl::Duration deadline,
                    kube::Done<kube::Json> done) override;
  kube::Call Evict(const kube::ObjectName& pod, const kube::DeleteOptions& options, absl::Duration deadline,
                   kube::Done<kube::Json> done) override;
  // Verb "log". There are no kubelets here: the log of every pod that is bound to a node can be read.
  kube::Call TouchLog(const kube::ObjectName& pod, const std::string& container, absl::Duration deadline,
                      std::function<void(absl::Status)> done) override;
  // Verb "proxy".
  kube::Call GetFromNode(const std::string& node, const std::string& path, absl::Duration deadline,
                         kube::Done<std::string> done) override;
  kube::Call ReviewToken(const std::string& token, const std::vector<std::string>& audiences,
                         absl::Duration deadline, kube::Done<kube::TokenReview> done) override;
  kube::Call ReviewAccess(const kube::AccessQuestion& question, absl::Duration deadline,
                          kube::Done<kube::AccessAnswer> done) override;
  kube::Call GetServerVersion(absl::Duration deadline, kube::Done<kube::ServerVersion> done) override;
  kube::Call After(absl::Duration delay, std::function<void()> task) override;

 private:
  struct OpenWatch;

  template <typename T>
  kube::Call Run(std::function<absl::StatusOr<T>()> work, kube::Done<T> done);
  absl::StatusOr<kube::Json> RunWrite(Write write, const std::function<absl::StatusOr<kube::Json>()>& work);
  absl::Status Reachable();
  absl::Status FaultOf(const std::string& verb, const kube::Resource& resource, const kube::ObjectName& name);
  absl::StatusOr<kube::Json> PatchScale(const kube::Resource& resource, const kube::ObjectName& name,
                                        const kube::Json& patch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<kube::Json> ListNow(const kube::Resource& resource, const kube::ListOptions& options);
  void OpenNow(const std::shared_ptr<OpenWatch>& watch);
  void EndWatch(const std::shared_ptr<OpenWatch>& watch, const absl::Status& status);
  void EndAllWatches(const absl::Status& status);
  void Offer(OpenWatch& watch, const ObjectStore::Change& change);

  absl::Mutex mutex_;
  ObjectStore store_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, kube::TokenReview> tokens_ ABSL_GUARDED_BY(mutex_);
  std::function<bool(const kube::AccessQuestion&)> access_ ABSL_GUARDED_BY(mutex_);
  kube::ServerVersion server_version_ ABSL_GUARDED_BY(mutex_) = {1, 20, "v1.20.2"};
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  Kubelets kubelets_ ABSL_GUARDED_BY(mutex_);
  std::vector<Write> writes_ ABSL_GUARDED_BY(mutex_);
  bool evictions_allowed_ ABSL_GUARDED_BY(mutex_) = true;
  bool connected_ ABSL_GUARDED_BY(mutex_) = true;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::shared_ptr<OpenWatch>> watches_;  // the loop's thread only

  FakeLoop loop_;  // last: its thread uses the rest
};

}  // namespace evenkeel::testing
