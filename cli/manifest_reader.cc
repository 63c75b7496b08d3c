#include "cli/manifest_reader.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/yaml_documents.h"
#include "common/base/status.h"
#include "common/base/utf8.h"

namespace evenkeel::cli {
namespace {

using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

bool Is(const FieldDescriptor& field, const google::protobuf::Descriptor& type) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->full_name() == type.full_name();
}

// A message with fields of its own; the only others are durations and times, which are one value.
bool IsGroup(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !Is(field, *Duration::descriptor()) &&
         !Is(field, *Timestamp::descriptor());
}

// The one field of a group that holds a list and nothing else: such a group may be written as the list.
const FieldDescriptor* OnlyList(const FieldDescriptor& field) {
  if (field.message_type()->field_count() != 1) return nullptr;
  const FieldDescriptor* only = field.message_type()->field(0);
  return only->is_repeated() && !only->is_map() ? only : nullptr;
}

constexpr std::size_t kMostElements = 1000;  // far more than the coordinator takes
constexpr const char* kApiVersion = "evenkeel.dev/v1";
constexpr const char* kNewer = "this program does not know how to read that field; take a newer one";

}  // namespace

// The words for an enumeration's values: POLICY_MODE_ENFORCE is "enforce".
std::string EnumeratorWord(const google::protobuf::EnumValueDescriptor& value) {
  // The prefix is the enumeration's name in the same style, which is what precedes UNSPECIFIED in the first
  // value.
  const std::string zero(value.type()->value(0)->name());
  const std::size_t prefix = zero.size() - absl::string_view("UNSPECIFIED").size();
  return absl::AsciiStrToLower(absl::string_view(value.name()).substr(prefix));
}

absl::Status ManifestReader::Wrong(const YAML::Mark& mark, absl::string_view field,
                                   absl::string_view problem) const {
  std::string where = file_;
  if (of_ > 1) absl::StrAppend(&where, ", document ", number_);
  if (!mark.is_null()) absl::StrAppend(&where, ", line ", mark.line + 1);
  return base::InvalidField(absl::StrCat(where, ": ", field), problem);
}

absl::Status ManifestReader::CheckKeys(const YAML::Node& map, const std::string& field,
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
absl::Status ManifestReader::CheckText(const YAML::Node& value, absl::string_view field) const {
  if (base::ValidUtf8(value.Scalar()) == value.Scalar()) return absl::OkStatus();
  return Wrong(value.Mark(), field, "is not UTF-8 text");
}

absl::Status ManifestReader::CheckFrame(const YAML::Node& root, const std::vector<std::string>& kinds) const {
  if (!root.IsMap())
    return Wrong(root.Mark(), "document", "must be a map with apiVersion, kind, metadata and spec");
  EVENKEEL_RETURN_IF_ERROR(CheckKeys(root, "", {"apiVersion", "kind", "metadata", "spec"}));
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
  return CheckMetadata(root["metadata"]);
}

absl::Status ManifestReader::CheckMetadata(const YAML::Node& metadata) const {
  EVENKEEL_RETURN_IF_ERROR(CheckKeys(metadata, "metadata", {"name", "etag", "createTime", "updateTime"}));
  for (const auto& entry : metadata) {
    if (!entry.second.IsScalar()) {
      return Wrong(entry.second.Mark(), absl::StrCat("metadata.", entry.first.Scalar()), "must be text");
    }
    EVENKEEL_RETURN_IF_ERROR(CheckText(entry.second, absl::StrCat("metadata.", entry.first.Scalar())));
  }
  if (!metadata["name"] || metadata["name"].Scalar().empty())
    return Wrong(metadata.Mark(), "metadata.name", "is missing");
  return absl::OkStatus();
}

absl::Status ManifestReader::ParseSpec(const YAML::Node& spec, const std::string& parent,
                                       Message& message) const {
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
    EVENKEEL_RETURN_IF_ERROR(CheckAlone(entry.first.Mark(), path, *field, message));
    if (field->is_map()) {
      EVENKEEL_RETURN_IF_ERROR(ParseMap(entry.second, path, *field, message));
      continue;
    }
    if (field->is_repeated()) {
      EVENKEEL_RETURN_IF_ERROR(ParseList(entry.second, path, *field, message));
      continue;
    }
    if (IsGroup(*field)) {
      Message& group = *message.GetReflection()->MutableMessage(&message, field);
      EVENKEEL_RETURN_IF_ERROR(ParseGroup(entry.second, path, *field, group));
      continue;
    }
    if (!entry.second.IsScalar()) {
      return Wrong(entry.second.Mark(), path, "must be one value; leave it out to have its default");
    }
    EVENKEEL_RETURN_IF_ERROR(ParseField(entry.second, path, *field, message));
  }
  return absl::OkStatus();
}

// Of several fields of which there may be only one.
absl::Status ManifestReader::CheckAlone(const YAML::Mark& mark, const std::string& name,
                                        const FieldDescriptor& field, const Message& message) const {
  const google::protobuf::OneofDescriptor* choice = field.real_containing_oneof();
  if (choice == nullptr) return absl::OkStatus();
  const FieldDescriptor* other = message.GetReflection()->GetOneofFieldDescriptor(message, choice);
  if (other == nullptr) return absl::OkStatus();
  return Wrong(mark, name, absl::StrCat("there is ", other->camelcase_name(), " already: only one may be"));
}

absl::Status ManifestReader::ParseGroup(const YAML::Node& value, const std::string& name,
                                        const FieldDescriptor& field, Message& group) const {
  if (value.IsMap()) return ParseSpec(value, name, group);
  const FieldDescriptor* only = OnlyList(field);
  if (only != nullptr && value.IsSequence()) return ParseList(value, name, *only, group);
  return Wrong(value.Mark(), name, "must hold fields of its own");
}

// Groups by words that whoever writes them has chosen.
absl::Status ManifestReader::ParseMap(const YAML::Node& value, const std::string& name,
                                      const FieldDescriptor& field, Message& message) const {
  if (!value.IsMap()) return Wrong(value.Mark(), name, "must hold fields of its own");
  if (value.size() > kMostElements) return Wrong(value.Mark(), name, "is too long");
  const FieldDescriptor& key_field = *field.message_type()->map_key();
  const FieldDescriptor& value_field = *field.message_type()->map_value();
  if (key_field.cpp_type() != FieldDescriptor::CPPTYPE_STRING || !IsGroup(value_field)) {
    return Wrong(value.Mark(), name, kNewer);
  }
  std::set<std::string> seen;
  for (const auto& entry : value) {
    if (!entry.first.IsScalar()) return Wrong(entry.first.Mark(), name, "its keys must be words");
    const std::string path = absl::StrCat(name, ".", entry.first.Scalar());
    EVENKEEL_RETURN_IF_ERROR(CheckText(entry.first, name));
    if (!seen.insert(entry.first.Scalar()).second) {
      return Wrong(entry.first.Mark(), path, "is there twice");
    }
    Message& added = *message.GetReflection()->AddMessage(&message, &field);
    added.GetReflection()->SetString(&added, &key_field, entry.first.Scalar());
    Message& group = *added.GetReflection()->MutableMessage(&added, &value_field);
    EVENKEEL_RETURN_IF_ERROR(ParseGroup(entry.second, path, value_field, group));
  }
  return absl::OkStatus();
}

// A list of groups, words or numbers; nobody has one of anything else.
absl::Status ManifestReader::ParseList(const YAML::Node& value, const std::string& name,
                                       const FieldDescriptor& field, Message& message) const {
  if (!value.IsSequence()) return Wrong(value.Mark(), name, "must be a list");
  if (value.size() > kMostElements) return Wrong(value.Mark(), name, "is too long");
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const YAML::Node element = value[i];
    const std::string path = absl::StrCat(name, "[", i, "]");
    if (IsGroup(field)) {
      EVENKEEL_RETURN_IF_ERROR(ParseGroup(element, path, field, *reflection.AddMessage(&message, &field)));
      continue;
    }
    if (!element.IsScalar()) return Wrong(element.Mark(), path, "must be one value");
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      const google::protobuf::EnumValueDescriptor* found = nullptr;
      EVENKEEL_RETURN_IF_ERROR(ParseEnumerator(element, path, field, found));
      reflection.AddEnum(&message, &field, found);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      EVENKEEL_RETURN_IF_ERROR(CheckText(element, path));
      reflection.AddString(&message, &field, element.Scalar());
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      std::uint32_t number = 0;
      EVENKEEL_RETURN_IF_ERROR(ParseNumber(element, path, number));
      reflection.AddUInt32(&message, &field, number);
    } else {
      return Wrong(value.Mark(), name, kNewer);
    }
  }
  return absl::OkStatus();
}

template <typename Number>
absl::Status ManifestReader::ParseNumber(const YAML::Node& value, const std::string& name,
                                         Number& number) const {
  if (absl::SimpleAtoi(value.Scalar(), &number)) return absl::OkStatus();
  return Wrong(value.Mark(), name,
               absl::StrCat("must be a whole number from 0 on, not \"", value.Scalar(), "\""));
}

absl::Status ManifestReader::ParseEnumerator(const YAML::Node& value, const std::string& name,
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

absl::Status ManifestReader::ParseField(const YAML::Node& value, const std::string& name,
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
      EVENKEEL_RETURN_IF_ERROR(ParseNumber(value, name, number));
      reflection.SetUInt32(&message, &field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      std::uint64_t number = 0;
      EVENKEEL_RETURN_IF_ERROR(ParseNumber(value, name, number));
      reflection.SetUInt64(&message, &field, number);
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
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ParseMoment(value, name, field, *reflection.MutableMessage(&message, &field));
    default:
      return Wrong(value.Mark(), name, kNewer);
  }
}

// A duration or a time.
absl::Status ManifestReader::ParseMoment(const YAML::Node& value, const std::string& name,
                                         const FieldDescriptor& field, Message& message) const {
  using google::protobuf::util::TimeUtil;
  const std::string& text = value.Scalar();
  if (Is(field, *Timestamp::descriptor())) {
    absl::Time time;
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
      return Wrong(value.Mark(), name,
                   absl::StrCat("must be a time such as 2026-01-02T03:04:05Z, not \"", text, "\""));
    }
    auto& target = dynamic_cast<Timestamp&>(message);
    target.set_seconds(absl::ToUnixSeconds(time));
    target.set_nanos(
        static_cast<std::int32_t>((time - absl::FromUnixSeconds(target.seconds())) / absl::Nanoseconds(1)));
    return absl::OkStatus();
  }
  // A clock's offset may be less than none.
  const absl::Duration least = field.name() == "utc_offset" ? -absl::Hours(24) : absl::ZeroDuration();
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < least || duration > absl::Hours(24 * 365)) {
    return Wrong(value.Mark(), name,
                 absl::StrCat("must be a duration such as 200ms, 1.5s or 5m, not \"", text, "\""));
  }
  dynamic_cast<Duration&>(message) = TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(duration));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<YAML::Node>> DocumentsOf(const std::string& text, const std::string& file) {
  try {
    return YamlDocuments(text);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ", line ", error.mark.line + 1, ": not YAML: ", error.msg));
  }
}

}  // namespace evenkeel::cli
