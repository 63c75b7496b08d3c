// Proves that a refusal reaches gRPC clients with its reason and field, in the bytes that every language's
// client reads.
#include "common/rpc/status.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "common/base/status.h"
#include "common/rpc/wire.h"

namespace evenkeel::rpc {
namespace {

// Code, message, reason and details survive the way to a client and back.
TEST(RpcStatusTest, DetailsSurviveTheWay) {
  const absl::Status refused = base::InvalidField("spec.mode", "must be observe or enforce");
  const grpc::Status sent = ToGrpc(refused);
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(sent.error_message(), "spec.mode: must be observe or enforce");
  const auto info = DecodeErrorInfo(sent.error_details());
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason, "INVALID_FIELD");
  EXPECT_EQ(info->domain, "evenkeel.dev");
  EXPECT_EQ(info->metadata, (std::map<std::string, std::string>{{"field", "spec.mode"}}));
  EXPECT_EQ(FromGrpc(sent), refused);
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

// The bytes are those of google.rpc.Status, as protoc --encode writes them from the published definitions.
TEST(RpcStatusTest, BytesAreGoogleRpcStatus) {
  const std::string bytes = EncodeStatus(3, "m", {.reason = "R", .domain = "d", .metadata = {{"k", "v"}}});
  EXPECT_EQ(absl::BytesToHexString(bytes),
            "0803"    // code
            "12016d"  // message
            "1a3a"    // details: Any
            "0a28"    //   type_url
            "747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e4572726f72496e666f"
            "120e"                //   value: ErrorInfo
            "0a0152"              //     reason
            "120164"              //     domain
            "1a060a016b120176");  //     metadata entry
}

// A status without a reason gets its code's name; one of another domain, or garbage, gives its code and
// message only.
TEST(RpcStatusTest, ForeignDetailsAreIgnored) {
  EXPECT_EQ(DecodeErrorInfo(ToGrpc(absl::NotFoundError("x")).error_details())->reason, "NOT_FOUND");
  const std::string foreign =
      EncodeStatus(5, "x", {.reason = "R", .domain = "other.example", .metadata = {}});
  EXPECT_EQ(FromGrpc({grpc::StatusCode::NOT_FOUND, "x", foreign}), absl::NotFoundError("x"));
  for (const std::string garbage : {"\xff\xff\xff\xff\xff\xff", "\x1a\x7f", "plain text"}) {
    EXPECT_EQ(FromGrpc({grpc::StatusCode::NOT_FOUND, "x", garbage}), absl::NotFoundError("x"));
  }
}

// Texts too long for headers are cut, not in the middle of a character.
TEST(RpcStatusTest, LongTextsAreCut) {
  std::string text;
  while (text.size() < 100000) text += "ä";
  const grpc::Status sent = ToGrpc(base::WithDetail(absl::InternalError(text), "field", text));
  EXPECT_LT(sent.error_message().size() + sent.error_details().size(), 6000u);
  EXPECT_EQ(sent.error_message().substr(sent.error_message().size() - 5), "ä...");
}

// Bytes that are not UTF-8 do not make the details unreadable.
TEST(RpcStatusTest, BadBytesAreReplaced) {
  const grpc::Status sent = ToGrpc(base::InvalidField("label\xff", "cannot be read from \"caf\xc3\""));
  EXPECT_EQ(sent.error_message(), "label?: cannot be read from \"caf?\"");
  EXPECT_EQ(DecodeErrorInfo(sent.error_details())->metadata.at("field"), "label?");
}

}  // namespace
}  // namespace evenkeel::rpc
