// Nodes, pods and claims of Kubernetes, in any order, as the core and the read model are told of them.
//
// The input: lines, each with a letter that tells what it is (n, p, c; in capitals: gone) and an object.
#include <map>
#include <string>

#include "common/kube/json.h"
#include "common/time/fake_clock.h"
#include "coordinator/observe/cluster_picture.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

// Counts what is told of each object: nothing is gone that was not there.
class Listener final : public EventSink, public FleetObserver {
 public:
  bool Post(Event /*event*/) override { return true; }
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
  std::map<NodeKey, std::string> nodes_;
  std::map<PodKey, std::string> pods_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  Listener listener;
  ClusterPicture picture("east", listener, listener);
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
        break;
      case 'P':
        picture.OnPodGone(kube::NameOf(*object));
        break;
      case 'c':
        picture.OnClaim(*object);
        break;
      default:
        picture.OnClaimGone(kube::NameOf(*object));
    }
  }
  return 0;
}
