#include "common/kube/client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "common/kube/query.h"
#include "common/kube/reviews.h"
#include "common/kube/status.h"
#include "common/kube/watch_stream.h"

namespace evenkeel::kube {
namespace {

// Who set which field, in the API server's books.
constexpr char kFieldManager[] = "evenkeel";
constexpr char kClosed[] = "the Kubernetes client was closed";
// The server ends a watch itself; this much later we do.
constexpr absl::Duration kWatchGrace = absl::Seconds(30);

http::Client::Options HttpOptions(const Client::Options& options) {
  http::Client::Options http = options.http;
  http.name = options.name;
  return http;
}

std::string ReasonOf(const absl::Status& status) {
  return base::Detail(status, base::kReasonKey).value_or("");
}

bool MayRepeat(const absl::Status& status, bool repeatable) {
  const std::string reason = ReasonOf(status);
  const bool never_arrived =
      reason == http::kReasonResolve || reason == http::kReasonConnect || reason == http::kReasonTls;
  if (never_arrived) return true;
  if (reason == http::kReasonBroken) return repeatable;
  const int code = HttpCode(status);
  if (code == 429) {
    // Not carried out. A disruption budget's refusal is an answer, not a sign of overload.
    return !IsDisruptionBudgetRefusal(status) && (repeatable || RetryAfter(status).has_value());
  }
  return repeatable && code >= 500;
}

absl::Status Refusal(const absl::StatusOr<http::Response>& answer) {
  if (!answer.ok()) return answer.status();
  if (answer->code >= 200 && answer->code < 300) return absl::OkStatus();
  return StatusFromHttp(answer->code, answer->body, answer->retry_after);
}

Json DeleteBody(const DeleteOptions& options) {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (options.grace_period_seconds.has_value()) body["gracePeriodSeconds"] = *options.grace_period_seconds;
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (!options.resource_version.empty()) body["preconditions"]["resourceVersion"] = options.resource_version;
  return body;
}

absl::StatusOr<std::string> EvictionVersionIn(const absl::StatusOr<Json>& core_resources) {
  if (!core_resources.ok()) {
    return base::Annotate(core_resources.status(), "asking which Eviction the API server knows");
  }
  const Json* const resources = Find(*core_resources, {"resources"});
  if (resources != nullptr && resources->is_array()) {
    for (const Json& resource : *resources) {
      const std::string version = Text(resource, {"version"});
      if (Text(resource, {"name"}) == "pods/eviction" && !version.empty()) return version;
    }
  }
  return absl::UnimplementedError("the API server does not offer the eviction of pods");
}

const char* ContentType(PatchKind kind) {
  switch (kind) {
    case PatchKind::kJson:
      return "application/json-patch+json";
    case PatchKind::kMerge:
      return "application/merge-patch+json";
    case PatchKind::kStrategic:
      return "application/strategic-merge-patch+json";
    case PatchKind::kApply:
      break;
  }
  return "application/apply-patch+yaml";
}

}  // namespace

// One call, over all its attempts. The client's thread only, once it is posted there.
struct Client::Operation {
  Plan plan;
  absl::Time deadline;
  Done<Json> done;
  int failures = 0;
  absl::Status last_failure;  // of those
  bool token_renewed = false;
  http::Call attempt;
  http::Call wait;  // for the next attempt
};

struct Client::WatchOperation {
  explicit WatchOperation(WatchStream events) : stream(std::move(events)) {}

  WatchStream stream;
  absl::Status failure;  // that the stream itself told of
  http::Call call;
};

struct Client::Eviction {
  ObjectName pod;
  DeleteOptions options;
  absl::Time deadline;
  Done<Json> done;
  bool asked = false;    // the server, for the version it knows
  std::string tried;     // the version sent last
  absl::Status refusal;  // of a version that an earlier eviction had asked for
  Call stage;
};

Client::Client(ClusterConfig config, const time::Clock& clock)
    : Client(std::move(config), clock, Options{}) {}

Client::Client(ClusterConfig config, const time::Clock& clock, Options options)
    : config_(std::move(config)),
      clock_(clock),
      options_(std::move(options)),
      token_file_(config_.token_file.empty()
                      ? nullptr
                      : std::make_unique<config::ReloadingFile>(config_.token_file, clock)),
      http_(HttpOptions(options_)) {}

Client::~Client() {
  // Operations that wait for their next attempt are not known to the HTTP client: they are ended here.
  absl::Notification closed;
  http_.Post([this, &closed] {
    closing_ = true;
    while (!operations_.empty()) Abandon(*operations_.begin(), kClosed);
    closed.Notify();
  });
  closed.WaitForNotification();
}

absl::StatusOr<http::Request> Client::MakeRequest(const Plan& plan) {
  http::Request request;
  request.method = plan.method;
  request.url = absl::StrCat(config_.server, plan.path);
  request.body = plan.body;
  request.tls = config_.tls;
  request.max_body_bytes = plan.max_bytes == 0 ? options_.max_object_bytes : plan.max_bytes;
  request.headers = {{"Accept", plan.answer == Plan::Answer::kText ? "*/*" : "application/json"}};
  if (!plan.body.empty()) request.headers.push_back({"Content-Type", plan.content_type});
  std::string token = config_.token;
  if (token_file_ != nullptr) {
    auto read = token_file_->Get();
    if (!read.ok()) return base::Annotate(read.status(), "the token for the API server");
    token = *std::move(read);
  }
  if (!token.empty()) request.headers.push_back({"Authorization", absl::StrCat("Bearer ", token)});
  return request;
}

Call Client::Run(Plan plan, absl::Duration deadline, Done<Json> done) {
  auto operation = std::make_shared<Operation>();
  operation->plan = std::move(plan);
  operation->deadline = clock_.Now() + deadline;
  operation->done = std::move(done);
  http_.Post([this, operation] {
    // Those that wait for their next attempt count too; the HTTP client does not know them.
    const int bound = options_.http.max_in_flight + options_.http.max_queued;
    const bool full = operations_.size() >= static_cast<std::size_t>(bound);
    operations_.insert(operation);
    if (closing_) {
      Abandon(operation, kClosed);
    } else if (full) {
      Finish(operation,
             base::WithReason(absl::ResourceExhaustedError("too many calls are waiting for the API server"),
                              http::kReasonQueueFull));
    } else {
      Attempt(operation);
    }
  });
  return Call([this, post = http_.WeakPost(), weak = std::weak_ptr<Operation>(operation)] {
    // Runs on the client's thread, so only while `this` lives.
    post([this, weak] {
      if (const auto running = weak.lock()) Abandon(running, "the call was cancelled");
    });
  });
}

void Client::Attempt(const std::shared_ptr<Operation>& operation) {
  const absl::Duration left = operation->deadline - clock_.Now();
  if (left <= absl::ZeroDuration() && operation->failures > 0) {
    GiveUp(operation);
    return;
  }
  auto request = MakeRequest(operation->plan);
  if (!request.ok()) {
    Finish(operation, request.status());
    return;
  }
  request->deadline = std::max(left, absl::ZeroDuration());
  operation->attempt =
      http_.Start(*std::move(request), [this, operation](const absl::StatusOr<http::Response>& answer) {
        if (operations_.contains(operation)) OnAnswer(operation, answer);
      });
}

absl::StatusOr<Json> Client::Decode(const absl::StatusOr<http::Response>& answer, Plan::Answer as) {
  EVENKEEL_RETURN_IF_ERROR(Refusal(answer));
  switch (as) {
    case Plan::Answer::kText:
      return Json(answer->body);
    case Plan::Answer::kUnread:
      return Json();
    case Plan::Answer::kObject:
      break;
  }
  return ParseObject(answer->body);
}

void Client::OnAnswer(const std::shared_ptr<Operation>& operation,
                      const absl::StatusOr<http::Response>& answer) {
  absl::StatusOr<Json> result = Decode(answer, operation->plan.answer);
  if (result.ok()) {
    Finish(operation, std::move(result));
  } else if (HttpCode(result.status()) == 401 && token_file_ != nullptr && !operation->token_renewed) {
    // The token may have been renewed since it was read.
    operation->token_renewed = true;
    token_file_->Forget();
    Attempt(operation);
  } else {
    RepeatOrFinish(operation, std::move(result).status());
  }
}

void Client::RepeatOrFinish(const std::shared_ptr<Operation>& operation, absl::Status failure) {
  if (!MayRepeat(failure, operation->plan.repeatable)) {
    if (failure.code() == absl::StatusCode::kDeadlineExceeded && operation->failures > 0) {
      failure = base::Annotate(failure, absl::StrCat("after ", operation->last_failure.message()));
    }
    Finish(operation, std::move(failure));
    return;
  }
  ++operation->failures;
  operation->last_failure = failure;
  const absl::Duration wait =
      std::max(time::Backoff(options_.backoff, operation->failures, base::RandomUnit()),
               RetryAfter(failure).value_or(absl::ZeroDuration()));
  if (clock_.Now() + wait >= operation->deadline) {
    Finish(operation,
           base::Annotate(failure, absl::StrCat("given up after ", operation->failures, " attempts")));
    return;
  }
  operation->wait = http_.After(wait, [this, operation] {
    if (operations_.contains(operation)) Attempt(operation);
  });
}

void Client::GiveUp(const std::shared_ptr<Operation>& operation) {
  Finish(operation, base::Annotate(operation->last_failure,
                                   absl::StrCat("given up after ", operation->failures, " attempts")));
}

void Client::Abandon(const std::shared_ptr<Operation>& operation, absl::string_view why) {
  operation->attempt.Cancel();
  operation->wait.Cancel();
  Finish(operation, absl::CancelledError(why));
}

void Client::Finish(const std::shared_ptr<Operation>& operation, absl::StatusOr<Json> result) {
  const std::shared_ptr<Operation> kept = operation;  // the argument may be the set's own
  if (operations_.erase(kept) == 0) return;
  kept->done(std::move(result));
}

Call Client::Get(const Resource& resource, const ObjectName& name, absl::Duration deadline, Done<Json> done) {
  return Run({.path = ResourcePath(resource, name)}, deadline, std::move(done));
}

Call Client::GetPart(const Resource& resource, const ObjectName& name, const std::string& subresource,
                     absl::Duration deadline, Done<Json> done) {
  return Run({.path = ResourcePath(resource, name, subresource)}, deadline, std::move(done));
}

Call Client::GetResources(const std::string& group, const std::string& version, absl::Duration deadline,
                          Done<Json> done) {
  return Run({.path = ApiPath(group, version)}, deadline, std::move(done));
}

Call Client::List(const Resource& resource, const ListOptions& options, absl::Duration deadline,
                  Done<Json> done) {
  Query query;
  query.Add("labelSelector", options.label_selector).Add("fieldSelector", options.field_selector);
  if (options.limit > 0) query.Add("limit", absl::StrCat(options.limit));
  if (options.continue_token.empty()) {
    query.Add("resourceVersion", options.resource_version);
  } else {
    query.Add("continue", options.continue_token);  // carries the version itself
  }
  return Run({.path = ResourcePath(resource, {.name_space = options.name_space}) + query.text(),
              .max_bytes = options_.max_list_bytes},
             deadline, std::move(done));
}

Call Client::Create(const Resource& resource, const std::string& name_space, Json object,
                    absl::Duration deadline, Done<Json> done) {
  return Run({.method = "POST",
              .path = ResourcePath(resource, {.name_space = name_space}) +
                      Query().Add("fieldManager", kFieldManager).text(),
              .body = ToText(object),
              .repeatable = false},
             deadline, std::move(done));
}

Call Client::Patch(const Resource& resource, const ObjectName& name, const PatchOptions& options, Json patch,
                   absl::Duration deadline, Done<Json> done) {
  Query query;
  query.Add("fieldManager", kFieldManager);
  if (options.kind == PatchKind::kApply) query.Add("force", "true");
  return Run({.method = "PATCH",
              .path = ResourcePath(resource, name, options.subresource) + query.text(),
              .body = ToText(patch),
              .content_type = ContentType(options.kind)},
             deadline, std::move(done));
}

Call Client::Delete(const Resource& resource, const ObjectName& name, const DeleteOptions& options,
                    absl::Duration deadline, Done<Json> done) {
  return Run({.method = "DELETE", .path = ResourcePath(resource, name), .body = ToText(DeleteBody(options))},
             deadline, std::move(done));
}

Call Client::Watch(const Resource& resource, const WatchOptions& options,
                   std::function<void(WatchEvent)> on_event, std::function<void(absl::Status)> done) {
  Query query;
  query.Add("watch", "true").Add("allowWatchBookmarks", "true");
  query.Add("labelSelector", options.label_selector).Add("fieldSelector", options.field_selector);
  query.Add("resourceVersion", options.resource_version);
  query.Add("timeoutSeconds", absl::StrCat(std::max<std::int64_t>(1, absl::ToInt64Seconds(options.timeout))));
  Plan plan{.path = ResourcePath(resource, {.name_space = options.name_space}) + query.text()};
  auto watch = std::make_shared<WatchOperation>(WatchStream(options_.max_object_bytes, std::move(on_event)));
  http_.Post([this, watch, plan = std::move(plan), timeout = options.timeout, done = std::move(done)] {
    auto request = MakeRequest(plan);
    if (closing_ || !request.ok()) {
      done(closing_ ? absl::CancelledError(kClosed) : request.status());
      return;
    }
    request->deadline = timeout + kWatchGrace;
    watch->call = http_.Stream(
        *std::move(request),
        [watch](absl::string_view chunk) {
          watch->failure = watch->stream.Feed(chunk);
          if (!watch->failure.ok()) watch->call.Cancel();
        },
        [this, watch, done](const absl::StatusOr<http::Response>& answer) {
          if (!watch->failure.ok()) {
            done(watch->failure);
          } else if (answer.ok() && answer->code >= 200 && answer->code < 300) {
            done(absl::OkStatus());
          } else {
            const absl::Status status = Refusal(answer);
            if (HttpCode(status) == 401 && token_file_ != nullptr) token_file_->Forget();
            done(status);
          }
        });
  });
  return Call([post = http_.WeakPost(), weak = std::weak_ptr<WatchOperation>(watch)] {
    post([weak] {
      if (const auto running = weak.lock()) running->call.Cancel();
    });
  });
}

Call Client::Evict(const ObjectName& pod, const DeleteOptions& options, absl::Duration deadline,
                   Done<Json> done) {
  auto eviction = std::make_shared<Eviction>();
  eviction->pod = pod;
  eviction->options = options;
  eviction->deadline = clock_.Now() + deadline;
  eviction->done = std::move(done);
  http_.Post([this, eviction] {
    if (eviction_version_.empty()) {
      AskEvictionVersion(eviction);
    } else {
      SendEviction(eviction);
    }
  });
  return Call([post = http_.WeakPost(), weak = std::weak_ptr<Eviction>(eviction)] {
    post([weak] {
      if (const auto running = weak.lock()) running->stage.Cancel();
    });
  });
}

// The version of the pods' eviction subresource, as the core group's own list of resources names it: the
// group policy's list would not do, since policy/v1 came a release before its Eviction (1.21 and 1.22).
void Client::AskEvictionVersion(const std::shared_ptr<Eviction>& eviction) {
  eviction->asked = true;
  eviction->stage = Run({.path = "/api/v1"}, eviction->deadline - clock_.Now(),
                        [this, eviction](const absl::StatusOr<Json>& answer) {
                          const auto version = EvictionVersionIn(answer);
                          if (!eviction->refusal.ok() && (!version.ok() || *version == eviction->tried)) {
                            eviction->done(eviction->refusal);
                          } else if (!version.ok()) {
                            eviction->done(version.status());
                          } else {
                            eviction_version_ = *version;
                            SendEviction(eviction);
                          }
                        });
}

void Client::SendEviction(const std::shared_ptr<Eviction>& eviction) {
  eviction->tried = eviction_version_;
  const Json body = {{"apiVersion", absl::StrCat("policy/", eviction->tried)},
                     {"kind", "Eviction"},
                     {"metadata", {{"name", eviction->pod.name}, {"namespace", eviction->pod.name_space}}},
                     {"deleteOptions", DeleteBody(eviction->options)}};
  eviction->stage = Run({.method = "POST",
                         .path = ResourcePath(Pods(), eviction->pod, "eviction"),
                         .body = ToText(body),
                         .repeatable = false},
                        eviction->deadline - clock_.Now(), [this, eviction](absl::StatusOr<Json> answer) {
                          // A server that was upgraded refuses the version by 404 or 400, which have other
                          // causes too: what it knows now is asked again, and the refusal stands if that is
                          // the same.
                          const int code = answer.ok() ? 0 : HttpCode(answer.status());
                          if ((code == 404 || code == 400) && !eviction->asked) {
                            eviction->refusal = answer.status();
                            AskEvictionVersion(eviction);
                          } else {
                            eviction->done(std::move(answer));
                          }
                        });
}

Call Client::TouchLog(const ObjectName& pod, const std::string& container, absl::Duration deadline,
                      std::function<void(absl::Status)> done) {
  Query query;
  query.Add("container", container).Add("tailLines", "1").Add("limitBytes", "1");
  return Run({.path = ResourcePath(Pods(), pod, "log") + query.text(),
              .repeatable = false,
              .answer = Plan::Answer::kUnread},
             deadline,
             [done = std::move(done)](const absl::StatusOr<Json>& answer) { done(answer.status()); });
}

Call Client::GetFromNode(const std::string& node, const std::string& path, absl::Duration deadline,
                         Done<std::string> done) {
  return Run({.path = ResourcePath(Nodes(), {.name_space = {}, .name = node}, "proxy") + path,
              .max_bytes = options_.max_node_bytes,
              .repeatable = false,
              .answer = Plan::Answer::kText},
             deadline, [done = std::move(done)](absl::StatusOr<Json> answer) {
               if (answer.ok()) {
                 done(std::move(answer->get_ref<std::string&>()));
               } else {
                 done(answer.status());
               }
             });
}

Call Client::ReviewToken(const std::string& token, const std::vector<std::string>& audiences,
                         absl::Duration deadline, Done<TokenReview> done) {
  return Run({.method = "POST", .path = kTokenReviewPath, .body = ToText(TokenReviewBody(token, audiences))},
             deadline, [audiences, done = std::move(done)](const absl::StatusOr<Json>& answer) {
               if (answer.ok()) {
                 done(ReadTokenReview(*answer, audiences));
               } else {
                 done(answer.status());
               }
             });
}

Call Client::ReviewAccess(const AccessQuestion& question, absl::Duration deadline, Done<AccessAnswer> done) {
  return Run({.method = "POST", .path = kAccessReviewPath, .body = ToText(AccessReviewBody(question))},
             deadline, [done = std::move(done)](const absl::StatusOr<Json>& answer) {
               if (answer.ok()) {
                 done(ReadAccessReview(*answer));
               } else {
                 done(answer.status());
               }
             });
}

Call Client::GetServerVersion(absl::Duration deadline, Done<ServerVersion> done) {
  return Run({.path = "/version"}, deadline, [done = std::move(done)](const absl::StatusOr<Json>& answer) {
    done(answer.ok() ? ReadServerVersion(*answer) : answer.status());
  });
}

Call Client::After(absl::Duration delay, std::function<void()> task) {
  return Call([call = http_.After(delay, std::move(task))] { call.Cancel(); });
}

}  // namespace evenkeel::kube
