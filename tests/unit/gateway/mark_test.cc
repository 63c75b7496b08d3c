// Marks as text, and who may write over whose (L7).
#include "coordinator/gateway/mark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;

StoredMark Mark(uint64_t epoch, uint64_t version, uint64_t owner = 12, const std::string& store = "store-a") {
  return {.store_id = store, .mark = {.epoch = epoch, .owner = {epoch, owner}, .version = version}};
}

TEST(Mark, IsTextAndBack) {
  EXPECT_EQ(ToText(Mark(5, 3)), "evenkeel/store-a/5/5-12/3");
  EXPECT_EQ(ParseMark("evenkeel/store-a/5/5-12/3"), Mark(5, 3));
  for (const char* text :
       {"", "evenkeel", "evenkeel/store-a/5/5-12", "evenkeel/store-a/5/5-12/3/1", "evenkeel//5/5-12/3",
        "evenkeel/a b/5/5-12/3", "evenkeel/store-a/-1/5-12/3", "evenkeel/store-a/05/5-12/3",
        "evenkeel/store-a/5/512/3", "evenkeel/store-a/5/5-12/x", "other/store-a/5/5-12/3",
        "evenkeel/store-a/5/5-12/99999999999999999999"}) {
    EXPECT_EQ(ParseMark(text), std::nullopt) << text;
  }
}

TEST(Mark, FitsGatewaysCommandLines) {
  EXPECT_TRUE(IsFitForMark("9f0c2d1e-store_1.x"));
  for (const char* text : {"", "a b", "a;b", "a/b", "a\nb"}) EXPECT_FALSE(IsFitForMark(text)) << text;
  EXPECT_FALSE(IsFitForMark(std::string(65, 'a')));
}

TEST(Mark, OlderMayNotWriteOverNewer) {
  EXPECT_EQ(WhyNotOver(std::nullopt, Mark(1, 1), ""), std::nullopt);
  EXPECT_EQ(WhyNotOver(Mark(1, 1), Mark(1, 1), ""), std::nullopt);
  EXPECT_EQ(WhyNotOver(Mark(1, 1), Mark(1, 2), ""), std::nullopt);
  EXPECT_EQ(WhyNotOver(Mark(1, 9), Mark(2, 1), ""), std::nullopt);
  EXPECT_THAT(WhyNotOver(Mark(2, 1), Mark(1, 9), "").value_or(""), HasSubstr("epoch 2"));
  EXPECT_THAT(WhyNotOver(Mark(2, 2), Mark(2, 1), "").value_or(""), HasSubstr("version 2"));
  EXPECT_THAT(WhyNotOver(Mark(2, 2, 1), Mark(2, 2, 7), "").value_or(""), HasSubstr("two switches"));
  EXPECT_THAT(WhyNotOver(Mark(1, 1, 12, "store-b"), Mark(9, 9), "ask").value_or(""),
              HasSubstr("if that one is gone for good, ask"));
}

}  // namespace
}  // namespace evenkeel::coordinator
