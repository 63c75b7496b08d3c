// Plain data as bytes, and back, without naming a field (fields.h): integers, enums, bool, double, strings,
// times, optional, shared_ptr to what is const (of which each then has its own), pair, variant, vector,
// deque, set, map, structs of all those, and classes that say what they are made of:
//
//   template <typename Self> static auto Parts(Self& self) { return std::tie(self.when_); }
//   void PartsChanged();  // optional: makes anew what follows from the parts
//
// A type that is none of these does not compile. The same data gives the same bytes, on every machine of the
// same byte order. The bytes hold no names: they can be read only into the very same types (ShapeOf).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/base/fields.h"

namespace evenkeel::base {

namespace bytes_internal {

template <typename T, template <typename...> typename Template>
inline constexpr bool kIs = false;
template <template <typename...> typename Template, typename... Arguments>
inline constexpr bool kIs<Template<Arguments...>, Template> = true;

template <typename T>
concept HasParts = requires(T& whole) {
  T::Parts(whole);
};
template <typename T>
concept HearsOfParts = requires(T& whole) {
  whole.PartsChanged();
};

// A quarter of a nanosecond: what absl's times count in.
inline const absl::Duration& Grain() {
  static const absl::Duration kGrain = absl::Nanoseconds(1) / 4;
  return kGrain;
}

template <typename T>
auto PartsOf(T& whole) {
  if constexpr (HasParts<std::remove_const_t<T>>) {
    return std::remove_const_t<T>::Parts(whole);
  } else {
    static_assert(std::is_aggregate_v<std::remove_const_t<T>>,
                  "a class must say what it is made of: see common/base/bytes_of.h");
    return FieldsOf(whole);
  }
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <typename T>
  void Put(const T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      PutNumber(value.size());
      out_.append(value);
    } else if constexpr (std::is_same_v<T, absl::Duration>) {
      PutDuration(value);
    } else if constexpr (std::is_same_v<T, absl::Time>) {
      PutDuration(value - absl::UnixEpoch());
    } else if constexpr (std::is_same_v<T, double>) {
      PutNumber(std::bit_cast<uint64_t>(value));
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      PutNumber(static_cast<uint64_t>(value));
    } else if constexpr (kIs<T, std::optional>) {
      PutNumber(value.has_value() ? 1 : 0);
      if (value) Put(*value);
    } else if constexpr (kIs<T, std::shared_ptr>) {
      PutNumber(value != nullptr ? 1 : 0);
      if (value) Put(*value);
    } else if constexpr (kIs<T, std::variant>) {
      PutNumber(value.index());
      std::visit([this](const auto& held) { Put(held); }, value);
    } else if constexpr (kIs<T, std::vector> || kIs<T, std::deque> || kIs<T, std::set> || kIs<T, std::map>) {
      PutNumber(value.size());
      for (const auto& element : value) Put(element);
    } else if constexpr (kIs<T, std::pair>) {
      Put(value.first);
      Put(value.second);
    } else {
      std::apply([this](const auto&... parts) { (Put(parts), ...); }, PartsOf(value));
    }
  }

 private:
  // Seven bits a byte, the lowest first.
  void PutNumber(uint64_t number) {
    for (; number >= 0x80; number >>= 7) out_.push_back(static_cast<char>(number | 0x80));
    out_.push_back(static_cast<char>(number));
  }
  // 0, seconds, grains; or 1 and 2 for the two infinities.
  void PutDuration(absl::Duration duration) {
    if (duration == absl::InfiniteDuration()) return PutNumber(1);
    if (duration == -absl::InfiniteDuration()) return PutNumber(2);
    PutNumber(0);
    absl::Duration rest;
    PutNumber(static_cast<uint64_t>(absl::IDivDuration(duration, absl::Seconds(1), &rest)));
    PutNumber(static_cast<uint64_t>(absl::IDivDuration(rest, Grain(), &rest)));
  }

  std::string& out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  // False: the bytes end too early or hold what the type cannot.
  template <typename T>
  bool Get(T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      uint64_t size = 0;
      if (!GetNumber(size) || size > left_.size()) return false;
      value.assign(left_.substr(0, size));
      left_.remove_prefix(size);
      return true;
    } else if constexpr (std::is_same_v<T, absl::Duration>) {
      return GetDuration(value);
    } else if constexpr (std::is_same_v<T, absl::Time>) {
      absl::Duration since;
      if (!GetDuration(since)) return false;
      value = absl::UnixEpoch() + since;
      return true;
    } else if constexpr (std::is_same_v<T, double>) {
      uint64_t bits = 0;
      if (!GetNumber(bits)) return false;
      value = std::bit_cast<double>(bits);
      return true;
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      uint64_t number = 0;
      if (!GetNumber(number)) return false;
      value = static_cast<T>(number);
      return static_cast<uint64_t>(value) == number;
    } else if constexpr (kIs<T, std::optional>) {
      bool has = false;
      if (!Get(has)) return false;
      value.reset();
      return !has || Get(value.emplace());
    } else if constexpr (kIs<T, std::shared_ptr>) {
      bool has = false;
      if (!Get(has)) return false;
      value.reset();
      if (!has) return true;
      auto held = std::make_shared<std::remove_const_t<typename T::element_type>>();
      value = held;
      return Get(*held);
    } else if constexpr (kIs<T, std::variant>) {
      uint64_t index = 0;
      return GetNumber(index) && GetVariant(index, value);
    } else if constexpr (kIs<T, std::pair>) {
      return Get(value.first) && Get(value.second);
    } else if constexpr (kIs<T, std::vector> || kIs<T, std::deque> || kIs<T, std::set> || kIs<T, std::map>) {
      return GetMany(value);
    } else {
      const bool good = std::apply([this](auto&... parts) { return (Get(parts) && ...); }, PartsOf(value));
      if constexpr (HearsOfParts<T>) {
        if (good) value.PartsChanged();
      }
      return good;
    }
  }

  bool AtEnd() const { return left_.empty(); }

 private:
  bool GetNumber(uint64_t& number) {
    number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) return false;
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool GetDuration(absl::Duration& duration) {
    uint64_t kind = 0;
    if (!GetNumber(kind) || kind > 2) return false;
    if (kind != 0) {
      duration = kind == 1 ? absl::InfiniteDuration() : -absl::InfiniteDuration();
      return true;
    }
    uint64_t seconds = 0;
    uint64_t grains = 0;
    if (!GetNumber(seconds) || !GetNumber(grains)) return false;
    duration = absl::Seconds(static_cast<int64_t>(seconds)) + Grain() * static_cast<int64_t>(grains);
    return true;
  }

  template <typename Variant, std::size_t index = 0>
  bool GetVariant(uint64_t wanted, Variant& value) {
    if constexpr (index == std::variant_size_v<Variant>) {
      return false;
    } else {
      return wanted == index ? Get(value.template emplace<index>())
                             : GetVariant<Variant, index + 1>(wanted, value);
    }
  }

  template <typename Container>
  bool GetMany(Container& container) {
    uint64_t size = 0;
    // Elements without a byte are none that anybody counts; so a damaged size cannot ask for the moon.
    if (!GetNumber(size) || size > left_.size()) return false;
    container.clear();
    for (uint64_t i = 0; i < size; ++i) {
      if constexpr (kIs<Container, std::map>) {
        std::pair<typename Container::key_type, typename Container::mapped_type> element;
        if (!Get(element)) return false;
        container.emplace_hint(container.end(), std::move(element));
      } else if constexpr (kIs<Container, std::set>) {
        typename Container::key_type element;
        if (!Get(element)) return false;
        container.emplace_hint(container.end(), std::move(element));
      } else if constexpr (std::is_same_v<typename Container::value_type, bool>) {
        bool element = false;
        if (!Get(element)) return false;
        container.push_back(element);
      } else {
        if (!Get(container.emplace_back())) return false;
      }
    }
    return true;
  }

  std::string_view left_;
};

// Goes through the types, and writes down what they are made of.
template <typename T>
void AppendShape(std::string& shape);

template <typename Tuple>
struct ShapeOfTuple;
template <typename... Parts>
struct ShapeOfTuple<std::tuple<Parts&...>> {
  static void Append(std::string& shape) { (AppendShape<std::remove_const_t<Parts>>(shape), ...); }
};

template <typename... Arguments, template <typename...> typename Template>
void AppendArguments(std::string& shape, const Template<Arguments...>* /*unused*/) {
  (AppendShape<Arguments>(shape), ...);
}

template <typename T>
void AppendShape(std::string& shape) {
  if constexpr (std::is_same_v<T, std::string>) {
    shape += 's';
  } else if constexpr (std::is_same_v<T, absl::Duration> || std::is_same_v<T, absl::Time>) {
    shape += 't';
  } else if constexpr (std::is_same_v<T, bool>) {
    shape += 'b';
  } else if constexpr (std::is_integral_v<T> || std::is_same_v<T, double>) {
    shape += std::is_integral_v<T> ? 'i' : 'd';
    shape += static_cast<char>('0' + sizeof(T));
  } else if constexpr (std::is_enum_v<T>) {
    shape += 'e';
  } else if constexpr (kIs<T, std::optional>) {
    shape += '?';
    AppendShape<typename T::value_type>(shape);
  } else if constexpr (kIs<T, std::shared_ptr>) {
    shape += '?';
    AppendShape<std::remove_const_t<typename T::element_type>>(shape);
  } else if constexpr (kIs<T, std::vector> || kIs<T, std::deque> || kIs<T, std::set>) {
    shape += '*';
    AppendShape<typename T::value_type>(shape);
  } else if constexpr (kIs<T, std::map>) {
    shape += '>';
    AppendShape<typename T::key_type>(shape);
    AppendShape<typename T::mapped_type>(shape);
  } else if constexpr (kIs<T, std::pair> || kIs<T, std::variant>) {
    shape += kIs<T, std::pair> ? '&' : '|';
    AppendArguments(shape, static_cast<const T*>(nullptr));
    shape += ';';
  } else {
    shape += '{';
    ShapeOfTuple<decltype(PartsOf(std::declval<T&>()))>::Append(shape);
    shape += '}';
  }
}

}  // namespace bytes_internal

template <typename T>
std::string BytesOf(const T& value) {
  std::string bytes;
  bytes_internal::Writer(bytes).Put(value);
  return bytes;
}

// False: `bytes` were not made of a T; `value` is then good for nothing. Any bytes may be given.
template <typename T>
bool FromBytes(std::string_view bytes, T& value) {
  bytes_internal::Reader reader(bytes);
  return reader.Get(value) && reader.AtEnd();
}

// What a T is made of, in letters: the same for two programs only if the bytes of one mean the same to the
// other, as far as types can tell.
template <typename T>
std::string ShapeOf() {
  std::string shape;
  bytes_internal::AppendShape<T>(shape);
  return shape;
}

}  // namespace evenkeel::base
