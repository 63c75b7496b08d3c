#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/kube/resource.h"

namespace evenkeel::kube {

using Json = nlohmann::json;

// A handle on something under way. Dropping it changes nothing; Cancel ends it early. Any thread may use it,
// also after the API that gave it is gone. Copies are the same call.
class Call {
 public:
  Call() = default;
  explicit Call(std::function<void()> cancel) : cancel_(std::move(cancel)) {}

  // A request's `done` still comes, once, with CANCELLED if it was not already on its way; a timer's function
  // does not come any more when Cancel is called on the API's thread.
  void Cancel() const {
    if (cancel_) cancel_();
  }

 private:
  std::function<void()> cancel_;
};

struct ListOptions {
  std::string name_space;      // empty: all of them
  std::string label_selector;  // as kubectl writes it; empty: everything
  std::string field_selector;
  std::string
      resource_version;  // empty: most recent; "0": whatever the server's cache holds (cheap, may be old)
  int limit = 0;         // objects a page; 0: all at once
  std::string continue_token;  // metadata.continue of the page before
};

struct WatchOptions {
  std::string name_space;
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;               // changes after this one; from a list or an event
  absl::Duration timeout = absl::Minutes(5);  // after which the server ends the watch in good order
};

struct WatchEvent {
  enum class Type {
    kOpened,  // first, once: the server has accepted the watch; no object
    kAdded,
    kModified,
    kDeleted,   // the object's last state
    kBookmark,  // nothing happened up to the object's metadata.resourceVersion, and it holds little more
  };
  Type type;
  Json object;
};

enum class PatchKind {
  kJson,       // RFC 6902: the patch is an array of operations
  kMerge,      // RFC 7386
  kStrategic,  // Kubernetes' own: lists merge by key
  kApply,      // server-side apply; forced, since what Evenkeel applies is its own
};

struct PatchOptions {
  PatchKind kind = PatchKind::kMerge;
  std::string subresource;  // for example "status"
};

struct DeleteOptions {
  std::string uid;               // precondition; empty: none
  std::string resource_version;  // precondition; empty: none
  std::optional<int> grace_period_seconds;
};

// What the API server says about a bearer token.
struct TokenReview {
  bool authenticated = false;
  std::string error;  // the server's reason when it is not
  std::string username;
  std::string uid;
  std::vector<std::string> groups;
  std::vector<std::string> audiences;  // those asked for that the token is good for
  std::map<std::string, std::vector<std::string>> extra;

  // The pod that a projected token is bound to; empty when it is bound to none.
  std::string PodName() const;
  std::string PodUid() const;
};

// "May this user do that?" (SubjectAccessReview).
struct AccessQuestion {
  std::string username;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
  std::string verb;
  std::string group;
  std::string resource;
  std::string subresource;
  std::string name_space;
  std::string name;
};

struct AccessAnswer {
  bool allowed = false;
  std::string reason;
};

struct ServerVersion {
  int major = 0;
  int minor = 0;
  std::string git_version;  // "v1.20.2"
};

template <typename T>
using Done = std::function<void(absl::StatusOr<T>)>;

// One cluster's API server.
//
// Threading: any thread may call. Every `done`, every watch callback and every timer of one KubernetesApi
// runs on one thread of its own, one after the other: it must not block, and it must not destroy the API.
// `done` comes exactly once for each call, never from within the call itself, and before the destructor
// returns.
//
// Errors (see status.h for their details): NOT_FOUND, ALREADY_EXISTS, ABORTED (conflict or failed
// precondition), INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, OUT_OF_RANGE (410: the resource
// version is gone), RESOURCE_EXHAUSTED (429, also "a disruption budget forbids it"; or our own queue is
// full), UNAVAILABLE (no connection, 5xx), DEADLINE_EXCEEDED (`deadline` passed: the request may or may not
// have been carried out).
//
// Retries: reads, patches and deletes are repeated with jittered back-off on 429, 5xx and connection errors
// for as long as `deadline` allows; creations and evictions only when they cannot have reached the server, or
// it answered 429 with a time to come back (an eviction that a disruption budget refuses is answered at
// once). So a repeated delete may find NOT_FOUND, or ABORTED by its precondition, after its own success: read
// back before believing a failure.
//
// Objects come without metadata.managedFields.
class KubernetesApi {
 public:
  virtual ~KubernetesApi() = default;

  virtual Call Get(const Resource& resource, const ObjectName& name, absl::Duration deadline,
                   Done<Json> done) = 0;

  // A part of an object, as "scale".
  virtual Call GetPart(const Resource& resource, const ObjectName& name, const std::string& subresource,
                       absl::Duration deadline, Done<Json> done) = 0;

  // What the server serves of an API's version: an APIResourceList (group empty: the core group).
  virtual Call GetResources(const std::string& group, const std::string& version, absl::Duration deadline,
                            Done<Json> done) = 0;

  // One page: the list object, with `items` and `metadata`.
  virtual Call List(const Resource& resource, const ListOptions& options, absl::Duration deadline,
                    Done<Json> done) = 0;

  // Events in order until the server or Cancel ends it, then `done` once: OK when the watch simply ran out,
  // OUT_OF_RANGE when the resource version is too old. An event over the client's limit ends it with
  // RESOURCE_EXHAUSTED.
  virtual Call Watch(const Resource& resource, const WatchOptions& options,
                     std::function<void(WatchEvent)> on_event, std::function<void(absl::Status)> done) = 0;

  // `object` needs metadata.name or metadata.generateName; apiVersion and kind may be left out for Events
  // only.
  virtual Call Create(const Resource& resource, const std::string& name_space, Json object,
                      absl::Duration deadline, Done<Json> done) = 0;

  virtual Call Patch(const Resource& resource, const ObjectName& name, const PatchOptions& options,
                     Json patch, absl::Duration deadline, Done<Json> done) = 0;

  // Success means that the server accepted it: the object may linger, with a deletionTimestamp.
  virtual Call Delete(const Resource& resource, const ObjectName& name, const DeleteOptions& options,
                      absl::Duration deadline, Done<Json> done) = 0;

  // Through the Eviction API, which keeps disruption budgets: RESOURCE_EXHAUSTED when one forbids it.
  virtual Call Evict(const ObjectName& pod, const DeleteOptions& options, absl::Duration deadline,
                     Done<Json> done) = 0;

  // Has the API server fetch the last byte of a container's log from the pod's kubelet, and throws it away:
  // OK says that the API server reaches that kubelet. Needs get on pods/log only. Never repeated.
  virtual Call TouchLog(const ObjectName& pod, const std::string& container, absl::Duration deadline,
                        std::function<void(absl::Status)> done) = 0;

  // Has the API server fetch `path` ("/stats/summary") from the node's kubelet: the answer's bytes, whatever
  // they are. Needs get on nodes/proxy. Never repeated. NOT_FOUND: there is no such node, or its kubelet
  // serves no such path.
  virtual Call GetFromNode(const std::string& node, const std::string& path, absl::Duration deadline,
                           Done<std::string> done) = 0;

  // The token never appears in errors or logs. `audiences` empty: the API server's own.
  virtual Call ReviewToken(const std::string& token, const std::vector<std::string>& audiences,
                           absl::Duration deadline, Done<TokenReview> done) = 0;

  virtual Call ReviewAccess(const AccessQuestion& question, absl::Duration deadline,
                            Done<AccessAnswer> done) = 0;

  virtual Call GetServerVersion(absl::Duration deadline, Done<ServerVersion> done) = 0;

  // Runs `task` on the API's thread after `delay` (not negative), unless cancelled or the API destroyed
  // before.
  virtual Call After(absl::Duration delay, std::function<void()> task) = 0;
};

}  // namespace evenkeel::kube
