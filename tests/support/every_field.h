// Fills plain data so that no field, at any depth, has its default and no two have the same value: what is
// lost or mixed up on a way through a codec shows itself, and so does a field that the codec does not know.
//
// Of a bool or an enum there are not enough values for that. They are all true, or the second one; or, in
// round r of kRounds, the first or the second value by bit r of the field's number. So for each two of them
// there is a round in which they differ, and for each one a round in which it does not have its default.
// A variant holds its last alternative; or, in the rounds, each of them for as many rounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/bytes_of.h"

namespace evenkeel::test {

class EveryField {
 public:
  static constexpr int kBits = 10;           // for up to 1023 of them
  static constexpr int kRounds = 4 * kBits;  // and variants of up to four alternatives
  explicit EveryField(std::optional<int> round = std::nullopt) : round_(round) {}

  template <typename T>
  void Fill(T& value) {
    using base::bytes_internal::kIs;
    if constexpr (std::is_same_v<T, std::string>) {
      value = absl::StrCat("text-", ++count_);
    } else if constexpr (std::is_same_v<T, absl::Duration>) {
      value = (absl::Seconds(1) + absl::Nanoseconds(1)) * ++count_;
    } else if constexpr (std::is_same_v<T, absl::Time>) {
      value = absl::FromUnixSeconds(1'700'000'000) + (absl::Seconds(1) + absl::Nanoseconds(1)) * ++count_;
    } else if constexpr (std::is_same_v<T, bool>) {
      value = Second();
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(Second() ? 1 : 0);
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = static_cast<T>(++count_);
    } else if constexpr (kIs<T, std::optional>) {
      Fill(value.emplace());
    } else if constexpr (kIs<T, std::vector> || kIs<T, std::deque>) {
      value.resize(2);
      for (auto& element : value) Fill(element);
    } else if constexpr (kIs<T, std::set>) {
      for (int i = 0; i < 2; ++i) {
        typename T::key_type element;
        Fill(element);
        value.insert(std::move(element));
      }
    } else if constexpr (kIs<T, std::map>) {
      typename T::key_type key;
      Fill(key);
      Fill(value[key]);
    } else if constexpr (kIs<T, std::variant>) {
      constexpr std::size_t kAlternatives = std::variant_size_v<T>;
      static_assert(kAlternatives <= kRounds / kBits, "give it more rounds");
      Emplace(value, round_ ? static_cast<std::size_t>(*round_ / kBits) % kAlternatives : kAlternatives - 1,
              std::make_index_sequence<kAlternatives>());
      std::visit([this](auto& held) { Fill(held); }, value);
    } else {
      std::apply([this](auto&... fields) { (Fill(fields), ...); }, base::FieldsOf(value));
    }
  }

 private:
  template <typename Variant, std::size_t... indices>
  static void Emplace(Variant& value, std::size_t index, std::index_sequence<indices...> /*unused*/) {
    ((indices == index ? void(value.template emplace<indices>()) : void()), ...);
  }

  bool Second() {
    ++small_;
    return !round_ || ((small_ >> (*round_ % kBits)) & 1) == 1;
  }

  const std::optional<int> round_;
  int count_ = 0;
  int small_ = 0;  // bools and enums
};

template <typename T>
T WithEveryField(std::optional<int> round = std::nullopt) {
  T value;
  EveryField(round).Fill(value);
  return value;
}

}  // namespace evenkeel::test
