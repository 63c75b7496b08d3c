// Every value of an enum, also of one that somebody adds tomorrow: nothing here names one.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <gtest/gtest.h>

#include <string_view>
#include <type_traits>
#include <utility>

namespace evenkeel::test {

// Calls `check` with each value of the stored enum but the one that is 0.
template <typename Stored>
void ForEachStoredValue(const auto& check) {
  const google::protobuf::EnumDescriptor& values = *google::protobuf::GetEnumDescriptor<Stored>();
  ASSERT_GT(values.value_count(), 1);
  for (int i = 0; i < values.value_count(); ++i) {
    if (values.value(i)->number() != 0) check(static_cast<Stored>(values.value(i)->number()));
  }
}

// Whether the value has a name. Compilers write the others as numbers with a cast: "value = (Verdict)7".
template <auto value>
constexpr bool HasName() {
  return std::string_view(__PRETTY_FUNCTION__).find("value = (") == std::string_view::npos;
}

// Calls `check` with each value of an enum class whose values begin at 0 and leave none out, up to 63.
template <typename Core>
void ForEachValue(const auto& check) {
  int values = 0;
  const auto take = [&]<int number>(std::integral_constant<int, number>) {
    if constexpr (HasName<static_cast<Core>(number)>()) {
      check(static_cast<Core>(number));
      ++values;
    }
  };
  [&]<int... numbers>(std::integer_sequence<int, numbers...>) {
    (take(std::integral_constant<int, numbers>()), ...);
  }
  (std::make_integer_sequence<int, 64>());
  ASSERT_GT(values, 1);
}

}  // namespace evenkeel::test
