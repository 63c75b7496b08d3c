// Proves that broken invariants end the process with a message, that statuses carry their details, and that
// texts of strangers become UTF-8.
#include <gtest/gtest.h>

#include "common/base/check.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/utf8.h"

namespace evenkeel::base {
namespace {

// A failed check dies and says where, what and why; a good one does not even evaluate its message.
TEST(CheckTest, DiesWithConditionAndMessage) {
  const int two = 2;
  EXPECT_DEATH(EVENKEEL_CHECK(two == 3) << "two is " << two, "base_test.cc:.*two == 3.*two is 2");
  int evaluated = 0;
  EVENKEEL_CHECK(two == 2) << ++evaluated;
  EXPECT_EQ(evaluated, 0);
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::Status Quarter(int value, int& result) {
  EVENKEEL_ASSIGN_OR_RETURN(const int half, Half(value));
  EVENKEEL_ASSIGN_OR_RETURN(result, Half(half));
  EVENKEEL_RETURN_IF_ERROR(absl::OkStatus());
  return absl::OkStatus();
}

// The macros hand errors up and values through.
TEST(StatusTest, MacrosReturnTheFirstError) {
  int result = 0;
  EXPECT_TRUE(Quarter(8, result).ok());
  EXPECT_EQ(result, 2);
  EXPECT_EQ(Quarter(6, result), absl::InvalidArgumentError("odd"));
}

// A refused field is named in the text and in the details, and context added later keeps both.
TEST(StatusTest, InvalidFieldKeepsItsNameThroughAnnotation) {
  const absl::Status status =
      Annotate(InvalidField("spec.mode", "must be observe or enforce"), "policy \"a\"");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "policy \"a\": spec.mode: must be observe or enforce");
  EXPECT_EQ(Detail(status, kFieldKey), "spec.mode");
  EXPECT_EQ(Detail(status, kReasonKey), "INVALID_FIELD");
  EXPECT_EQ(Detail(status, "other"), std::nullopt);
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

// Jitter's random numbers keep to their range and are not all the same.
TEST(RandomTest, StaysInTheUnitInterval) {
  const double first = RandomUnit();
  bool differs = false;
  for (int i = 0; i < 1000; ++i) {
    const double value = RandomUnit();
    EXPECT_GE(value, 0.0);
    EXPECT_LT(value, 1.0);
    differs = differs || value != first;
  }
  EXPECT_TRUE(differs);
}

// What is UTF-8 stays as it is; of anything else each bad byte becomes one '?': overlong forms, surrogates,
// what is beyond Unicode, and characters that end too early.
TEST(Utf8Test, BadBytesAreReplaced) {
  for (const char* good : {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(ValidUtf8(good), good);
  }
  EXPECT_EQ(ValidUtf8(std::string("a\0b", 3)), std::string("a\0b", 3));
  EXPECT_EQ(ValidUtf8("a\xff\x80z"), "a??z");
  EXPECT_EQ(ValidUtf8("\xc0\x80"), "??");            // overlong
  EXPECT_EQ(ValidUtf8("\xe0\x9f\xbf"), "???");       // overlong
  EXPECT_EQ(ValidUtf8("\xf0\x8f\xbf\xbf"), "????");  // overlong
  EXPECT_EQ(ValidUtf8("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(ValidUtf8("\xf4\x90\x80\x80"), "????");  // beyond U+10FFFF
  EXPECT_EQ(ValidUtf8("\xe2\x82"), "??");            // cut short
  EXPECT_EQ(ValidUtf8("\xe2\x82"
                      "A\xc3"),
            "??A?");
}

// A bound is kept without half a character at the end.
TEST(Utf8Test, BoundsKeepCharactersWhole) {
  EXPECT_EQ(ValidUtf8("\xc3\xa4\xc3\xb6", 3), "\xc3\xa4");
  EXPECT_EQ(ValidUtf8("\xc3\xa4\xc3\xb6", 4), "\xc3\xa4\xc3\xb6");
  EXPECT_EQ(ValidUtf8("\xff\xff", 1), "?");
  EXPECT_EQ(ValidUtf8("abc", 0), "");
}

}  // namespace
}  // namespace evenkeel::base
