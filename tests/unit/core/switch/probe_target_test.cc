// URLs of gateways: what is asked of whom, and which are none.

#include "coordinator/core/switch/probe_target.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ProbeTargetTest, ReadsUrls) {
  const struct {
    std::string url;
    ProbeTarget target;
  } table[] = {
      {"http://shop", {false, "shop", 80, "shop", "/"}},
      {"https://shop.example.com/a?b=c#d", {true, "shop.example.com", 443, "shop.example.com", "/a?b=c"}},
      {"http://10.0.0.7:8080?x", {false, "10.0.0.7", 8080, "10.0.0.7:8080", "/?x"}},
      {"http://[fd00::7]:81/", {false, "fd00::7", 81, "[fd00::7]:81", "/"}},
      {"https://[fd00::7]", {true, "fd00::7", 443, "[fd00::7]", "/"}},
  };
  for (const auto& row : table) {
    const auto target = ProbeTarget::Parse(row.url);
    ASSERT_TRUE(target.ok()) << row.url << ": " << target.status();
    EXPECT_EQ(*target, row.target) << row.url;
  }
}

TEST(ProbeTargetTest, RefusesWhatIsNone) {
  for (const std::string url : {"", "shop", "ftp://shop", "http://", "http://:80", "http://shop:0",
                                "http://shop:65536", "http://shop:x", "http://[fd00::7",
                                "http://me:secret@shop", "http://shop/a b", "http://shop/\r\nHost: x"}) {
    EXPECT_FALSE(ProbeTarget::Parse(url).ok()) << url;
  }
}

// No path can smuggle anything into a request.
TEST(ProbeTargetTest, KnowsPaths) {
  EXPECT_TRUE(IsRequestPath("/slow?seconds=3"));
  EXPECT_FALSE(IsRequestPath(""));
  EXPECT_FALSE(IsRequestPath("slow"));
  EXPECT_FALSE(IsRequestPath("/slow HTTP/1.1\r\nX: y"));
  EXPECT_FALSE(IsRequestPath("/sl\xc3\xb6w"));
}

TEST(ProbeTargetTest, WritesRequests) {
  const ProbeTarget target = {false, "shop", 8080, "shop:8080", "/"};
  const std::string kept = RequestText(target, "/a", true);
  EXPECT_THAT(kept, StartsWith("GET /a HTTP/1.1\r\nHost: shop:8080\r\n"));
  EXPECT_THAT(kept, HasSubstr("\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_THAT(RequestText(target, "/a", false), HasSubstr("\r\nConnection: close\r\n\r\n"));
}

}  // namespace
}  // namespace evenkeel::coordinator
