#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "agent/core/occurrences.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::agent {

// One look at a part of the node's machinery.
struct PartObservation {
  v1::PartState state = v1::PART_STATE_UNSPECIFIED;
  std::string detail;  // why, when it is not healthy
  absl::Duration latency;
};

// A container and its pod as the container runtime lists them.
struct RuntimeContainer {
  std::string id;
  std::string name;
  std::string image;
  v1::ContainerState state = v1::CONTAINER_STATE_UNSPECIFIED;
  uint32_t restarts = 0;
  std::optional<int32_t> exit_code;
  std::string exit_reason;
  std::optional<absl::Time> started;
  std::optional<absl::Time> finished;
};
struct RuntimePod {
  std::string uid;
  std::string pod_namespace;
  std::string name;
  bool sandbox_ready = false;
  std::vector<RuntimeContainer> containers;  // one for each name: its newest
  std::vector<RuntimeContainer> replaced;    // those before them that the runtime still lists
};

// What one container uses. What could not be read is not set.
struct ContainerUsage {
  std::string container_id;
  std::optional<uint64_t> cpu_millicores;
  std::optional<double> cpu_throttled_percent;
  std::optional<uint64_t> memory_working_set_bytes;
};

// What the kubelet knows of a container beyond the runtime: the image's name and the count of restarts
// survive the removal of old containers only there.
struct KubeletContainerStatus {
  std::string container_id;
  std::string image;
  uint32_t restarts = 0;
  std::optional<int32_t> exit_code;
  std::string exit_reason;
};

// What the agent knows of its node now, and what it has told the coordinator: the difference is what is worth
// sending.
//
// This is also the agent's outbox. It keeps the newest state of each subject and no history, so that while
// the coordinator is away it does not grow: a pod that changed a thousand times is one entry. Occurrences are
// the exception and have a bound of their own. Pure: the caller brings the time and synchronises.
class NodeState {
 public:
  // What is kept, and what the coordinator accepts; more than any kubelet runs. The rest is left out.
  static constexpr size_t kMostPods = 1024;
  static constexpr int kMostContainers = 256;  // of one pod

  // --- What collectors see; each call replaces what the same call said before. ---
  void SetKubelet(const PartObservation& seen, absl::Time now);
  void SetRuntime(const PartObservation& seen, absl::Time now);
  // How long ago the kubelet began to look at its containers.
  void SetPleg(const PartObservation& seen, absl::Time now);
  void SetRuntimeVersion(const std::string& runtime_version);
  void SetCpu(v1::NodeCpu cpu);
  void SetMemory(v1::NodeMemory memory);
  void SetPressure(v1::Pressure pressure);
  void SetFilesystems(std::vector<v1::FilesystemUsage> filesystems);
  void SetBootTime(absl::Time boot_time);
  // All pods there are. Containers that were started or ended since the last call become occurrences.
  void SetPods(const std::vector<RuntimePod>& pods, absl::Time now);
  // For the containers named; others keep what they have. Unknown containers are passed over.
  void SetUsage(const std::vector<ContainerUsage>& usage);
  void SetKubeletStatuses(const std::vector<KubeletContainerStatus>& statuses);
  // `container_id`, when it is known, is resolved to its pod and name; a kill for want of memory is then told
  // of the container as well.
  void AddKernelOccurrence(v1::NodeOccurrence::Kind kind, absl::Time at, std::string detail,
                           const std::optional<std::string>& container_id);

  // --- What the session sends. ---
  // Something is worth a report.
  bool HasNews() const { return news_ || occurrences_.HasUnsent(); }
  // A reading of a closely sampled pod is, or the end or start of one of its containers, and should not wait
  // for company.
  bool HasUrgentNews() const { return urgent_; }
  // Somebody has asked for some pods.
  bool SamplesClosely() const { return !close_.empty(); }
  // Everything, for the first report of a session; sets the report's number to 1.
  v1::Report TakeAll(absl::Time now);
  // What changed since the report before; its number is one higher.
  v1::Report TakeChanges(absl::Time now);
  // The pods whose CPU is worth sending by WorthSendingClosely, in place of those before. Uids of pods that
  // are not there are kept for when they come; at most kMostPods are.
  void SampleClosely(const std::vector<std::string>& pod_uids);
  // The number of the report taken last, counted in this session from 1.
  uint64_t report_number() const { return report_number_; }
  // All reports of this session up to `number` have arrived.
  void Confirm(uint64_t number) { occurrences_.Confirm(number); }

 private:
  struct Pod {
    v1::PodReport now;
    v1::PodReport sent;
    bool news = true;
    bool close = false;  // closely sampled
    // Of those only.
    bool read = false;   // in the readings that are being taken
    bool again = false;  // to be told though nothing has moved
    int told_again = 0;  // so many readings yet
  };
  struct ContainerKey {
    std::string pod_uid;
    int index = 0;  // in the pod's containers
  };

  template <typename Group>
  void Note(const Group& now, bool was_sent, const Group& sent);
  void SetPart(const PartObservation& seen, absl::Time now, v1::PartHealth& part, bool was_sent,
               const v1::PartHealth& sent);
  void NotePod(Pod& pod);
  void NoteReading(Pod& pod);
  v1::ContainerReport* FindContainer(const std::string& container_id, Pod** pod);
  void AddContainerOccurrence(v1::NodeOccurrence::Kind kind, absl::Time at, const std::string& pod_uid,
                              const v1::ContainerReport& container, std::string detail);
  void ReplacePod(const RuntimePod& seen, absl::Time now, bool first);
  void TellVanished(const RuntimePod& seen, const v1::PodReport& before, absl::Time now);
  void TellTransition(const std::string& pod_uid, const RuntimeContainer& container,
                      v1::ContainerState before, const v1::ContainerReport& report, absl::Time now);
  void RemovePod(const Pod& pod, absl::Time now);
  bool FilesystemsChanged() const;

  v1::NodeReport node_;
  v1::NodeReport sent_node_;
  std::map<std::string, Pod> pods_;  // by uid
  std::vector<std::string> gone_;    // uids of pods that the coordinator was told of
  absl::flat_hash_map<std::string, ContainerKey> containers_;  // by runtime id
  bool pods_seen_ = false;
  bool news_ = true;
  absl::flat_hash_set<std::string> close_;  // uids of the closely sampled, there or not
  bool urgent_ = false;
  Occurrences occurrences_;
  uint64_t report_number_ = 0;
};

}  // namespace evenkeel::agent
