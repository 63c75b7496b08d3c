#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/kube/json.h"
#include "tests/contract/kube/subject.h"
#include "tests/support/kube/await.h"

namespace evenkeel::testing {

// One subject for the whole program, and for each test a namespace of its own.
class KubeContract : public ::testing::Test {
 protected:
  static constexpr absl::Duration kDeadline = absl::Seconds(30);
  using Json = kube::Json;

  static void SetUpTestSuite() { subject_ = MakeSubject(); }
  static void TearDownTestSuite() { subject_.reset(); }

  void SetUp() override {
    const Json made =
        Make(kube::Namespaces(), "",
             {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"generateName", "test-"}}}});
    name_space_ = kube::NameOf(made).name;
  }

  static kube::KubernetesApi& api() { return subject_->api(); }

  static absl::StatusOr<Json> Create(const kube::Resource& resource, const std::string& name_space,
                                     const Json& object) {
    return Await<Json>([&](auto done) { api().Create(resource, name_space, object, kDeadline, done); });
  }
  static Json Make(const kube::Resource& resource, const std::string& name_space, const Json& object) {
    const auto made = Create(resource, name_space, object);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *made : Json::object();
  }
  static absl::StatusOr<Json> Get(const kube::Resource& resource, const kube::ObjectName& name) {
    return Await<Json>([&](auto done) { api().Get(resource, name, kDeadline, done); });
  }
  static absl::StatusOr<Json> GetScale(const kube::Resource& resource, const kube::ObjectName& name) {
    return Await<Json>([&](auto done) { api().GetPart(resource, name, "scale", kDeadline, done); });
  }
  static absl::StatusOr<Json> List(const kube::Resource& resource, const kube::ListOptions& options) {
    return Await<Json>([&](auto done) { api().List(resource, options, kDeadline, done); });
  }
  static absl::StatusOr<Json> Patch(const kube::Resource& resource, const kube::ObjectName& name,
                                    const kube::PatchOptions& options, const Json& patch) {
    return Await<Json>([&](auto done) { api().Patch(resource, name, options, patch, kDeadline, done); });
  }
  static absl::StatusOr<Json> Delete(const kube::Resource& resource, const kube::ObjectName& name,
                                     const kube::DeleteOptions& options = {}) {
    return Await<Json>([&](auto done) { api().Delete(resource, name, options, kDeadline, done); });
  }
  static absl::StatusOr<Json> Evict(const kube::ObjectName& pod, const kube::DeleteOptions& options = {}) {
    return Await<Json>([&](auto done) { api().Evict(pod, options, kDeadline, done); });
  }

  kube::ObjectName Named(const std::string& name) const { return {.name_space = name_space_, .name = name}; }

  static Json ConfigMap(const std::string& name, const Json& data, const Json& labels = Json::object()) {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}, {"labels", labels}}},
            {"data", data}};
  }
  static Json Pod(const std::string& name, const std::string& node) {
    Json spec = {{"serviceAccountName", "agent"}, {"containers", {{{"name", "main"}, {"image", "none"}}}}};
    if (!node.empty()) spec["nodeName"] = node;
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", name}, {"labels", {{"name", name}}}}},
            {"spec", std::move(spec)}};
  }

  // Of any kind with the form of a Deployment. No controller runs that would make its pods.
  static Json Workload(const kube::Resource& resource, const std::string& kind, const std::string& name,
                       int replicas) {
    const Json labels = {{"name", name}};
    return {{"apiVersion", resource.ApiVersion()},
            {"kind", kind},
            {"metadata", {{"name", name}}},
            {"spec",
             {{"replicas", replicas},
              {"selector", {{"matchLabels", labels}}},
              {"template",
               {{"metadata", {{"labels", labels}}},
                {"spec", {{"containers", {{{"name", "main"}, {"image", "none"}}}}}}}}}}};
  }
  static Json Deployment(const std::string& name, int replicas) {
    return Workload(kube::Deployments(), "Deployment", name, replicas);
  }

  static std::unique_ptr<Subject> subject_;
  std::string name_space_;
};

}  // namespace evenkeel::testing
