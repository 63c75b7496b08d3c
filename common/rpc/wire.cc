#include "common/rpc/wire.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <functional>

namespace evenkeel::rpc {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr char kErrorInfoType[] = "type.googleapis.com/google.rpc.ErrorInfo";

// Field numbers of google/rpc/status.proto, google/rpc/error_details.proto and google/protobuf/any.proto.
constexpr int kStatusCode = 1;
constexpr int kStatusMessage = 2;
constexpr int kStatusDetails = 3;
constexpr int kAnyType = 1;
constexpr int kAnyValue = 2;
constexpr int kInfoReason = 1;
constexpr int kInfoDomain = 2;
constexpr int kInfoMetadata = 3;
constexpr int kMapKey = 1;
constexpr int kMapValue = 2;

// Length-delimited fields, one after the other.
class Message {
 public:
  Message& Add(int field, absl::string_view value) {
    google::protobuf::io::StringOutputStream stream(&bytes_);
    CodedOutputStream out(&stream);
    out.WriteTag(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
    out.WriteVarint32(static_cast<std::uint32_t>(value.size()));
    out.WriteRaw(value.data(), static_cast<int>(value.size()));
    return *this;
  }
  Message& Add(int field, std::uint32_t value) {
    google::protobuf::io::StringOutputStream stream(&bytes_);
    CodedOutputStream out(&stream);
    out.WriteTag(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_VARINT));
    out.WriteVarint32(value);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Calls `take` with each length-delimited field; others are skipped. False when the bytes are malformed.
bool ForEach(absl::string_view bytes, const std::function<void(int field, std::string value)>& take) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    std::string value;
    if (!in.ReadVarint32(&size) || !in.ReadString(&value, static_cast<int>(size))) return false;
    take(WireFormatLite::GetTagFieldNumber(tag), std::move(value));
  }
  return in.ConsumedEntireMessage();
}

std::optional<ErrorInfo> DecodeInfo(absl::string_view bytes) {
  ErrorInfo info;
  const bool good = ForEach(bytes, [&](int field, std::string value) {
    if (field == kInfoReason) {
      info.reason = std::move(value);
      return;
    }
    if (field == kInfoDomain) {
      info.domain = std::move(value);
      return;
    }
    if (field != kInfoMetadata) return;
    std::string key;
    std::string mapped;
    ForEach(value, [&](int part, std::string text) {
      if (part == kMapKey) {
        key = std::move(text);
      } else if (part == kMapValue) {
        mapped = std::move(text);
      }
    });
    info.metadata[std::move(key)] = std::move(mapped);
  });
  return good ? std::optional(std::move(info)) : std::nullopt;
}

}  // namespace

std::string EncodeStatus(int code, absl::string_view message, const ErrorInfo& info) {
  Message encoded;
  encoded.Add(kInfoReason, info.reason).Add(kInfoDomain, info.domain);
  for (const auto& [key, value] : info.metadata) {
    encoded.Add(kInfoMetadata, Message().Add(kMapKey, key).Add(kMapValue, value).bytes());
  }
  const Message any = Message().Add(kAnyType, kErrorInfoType).Add(kAnyValue, encoded.bytes());
  return Message()
      .Add(kStatusCode, static_cast<std::uint32_t>(code))
      .Add(kStatusMessage, message)
      .Add(kStatusDetails, any.bytes())
      .bytes();
}

std::optional<ErrorInfo> DecodeErrorInfo(absl::string_view bytes) {
  std::optional<ErrorInfo> found;
  const bool good = ForEach(bytes, [&](int field, const std::string& value) {
    if (field != kStatusDetails || found.has_value()) return;
    std::string type;
    std::string content;
    ForEach(value, [&](int part, std::string text) {
      if (part == kAnyType) {
        type = std::move(text);
      } else if (part == kAnyValue) {
        content = std::move(text);
      }
    });
    if (type == kErrorInfoType) found = DecodeInfo(content);
  });
  return good ? found : std::nullopt;
}

}  // namespace evenkeel::rpc
