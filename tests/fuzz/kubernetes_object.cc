// Nodes, pods, claims, scales, autoscalers, Services and settings of Kubernetes, in any order, as the core
// and the read model are told of them.
//
// The input: lines, each with a letter that tells what it is (n, p, c, s, a, v: a Service, m: a ConfigMap; in
// capitals: gone; u: a workload is not watched any more) and an object.
#include <map>
#include <set>
#include <string>

#include "common/kube/json.h"
#include "common/time/fake_clock.h"
#include "coordinator/observe/application_picture.h"
#include "coordinator/observe/autoscaler_facts.h"
#include "coordinator/observe/cluster_picture.h"
#include "coordinator/observe/workload_picture.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

// Counts what is told of each object: nothing is gone that was not there.
class Listener final : public EventSink, public FleetObserver {
 public:
  bool Post(Event event) override {
    if (const auto* seen = std::get_if<WorkloadObserved>(&event)) workloads_.insert(seen->workload);
    if (const auto* gone = std::get_if<WorkloadGone>(&event)) workloads_.erase(gone->workload);
    if (const auto* pod = std::get_if<WorkloadPodObserved>(&event)) CheckKnown(pod->workload);
    if (const auto* pod = std::get_if<WorkloadPodGone>(&event)) CheckKnown(pod->workload);
    return true;
  }
  absl::Status TryPost(Event /*event*/) override { return absl::OkStatus(); }
  void OnApi(const ObservedApi& /*api*/) override {}
  void OnNode(const ObservedNode& node) override { nodes_[node.key] = node.facts.uid; }
  void OnNodeGone(const NodeKey& key) override {
    EVENKEEL_CHECK(nodes_.erase(key) == 1) << "node " << key.node << " goes and was not there";
  }
  void OnPod(const ObservedPod& pod) override { pods_[pod.key] = pod.facts.uid; }
  void OnPodGone(const PodKey& key) override {
    EVENKEEL_CHECK(pods_.erase(key) == 1) << "pod " << key.name << " goes and was not there";
  }

 private:
  void CheckKnown(const Workload& workload) const {
    EVENKEEL_CHECK(workloads_.contains(workload)) << workload.ToString() << " is not there and has pods";
  }

  std::map<NodeKey, std::string> nodes_;
  std::map<PodKey, std::string> pods_;
  std::set<Workload> workloads_;
};

Workload WorkloadOf(const kube::Json& scale) {
  const kube::ObjectName name = kube::NameOf(scale);
  return {.group = "apps", .kind = "Deployment", .name_space = name.name_space, .name = name.name};
}

// Of what is behind the Service of that name: no more is Ready, or on nodes, than there is.
void CheckApplication(const ApplicationPicture& picture, const std::string& service) {
  const Application application = {.name_space = "shop", .service = service, .selector = "app"};
  const auto facts = picture.FactsOf(application, nullptr);
  if (!facts.ok()) return;
  uint64_t on_nodes = 0;
  for (const auto& [node, pods] : facts->nodes) on_nodes += pods;
  EVENKEEL_CHECK(facts->ready <= facts->pods && on_nodes <= facts->pods) << "more than there is";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  Listener listener;
  ClusterPicture picture("east", listener, listener);
  WorkloadPicture workloads("east", listener);
  const SettingsHash hash("a key");
  ApplicationPicture applications("shop", hash);
  while (!input.empty()) {
    std::string_view line = fuzz::TakePart(input, '\n');
    const char what = static_cast<char>(fuzz::TakeByte(line));
    const auto object = kube::ParseObject({line.data(), line.size()});
    if (!object.ok()) continue;
    switch (what) {
      case 'n':
        picture.OnNode(*object);
        break;
      case 'N':
        picture.OnNodeGone(kube::NameOf(*object));
        break;
      case 'p':
        picture.OnPod(*object);
        workloads.OnPod(*object);
        applications.OnPod(*object);
        EVENKEEL_CHECK(!applications.OnPod(*object)) << "the same pod is another one";
        CheckApplication(applications, "");
        break;
      case 'P':
        picture.OnPodGone(kube::NameOf(*object));
        workloads.OnPodGone(kube::NameOf(*object));
        applications.OnPodGone(kube::NameOf(*object).name);
        break;
      case 'v':
        applications.OnService(*object);
        CheckApplication(applications, kube::NameOf(*object).name);
        break;
      case 'V':
        applications.OnServiceGone(kube::NameOf(*object).name);
        break;
      case 'm':
        applications.OnSettings("ConfigMap", *object);
        EVENKEEL_CHECK(!applications.OnSettings("ConfigMap", *object)) << "the same is not the same";
        break;
      case 'c':
        picture.OnClaim(*object);
        break;
      case 's':
        workloads.Watch(WorkloadOf(*object));
        workloads.OnScale(WorkloadOf(*object), ScaleFrom(*object));
        break;
      case 'S':
        workloads.OnWorkloadGone(WorkloadOf(*object), "there is none", true);
        break;
      case 'u':
        workloads.Unwatch(WorkloadOf(*object));
        break;
      case 'a': {
        const AutoscalerFacts facts = AutoscalerFactsFrom(*object);
        EVENKEEL_CHECK(facts.rules.has_value() == facts.beyond.empty()) << "rules or what is beyond them";
        break;
      }
      default:
        picture.OnClaimGone(kube::NameOf(*object));
    }
  }
  return 0;
}
