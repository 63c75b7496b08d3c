#include "cli/manifest.h"

#include <google/protobuf/util/time_util.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/manifest_reader.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

constexpr const char* kApiVersion = "evenkeel.dev/v1";
constexpr const char* kFailoverPolicy = "FailoverPolicy";
constexpr const char* kScalePolicy = "ScalePolicy";
constexpr const char* kBurstPolicy = "BurstPolicy";
constexpr const char* kSwitchPolicy = "SwitchPolicy";

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

nlohmann::ordered_json ToSpec(const Message& message);

nlohmann::ordered_json ToList(const Message& message, const FieldDescriptor& field) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        list.push_back(EnumeratorWord(*reflection.GetRepeatedEnum(message, &field, i)));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        list.push_back(reflection.GetRepeatedString(message, &field, i));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        list.push_back(reflection.GetRepeatedUInt32(message, &field, i));
        break;
      default:
        list.push_back(ToSpec(reflection.GetRepeatedMessage(message, &field, i)));
    }
  }
  return list;
}

// By its words, in their order, whatever that of the map is.
nlohmann::ordered_json ToMap(const Message& message, const FieldDescriptor& field) {
  std::map<std::string, nlohmann::ordered_json> sorted;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    const google::protobuf::Reflection& parts = *entry.GetReflection();
    sorted[parts.GetString(entry, &key)] = ToSpec(parts.GetMessage(entry, &value));
  }
  nlohmann::ordered_json map = nlohmann::ordered_json::object();
  for (auto& [word, group] : sorted) map[word] = std::move(group);
  return map;
}

// The fields that are set, by their names in YAML; durations and times as text, a group as an object, several
// as a list.
nlohmann::ordered_json ToSpec(const Message& message) {
  using google::protobuf::util::TimeUtil;
  nlohmann::ordered_json spec = nlohmann::ordered_json::object();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    nlohmann::ordered_json& target = spec[std::string(field->camelcase_name())];
    if (field->is_map()) {
      target = ToMap(message, *field);
      continue;
    }
    if (field->is_repeated()) {
      target = ToList(message, *field);
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        target = reflection.GetInt32(message, field);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        target = reflection.GetString(message, field);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        target = reflection.GetBool(message, field);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        target = reflection.GetUInt32(message, field);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        target = reflection.GetUInt64(message, field);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        target = EnumeratorWord(*reflection.GetEnum(message, field));
        break;
      default: {
        const Message& value = reflection.GetMessage(message, field);
        if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&value)) {
          target = absl::FormatDuration(absl::Nanoseconds(TimeUtil::DurationToNanoseconds(*duration)));
        } else if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&value)) {
          target = TimeUtil::ToString(*time);
        } else {
          target = ToSpec(value);
        }
      }
    }
  }
  return spec;
}

absl::StatusOr<v1::Policy> ParsePolicy(const ManifestReader& reader, const YAML::Node& root) {
  EVENKEEL_RETURN_IF_ERROR(
      reader.CheckFrame(root, {kFailoverPolicy, kScalePolicy, kBurstPolicy, kSwitchPolicy}));
  v1::Policy policy;
  const YAML::Node metadata = root["metadata"];
  policy.set_name(absl::StrCat("policies/", metadata["name"].Scalar()));
  if (metadata["etag"]) policy.set_etag(metadata["etag"].Scalar());
  Message* spec = nullptr;
  if (root["kind"].Scalar() == kScalePolicy) {
    spec = policy.mutable_scale();
  } else if (root["kind"].Scalar() == kBurstPolicy) {
    spec = policy.mutable_burst();
  } else if (root["kind"].Scalar() == kSwitchPolicy) {
    spec = policy.mutable_switching();
  } else {
    spec = policy.mutable_failover();
  }
  EVENKEEL_RETURN_IF_ERROR(reader.ParseSpec(root["spec"], "spec", *spec));
  if (policy.has_switching()) policy.mutable_switching()->clear_watch();  // not for operators to say
  return policy;
}

}  // namespace

absl::StatusOr<std::vector<v1::Policy>> ParseManifests(const std::string& text, const std::string& file) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<YAML::Node> documents, DocumentsOf(text, file));
  std::vector<v1::Policy> policies;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (documents[i].IsNull()) continue;
    EVENKEEL_ASSIGN_OR_RETURN(v1::Policy policy,
                              ParsePolicy(ManifestReader(file, i + 1, documents.size()), documents[i]));
    policies.push_back(std::move(policy));
  }
  return policies;
}

nlohmann::ordered_json ToManifest(const v1::Policy& policy) {
  using google::protobuf::util::TimeUtil;
  nlohmann::ordered_json metadata{{"name", policy.name().substr(policy.name().rfind('/') + 1)}};
  if (!policy.etag().empty()) metadata["etag"] = policy.etag();
  if (policy.has_create_time()) metadata["createTime"] = TimeUtil::ToString(policy.create_time());
  if (policy.has_update_time()) metadata["updateTime"] = TimeUtil::ToString(policy.update_time());

  const auto manifest = [&metadata](const char* kind, const Message& spec) -> nlohmann::ordered_json {
    return {{"apiVersion", kApiVersion}, {"kind", kind}, {"metadata", metadata}, {"spec", ToSpec(spec)}};
  };
  if (policy.has_scale()) return manifest(kScalePolicy, policy.scale());
  if (policy.has_burst()) return manifest(kBurstPolicy, policy.burst());
  if (policy.has_switching()) {
    v1::SwitchPolicy said = policy.switching();
    said.clear_watch();
    return manifest(kSwitchPolicy, said);
  }
  return manifest(kFailoverPolicy, policy.failover());
}

}  // namespace evenkeel::cli
