#include <cstdlib>

#include "common/base/check.h"
#include "common/http/client.h"
#include "common/kube/client.h"
#include "common/kube/cluster_config.h"
#include "common/kube/json.h"
#include "common/time/steady_clock.h"
#include "tests/contract/kube/subject.h"
#include "tests/support/kube/await.h"

namespace evenkeel::testing {
namespace {

using kube::Json;

constexpr absl::Duration kDeadline = absl::Seconds(30);

kube::ClusterConfig Config() {
  const char* const path = std::getenv("KUBECONFIG");
  EVENKEEL_CHECK(path != nullptr)
      << "KUBECONFIG must name an administrator's kubeconfig; see with-api-server";
  auto config = kube::LoadKubeconfig(path);
  EVENKEEL_CHECK(config.ok()) << config.status();
  return *std::move(config);
}

class RealSubject final : public Subject {
 public:
  kube::KubernetesApi& api() override { return client_; }

  std::string MakePodToken(const Json& pod, const std::string& audience) override {
    const kube::ObjectName name = kube::NameOf(pod);
    const Json reference = {
        {"apiVersion", "v1"}, {"kind", "Pod"}, {"name", name.name}, {"uid", kube::UidOf(pod)}};
    const Json body = {{"apiVersion", "authentication.k8s.io/v1"},
                       {"kind", "TokenRequest"},
                       {"spec", {{"audiences", {audience}}, {"boundObjectRef", reference}}}};
    const std::string path = kube::ResourcePath(kube::ServiceAccounts(),
                                                {.name_space = name.name_space, .name = "agent"}, "token");
    http::Client http;
    const auto answer = http.Fetch({.method = "POST",
                                    .url = config_.server + path,
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = kube::ToText(body),
                                    .tls = config_.tls});
    EVENKEEL_CHECK(answer.ok()) << answer.status();
    const auto token = kube::ParseObject(answer->body);
    EVENKEEL_CHECK(answer->code == 201 && token.ok()) << answer->body;
    return kube::Text(*token, {"status", "token"});
  }

  // No controller runs that would fill in a budget's status: a budget without one allows nothing.
  void ForbidEvictions(const std::string& name_space) override {
    const auto version =
        Await<kube::ServerVersion>([&](auto done) { api().GetServerVersion(kDeadline, done); });
    EVENKEEL_CHECK(version.ok()) << version.status();
    const kube::Resource budgets = {"policy", version->minor >= 21 ? "v1" : "v1beta1", "poddisruptionbudgets",
                                    true};
    const Json spec = {{"minAvailable", 1}, {"selector", {{"matchLabels", {{"name", "b"}}}}}};
    Make(budgets, name_space,
         {{"apiVersion", budgets.ApiVersion()},
          {"kind", "PodDisruptionBudget"},
          {"metadata", {{"name", "all"}}},
          {"spec", spec}});
  }

  void Grant(const std::string& user, const std::string& verb, const std::string& group,
             const std::string& resource) override {
    const kube::Resource roles = {"rbac.authorization.k8s.io", "v1", "clusterroles", false};
    const kube::Resource bindings = {"rbac.authorization.k8s.io", "v1", "clusterrolebindings", false};
    Make(roles, "",
         {{"apiVersion", roles.ApiVersion()},
          {"kind", "ClusterRole"},
          {"metadata", {{"name", user}}},
          {"rules", {{{"verbs", {verb}}, {"apiGroups", {group}}, {"resources", {resource}}}}}});
    Make(bindings, "",
         {{"apiVersion", bindings.ApiVersion()},
          {"kind", "ClusterRoleBinding"},
          {"metadata", {{"name", user}}},
          {"subjects", {{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", user}}}},
          {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", user}}}});
  }

  // The server's watch cache begins where the server was started; with-api-server sees to it that this is
  // later.
  void ForgetHistory() override {}

 private:
  void Make(const kube::Resource& resource, const std::string& name_space, const Json& object) {
    const auto made =
        Await<Json>([&](auto done) { api().Create(resource, name_space, object, kDeadline, done); });
    EVENKEEL_CHECK(made.ok()) << made.status();
  }

  const time::SteadyClock clock_;
  const kube::ClusterConfig config_ = Config();
  kube::Client client_{config_, clock_};
};

}  // namespace

std::unique_ptr<Subject> MakeSubject() {
  return std::make_unique<RealSubject>();
}

}  // namespace evenkeel::testing
