// The pods of one scaler. What a tick needs of them lies in rows, one beside the other, and is a quarter of
// what is known of them: with ten thousand pods told of and looked at each second nothing else counts as much
// as how much memory that touches.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "common/base/fetch.h"
#include "coordinator/core/scale/pod_deaths.h"
#include "coordinator/core/scale/pod_load.h"
#include "coordinator/core/scale/workload_facts.h"

namespace evenkeel::coordinator {

struct PodRow;
struct Scaler;

// How usage/ is asked to watch a pod; a change of any of it is asked for anew.
struct PodWatch {
  std::string node;
  absl::Duration window;
  absl::Duration panic_window;
  int64_t sudden_millicores = 0;
  bool operator==(const PodWatch&) const = default;
};

struct ScaledPod {
  WorkloadPodFacts facts;         // set by ScaledPods::SetFacts only
  std::optional<PodWatch> watch;  // asked for; none: it is not bound, or going. Set by SetWatch only
  PodDeaths deaths;               // as told last
  PodRow* row = nullptr;          // what else is known of it; never null
  size_t place = 0;               // of its row

  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.facts, self.watch, self.deaths, self.place);
  }
};

// What a tick needs of one pod, line by line of the cache: whose it is; what it uses (two lines); what
// Kubernetes says of it.
struct alignas(64) PodRow {
  static constexpr uint32_t kNowhere = std::numeric_limits<uint32_t>::max();

  // PodOwners'.
  Scaler* scaler = nullptr;                                // null: it is in none
  std::pair<const std::string, ScaledPod>* pod = nullptr;  // of Scaler.pods
  uint32_t told_at = kNowhere;
  bool shared = false;   // more than one scaler has the pod
  uint8_t uid_size = 0;  // 255: it is longer than fits in here
  std::array<char, 40> uid_text = {};

  // Of PodUsage.
  CpuSample steady;
  CpuSample sudden;

  int64_t throttled_percent = 0;
  int64_t sudden_millicores = 0;  // of the watch; 0: none
  bool taken = false;             // there is such a pod
  bool watched = false;
  // Which of the above there are.
  bool told = false;  // any usage at all
  bool has_steady = false;
  bool has_sudden = false;
  bool held = false;
  bool has_throttled = false;
  bool has_died = false;  // there is more in ScaledPod.deaths than nothing
  // Of WorkloadPodFacts.
  bool has_started = false;
  bool has_ready_changed = false;
  bool deleting = false;
  bool ready = false;
  bool failing = false;
  PodPhase phase = PodPhase::kPending;
  int64_t request_millicores = 0;
  absl::Time started;
  absl::Time ready_changed;

  std::string_view uid() const {
    return uid_size <= uid_text.size() ? std::string_view(uid_text.data(), uid_size) : pod->first;
  }
  // The rest follows from its pod.
  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.steady, self.sudden, self.throttled_percent, self.told, self.has_steady,
                    self.has_sudden, self.held, self.has_throttled, self.has_died);
  }
};

class ScaledPods {
 public:
  using Map = std::map<std::string, ScaledPod>;
  using Pod = Map::value_type;  // stays where it is until it is erased, and its row, too
  using iterator = Map::iterator;
  using const_iterator = Map::const_iterator;

  ScaledPods() = default;
  ScaledPods(ScaledPods&&) = default;
  ScaledPods& operator=(ScaledPods&&) = default;
  ScaledPods(const ScaledPods&) = delete;  // a copy would lead to the rows of the original
  ScaledPods& operator=(const ScaledPods&) = delete;

  // By uid.
  iterator begin() { return pods_.begin(); }
  iterator end() { return pods_.end(); }
  const_iterator begin() const { return pods_.begin(); }
  const_iterator end() const { return pods_.end(); }
  iterator find(const std::string& uid) { return pods_.find(uid); }
  const_iterator find(const std::string& uid) const { return pods_.find(uid); }
  ScaledPod& at(const std::string& uid) { return pods_.at(uid); }
  size_t size() const { return pods_.size(); }
  bool empty() const { return pods_.empty(); }

  std::pair<iterator, bool> try_emplace(const std::string& uid);
  // PodOwners has it no more.
  void erase(iterator pod);
  void clear();

  static void SetFacts(ScaledPod& pod, const WorkloadPodFacts& facts);
  // Without a watch nothing is known of its use.
  static void SetWatch(ScaledPod& pod, std::optional<PodWatch> watch);
  // What it uses, in place of what was told of it before.
  static void SetUsage(PodRow& row, const PodUsage& usage);

  // In an order that the past has made: the same in two runs, and after a restart from a checkpoint (L12).
  template <typename Visit>
  void ForEachRow(Visit visit) const {
    for (const Block& block : blocks_) {
      for (const PodRow& row : block.rows) {
        if (row.taken) visit(row);
      }
    }
  }

  // A look needs the rows soon.
  EVENKEEL_FETCHES void FetchRows() const {
    size_t left = std::min(pods_.size(), kMostFetched);
    for (auto block = blocks_.begin(); left > 0; ++block) {
      for (size_t i = 0; i < kRowsInBlock && left > 0; ++i, --left)
        base::Fetch(&block->rows[i], offsetof(PodRow, steady));
    }
  }

  // What a checkpoint holds (common/base/bytes_of.h); the rest follows from it.
  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.pods_, self.blocks_);
  }
  void PartsChanged();

 private:
  static constexpr size_t kRowsInBlock = 8;
  static constexpr size_t kMostFetched = 16;  // of more the first are done with before the last are here
  struct Block {
    std::array<PodRow, kRowsInBlock> rows;

    template <typename Self>
    static auto Parts(Self& self) {
      return std::apply([](auto&... row) { return std::tie(row...); }, self.rows);
    }
  };

  PodRow& RowAt(size_t place) { return blocks_[place / kRowsInBlock].rows[place % kRowsInBlock]; }
  void Join(Pod& pod);

  Map pods_;
  std::deque<Block> blocks_;  // its elements stay where they are
  std::set<size_t> free_;     // places of rows that nobody has; the first is taken first
};

}  // namespace evenkeel::coordinator
