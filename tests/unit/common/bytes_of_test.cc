// Plain data becomes bytes and comes back exactly, and bytes that are none of it are refused.

#include "common/base/bytes_of.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace evenkeel::base {
namespace {

enum class Colour { kRed, kBlue };

struct Inner {
  std::string text;
  std::optional<absl::Time> time;
  bool operator==(const Inner&) const = default;
};

struct Empty {
  bool operator==(const Empty&) const = default;
};

// A class that says what it is made of; `sum` follows from it.
class Counted {
 public:
  void Add(int number) {
    numbers_.push_back(number);
    sum_ += number;
  }
  int sum() const { return sum_; }
  bool operator==(const Counted&) const = default;
  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.numbers_);
  }
  void PartsChanged() {
    sum_ = 0;
    for (const int number : numbers_) sum_ += number;
  }

 private:
  std::vector<int> numbers_;
  int sum_ = 0;
};

struct Outer {
  bool flag = false;
  uint16_t small = 0;
  int64_t signed_number = 0;
  uint64_t large = 0;
  double share = 0;
  Colour colour = Colour::kRed;
  absl::Duration duration;
  absl::Time past = absl::InfinitePast();
  absl::Time future = absl::InfiniteFuture();
  std::map<std::string, Inner> by_name;
  std::set<std::pair<int, std::string>> pairs;
  std::variant<Empty, Inner, int> either;
  std::deque<std::string> queue;
  Counted counted;
  bool operator==(const Outer&) const = default;
};

Outer Sample() {
  Outer outer{.flag = true,
              .small = 65535,
              .signed_number = -3,
              .large = ~uint64_t{0},
              .share = 0.1,
              .colour = Colour::kBlue,
              .duration = -absl::Seconds(7) / 3,  // counts in quarters of a nanosecond
              .by_name = {{"a", {"x", absl::FromUnixNanos(1'700'000'000'123'456'789)}}, {"b", {}}},
              .pairs = {{-1, "m"}, {1, "p"}},
              .either = Inner{"held", {}},
              .queue = {"first", ""}};
  outer.counted.Add(4);
  outer.counted.Add(-9);
  return outer;
}

TEST(FieldsTest, AreCountedAndReachedWithoutNames) {
  EXPECT_EQ(kFieldCount<Empty>, 0);
  EXPECT_EQ(kFieldCount<Inner>, 2);
  EXPECT_EQ(kFieldCount<Outer>, 14);
  Inner inner;
  std::get<0>(FieldsOf(inner)) = "through the tuple";
  EXPECT_EQ(inner.text, "through the tuple");
}

TEST(BytesOfTest, EverythingComesBackExactly) {
  const Outer outer = Sample();
  Outer back;
  ASSERT_TRUE(FromBytes(BytesOf(outer), back));
  EXPECT_EQ(back, outer);
  EXPECT_EQ(back.counted.sum(), -5);
  EXPECT_EQ(BytesOf(back), BytesOf(outer));
}

// Any cut, and any byte too many, is noticed; a changed byte is at worst another value.
TEST(BytesOfTest, DamageIsRefusedAndNeverFatal) {
  const std::string bytes = BytesOf(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    Outer back;
    EXPECT_FALSE(FromBytes(std::string_view(bytes).substr(0, size), back)) << size;
  }
  Outer back;
  EXPECT_FALSE(FromBytes(bytes + "x", back));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const char flip : {'\x01', '\x80', '\x7f'}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      Outer other;
      FromBytes(damaged, other);
    }
  }
}

struct Wider {
  std::string text;
  std::optional<absl::Time> time;
  bool more = false;
};

TEST(BytesOfTest, AnotherShapeIsToldApart) {
  EXPECT_EQ(ShapeOf<Outer>(), ShapeOf<Outer>());
  EXPECT_NE(ShapeOf<Inner>(), ShapeOf<Wider>());
  EXPECT_NE(ShapeOf<uint32_t>(), ShapeOf<uint64_t>());
  EXPECT_NE((ShapeOf<std::variant<Empty, int>>()), (ShapeOf<std::variant<int, Empty>>()));
}

// Who holds what is const and shared with others has one of its own when it comes back, or none.
TEST(BytesOfTest, HoldsWhatIsShared) {
  using Shared = std::shared_ptr<const Inner>;
  const std::vector<Shared> held = {std::make_shared<const Inner>(Inner{"x", {}}), nullptr};
  std::vector<Shared> back;
  ASSERT_TRUE(FromBytes(BytesOf(held), back));
  ASSERT_EQ(back.size(), 2U);
  ASSERT_NE(back[0], nullptr);
  EXPECT_EQ(*back[0], *held[0]);
  EXPECT_EQ(back[1], nullptr);
  EXPECT_FALSE(FromBytes(BytesOf(held).substr(0, 3), back));
}

}  // namespace
}  // namespace evenkeel::base
