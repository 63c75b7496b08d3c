#include "tests/contract/gateway/kube_world.h"

#include <chrono>
#include <thread>

#include "common/base/check.h"
#include "common/kube/json.h"
#include "tests/contract/kube/subject.h"
#include "tests/support/kube/await.h"

namespace evenkeel::testing {
namespace {

using kube::Json;

constexpr absl::Duration kAnswersWithin = absl::Seconds(30);
constexpr std::chrono::milliseconds kLookAgain(100);
constexpr std::chrono::seconds kPatience(60);

Subject& TheSubject() {
  static const std::unique_ptr<Subject> subject = MakeSubject();
  return *subject;
}

}  // namespace

kube::KubernetesApi& KubeWorld::api() {
  return TheSubject().api();
}

KubeWorld::KubeWorld() {
  const Json made =
      Make(kube::Namespaces(),
           {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"generateName", "test-"}}}});
  name_space_ = kube::NameOf(made).name;
}

Json KubeWorld::Make(const kube::Resource& resource, const Json& object) const {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto made = Await<Json>([&](auto done) {
      api().Create(resource, resource.namespaced ? name_space_ : "", object, kAnswersWithin, done);
    });
    if (made.ok()) return *made;
    if (absl::IsAlreadyExists(made.status())) return object;
    EVENKEEL_CHECK(absl::IsNotFound(made.status()) && std::chrono::steady_clock::now() < until)
        << made.status();
    std::this_thread::sleep_for(kLookAgain);
  }
}

void KubeWorld::Patch(const kube::Resource& resource, const std::string& name, const Json& merge_patch,
                      const std::string& subresource) const {
  const auto patched = Await<Json>([&](auto done) {
    api().Patch(resource, {.name_space = name_space_, .name = name},
                {.kind = kube::PatchKind::kMerge, .subresource = subresource}, merge_patch, kAnswersWithin,
                done);
  });
  EVENKEEL_CHECK(patched.ok()) << patched.status();
}

}  // namespace evenkeel::testing
