#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"

namespace evenkeel::agent {

// Whether this agent vouches for a peer that asks (GET /vouch/CLUSTER/NODE/PEER): that the peer is not
// isolated. Any thread.
//
// The asker says whom it means to ask, CLUSTER and NODE: an address may belong to another node by now, whose
// promise nobody counts on.
//
// It vouches for nobody before the coordinator has told this very process whom not to vouch for: what an
// earlier process had promised is known to nobody else.
class Vouching {
 public:
  static constexpr char kPath[] = "/vouch/";
  // What the agent of `asker` asks of the agent of `voucher`.
  static std::string Question(absl::string_view cluster, absl::string_view voucher, absl::string_view asker) {
    return absl::StrCat(kPath, cluster, "/", voucher, "/", asker);
  }

  // This agent's own.
  Vouching(std::string cluster, std::string node) : cluster_(std::move(cluster)), node_(std::move(node)) {}

  // From now on, for nobody of `condemned`. Every answer that comes later keeps to it.
  void Promise(const std::vector<std::string>& condemned) {
    absl::MutexLock lock(&mutex_);
    told_ = true;
    condemned_.clear();
    condemned_.insert(condemned.begin(), condemned.end());
  }
  // This node is isolated itself, or is so no more.
  void SetIsolated(bool isolated) {
    absl::MutexLock lock(&mutex_);
    isolated_ = isolated;
  }
  // `question`: a path that begins with kPath.
  bool Answers(absl::string_view question) const {
    const std::vector<absl::string_view> words =
        absl::StrSplit(absl::StripPrefix(question, kPath), absl::MaxSplits('/', 2));
    if (words.size() != 3 || words[0] != cluster_ || words[1] != node_) return false;
    absl::MutexLock lock(&mutex_);
    return told_ && !isolated_ && !condemned_.contains(words[2]);
  }

 private:
  const std::string cluster_;
  const std::string node_;
  mutable absl::Mutex mutex_;
  bool told_ ABSL_GUARDED_BY(mutex_) = false;
  bool isolated_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::string> condemned_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::agent
