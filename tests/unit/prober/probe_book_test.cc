// What the prober's clients met is told once, all of it counted, some of it one by one.

#include "coordinator/prober/probe_book.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(ProbeBookTest, TellsWhatIsNew) {
  ProbeBook book({3, 4}, 9);
  EXPECT_FALSE(book.Take());
  book.Ended(ProbeKind::kFresh, kNow, "", Side::kGreen);
  book.Ended(ProbeKind::kSlow, kNow, "reset", Side::kGreen);
  book.Ended(ProbeKind::kSlow, kNow, "reset", {});
  const auto told = book.Take();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->decision, (DecisionId{3, 4}));
  EXPECT_EQ(told->run, 9u);
  EXPECT_EQ(told->totals.at(ProbeKind::kFresh), (ProbeCount{.requests = 1}));
  EXPECT_EQ(told->totals.at(ProbeKind::kSlow),
            (ProbeCount{.requests = 2, .failed = 2, .failed_on_green = 1}));
  EXPECT_EQ(told->failures.size(), 2u);
  EXPECT_FALSE(book.Take());
  book.Ended(ProbeKind::kFresh, kNow, "", {});
  const auto more = book.Take();
  EXPECT_EQ(more->totals.at(ProbeKind::kFresh).requests, 2u);  // since the beginning
  EXPECT_TRUE(more->failures.empty());
}

TEST(ProbeBookTest, StaysSmall) {
  ProbeBook book({3, 4}, 9);
  for (int i = 0; i < 1000; ++i) book.Ended(ProbeKind::kStream, kNow, "cut", Side::kBlue);
  const auto told = book.Take();
  EXPECT_EQ(told->failures.size(), ProbeBook::kMostFailures);
  EXPECT_EQ(told->totals.at(ProbeKind::kStream).failed_on_blue, 1000u);
}

// Sides are told by the names of their backends, and of their clusters.
TEST(ProbeBookTest, KnowsSidesByTheirNames) {
  SwitchSpec spec;
  spec.from = "lab-1";
  spec.to = "lab-2";
  SwitchedRoute web;
  web.blue = "east";
  web.green = "west";
  spec.routes = {web};
  EXPECT_EQ(SideNamed(spec, "east"), Side::kBlue);
  EXPECT_EQ(SideNamed(spec, "west"), Side::kGreen);
  EXPECT_EQ(SideNamed(spec, "lab-1"), Side::kBlue);
  EXPECT_EQ(SideNamed(spec, "lab-2"), Side::kGreen);
  EXPECT_EQ(SideNamed(spec, "north"), std::nullopt);
  EXPECT_EQ(SideNamed(spec, "web-7d9f-x2"), std::nullopt);
  EXPECT_EQ(SideNamed(spec, ""), std::nullopt);
  SwitchedRoute odd;
  odd.blue = "lab-2";
  odd.green = "east";
  spec.routes = {web, odd};
  EXPECT_EQ(SideNamed(spec, "east"), std::nullopt);
  EXPECT_EQ(SideNamed(spec, "lab-2"), std::nullopt);
}

// A name that is nobody's is told, short and without what would draw on a terminal.
TEST(ProbeBookTest, TellsANameThatIsNobodys) {
  ProbeBook book({3, 4}, 9);
  book.Ended(ProbeKind::kFresh, kNow, "", {});
  EXPECT_EQ(book.Take()->unknown_side, "");
  book.Unknown("web-7d9f-x2\x1b[2J");
  book.Ended(ProbeKind::kFresh, kNow, "", {});
  EXPECT_EQ(book.Take()->unknown_side, "web-7d9f-x2\\x1b[2J");
  book.Unknown(std::string(1000, 'x'));
  book.Ended(ProbeKind::kFresh, kNow, "", {});
  EXPECT_EQ(book.Take()->unknown_side, std::string(ProbeBook::kLongestName, 'x'));
}

}  // namespace
}  // namespace evenkeel::coordinator
