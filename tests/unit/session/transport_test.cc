// TLS of the server: what it needs, and its rotation.
#include "coordinator/session/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/base/status.h"
#include "tests/unit/session/session_rig.h"

namespace evenkeel::coordinator {
namespace {

// Each file that does not hold what it should is named.
TEST(ServerCredentials, NameTheFileThatIsWrong) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("transport-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  };
  const testing::CertificateAuthority ca("CA");
  const testing::Identity server = ca.Issue({.common_name = "server"});
  const std::string certificate = write("tls.crt", server.certificate_pem);
  const std::string key = write("tls.key", server.key_pem);
  const std::string other_key = write("other.key", ca.Issue({.common_name = "other"}).key_pem);
  const std::string nonsense = write("nonsense", "nonsense");
  const auto field = [](const TlsFiles& files) {
    return base::Detail(MakeServerCredentials(files).status(), base::kFieldKey).value_or("none");
  };
  EXPECT_EQ(field({.certificate = certificate, .key = key}), "none");
  EXPECT_EQ(field({.certificate = folder / "absent", .key = key}), "--certificate-file");
  EXPECT_EQ(field({.certificate = nonsense, .key = key}), "--certificate-file");
  EXPECT_EQ(field({.certificate = certificate, .key = nonsense}), "--key-file");
  EXPECT_EQ(field({.certificate = certificate, .key = other_key}), "--key-file");
  EXPECT_EQ(field({.certificate = certificate, .key = key, .client_ca = nonsense}), "--client-ca-file");
  std::filesystem::remove_all(folder);
}

// A rotated certificate is used for new connections, and open sessions do not notice.
TEST(ServerCredentials, ARotatedCertificateIsTakenUp) {
  SessionRig rig;
  const auto before = rig.OpenSession("node-1");
  const testing::CertificateAuthority next_ca("next CA");
  rig.WriteServerCertificate(next_ca);
  rig.server_ca = next_ca;  // new agents trust only this one
  absl::Status status;
  do {
    TestAgent agent({.token = rig.TokenOf("node-2"), .channel = rig.Connect()});
    agent.SayHello("blue", "node-2");
    if (const auto welcome = agent.Receive()) break;
    status = agent.End();
  } while (absl::IsUnavailable(status));
  EXPECT_EQ(rig.events.WaitFor<SessionOpened>(2).back().node.node, "node-2") << status;
  for (uint64_t sequence = 1; sequence <= 10; ++sequence) ASSERT_TRUE(before->Beat(sequence));
  EXPECT_TRUE(before->Receive().has_value());
}

}  // namespace
}  // namespace evenkeel::coordinator
