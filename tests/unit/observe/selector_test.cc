// Proves that selectors are read and matched as Kubernetes does (labels.Parse).
#include "coordinator/observe/selector.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace evenkeel::coordinator {
namespace {

using LabelMap = std::map<std::string, std::string>;

// Each operator, with labels that satisfy it and labels that do not.
TEST(SelectorTest, MatchesAsKubernetesDoes) {
  const struct {
    const char* text;
    LabelMap labels;
    bool matches;
  } table[] = {
      {"app=web", {{"app", "web"}}, true},
      {"app==web", {{"app", "web"}, {"x", "y"}}, true},
      {"app=web", {{"app", "db"}}, false},
      {"app=web", {}, false},
      {"app=", {{"app", ""}}, true},
      {"app=,x", {{"app", ""}, {"x", "1"}}, true},
      {"app!=web", {{"app", "db"}}, true},
      {"app!=web", {}, true},
      {"app!=web", {{"app", "web"}}, false},
      {"app in (web,db)", {{"app", "db"}}, true},
      {"app in (web,db)", {{"app", "mq"}}, false},
      {"app in (web,db)", {}, false},
      {"app in (,web)", {{"app", ""}}, true},
      {"app in (web,)", {{"app", ""}}, true},
      {"app in (a,,b)", {{"app", ""}}, true},
      {"app notin (web,db)", {{"app", "mq"}}, true},
      {"app notin (web,db)", {}, true},
      {"app notin (web,db)", {{"app", "web"}}, false},
      {"app", {{"app", ""}}, true},
      {"app", {{"web", ""}}, false},
      {"!app", {{"web", ""}}, true},
      {"!app", {{"app", ""}}, false},
      {"n>3", {{"n", "4"}}, true},
      {"n>3", {{"n", "3"}}, false},
      {"n<3", {{"n", "2"}}, true},
      {"n<3", {{"n", "few"}}, false},
      {"n<3", {}, false},
      {"a=1,b=2,!c", {{"a", "1"}, {"b", "2"}}, true},
      {"a=1,b=2,!c", {{"a", "1"}, {"b", "2"}, {"c", ""}}, false},
      {" a = 1 ,\tb in ( 2 , 3 ) ", {{"a", "1"}, {"b", "3"}}, true},
      {"in in (in,notin),notin=in", {{"in", "notin"}, {"notin", "in"}}, true},
      {"app.kubernetes.io/name=web", {{"app.kubernetes.io/name", "web"}}, true},
  };
  for (const auto& row : table) {
    const auto selector = Selector::Parse(row.text);
    ASSERT_TRUE(selector.ok()) << row.text << ": " << selector.status();
    EXPECT_EQ(selector->Matches(row.labels), row.matches) << row.text;
  }
}

// A workload without a selector has no pods that could be told.
TEST(SelectorTest, EmptyMatchesNothing) {
  for (const char* text : {"", "  \t"}) {
    const auto selector = Selector::Parse(text);
    ASSERT_TRUE(selector.ok()) << selector.status();
    EXPECT_FALSE(selector->Matches({{"app", "web"}}));
    EXPECT_FALSE(selector->Matches({}));
  }
}

// What Kubernetes refuses is refused here; the message is short whatever the text is.
TEST(SelectorTest, RefusesWhatIsNone) {
  for (const char* text :
       {",",         "a,",   "a,,b",   "a=1,",   "=",       "=b",      "a=b=c",      "a===b",
        "a b",       "a in", "a in b", "a in (", "a in (b", "a in ()", "a in (b c)", "a notin",
        "a in (b)c", "!",    "!!a",    "!a=b",   "a!",      "a>",      "a>x",        "a>-3",
        "a>=3",      "(a)",  "a=(b)",  "a=!",    "-a=b",    "a-=b",    "a/b/c=d",    "/a=b",
        "A_B/c=d",   "a=b!", "a=-b",   "a=b/c",  "\xff=b"}) {
    const auto selector = Selector::Parse(text);
    EXPECT_FALSE(selector.ok()) << text;
    EXPECT_EQ(selector.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(Selector::Parse(std::string(64, 'a')).ok());
  EXPECT_FALSE(Selector::Parse("a=" + std::string(64, 'b')).ok());
  EXPECT_TRUE(Selector::Parse(std::string(63, 'a') + "=" + std::string(63, 'b')).ok());
  const auto huge = Selector::Parse(std::string(60'000, '-'));
  EXPECT_LT(huge.status().message().size(), 300u);
  EXPECT_FALSE(Selector::Parse(std::string(70'000, ' ')).ok());
}

// An index goes by the first equality; a set of one is one, a larger set or anything else is none.
TEST(SelectorTest, AnchorIsAnEquality) {
  const auto anchor = [](const char* text) { return Selector::Parse(text)->anchor(); };
  EXPECT_EQ(anchor("!x,zone in (a,b),app in (web),b=c"), (std::pair<std::string, std::string>("app", "web")));
  EXPECT_EQ(anchor("zone in (a,b),x!=y,n>3,e").first, "");
  EXPECT_EQ(anchor("").first, "");
}

}  // namespace
}  // namespace evenkeel::coordinator
