#include "cli/manifest.h"

#include <google/protobuf/util/time_util.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/yaml_documents.h"
#include "common/base/status.h"
#include "common/base/utf8.h"

namespace evenkeel::cli {
namespace {

constexpr const char* kApiVersion = "evenkeel.dev/v1";
constexpr const char* kFailoverPolicy = "FailoverPolicy";
constexpr const char* kScalePolicy = "ScalePolicy";
constexpr const char* kBurstPolicy = "BurstPolicy";

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// One document, and how errors in it are worded.
class Document {
 public:
  Document(std::string file, std::size_t number, std::size_t of)
      : file_(std::move(file)), number_(number), of_(of) {}

  absl::StatusOr<v1::Policy> Parse(const YAML::Node& root) const;

 private:
  absl::Status Wrong(const YAML::Mark& mark, absl::string_view field, absl::string_view problem) const {
    std::string where = file_;
    if (of_ > 1) absl::StrAppend(&where, ", document ", number_);
    if (!mark.is_null()) absl::StrAppend(&where, ", line ", mark.line + 1);
    return base::InvalidField(absl::StrCat(where, ": ", field), problem);
  }
  // Every key is a scalar, known and there once.
  absl::Status CheckKeys(const YAML::Node& map, const std::string& field,
                         const std::set<std::string>& known) const;
  absl::Status CheckText(const YAML::Node& value, absl::string_view field) const;
  absl::Status ParseMetadata(const YAML::Node& metadata, v1::Policy& policy) const;
  absl::Status ParseSpec(const YAML::Node& spec, const std::string& parent, Message& message) const;
  absl::Status ParseField(const YAML::Node& value, const std::string& name, const FieldDescriptor& field,
                          Message& message) const;
  absl::Status ParseList(const YAML::Node& value, const std::string& name, const FieldDescriptor& field,
                         Message& message) const;
  absl::Status ParseEnumerator(const YAML::Node& value, const std::string& name, const FieldDescriptor& field,
                               const google::protobuf::EnumValueDescriptor*& found) const;

  std::string file_;
  std::size_t number_;
  std::size_t of_;
};

// A message with fields of its own; the only other message is a duration, which is one value.
bool IsGroup(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->full_name() != google::protobuf::Duration::descriptor()->full_name();
}

// The words for an enumeration's values: POLICY_MODE_ENFORCE is "enforce".
std::string EnumeratorWord(const google::protobuf::EnumValueDescriptor& value) {
  // The prefix is the enumeration's name in the same style, which is what precedes UNSPECIFIED in the first
  // value.
  const std::string zero(value.type()->value(0)->name());
  const std::size_t prefix = zero.size() - absl::string_view("UNSPECIFIED").size();
  return absl::AsciiStrToLower(absl::string_view(value.name()).substr(prefix));
}

absl::Status Document::CheckKeys(const YAML::Node& map, const std::string& field,
                                 const std::set<std::string>& known) const {
  std::set<std::string> seen;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar()) return Wrong(entry.first.Mark(), field, "its keys must be words");
    const auto key = entry.first.as<std::string>();
    const std::string path = field.empty() ? key : absl::StrCat(field, ".", key);
    if (known.count(key) == 0) {
      return Wrong(entry.first.Mark(), path,
                   absl::StrCat("unknown field; there are: ", absl::StrJoin(known, ", ")));
    }
    if (!seen.insert(key).second) return Wrong(entry.first.Mark(), path, "is there twice");
  }
  return absl::OkStatus();
}

// The coordinator could not even read a request with other bytes.
absl::Status Document::CheckText(const YAML::Node& value, absl::string_view field) const {
  if (base::ValidUtf8(value.Scalar()) == value.Scalar()) return absl::OkStatus();
  return Wrong(value.Mark(), field, "is not UTF-8 text");
}

absl::StatusOr<v1::Policy> Document::Parse(const YAML::Node& root) const {
  if (!root.IsMap())
    return Wrong(root.Mark(), "document", "must be a map with apiVersion, kind, metadata and spec");
  EVENKEEL_RETURN_IF_ERROR(CheckKeys(root, "", {"apiVersion", "kind", "metadata", "spec"}));
  const std::vector<std::string> kinds = {kFailoverPolicy, kScalePolicy, kBurstPolicy};
  for (const auto& [key, wanted] :
       {std::pair{"apiVersion", std::vector<std::string>{kApiVersion}}, std::pair{"kind", kinds}}) {
    const YAML::Node value = root[key];
    const std::string all = absl::StrJoin(wanted, " or ");
    if (!value) return Wrong(root.Mark(), key, absl::StrCat("is missing; it must be ", all));
    if (!value.IsScalar() || std::find(wanted.begin(), wanted.end(), value.Scalar()) == wanted.end()) {
      return Wrong(value.Mark(), key, absl::StrCat("must be ", all));
    }
  }
  for (const char* key : {"metadata", "spec"}) {
    if (!root[key]) return Wrong(root.Mark(), key, "is missing");
    if (!root[key].IsMap()) return Wrong(root[key].Mark(), key, "must be a map");
  }
  v1::Policy policy;
  EVENKEEL_RETURN_IF_ERROR(ParseMetadata(root["metadata"], policy));
  Message* spec = nullptr;
  if (root["kind"].Scalar() == kScalePolicy) {
    spec = policy.mutable_scale();
  } else if (root["kind"].Scalar() == kBurstPolicy) {
    spec = policy.mutable_burst();
  } else {
    spec = policy.mutable_failover();
  }
  EVENKEEL_RETURN_IF_ERROR(ParseSpec(root["spec"], "spec", *spec));
  return policy;
}

absl::Status Document::ParseMetadata(const YAML::Node& metadata, v1::Policy& policy) const {
  EVENKEEL_RETURN_IF_ERROR(CheckKeys(metadata, "metadata", {"name", "etag", "createTime", "updateTime"}));
  for (const auto& entry : metadata) {
    if (!entry.second.IsScalar()) {
      return Wrong(entry.second.Mark(), absl::StrCat("metadata.", entry.first.Scalar()), "must be text");
    }
    EVENKEEL_RETURN_IF_ERROR(CheckText(entry.second, absl::StrCat("metadata.", entry.first.Scalar())));
  }
  if (!metadata["name"] || metadata["name"].Scalar().empty())
    return Wrong(metadata.Mark(), "metadata.name", "is missing");
  policy.set_name(absl::StrCat("policies/", metadata["name"].Scalar()));
  if (metadata["etag"]) policy.set_etag(metadata["etag"].Scalar());
  return absl::OkStatus();
}

absl::Status Document::ParseSpec(const YAML::Node& spec, const std::string& parent, Message& message) const {
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  std::set<const FieldDescriptor*> seen;
  for (const auto& entry : spec) {
    if (!entry.first.IsScalar()) return Wrong(entry.first.Mark(), parent, "its keys must be words");
    const std::string& key = entry.first.Scalar();
    const std::string path = absl::StrCat(parent, ".", key);
    const FieldDescriptor* field = descriptor.FindFieldByCamelcaseName(key);
    if (field == nullptr) field = descriptor.FindFieldByName(key);
    if (field == nullptr) {
      std::vector<std::string> known;
      known.reserve(static_cast<size_t>(descriptor.field_count()));
      for (int i = 0; i < descriptor.field_count(); ++i)
        known.emplace_back(descriptor.field(i)->camelcase_name());
      return Wrong(entry.first.Mark(), path,
                   absl::StrCat("unknown field; there are: ", absl::StrJoin(known, ", ")));
    }
    if (!seen.insert(field).second) return Wrong(entry.first.Mark(), path, "is there twice");
    if (field->is_repeated()) {
      EVENKEEL_RETURN_IF_ERROR(ParseList(entry.second, path, *field, message));
      continue;
    }
    if (IsGroup(*field) && entry.second.IsMap()) {
      Message& group = *message.GetReflection()->MutableMessage(&message, field);
      EVENKEEL_RETURN_IF_ERROR(ParseSpec(entry.second, path, group));
      continue;
    }
    if (IsGroup(*field)) return Wrong(entry.second.Mark(), path, "must hold fields of its own");
    if (!entry.second.IsScalar()) {
      return Wrong(entry.second.Mark(), path, "must be one value; leave it out to have its default");
    }
    EVENKEEL_RETURN_IF_ERROR(ParseField(entry.second, path, *field, message));
  }
  return absl::OkStatus();
}

// A list of groups or of words; no policy has one of anything else.
absl::Status Document::ParseList(const YAML::Node& value, const std::string& name,
                                 const FieldDescriptor& field, Message& message) const {
  constexpr std::size_t kMostElements = 1000;  // far more than the coordinator takes
  if (!value.IsSequence()) return Wrong(value.Mark(), name, "must be a list");
  if (value.size() > kMostElements) return Wrong(value.Mark(), name, "is too long");
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const YAML::Node element = value[i];
    const std::string path = absl::StrCat(name, "[", i, "]");
    if (IsGroup(field)) {
      if (!element.IsMap()) return Wrong(element.Mark(), path, "must hold fields of its own");
      EVENKEEL_RETURN_IF_ERROR(ParseSpec(element, path, *reflection.AddMessage(&message, &field)));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      if (!element.IsScalar()) return Wrong(element.Mark(), path, "must be one value");
      const google::protobuf::EnumValueDescriptor* found = nullptr;
      EVENKEEL_RETURN_IF_ERROR(ParseEnumerator(element, path, field, found));
      reflection.AddEnum(&message, &field, found);
    } else {
      return Wrong(value.Mark(), name, "this program does not know how to read that field; take a newer one");
    }
  }
  return absl::OkStatus();
}

absl::Status Document::ParseEnumerator(const YAML::Node& value, const std::string& name,
                                       const FieldDescriptor& field,
                                       const google::protobuf::EnumValueDescriptor*& found) const {
  std::vector<std::string> words;
  // The first means "not said", which is said by leaving the field out.
  for (int i = 1; i < field.enum_type()->value_count(); ++i) {
    const auto& enumerator = *field.enum_type()->value(i);
    words.push_back(EnumeratorWord(enumerator));
    if (value.Scalar() == words.back() || value.Scalar() == enumerator.name()) {
      found = &enumerator;
      return absl::OkStatus();
    }
  }
  return Wrong(value.Mark(), name, absl::StrCat("must be one of: ", absl::StrJoin(words, ", ")));
}

absl::Status Document::ParseField(const YAML::Node& value, const std::string& name,
                                  const FieldDescriptor& field, Message& message) const {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const std::string& text = value.Scalar();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      EVENKEEL_RETURN_IF_ERROR(CheckText(value, name));
      reflection.SetString(&message, &field, text);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return Wrong(value.Mark(), name, "must be true or false");
      reflection.SetBool(&message, &field, text == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_UINT32: {
      std::uint32_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) {
        return Wrong(value.Mark(), name,
                     absl::StrCat("must be a whole number from 0 on, not \"", text, "\""));
      }
      reflection.SetUInt32(&message, &field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT32: {
      std::int32_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) {
        return Wrong(value.Mark(), name, absl::StrCat("must be a whole number, not \"", text, "\""));
      }
      reflection.SetInt32(&message, &field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const google::protobuf::EnumValueDescriptor* found = nullptr;
      EVENKEEL_RETURN_IF_ERROR(ParseEnumerator(value, name, field, found));
      reflection.SetEnum(&message, &field, found);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      absl::Duration duration;
      if (field.message_type()->full_name() != "google.protobuf.Duration" ||
          !absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
          duration > absl::Hours(24 * 365)) {
        return Wrong(value.Mark(), name,
                     absl::StrCat("must be a duration such as 200ms, 1.5s or 5m, not \"", text, "\""));
      }
      auto& target = dynamic_cast<google::protobuf::Duration&>(*reflection.MutableMessage(&message, &field));
      target = google::protobuf::util::TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(duration));
      return absl::OkStatus();
    }
    default:
      return Wrong(value.Mark(), name, "this program does not know how to read that field; take a newer one");
  }
}

nlohmann::ordered_json ToSpec(const Message& message);

nlohmann::ordered_json ToList(const Message& message, const FieldDescriptor& field) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      list.push_back(EnumeratorWord(*reflection.GetRepeatedEnum(message, &field, i)));
    } else {
      list.push_back(ToSpec(reflection.GetRepeatedMessage(message, &field, i)));
    }
  }
  return list;
}

// The fields that are set, by their names in YAML; durations as text, a group as an object, several as a
// list.
nlohmann::ordered_json ToSpec(const Message& message) {
  using google::protobuf::util::TimeUtil;
  nlohmann::ordered_json spec = nlohmann::ordered_json::object();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    nlohmann::ordered_json& target = spec[std::string(field->camelcase_name())];
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
      case FieldDescriptor::CPPTYPE_ENUM:
        target = EnumeratorWord(*reflection.GetEnum(message, field));
        break;
      default: {
        const Message& value = reflection.GetMessage(message, field);
        if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&value)) {
          target = absl::FormatDuration(absl::Nanoseconds(TimeUtil::DurationToNanoseconds(*duration)));
        } else {
          target = ToSpec(value);
        }
      }
    }
  }
  return spec;
}

}  // namespace

absl::StatusOr<std::vector<v1::Policy>> ParseManifests(const std::string& text, const std::string& file) {
  std::vector<YAML::Node> documents;
  try {
    documents = YamlDocuments(text);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ", line ", error.mark.line + 1, ": not YAML: ", error.msg));
  }
  std::vector<v1::Policy> policies;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (documents[i].IsNull()) continue;
    EVENKEEL_ASSIGN_OR_RETURN(v1::Policy policy, Document(file, i + 1, documents.size()).Parse(documents[i]));
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
  return manifest(kFailoverPolicy, policy.failover());
}

}  // namespace evenkeel::cli
