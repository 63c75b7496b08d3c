// Proves the small parts of the Kubernetes client: paths, errors, the cutting of watches, the reading of
// reviews.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/status.h"
#include "common/kube/json.h"
#include "common/kube/query.h"
#include "common/kube/resource.h"
#include "common/kube/reviews.h"
#include "common/kube/status.h"
#include "common/kube/watch_stream.h"

namespace evenkeel::kube {
namespace {

// Paths name group, version, namespace, object and part, and no name can break out of its place.
TEST(ResourceTest, PathsAreEscaped) {
  EXPECT_EQ(ResourcePath(Pods(), {"shop", "web-0"}, "eviction"),
            "/api/v1/namespaces/shop/pods/web-0/eviction");
  EXPECT_EQ(ResourcePath(Deployments(), {"shop", "web"}, "scale"),
            "/apis/apps/v1/namespaces/shop/deployments/web/scale");
  EXPECT_EQ(ApiPath("", "v1"), "/api/v1");
  EXPECT_EQ(ApiPath("a/b", "v1"), "/apis/a%2Fb/v1");
  EXPECT_EQ(ResourcePath(Leases(), {}), "/apis/coordination.k8s.io/v1/leases");
  EXPECT_EQ(ResourcePath(Nodes(), {"ignored", "n1"}), "/api/v1/nodes/n1");
  EXPECT_EQ(ResourcePath(Pods(), {"..", "a/../b?x#y"}), "/api/v1/namespaces/../pods/a%2F..%2Fb%3Fx%23y");
  EXPECT_EQ(Query().Add("a", "").Add("b", "x=1,y!=2").Add("c", "d e").text(), "?b=x%3D1%2Cy%21%3D2&c=d%20e");
}

// The server's own words decide the code, and its reason and time to come back are kept.
TEST(StatusTest, ServerErrorsKeepTheirMeaning) {
  const auto parse = [](int code, const char* reason, const char* details = "{}") {
    return StatusFromHttp(
        code,
        absl::StrCat(R"({"kind":"Status","reason":")", reason, R"(","message":"m","details":)", details, "}"),
        std::nullopt);
  };
  EXPECT_EQ(parse(404, "NotFound").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(parse(409, "AlreadyExists").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(parse(409, "Conflict").code(), absl::StatusCode::kAborted);
  EXPECT_EQ(parse(410, "Expired").code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(parse(403, "Forbidden").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(parse(401, "Unauthorized").code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(parse(422, "Invalid").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parse(500, "InternalError").code(), absl::StatusCode::kUnavailable);
  const absl::Status busy = parse(429, "TooManyRequests", R"({"retryAfterSeconds":3})");
  EXPECT_EQ(busy.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryAfter(busy), absl::Seconds(3));
  EXPECT_EQ(KubernetesReason(busy), "TooManyRequests");
  EXPECT_FALSE(IsDisruptionBudgetRefusal(busy));
  EXPECT_TRUE(IsDisruptionBudgetRefusal(
      parse(429, "TooManyRequests", R"({"causes":[{"reason":"DisruptionBudget","message":"x"}]})")));
}

// An answer that is not the API server's is quoted, in part.
TEST(StatusTest, ForeignAnswersAreQuoted) {
  const absl::Status status = StatusFromHttp(502, "<html>" + std::string(10000, 'x'), absl::Seconds(1));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("<html>"));
  EXPECT_LT(status.message().size(), 300u);
  EXPECT_EQ(HttpCode(status), 502);
  EXPECT_EQ(RetryAfter(status), absl::Seconds(1));
}

// What a server or a proxy says ends up in stored decisions: so it is bounded and UTF-8, whatever they send.
TEST(StatusTest, MessagesAreBoundedUtf8) {
  const auto quoted = [](const std::string& body) {
    return std::string(StatusFromHttp(500, body, std::nullopt).message());
  };
  EXPECT_THAT(quoted("caf\xe9"), ::testing::HasSubstr("caf?"));
  EXPECT_THAT(quoted(std::string(199, 'x') + "\xc3\xa9"), ::testing::EndsWith("x?"));
  const std::string long_text(100'000, 'y');
  EXPECT_LT(quoted(R"({"kind":"Status","message":")" + long_text + "\"}").size(), 1200u);
}

// A time to come back that is none is as if the server had given none.
TEST(StatusTest, OddTimesToComeBackAreLeftOut) {
  for (const char* seconds : {"-1", "0", "1.5", "\"1\"", "9223372036854775808", "1e30"}) {
    const std::string body =
        absl::StrCat(R"({"kind":"Status","details":{"retryAfterSeconds":)", seconds, "}}");
    EXPECT_EQ(RetryAfter(StatusFromHttp(429, body, std::nullopt)), std::nullopt) << seconds;
  }
}

// Reading never fails on what is missing or of another type.
TEST(JsonTest, AbsentFieldsReadAsNothing) {
  const Json object = {{"metadata", {{"name", "a"}, {"labels", nullptr}}}, {"spec", 3}};
  EXPECT_EQ(NameOf(object), (ObjectName{"", "a"}));
  EXPECT_EQ(Text(object, {"metadata", "labels", "x"}), "");
  EXPECT_EQ(Text(object, {"spec", "x"}), "");
  EXPECT_EQ(Text(object, {"spec"}), "");
  EXPECT_EQ(UidOf(Json()), "");
  EXPECT_FALSE(ParseObject("[1]").ok());
  EXPECT_FALSE(ParseObject("{").ok());
}

// A list's items lose their managed fields, and a user's field of the same name elsewhere stays.
TEST(JsonTest, ManagedFieldsAreDropped) {
  const auto list = ParseObject(
      R"({"items":[{"metadata":{"name":"a","managedFields":[1]},"data":{"managedFields":"mine"}}]})");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ((*list)["items"][0],
            (Json{{"metadata", {{"name", "a"}}}, {"data", {{"managedFields", "mine"}}}}));
}

class WatchStreamTest : public ::testing::Test {
 protected:
  std::vector<std::string> seen_;
  WatchStream stream_{
      200, [this](const WatchEvent& event) {
        seen_.push_back(absl::StrCat(static_cast<int>(event.type), ":",
                                     event.object.is_null() ? "" : NameOf(event.object).name));
      }};
};

// Events are found wherever the bytes were cut.
TEST_F(WatchStreamTest, CutsAreInvisible) {
  const std::string bytes =
      "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}\n"
      "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"b\"}}}\n\n"
      "{\"type\":\"FUTURE\",\"object\":{}}\n"
      "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"c\"}}}\n"
      "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"name\":\"d\"}}}\n";
  for (const char byte : bytes) ASSERT_TRUE(stream_.Feed(std::string(1, byte)).ok());
  EXPECT_THAT(seen_, ::testing::ElementsAre("0:", "1:a", "2:b", "3:c", "4:d"));
  seen_.clear();
  ASSERT_TRUE(stream_.Feed(bytes).ok());
  EXPECT_THAT(seen_, ::testing::ElementsAre("1:a", "2:b", "3:c", "4:d"));
}

// An ERROR event says why the watch ends; too long a line and what is no event end it as well.
TEST_F(WatchStreamTest, EndsAreTold) {
  const absl::Status gone = stream_.Feed(
      "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":"
      "\"m\"}}\n");
  EXPECT_EQ(gone.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(stream_.Feed("{}\n").code(), absl::StatusCode::kInternal);
  EXPECT_EQ(stream_.Feed("nonsense\n").code(), absl::StatusCode::kInternal);
  EXPECT_EQ(stream_.Feed(std::string(201, ' ')).code(), absl::StatusCode::kResourceExhausted);
}

// A token counts only for the audiences that were asked for, and for none when the server does not know of
// audiences.
TEST(ReviewsTest, AudiencesMustBeConfirmed) {
  const auto answer = [](const Json& audiences) {
    return Json{
        {"status", {{"authenticated", true}, {"user", {{"username", "u"}}}, {"audiences", audiences}}}};
  };
  EXPECT_TRUE(ReadTokenReview(answer({"a", "b"}), {"b"}).authenticated);
  EXPECT_EQ(ReadTokenReview(answer({"a", "b"}), {"b"}).audiences, std::vector<std::string>{"b"});
  EXPECT_FALSE(ReadTokenReview(answer({"a"}), {"b"}).authenticated);
  EXPECT_FALSE(ReadTokenReview(answer(nullptr), {"b"}).authenticated);
  EXPECT_TRUE(ReadTokenReview(answer(nullptr), {}).authenticated);
  const TokenReview nothing = ReadTokenReview(Json::object(), {"b"});
  EXPECT_FALSE(nothing.authenticated);
  EXPECT_FALSE(nothing.error.empty());
}

// Only a plain "allowed" allows.
TEST(ReviewsTest, AccessNeedsAPlainYes) {
  EXPECT_TRUE(ReadAccessReview({{"status", {{"allowed", true}}}}).allowed);
  EXPECT_FALSE(ReadAccessReview({{"status", {{"allowed", true}, {"denied", true}}}}).allowed);
  EXPECT_FALSE(ReadAccessReview({{"status", {{"allowed", "true"}}}}).allowed);
  EXPECT_FALSE(ReadAccessReview(Json::object()).allowed);
  EXPECT_EQ(ReadAccessReview({{"status", {{"allowed", false}, {"evaluationError", "role gone"}}}}).reason,
            "role gone");
}

// Providers write "20+"; nonsense is refused.
TEST(ReviewsTest, VersionsAreNumbers) {
  const auto version = ReadServerVersion({{"major", "1"}, {"minor", "20+"}, {"gitVersion", "v1.20.2-x"}});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->minor, 20);
  EXPECT_FALSE(ReadServerVersion({{"major", "one"}}).ok());
}

}  // namespace
}  // namespace evenkeel::kube
