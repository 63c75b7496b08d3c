// Proves that broken invariants end the process with a message, and that statuses carry their details.
#include <gtest/gtest.h>

#include "common/base/check.h"
#include "common/base/random.h"
#include "common/base/status.h"

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

}  // namespace
}  // namespace evenkeel::base
