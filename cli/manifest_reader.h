#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::cli {

// What people write, as messages: one YAML document with apiVersion, kind, metadata and spec, and how errors
// in it are worded: "policies.yaml, document 2, line 7: spec.mode: ...". Only the shape and the types are
// checked: ranges are the coordinator's.
//
// The keys of a spec are the message's fields in lowerCamelCase or as in the .proto file. Durations are
// written as 200ms, 1.5s, 5m or 1h, times as 2026-01-02T03:04:05Z, enumerators without what they all begin
// with, in lower case, or whole. A group that holds one list and nothing else may be written as the list.
class ManifestReader {
 public:
  // Document `number` (from 1) of `of` in `file`.
  ManifestReader(std::string file, std::size_t number, std::size_t of)
      : file_(std::move(file)), number_(number), of_(of) {}

  // apiVersion, a kind of these, a metadata with a name, a spec.
  absl::Status CheckFrame(const YAML::Node& root, const std::vector<std::string>& kinds) const;
  // The fields of `spec`, a map; `parent`: what they are called in errors.
  absl::Status ParseSpec(const YAML::Node& spec, const std::string& parent,
                         google::protobuf::Message& message) const;

  absl::Status Wrong(const YAML::Mark& mark, absl::string_view field, absl::string_view problem) const;

 private:
  using Field = google::protobuf::FieldDescriptor;
  using Message = google::protobuf::Message;

  // Every key is a scalar, known and there once.
  absl::Status CheckKeys(const YAML::Node& map, const std::string& field,
                         const std::set<std::string>& known) const;
  absl::Status CheckText(const YAML::Node& value, absl::string_view field) const;
  absl::Status CheckMetadata(const YAML::Node& metadata) const;
  absl::Status CheckAlone(const YAML::Mark& mark, const std::string& name, const Field& field,
                          const Message& message) const;
  absl::Status ParseField(const YAML::Node& value, const std::string& name, const Field& field,
                          Message& message) const;
  absl::Status ParseMoment(const YAML::Node& value, const std::string& name, const Field& field,
                           Message& message) const;
  absl::Status ParseGroup(const YAML::Node& value, const std::string& name, const Field& field,
                          Message& group) const;
  absl::Status ParseMap(const YAML::Node& value, const std::string& name, const Field& field,
                        Message& message) const;
  absl::Status ParseList(const YAML::Node& value, const std::string& name, const Field& field,
                         Message& message) const;
  template <typename Number>
  absl::Status ParseNumber(const YAML::Node& value, const std::string& name, Number& number) const;
  absl::Status ParseEnumerator(const YAML::Node& value, const std::string& name, const Field& field,
                               const google::protobuf::EnumValueDescriptor*& found) const;

  std::string file_;
  std::size_t number_;
  std::size_t of_;
};

// The word for an enumeration's value: POLICY_MODE_ENFORCE is "enforce".
std::string EnumeratorWord(const google::protobuf::EnumValueDescriptor& value);

// The documents in a file of that name; INVALID_ARGUMENT with the line where it is not YAML.
absl::StatusOr<std::vector<YAML::Node>> DocumentsOf(const std::string& text, const std::string& file);

}  // namespace evenkeel::cli
