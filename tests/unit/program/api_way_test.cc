// Where other clusters' nodes are sent to try a cluster's API: only to an address that can be theirs, too.

#include "coordinator/program/api_way.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

TEST(ApiWayTest, IsTheAddressOfTheKubeconfig) {
  EXPECT_EQ(ApiWay("https://10.0.0.1:6443"), (base::IpPort{"10.0.0.1", 6443}));
  EXPECT_EQ(ApiWay("https://[fd00::1]:6443"), (base::IpPort{"fd00::1", 6443}));
  EXPECT_EQ(ApiWay("https://10.0.0.1"), (base::IpPort{"10.0.0.1", 443}));
  EXPECT_EQ(ApiWay("https://10.0.0.1:6443/k8s/clusters/east"), (base::IpPort{"10.0.0.1", 6443}));
}

TEST(ApiWayTest, IsNotKnownByAName) {
  EXPECT_FALSE(ApiWay("https://api.east.example:6443"));
  EXPECT_FALSE(ApiWay("https://api.east.example"));
  EXPECT_FALSE(ApiWay(""));
}

// On every other machine that would be another one.
TEST(ApiWayTest, IsNotThisMachine) {
  EXPECT_FALSE(ApiWay("https://127.0.0.1:6443"));
  EXPECT_FALSE(ApiWay("https://[::1]:6443"));
}

TEST(IpPortTest, IsReadAsItIsWritten) {
  for (const char* text : {"10.0.0.1:6443", "[fd00::1]:1"}) {
    const auto parsed = base::ParseIpPort(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->ToString(), text);
  }
  for (const char* wrong : {"", ":1", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.256:1", "fd00::1:1",
                            "[10.0.0.1]:1", "[]:1", "[fd00::1]", "a:1"}) {
    EXPECT_FALSE(base::ParseIpPort(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
