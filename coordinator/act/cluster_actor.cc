#include "coordinator/act/cluster_actor.h"

#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/kube/json.h"
#include "common/kube/status.h"
#include "common/log/limiter.h"
#include "common/log/log.h"
#include "coordinator/act/announcement.h"
#include "coordinator/act/answer.h"
#include "coordinator/act/kubelet_way.h"
#include "coordinator/act/node_actions.h"
#include "coordinator/act/placeholder_action.h"
#include "coordinator/act/pod_actions.h"
#include "coordinator/act/scale_action.h"
#include "coordinator/core/burst/victims.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kNodeLeases[] = "kube-node-lease";
// Of the agent's pod: deploy/kubernetes/base/agent.yaml.
constexpr char kAgentContainer[] = "agent";

absl::StatusOr<LeaseFacts> LeaseFactsFrom(const kube::Json& lease) {
  LeaseFacts facts;
  facts.exists = true;
  facts.resource_version = kube::ResourceVersionOf(lease);
  const std::string renewed = kube::Text(lease, {"spec", "renewTime"});
  std::string error;
  if (!renewed.empty() && !absl::ParseTime(absl::RFC3339_full, renewed, &facts.renew_time, &error)) {
    return absl::InternalError(absl::StrCat("its renewTime \"", renewed, "\" is no time: ", error));
  }
  return facts;
}

// A hook may take minutes, and has bounds of its own.
bool IsAskedElsewhere(ActionKind kind) {
  return kind == ActionKind::kFenceNode || kind == ActionKind::kAskForMachines;
}

// The body of the question to headroom's webhook.
std::string QuestionFor(const std::string& cluster, const std::string& decision, const Resources& missing) {
  const kube::Json question = {{"cluster", cluster},
                               {"decision", decision},
                               {"cpu_millicores", missing.cpu_millicores},
                               {"memory_bytes", missing.memory_bytes},
                               {"pods", missing.pods}};
  return kube::ToText(question);
}

}  // namespace

// Shared with the callbacks under way. What the loop hands over waits in `fresh_` until the API's thread
// takes it; all else belongs to that thread.
class ClusterActor::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Options options, kube::KubernetesApi& api, EventSink& sink, const time::Clock& clock)
      : options_(std::move(options)), api_(api), sink_(sink), clock_(clock), discovery_(api) {}

  void Claim();
  void Stop() {
    absl::MutexLock lock(&running_);
    stopped_ = true;
  }
  void Do(const ReleasedAction& action);
  void Do(const ReadLease& request);
  void Do(const AskKubelet& request);
  void Do(const AskApi& request);
  void Do(const Announce& announcement);
  void Do(const WithdrawActions& withdrawal);

 private:
  // An action that was handed over, and its place in the order in which all came.
  struct Queued {
    uint64_t order = 0;
    ReleasedAction released;
  };

  // Runs `step` on the API's thread, unless stopped.
  template <typename Step>
  void Guarded(Step step) {
    absl::MutexLock lock(&running_);
    if (!stopped_) step();
  }

  void Check() ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);
  void Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);
  void OnClaim(const absl::Status& status, absl::Time asked) ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);
  void RunAllowed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);
  void Run(const Queued& queued) ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);
  bool ClaimHolds();
  bool IsWanted(const Queued& queued);
  std::optional<Answer> WhyNotSend(const Queued& queued);
  void Forget(const Queued& queued);
  void Finish(const ReleasedAction& action, Answer answer);
  void OnLease(const ReadLease& request, const absl::StatusOr<kube::Json>& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(running_);
  void NotAnnounced(const absl::Status& why);

  const Options options_;
  kube::KubernetesApi& api_;
  EventSink& sink_;
  const time::Clock& clock_;
  kube::Discovery discovery_;

  absl::Mutex mutex_;
  std::vector<Queued> fresh_ ABSL_GUARDED_BY(mutex_);
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;  // actions handed over so far
  // Decisions of which actions are queued or under way, and how many; what came up to `withdrawn` is taken
  // back.
  struct Progress {
    size_t open = 0;
    uint64_t withdrawn = 0;
  };
  std::map<DecisionId, Progress> progress_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // in fresh_, checking_ and allowed_
  size_t announcements_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time claim_asked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // for the last answer

  absl::Mutex running_;
  bool stopped_ ABSL_GUARDED_BY(running_) = false;
  bool checking_claim_ ABSL_GUARDED_BY(running_) = false;
  bool superseded_ ABSL_GUARDED_BY(running_) = false;
  std::vector<Queued> checking_ ABSL_GUARDED_BY(running_);  // wait for the claim that is being read
  std::deque<Queued> allowed_ ABSL_GUARDED_BY(running_);    // wait for their turn
  size_t in_flight_ ABSL_GUARDED_BY(running_) = 0;

  log::Limiter log_limiter_{absl::Seconds(10)};
};

void ClusterActor::Core::Claim() {
  api_.After(absl::ZeroDuration(), [core = shared_from_this()] {
    core->Guarded([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(core->running_) {
      if (!core->checking_claim_) core->Check();
    });
  });
}

void ClusterActor::Core::Check() {
  checking_claim_ = true;
  const absl::Time asked = clock_.Now();
  CheckClaim(
      api_, options_.claimant, asked, options_.claim_deadline,
      [core = shared_from_this(), asked](const absl::Status& status) {
        core->Guarded([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(core->running_) { core->OnClaim(status, asked); });
      });
}

void ClusterActor::Core::Do(const ReleasedAction& action) {
  bool full = false;
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    full = waiting_ >= options_.most_waiting;
    if (!full) {
      first = fresh_.empty();
      fresh_.push_back({++taken_, action});
      ++progress_[action.decision].open;
      ++waiting_;
    }
  }
  if (full) {
    Finish(action, {ActionOutcome::kUnreachable, "too many actions wait for this cluster's API server"});
    return;
  }
  // A stage's actions come in a burst: what comes until the API's thread gets here shares one reading of the
  // claim.
  if (!first) return;
  api_.After(absl::ZeroDuration(), [core = shared_from_this()] {
    core->Guarded([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(core->running_) { core->Take(); });
  });
}

void ClusterActor::Core::Take() {
  if (checking_claim_) return;  // it was begun before these came: OnClaim takes them
  {
    absl::MutexLock lock(&mutex_);
    checking_.swap(fresh_);
  }
  if (!checking_.empty()) Check();
}

void ClusterActor::Core::OnClaim(const absl::Status& status, absl::Time asked) {
  checking_claim_ = false;
  {
    absl::MutexLock lock(&mutex_);
    claim_asked_ = asked;
  }
  std::vector<Queued> checked;
  checked.swap(checking_);
  if (status.ok()) {
    for (Queued& queued : checked) allowed_.push_back(std::move(queued));
    RunAllowed();
  } else {
    log::Warn("the claim on the cluster is not ours, or not known",
              {{"cluster", options_.cluster}, {"cause", status}});
    const Answer answer = absl::IsFailedPrecondition(status)
                              ? Answer{ActionOutcome::kRefused, std::string(status.message())}
                              : AnswerFor(status, "act on the cluster");
    {
      absl::MutexLock lock(&mutex_);
      waiting_ -= checked.size();
    }
    for (const Queued& queued : checked) {
      const bool wanted = IsWanted(queued);
      Forget(queued);
      Finish(queued.released, wanted ? answer : Withdrawn());
    }
    if (absl::IsFailedPrecondition(status) && !superseded_) {
      superseded_ = true;
      if (options_.superseded) options_.superseded(status);
    }
  }
  Take();
}

void ClusterActor::Core::RunAllowed() {
  while (in_flight_ < options_.most_in_flight && !allowed_.empty()) {
    if (!ClaimHolds()) {
      std::move(allowed_.begin(), allowed_.end(), std::back_inserter(checking_));
      allowed_.clear();
      if (!checking_claim_) Check();
      return;
    }
    const Queued queued = std::move(allowed_.front());
    allowed_.pop_front();
    {
      absl::MutexLock lock(&mutex_);
      --waiting_;
    }
    if (!IsWanted(queued)) {
      Forget(queued);
      Finish(queued.released, Withdrawn());
      continue;
    }
    // Nothing else waits for a hook.
    if (!IsAskedElsewhere(queued.released.action.kind)) ++in_flight_;
    Run(queued);
  }
}

// L7: time passed between the question and the write it allowed, on the way, in the queue, or because this
// process stood still; meanwhile another coordinator may have claimed the cluster.
bool ClusterActor::Core::ClaimHolds() {
  absl::MutexLock lock(&mutex_);
  return clock_.Now() - claim_asked_ <= kClaimHolds;
}

std::optional<Answer> ClusterActor::Core::WhyNotSend(const Queued& queued) {
  if (!IsWanted(queued)) return Withdrawn();
  if (ClaimHolds()) return std::nullopt;
  return Answer{ActionOutcome::kUnreachable,
                "so much time has passed since the claim was read that it may be another's"};
}

// Taking our taints off a living node is what a withdrawal leads to: it is never withdrawn itself.
bool ClusterActor::Core::IsWanted(const Queued& queued) {
  const ActionKind kind = queued.released.action.kind;
  if (kind == ActionKind::kUntaintNode || kind == ActionKind::kUntaintGray ||
      kind == ActionKind::kUntaintOutOfService) {
    return true;
  }
  absl::MutexLock lock(&mutex_);
  const auto progress = progress_.find(queued.released.decision);
  return progress == progress_.end() || queued.order > progress->second.withdrawn;
}

void ClusterActor::Core::Forget(const Queued& queued) {
  absl::MutexLock lock(&mutex_);
  const auto progress = progress_.find(queued.released.decision);
  if (--progress->second.open == 0) progress_.erase(progress);
}

void ClusterActor::Core::Do(const WithdrawActions& withdrawal) {
  absl::MutexLock lock(&mutex_);
  const auto progress = progress_.find(withdrawal.decision);
  if (progress != progress_.end()) progress->second.withdrawn = taken_;
}

void ClusterActor::Core::Run(const Queued& queued) {
  const ReleasedAction& released = queued.released;
  const Action& action = released.action;
  const std::string decision = released.decision.ToString();
  const NodeTarget node = {.name = action.name, .uid = action.uid};
  const PodTarget pod = {.name = {.name_space = action.name_space, .name = action.name}, .uid = action.uid};
  const absl::Duration deadline = options_.action_deadline;
  const WhyNot why_not = [core = shared_from_this(), queued] { return core->WhyNotSend(queued); };
  AnswerDone done = [core = shared_from_this(), queued](Answer answer) {
    core->Guarded([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(core->running_) {
      if (!IsAskedElsewhere(queued.released.action.kind)) --core->in_flight_;
      core->Forget(queued);
      core->Finish(queued.released, std::move(answer));
      core->RunAllowed();
    });
  };
  // Not from within: Finish may be called with the lock held, done may not.
  const auto refuse = [this, &done](const char* why) {
    api_.After(absl::ZeroDuration(), [done, why] { done({ActionOutcome::kRefused, why}); });
  };
  switch (action.kind) {
    case ActionKind::kTaintNode:
      return PutTaint(api_, node, kFailoverTaint, decision, clock_.Now(), deadline, why_not, std::move(done));
    case ActionKind::kUntaintNode:
      return TakeTaintOff(api_, node, kFailoverTaint, deadline, why_not, std::move(done));
    case ActionKind::kTaintGray:
      return PutTaint(api_, node, kGrayTaint, decision, clock_.Now(), deadline, why_not, std::move(done));
    case ActionKind::kUntaintGray:
      return TakeTaintOff(api_, node, kGrayTaint, deadline, why_not, std::move(done));
    case ActionKind::kDeletePod:
      return DeletePod(api_, pod, deadline, std::move(done));
    case ActionKind::kMarkPodUnready:
      return MarkPodUnready(api_, pod, decision, clock_.Now(), deadline, why_not, std::move(done));
    case ActionKind::kEvictPod:
      return EvictPod(api_, pod, deadline, std::move(done));
    case ActionKind::kTaintOutOfService:
      return PutOutOfService(api_, node, clock_.Now(), deadline, why_not, std::move(done));
    case ActionKind::kUntaintOutOfService:
      return TakeTaintOff(api_, node, kOutOfServiceTaint, deadline, why_not, std::move(done));
    case ActionKind::kFenceNode:
      if (options_.fence_hook == nullptr) {
        return refuse(
            "the policy asks for the fencing hook, but the coordinator has none (--fence-hook-url, "
            "--fence-hook-command)");
      }
      return options_.fence_hook->Fence(
          {.cluster = options_.cluster, .node = action.name, .uid = action.uid, .decision = decision},
          why_not, [core = shared_from_this(), queued] { return core->IsWanted(queued); }, std::move(done));
    case ActionKind::kSetReplicas:
      if (!action.replicas) break;
      return SetReplicas(api_, discovery_, {.name = pod.name, .uid = action.uid, .change = *action.replicas},
                         deadline, why_not, std::move(done));
    case ActionKind::kDeleteAutoscaler:
      return DeleteAutoscaler(api_, pod.name, action.uid, deadline, std::move(done));
    case ActionKind::kOpenValve:
      return TakeTaintOff(api_, node, kValveTaint, deadline, why_not, std::move(done));
    case ActionKind::kCloseValve:
      return PutTaint(api_, node, kValveTaint, decision, clock_.Now(), deadline, why_not, std::move(done));
    case ActionKind::kSetDeletionCost:
      return SetDeletionCost(api_, pod, kVirtualDeletionCost, deadline, why_not, std::move(done));
    case ActionKind::kSetPlaceholders:
      if (!action.replicas || !action.requests) break;
      return SetPlaceholders(api_,
                             {.name = pod.name,
                              .uid = action.uid,
                              .replicas = action.replicas->to,
                              .requests = *action.requests},
                             deadline, why_not, std::move(done));
    case ActionKind::kAskForMachines:
      if (!action.requests) break;
      if (options_.machine_hook == nullptr) return refuse("the coordinator asks no webhooks here");
      return options_.machine_hook->Ask(
          action.name, QuestionFor(options_.cluster, decision, *action.requests),
          [core = shared_from_this(), queued] { return core->IsWanted(queued); }, std::move(done));
    case ActionKind::kRestartKubelet:
    case ActionKind::kRestartRuntime:
      break;  // the node's own agent does these
    case ActionKind::kShapeRoute:
      break;  // a gateway does
  }
  refuse("this is not done through the Kubernetes API");
}

void ClusterActor::Core::Finish(const ReleasedAction& action, Answer answer) {
  sink_.Post(ActionFinished{.decision = action.decision,
                            .number = action.action.number,
                            .outcome = answer.outcome,
                            .detail = std::move(answer.detail),
                            .attempt = action.action.attempts});
}

void ClusterActor::Core::Do(const ReadLease& request) {
  api_.Get(
      kube::Leases(), {.name_space = kNodeLeases, .name = request.node.node}, options_.lease_deadline,
      [core = shared_from_this(), request](const absl::StatusOr<kube::Json>& found) {
        core->Guarded([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(core->running_) { core->OnLease(request, found); });
      });
}

void ClusterActor::Core::OnLease(const ReadLease& request, const absl::StatusOr<kube::Json>& found) {
  absl::StatusOr<LeaseFacts> facts = LeaseFacts{};
  if (found.ok()) {
    facts = LeaseFactsFrom(*found);
  } else if (!absl::IsNotFound(found.status())) {
    facts = found.status();
  }
  LeaseRead read{.request_id = request.request_id, .node = request.node, .ok = facts.ok()};
  if (facts.ok()) {
    read.lease = *facts;
  } else {
    read.error = facts.status().ToString();
  }
  sink_.Post(std::move(read));
}

// Of the agent's own pod, so that a right on logs in Evenkeel's own namespace is all it takes.
void ClusterActor::Core::Do(const AskKubelet& request) {
  api_.TouchLog({.name_space = options_.claimant.name_space, .name = request.agent_pod}, kAgentContainer,
                request.timeout, [core = shared_from_this(), request](const absl::Status& status) {
                  core->Guarded([&] {
                    KubeletFinding finding = FindKubelet(status);
                    core->sink_.Post(KubeletAnswered{.request_id = request.request_id,
                                                     .node = request.node,
                                                     .way = finding.way,
                                                     .detail = std::move(finding.detail)});
                  });
                });
}

void ClusterActor::Core::Do(const AskApi& request) {
  api_.GetServerVersion(request.timeout, [core = shared_from_this(),
                                          request](const absl::StatusOr<kube::ServerVersion>& version) {
    core->Guarded([&] {
      // Whatever it answers: it is there.
      const bool answered = version.ok() || kube::HttpCode(version.status()) != 0;
      core->sink_.Post(ApiAnswered{.request_id = request.request_id,
                                   .cluster = request.cluster,
                                   .answered = answered,
                                   .detail = answered ? "" : std::string(version.status().message())});
    });
  });
}

void ClusterActor::Core::Do(const Announce& announcement) {
  {
    absl::MutexLock lock(&mutex_);
    if (announcements_ >= options_.most_announcements) {
      return NotAnnounced(absl::ResourceExhaustedError("too many are under way"));
    }
    ++announcements_;
  }
  api_.Create(kube::Events(), NamespaceFor(announcement), EventFor(announcement, clock_.Now()),
              options_.announce_deadline,
              [core = shared_from_this()](const absl::StatusOr<kube::Json>& made) {
                {
                  absl::MutexLock lock(&core->mutex_);
                  --core->announcements_;
                }
                if (made.ok() || absl::IsAlreadyExists(made.status())) return;
                core->Guarded([&] { core->NotAnnounced(made.status()); });
              });
}

void ClusterActor::Core::NotAnnounced(const absl::Status& why) {
  if (const auto suppressed = log_limiter_.Admit("announce", clock_.Now())) {
    log::Warn("could not write a Kubernetes Event",
              {{"cluster", options_.cluster}, {"cause", why}, {"suppressed", *suppressed}});
  }
}

ClusterActor::ClusterActor(Options options, kube::KubernetesApi& api, EventSink& sink,
                           const time::Clock& clock)
    : core_(std::make_shared<Core>(std::move(options), api, sink, clock)) {
  core_->Claim();
}

ClusterActor::~ClusterActor() {
  core_->Stop();
}

void ClusterActor::Do(const ReleasedAction& action) {
  core_->Do(action);
}
void ClusterActor::Do(const ReadLease& request) {
  core_->Do(request);
}
void ClusterActor::Do(const AskKubelet& request) {
  core_->Do(request);
}
void ClusterActor::Do(const AskApi& request) {
  core_->Do(request);
}
void ClusterActor::Do(const Announce& announcement) {
  core_->Do(announcement);
}
void ClusterActor::ReadClaim() {
  core_->Claim();
}
void ClusterActor::Do(const WithdrawActions& withdrawal) {
  core_->Do(withdrawal);
}

}  // namespace evenkeel::coordinator
