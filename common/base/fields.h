// The fields of a plain struct, in the order in which they are declared, without naming them: what must treat
// every field alike (a checkpoint, a test that no field is forgotten) cannot forget one that somebody adds.
//
// For aggregates without base classes, arrays and references, of at most kMostFields fields. More of them, or
// a class with private parts, do not compile.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace evenkeel::base {

inline constexpr std::size_t kMostFields = 40;

namespace fields_internal {

// Stands for a value of any type but `Whole`, so that a struct of one field is not made as a copy of itself.
template <typename Whole>
struct Any {
  template <typename T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Whole>) operator T()
      const;  // NOLINT(google-explicit-constructor): it is there to be converted
};

template <typename Struct, std::size_t... index>
constexpr bool Takes(std::index_sequence<index...> /*count*/) {
  return requires {
    Struct{(static_cast<void>(index), Any<Struct>{})...};
  };
}

template <typename Struct, std::size_t count = kMostFields>
constexpr std::size_t Count() {
  static_assert(!Takes<Struct>(std::make_index_sequence<kMostFields + 1>()), "raise kMostFields");
  if constexpr (count == 0 || Takes<Struct>(std::make_index_sequence<count>())) {
    return count;
  } else {
    return Count<Struct, count - 1>();
  }
}

}  // namespace fields_internal

// How many fields it has.
template <typename Struct>
inline constexpr std::size_t kFieldCount = fields_internal::Count<std::remove_const_t<Struct>>();

// A structured binding wants as many names as there are fields, so there is one line for each number of them.
#define EVENKEEL_FIELDS_1 f1
#define EVENKEEL_FIELDS_2 EVENKEEL_FIELDS_1, f2
#define EVENKEEL_FIELDS_3 EVENKEEL_FIELDS_2, f3
#define EVENKEEL_FIELDS_4 EVENKEEL_FIELDS_3, f4
#define EVENKEEL_FIELDS_5 EVENKEEL_FIELDS_4, f5
#define EVENKEEL_FIELDS_6 EVENKEEL_FIELDS_5, f6
#define EVENKEEL_FIELDS_7 EVENKEEL_FIELDS_6, f7
#define EVENKEEL_FIELDS_8 EVENKEEL_FIELDS_7, f8
#define EVENKEEL_FIELDS_9 EVENKEEL_FIELDS_8, f9
#define EVENKEEL_FIELDS_10 EVENKEEL_FIELDS_9, f10
#define EVENKEEL_FIELDS_11 EVENKEEL_FIELDS_10, f11
#define EVENKEEL_FIELDS_12 EVENKEEL_FIELDS_11, f12
#define EVENKEEL_FIELDS_13 EVENKEEL_FIELDS_12, f13
#define EVENKEEL_FIELDS_14 EVENKEEL_FIELDS_13, f14
#define EVENKEEL_FIELDS_15 EVENKEEL_FIELDS_14, f15
#define EVENKEEL_FIELDS_16 EVENKEEL_FIELDS_15, f16
#define EVENKEEL_FIELDS_17 EVENKEEL_FIELDS_16, f17
#define EVENKEEL_FIELDS_18 EVENKEEL_FIELDS_17, f18
#define EVENKEEL_FIELDS_19 EVENKEEL_FIELDS_18, f19
#define EVENKEEL_FIELDS_20 EVENKEEL_FIELDS_19, f20
#define EVENKEEL_FIELDS_21 EVENKEEL_FIELDS_20, f21
#define EVENKEEL_FIELDS_22 EVENKEEL_FIELDS_21, f22
#define EVENKEEL_FIELDS_23 EVENKEEL_FIELDS_22, f23
#define EVENKEEL_FIELDS_24 EVENKEEL_FIELDS_23, f24
#define EVENKEEL_FIELDS_25 EVENKEEL_FIELDS_24, f25
#define EVENKEEL_FIELDS_26 EVENKEEL_FIELDS_25, f26
#define EVENKEEL_FIELDS_27 EVENKEEL_FIELDS_26, f27
#define EVENKEEL_FIELDS_28 EVENKEEL_FIELDS_27, f28
#define EVENKEEL_FIELDS_29 EVENKEEL_FIELDS_28, f29
#define EVENKEEL_FIELDS_30 EVENKEEL_FIELDS_29, f30
#define EVENKEEL_FIELDS_31 EVENKEEL_FIELDS_30, f31
#define EVENKEEL_FIELDS_32 EVENKEEL_FIELDS_31, f32
#define EVENKEEL_FIELDS_33 EVENKEEL_FIELDS_32, f33
#define EVENKEEL_FIELDS_34 EVENKEEL_FIELDS_33, f34
#define EVENKEEL_FIELDS_35 EVENKEEL_FIELDS_34, f35
#define EVENKEEL_FIELDS_36 EVENKEEL_FIELDS_35, f36
#define EVENKEEL_FIELDS_37 EVENKEEL_FIELDS_36, f37
#define EVENKEEL_FIELDS_38 EVENKEEL_FIELDS_37, f38
#define EVENKEEL_FIELDS_39 EVENKEEL_FIELDS_38, f39
#define EVENKEEL_FIELDS_40 EVENKEEL_FIELDS_39, f40
#define EVENKEEL_TIE(n)                   \
  if constexpr (count == (n)) {           \
    auto& [EVENKEEL_FIELDS_##n] = whole;  \
    return std::tie(EVENKEEL_FIELDS_##n); \
  } else

// References to all fields of `whole`, as a tuple.
template <typename Struct>
constexpr auto FieldsOf(Struct& whole) {
  constexpr std::size_t count = kFieldCount<Struct>;
  // clang-format off
  EVENKEEL_TIE(1) EVENKEEL_TIE(2) EVENKEEL_TIE(3) EVENKEEL_TIE(4) EVENKEEL_TIE(5) EVENKEEL_TIE(6)
  EVENKEEL_TIE(7) EVENKEEL_TIE(8) EVENKEEL_TIE(9) EVENKEEL_TIE(10) EVENKEEL_TIE(11) EVENKEEL_TIE(12)
  EVENKEEL_TIE(13) EVENKEEL_TIE(14) EVENKEEL_TIE(15) EVENKEEL_TIE(16) EVENKEEL_TIE(17) EVENKEEL_TIE(18)
  EVENKEEL_TIE(19) EVENKEEL_TIE(20) EVENKEEL_TIE(21) EVENKEEL_TIE(22) EVENKEEL_TIE(23) EVENKEEL_TIE(24)
  EVENKEEL_TIE(25) EVENKEEL_TIE(26) EVENKEEL_TIE(27) EVENKEEL_TIE(28) EVENKEEL_TIE(29) EVENKEEL_TIE(30)
  EVENKEEL_TIE(31) EVENKEEL_TIE(32) EVENKEEL_TIE(33) EVENKEEL_TIE(34) EVENKEEL_TIE(35) EVENKEEL_TIE(36)
  EVENKEEL_TIE(37) EVENKEEL_TIE(38) EVENKEEL_TIE(39) EVENKEEL_TIE(40)
  return std::tuple<>();
  // clang-format on
}

#undef EVENKEEL_TIE
#undef EVENKEEL_FIELDS_1
#undef EVENKEEL_FIELDS_2
#undef EVENKEEL_FIELDS_3
#undef EVENKEEL_FIELDS_4
#undef EVENKEEL_FIELDS_5
#undef EVENKEEL_FIELDS_6
#undef EVENKEEL_FIELDS_7
#undef EVENKEEL_FIELDS_8
#undef EVENKEEL_FIELDS_9
#undef EVENKEEL_FIELDS_10
#undef EVENKEEL_FIELDS_11
#undef EVENKEEL_FIELDS_12
#undef EVENKEEL_FIELDS_13
#undef EVENKEEL_FIELDS_14
#undef EVENKEEL_FIELDS_15
#undef EVENKEEL_FIELDS_16
#undef EVENKEEL_FIELDS_17
#undef EVENKEEL_FIELDS_18
#undef EVENKEEL_FIELDS_19
#undef EVENKEEL_FIELDS_20
#undef EVENKEEL_FIELDS_21
#undef EVENKEEL_FIELDS_22
#undef EVENKEEL_FIELDS_23
#undef EVENKEEL_FIELDS_24
#undef EVENKEEL_FIELDS_25
#undef EVENKEEL_FIELDS_26
#undef EVENKEEL_FIELDS_27
#undef EVENKEEL_FIELDS_28
#undef EVENKEEL_FIELDS_29
#undef EVENKEEL_FIELDS_30
#undef EVENKEEL_FIELDS_31
#undef EVENKEEL_FIELDS_32
#undef EVENKEEL_FIELDS_33
#undef EVENKEEL_FIELDS_34
#undef EVENKEEL_FIELDS_35
#undef EVENKEEL_FIELDS_36
#undef EVENKEEL_FIELDS_37
#undef EVENKEEL_FIELDS_38
#undef EVENKEEL_FIELDS_39
#undef EVENKEEL_FIELDS_40

}  // namespace evenkeel::base
