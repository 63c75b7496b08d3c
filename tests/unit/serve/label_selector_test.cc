#include "coordinator/serve/label_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

const std::map<std::string, std::string>& Labels() {
  static const std::map<std::string, std::string> kLabels = {
      {"app", "web"}, {"zone", "a"}, {"example.com/tier", "front"}, {"empty", ""}, {"in", "side"}};
  return kLabels;
}

// Selectors mean what they mean to kubectl, on one set of labels.
TEST(LabelSelector, MatchesAsKubernetesDoes) {
  const struct {
    const char* text;
    bool matches;
  } rows[] = {
      {"", true},
      {"   ", true},
      {"app=web", true},
      {"app==web", true},
      {" app = web , zone = a ", true},
      {"app=db", false},
      {"app=web,zone=b", false},
      {"app!=db", true},
      {"app!=web", false},
      {"gpu!=yes", true},  // holds where the label is not there
      {"app", true},
      {"gpu", false},
      {"!gpu", true},
      {"! gpu", true},
      {"!app", false},
      {"zone in (a,b)", true},
      {"zone in ( a , b )", true},
      {"zone in (b)", false},
      {"gpu in (a)", false},
      {"zone notin (b,c)", true},
      {"zone notin (a)", false},
      {"gpu notin (a)", true},
      {"example.com/tier=front", true},
      {"empty=", true},
      {"app=", false},
      {"empty in ()", true},
      {"in", true},  // a label may be called like an operator
      {"in in (side)", true},
      {"inner", false},  // and begin like one
  };
  for (const auto& row : rows) {
    const auto selector = LabelSelector::Parse("label_selector", row.text);
    ASSERT_TRUE(selector.ok()) << row.text << ": " << selector.status();
    EXPECT_EQ(selector->Matches(Labels()), row.matches) << row.text;
  }
}

// What cannot be read is refused with the field's name and an example, whatever it is.
TEST(LabelSelector, RefusesWhatItCannotRead) {
  const std::string too_long(5000, 'a');
  std::string too_many = "a";
  for (int i = 0; i < 64; ++i) too_many += ",a";
  for (const std::string& text :
       {std::string(","), std::string("app=web,"), std::string("app in"), std::string("app in (a"),
        std::string("app in a"), std::string("=web"), std::string("app=web zone=a"), std::string("app=a/b"),
        std::string("!"), std::string("!app=web"), std::string("app>1"), std::string("app=\"web\""),
        std::string("\x01"), "app=" + std::string(64, 'x'), too_long, too_many}) {
    const auto selector = LabelSelector::Parse("label_selector", text);
    ASSERT_FALSE(selector.ok()) << text;
    EXPECT_EQ(selector.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::Detail(selector.status(), base::kFieldKey), "label_selector");
    EXPECT_THAT(std::string(selector.status().message()), testing::HasSubstr("zone in (a,b)"));
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
