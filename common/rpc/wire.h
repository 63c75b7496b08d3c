#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// google.rpc.Status with one google.rpc.ErrorInfo, as bytes. Debian packages no library with these two
// messages, which are part of gRPC's public contract (github.com/googleapis/googleapis,
// google/rpc/{status,error_details}.proto): so the few fields we use are written and read here, in the
// protobuf wire format.
namespace evenkeel::rpc {

struct ErrorInfo {
  std::string reason;
  std::string domain;
  std::map<std::string, std::string> metadata;
};

std::string EncodeStatus(int code, absl::string_view message, const ErrorInfo& info);

// The first ErrorInfo among the details; nothing when there is none or the bytes are not a google.rpc.Status.
std::optional<ErrorInfo> DecodeErrorInfo(absl::string_view bytes);

}  // namespace evenkeel::rpc
