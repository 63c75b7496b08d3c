// What counts as a server that answers HAProxy, and what as one that was not tried.
#include "coordinator/gateway/haproxy_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace evenkeel::coordinator::haproxy {
namespace {

using ::testing::HasSubstr;

StatRow Row(const std::string& server, const std::string& status, const std::string& check) {
  return {.section = "green", .server = server, .status = status, .check = check, .check_words = "words"};
}

// Each server answers where HAProxy has it up and its last check succeeded; the section as a whole is none.
TEST(HaproxyChecks, AnswersByTheLastCheck) {
  const struct {
    const char* status;
    const char* check;
    bool answered;
  } rows[] = {
      {"UP", "L4OK", true},       {"UP", "L7OKC", true},     {"DRAIN", "L7OK", true},
      {"UP 1/3", "L4CON", false}, {"DOWN", "L4TOUT", false}, {"DOWN 1/2", "L7OK", false},
      {"NOLB", "L7STS", false},
  };
  for (const auto& row : rows) {
    const auto checks = ChecksOf({Row("a", row.status, row.check), Row("BACKEND", "UP", "")});
    ASSERT_EQ(checks.size(), 1u);
    EXPECT_EQ(checks[0].server, "a");
    EXPECT_TRUE(checks[0].tried) << row.status;
    EXPECT_EQ(checks[0].answered, row.answered) << row.status << " " << row.check;
    EXPECT_THAT(checks[0].detail, HasSubstr(row.check));
  }
}

// What HAProxy does not check has not been tried, and it is said why.
TEST(HaproxyChecks, WhatIsNotCheckedIsNotTried) {
  const struct {
    const char* status;
    const char* check;
    const char* why;
  } rows[] = {
      {"no check", "", "no `check`"},
      {"DRAIN", "", "no `check`"},
      {"MAINT", "", "maintenance"},
      {"UP", "INI", "not checked it yet"},
  };
  for (const auto& row : rows) {
    const auto checks = ChecksOf({Row("a", row.status, row.check)});
    ASSERT_EQ(checks.size(), 1u);
    EXPECT_FALSE(checks[0].tried) << row.status;
    EXPECT_FALSE(checks[0].answered) << row.status;
    EXPECT_THAT(checks[0].detail, HasSubstr(row.why));
  }
}

// A section is checked where all of it is that could be; of one in maintenance alone nothing is known.
TEST(HaproxyChecks, ASectionIsCheckedAsAWhole) {
  EXPECT_TRUE(AreChecked({Row("a", "UP", "L4OK"), Row("b", "MAINT", ""), Row("BACKEND", "UP", "")}));
  EXPECT_FALSE(AreChecked({Row("a", "UP", "L4OK"), Row("b", "no check", "")}));
  EXPECT_FALSE(AreChecked({Row("a", "MAINT", "")}));
  EXPECT_FALSE(AreChecked({}));
}

// A server under repair makes a backend smaller and not ill; a backend that is in maintenance as a whole is.
TEST(HaproxyChecks, AServerUnderRepairTakesNoPart) {
  const StatRow up = Row("a", "UP", "L4OK");
  const StatRow down = Row("b", "DOWN", "L4TOUT");
  const StatRow repaired = Row("c", "MAINT", "");
  const StatRow whole = Row("BACKEND", "UP", "");
  const auto count = [](const std::vector<StatRow>& rows) {
    const ServersUp found = CountUp(rows);
    return std::pair(found.servers, found.up);
  };
  EXPECT_EQ(count({up, down, repaired, whole}), std::pair(2u, 1u));
  EXPECT_EQ(count({up, repaired, whole}), std::pair(1u, 1u));
  EXPECT_EQ(count({repaired, repaired, whole}), std::pair(2u, 0u));
  EXPECT_EQ(count({whole}), std::pair(0u, 0u));
}

}  // namespace
}  // namespace evenkeel::coordinator::haproxy
