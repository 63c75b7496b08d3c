#include "common/kube/json.h"
#include "tests/contract/kube/subject.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::testing {
namespace {

class FakeSubject final : public Subject {
 public:
  kube::KubernetesApi& api() override { return fake_; }

  std::string MakePodToken(const kube::Json& pod, const std::string& audience) override {
    const std::string token = "token-of-" + kube::UidOf(pod);
    const std::string name_space = kube::NameOf(pod).name_space;
    fake_.AddToken(token, {.authenticated = true,
                           .username = "system:serviceaccount:" + name_space + ":agent",
                           .groups = {"system:serviceaccounts"},
                           .audiences = {audience},
                           .extra = {{"authentication.kubernetes.io/pod-name", {kube::NameOf(pod).name}},
                                     {"authentication.kubernetes.io/pod-uid", {kube::UidOf(pod)}}}});
    return token;
  }

  void ForbidEvictions(const std::string& /*name_space*/) override { fake_.SetEvictionsAllowed(false); }

  void Grant(const std::string& user, const std::string& verb, const std::string& group,
             const std::string& resource) override {
    fake_.SetAccess([=](const kube::AccessQuestion& question) {
      return question.username == user && question.verb == verb && question.group == group &&
             question.resource == resource;
    });
  }

  void ForgetHistory() override { fake_.ForgetHistory(); }

 private:
  FakeKubernetes fake_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject() {
  return std::make_unique<FakeSubject>();
}

}  // namespace evenkeel::testing
