#include "coordinator/act/node_actions.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/kube/json.h"
#include "coordinator/core/facts.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

// A living kubelet changes its node now and then, and other controllers do; none does so five times in a row.
constexpr int kMostConflicts = 5;
// Kubernetes 1.24 has the out-of-service taint.
constexpr int kFirstWithOutOfService = 24;

bool HasKey(const Json& taint, const NodeTaint& ours) {
  return kube::Text(taint, {"key"}) == ours.key;
}

Json TaintsOf(const Json& node) {
  const Json* taints = kube::Find(node, {"spec", "taints"});
  return taints != nullptr && taints->is_array() ? *taints : Json::array();
}

bool HasTaint(const Json& node, const NodeTaint& ours) {
  const Json taints = TaintsOf(node);
  return std::any_of(taints.begin(), taints.end(), [&ours](const Json& taint) {
    return HasKey(taint, ours) && kube::Text(taint, {"effect"}) == ours.effect;
  });
}

// One change of one node, from the first read to its answer.
struct TaintChange : std::enable_shared_from_this<TaintChange> {
  TaintChange(kube::KubernetesApi& api_given, NodeTarget node_given, const NodeTaint& taint_given,
              absl::Duration deadline_given, AnswerDone done_given)
      : api(api_given),
        node(std::move(node_given)),
        ours(taint_given),
        deadline(deadline_given),
        done(std::move(done_given)) {}

  void Read();
  void OnRead(const absl::StatusOr<Json>& found);
  void OnWritten(const absl::StatusOr<Json>& written);
  std::string Doing() const { return absl::StrCat(put ? "taint" : "untaint", " node ", node.name); }

  kube::KubernetesApi& api;
  const NodeTarget node;
  const NodeTaint ours;
  const absl::Duration deadline;
  const AnswerDone done;
  bool put = true;
  std::string decision;
  WhyNot why_not;
  absl::Time now;
  int conflicts = 0;
  bool tried = false;  // a write was sent whose answer did not say that it was not carried out
};

void TaintChange::Read() {
  api.Get(kube::Nodes(), {.name = node.name}, deadline,
          [self = shared_from_this()](const absl::StatusOr<Json>& found) { self->OnRead(found); });
}

void TaintChange::OnRead(const absl::StatusOr<Json>& found) {
  if (absl::IsNotFound(found.status())) return done({ActionOutcome::kNotMine, "the node is gone"});
  if (!found.ok()) return done(AnswerFor(found.status(), Doing()));
  if (const std::string uid = kube::UidOf(*found); uid != node.uid) {
    return done({ActionOutcome::kNotMine,
                 absl::StrCat("the node of this name is another one now: uid ", uid, ", not ", node.uid)});
  }
  if (HasTaint(*found, ours) == put) {
    return done({tried ? ActionOutcome::kDone : ActionOutcome::kAlreadyDone,
                 put ? "the taint is there" : "the taint is not there"});
  }
  Json taints = Json::array();
  for (const Json& taint : TaintsOf(*found)) {
    if (!HasKey(taint, ours)) taints.push_back(taint);
  }
  if (put) {
    Json added = {{"key", ours.key},
                  {"effect", ours.effect},
                  {"timeAdded", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone())}};
    if (*ours.value != '\0') added["value"] = ours.value;
    taints.push_back(std::move(added));
  }
  Json patch = {{"metadata", {{"resourceVersion", kube::ResourceVersionOf(*found)}}},
                {"spec", {{"taints", taints}}}};
  if (*ours.annotation != '\0') {
    patch["metadata"]["annotations"] = {{ours.annotation, put ? Json(decision) : Json()}};
  }
  if (!tried) {
    if (std::optional<Answer> instead = why_not()) return done(*std::move(instead));
  }
  tried = true;
  api.Patch(kube::Nodes(), {.name = node.name}, {.kind = kube::PatchKind::kMerge}, patch, deadline,
            [self = shared_from_this()](const absl::StatusOr<Json>& written) { self->OnWritten(written); });
}

void TaintChange::OnWritten(const absl::StatusOr<Json>& written) {
  if (written.ok() && HasTaint(*written, ours) == put) {
    return done({ActionOutcome::kDone, put ? "the node has the taint" : "the taint is off the node"});
  }
  const bool read_again = written.ok() || absl::IsAborted(written.status()) || LeavesDoubt(written.status());
  if (!read_again) return done(AnswerFor(written.status(), Doing()));
  if (++conflicts > kMostConflicts || absl::IsDeadlineExceeded(written.status())) {
    return done(AnswerFor(
        written.ok() ? absl::AbortedError("another controller undoes it") : written.status(), Doing()));
  }
  Read();
}

}  // namespace

void PutTaint(kube::KubernetesApi& api, const NodeTarget& node, const NodeTaint& taint,
              const std::string& decision, absl::Time now, absl::Duration deadline, WhyNot why_not,
              AnswerDone done) {
  const auto change = std::make_shared<TaintChange>(api, node, taint, deadline, std::move(done));
  change->decision = decision;
  change->now = now;
  change->why_not = std::move(why_not);
  change->Read();
}

void TakeTaintOff(kube::KubernetesApi& api, const NodeTarget& node, const NodeTaint& taint,
                  absl::Duration deadline, WhyNot why_not, AnswerDone done) {
  const auto change = std::make_shared<TaintChange>(api, node, taint, deadline, std::move(done));
  change->put = false;
  change->why_not = std::move(why_not);
  change->Read();
}

void PutOutOfService(kube::KubernetesApi& api, const NodeTarget& node, absl::Time now,
                     absl::Duration deadline, WhyNot why_not, AnswerDone done) {
  const auto change = std::make_shared<TaintChange>(api, node, kOutOfServiceTaint, deadline, std::move(done));
  change->now = now;
  change->why_not = std::move(why_not);
  api.GetServerVersion(deadline, [change](const absl::StatusOr<kube::ServerVersion>& version) {
    if (!version.ok()) return change->done(AnswerFor(version.status(), "ask for the server's version"));
    const bool known = version->major > 1 || version->minor >= kFirstWithOutOfService;
    if (known) return change->Read();
    change->done(
        {ActionOutcome::kNotKnownThere,
         absl::StrCat("Kubernetes ", version->git_version,
                      " does not know this taint: it detaches the volumes of deleted pods by itself, after "
                      "six minutes")});
  });
}

}  // namespace evenkeel::coordinator
