// Proves that kubeconfig files and pods' surroundings are read, and that what is wrong with them is named.
#include "common/kube/cluster_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace evenkeel::kube {
namespace {

using ::testing::HasSubstr;

constexpr char kGood[] = R"(
apiVersion: v1
kind: Config
current-context: first
contexts:
- name: first
  context: {cluster: home, user: anne, namespace: shop}
- name: second
  context: {cluster: away, user: bert}
clusters:
- name: home
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority: pki/ca.crt}
- name: away
  cluster:
    server: https://away.example
    certificate-authority-data: Q0EtREFUQQ==
    tls-server-name: api.away.example
users:
- name: anne
  user: {client-certificate: pki/anne.crt, client-key-data: S0VZ}
- name: bert
  user: {tokenFile: bert.token, token: unused}
)";

class ClusterConfigTest : public ::testing::Test {
 protected:
  ClusterConfigTest() : folder_(::testing::TempDir() + "evenkeel-kubeconfig-test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ + "/pki");
    Write("pki/ca.crt", "CA");
    Write("pki/anne.crt", "ANNE");
  }
  ~ClusterConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& content) const {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::ofstream(path, std::ios::trunc) << content;
    return path;
  }

  std::string ErrorOf(const std::string& content) const {
    const auto config = LoadKubeconfig(Write("config", content));
    EXPECT_FALSE(config.ok()) << content;
    return std::string(config.status().message());
  }

  const std::string folder_;
};

// Contexts, relative files, embedded data, tokens and the server's other name are understood.
TEST_F(ClusterConfigTest, ReadsKubeconfigs) {
  const std::string path = Write("config", kGood);
  const auto first = LoadKubeconfig(path);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->server, "https://10.0.0.1:6443");
  EXPECT_EQ(first->name_space, "shop");
  EXPECT_EQ(first->tls->ca_pem, "CA");
  EXPECT_EQ(first->tls->client_certificate_pem, "ANNE");
  EXPECT_EQ(first->tls->client_key_pem, "KEY");
  EXPECT_EQ(first->token_file, "");
  const auto second = LoadKubeconfig(path, "second");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->server, "https://away.example");
  EXPECT_EQ(second->tls->ca_pem, "CA-DATA");
  EXPECT_EQ(second->tls->server_name, "api.away.example");
  EXPECT_EQ(second->token_file, folder_ + "/bert.token");
  EXPECT_EQ(second->token, "");
}

// Each mistake is told with the file and the field.
TEST_F(ClusterConfigTest, NamesWhatIsWrong) {
  const auto changed = [](const char* from, const char* to) {
    return absl::StrReplaceAll(kGood, {{from, to}});
  };
  EXPECT_THAT(ErrorOf(kGood + std::string("\t{")), HasSubstr("not valid YAML"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("mapping"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("current-context"));
  EXPECT_THAT(ErrorOf("current-context: x"), HasSubstr("contexts"));
  EXPECT_THAT(ErrorOf(changed("current-context: first", "current-context: third")), HasSubstr("\"third\""));
  EXPECT_THAT(ErrorOf(changed("cluster: home,", "cluster: none,")), HasSubstr("clusters"));
  EXPECT_THAT(ErrorOf(changed("https://10.0.0.1", "http://10.0.0.1")),
              HasSubstr("clusters[home].cluster.server"));
  EXPECT_THAT(ErrorOf(changed("pki/ca.crt", "pki/none.crt")), HasSubstr("pki/none.crt"));
  EXPECT_THAT(ErrorOf(changed("S0VZ", "'***'")), HasSubstr("users[anne].user.client-key-data"));
  EXPECT_THAT(ErrorOf(changed(", client-key-data: S0VZ", "")), HasSubstr("users[anne].user.client-key"));
  EXPECT_THAT(ErrorOf(changed("client-key-data: S0VZ", "exec: {command: login}")),
              HasSubstr("users[anne].user.exec: is not supported"));
  EXPECT_THAT(ErrorOf(changed("certificate-authority: pki/ca.crt",
                              "certificate-authority: pki/ca.crt, insecure-skip-tls-verify: true")),
              HasSubstr("contradicts"));
  EXPECT_EQ(LoadKubeconfig(folder_ + "/none").status().code(), absl::StatusCode::kNotFound);
}

// In a pod, address and service account come from where Kubernetes puts them; outside it says so.
TEST_F(ClusterConfigTest, ReadsWhatPodsAreGiven) {
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("KUBERNETES_SERVICE_PORT");
  EXPECT_EQ(LoadInCluster(folder_).status().code(), absl::StatusCode::kFailedPrecondition);
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  EXPECT_THAT(std::string(LoadInCluster(folder_).status().message()), HasSubstr("ca.crt"));
  Write("ca.crt", "CA");
  Write("namespace", "evenkeel\n");
  const auto config = LoadInCluster(folder_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->token_file, folder_ + "/token");
  EXPECT_EQ(config->name_space, "evenkeel");
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("KUBERNETES_SERVICE_PORT");
}

}  // namespace
}  // namespace evenkeel::kube
