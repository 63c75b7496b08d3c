#include "coordinator/observe/cluster_picture.h"

#include "common/kube/json.h"
#include "coordinator/observe/kubernetes_facts.h"

namespace evenkeel::coordinator {

void ClusterPicture::OnNode(const kube::Json& node) {
  ObservedNode now = ObservedNodeFrom(cluster_, node);
  const auto [found, is_new] = nodes_.try_emplace(now.key.node);
  ObservedNode& known = found->second;
  const bool facts_changed = is_new || known.facts != now.facts;
  if (!is_new && known == now) return;
  known = std::move(now);
  fleet_.OnNode(known);
  if (facts_changed) sink_.Post(NodeObserved{.node = known.key, .facts = known.facts});
}

void ClusterPicture::OnNodeGone(const kube::ObjectName& name) {
  if (nodes_.erase(name.name) == 0) return;
  const NodeKey key = {.cluster = cluster_, .node = name.name};
  fleet_.OnNodeGone(key);
  sink_.Post(NodeGone{key});
}

std::vector<std::string> ClusterPicture::ExclusiveAmong(const std::string& name_space,
                                                        const std::vector<std::string>& claims) const {
  std::vector<std::string> exclusive;
  for (const std::string& claim : claims) {
    const auto known = claims_.find({name_space, claim});
    // L5: a claim that is not known counts as exclusive.
    if (known == claims_.end() || known->second) exclusive.push_back(claim);
  }
  return exclusive;
}

void ClusterPicture::TellPod(PodEntry& entry, const ObservedPod& now) {
  const bool facts_changed = entry.pod.facts != now.facts;
  if (entry.pod == now) return;
  entry.pod = now;
  fleet_.OnPod(entry.pod);
  if (facts_changed) sink_.Post(PodObserved{.pod = entry.pod.key, .facts = entry.pod.facts});
}

void ClusterPicture::OnPod(const kube::Json& pod) {
  ObservedPod now = ObservedPodFrom(cluster_, pod);
  const Name name = {now.key.name_space, now.key.name};
  std::vector<std::string> claims = ClaimsOf(pod);
  now.facts.exclusive_claims = ExclusiveAmong(name.first, claims);
  PodEntry& entry = pods_[name];  // one that is new differs from all pods: it has no uid
  if (entry.claims != claims) {
    ForgetUses(name, entry.claims);
    for (const std::string& claim : claims) users_[{name.first, claim}].insert(name);
    entry.claims = std::move(claims);
  }
  TellPod(entry, now);
}

void ClusterPicture::OnPodGone(const kube::ObjectName& name) {
  const auto found = pods_.find({name.name_space, name.name});
  if (found == pods_.end()) return;
  ForgetUses(found->first, found->second.claims);
  pods_.erase(found);
  const PodKey key = {.cluster = cluster_, .name_space = name.name_space, .name = name.name};
  fleet_.OnPodGone(key);
  sink_.Post(PodGone{key});
}

void ClusterPicture::ForgetUses(const Name& pod, const std::vector<std::string>& claims) {
  for (const std::string& claim : claims) {
    const auto users = users_.find({pod.first, claim});
    if (users == users_.end()) continue;  // the pod names the claim twice
    users->second.erase(pod);
    if (users->second.empty()) users_.erase(users);
  }
}

void ClusterPicture::OnClaim(const kube::Json& claim) {
  const kube::ObjectName name = kube::NameOf(claim);
  claims_[{name.name_space, name.name}] = IsExclusive(claim);
  TellUsersOf({name.name_space, name.name});
}

void ClusterPicture::OnClaimGone(const kube::ObjectName& name) {
  claims_.erase({name.name_space, name.name});
  TellUsersOf({name.name_space, name.name});
}

void ClusterPicture::TellUsersOf(const Name& claim) {
  const auto users = users_.find(claim);
  if (users == users_.end()) return;
  for (const Name& pod : users->second) {
    PodEntry& entry = pods_.at(pod);
    ObservedPod now = entry.pod;
    now.facts.exclusive_claims = ExclusiveAmong(pod.first, entry.claims);
    TellPod(entry, now);
  }
}

}  // namespace evenkeel::coordinator
