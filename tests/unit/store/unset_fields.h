// Which fields of a record were not set, by reflection.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

namespace evenkeel::coordinator {

// Names of the fields, at any depth, that `message` leaves at their defaults. A sample that leaves none
// proves something about every field; one that forgets a new field fails here.
inline void CollectUnset(const google::protobuf::Message& message, const std::string& at,
                         std::vector<std::string>& unset) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    const std::string name = at + "." + field->name();
    if (field->is_repeated() ? reflection->FieldSize(message, field) == 0
                             : !reflection->HasField(message, field)) {
      unset.push_back(name);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      CollectUnset(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, 0)
                                        : reflection->GetMessage(message, field),
                   name, unset);
    }
  }
}

template <typename Record>
std::vector<std::string> Unset(const Record& record) {
  std::vector<std::string> unset;
  CollectUnset(record, "", unset);
  return unset;
}

}  // namespace evenkeel::coordinator
