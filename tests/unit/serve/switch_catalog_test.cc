// Switches to be read: those under way as the core tells of them, those that have ended from the store.

#include "coordinator/serve/switch_catalog.h"

#include <gmock/gmock.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/serve/a_catalog.h"

namespace evenkeel::coordinator {
namespace {

using testing::HasSubstr;

// Proves that a name finds the switch that is under way before one that has ended, and the last of these.
TEST(SwitchCatalog, FindsByNameAndByDecision) {
  ACatalog at;
  at.End(at.Begin(1, "web"), SwitchEnd::kRolledBack);
  at.End(at.Begin(2, "web"), SwitchEnd::kCommitted);
  EXPECT_EQ(*at.catalog.Resolve("web"), (DecisionId{1, 2}));
  at.Begin(3, "web");
  at.Begin(4, "other");
  EXPECT_EQ(*at.catalog.Resolve("web"), (DecisionId{1, 3}));
  EXPECT_EQ(*at.catalog.Resolve("1-1"), (DecisionId{1, 1}));
  for (const char* nobody : {"nobody", "1-9"}) {
    const absl::Status status = at.catalog.Resolve(nobody).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("switches/", nobody)));
  }
}

// Proves that what is seen now is shown of one under way, and its end, under its decision's id, of one that
// has ended.
TEST(SwitchCatalog, ShowsWhatIsUnderWayAndWhatHasEnded) {
  ACatalog at;
  SwitchStatus status = at.Begin(1, "web");
  status.waits_for = "12 more requests";
  status.routes[{"edge", "web"}] = AReading(10);
  at.Tell(status);
  v1::Switch shown = *at.catalog.Show(status.decision);
  EXPECT_EQ(shown.name(), "switches/web");
  EXPECT_EQ(shown.waiting_for(), "12 more requests");
  EXPECT_EQ(shown.create_time().seconds(), absl::ToUnixSeconds(kStart) - 5);
  EXPECT_FALSE(shown.has_end_time());
  at.End(status, SwitchEnd::kCommitted);
  shown = *at.catalog.Show(status.decision);
  EXPECT_EQ(shown.name(), "switches/1-1");
  EXPECT_EQ(shown.switch_id(), "web");
  EXPECT_EQ(shown.end(), v1::Switch::END_COMMITTED);
  EXPECT_EQ(shown.end_time().seconds(), absl::ToUnixSeconds(kStart) + 60);
  EXPECT_TRUE(absl::IsNotFound(at.catalog.Show(DecisionId{1, 9}).status()));
}

// Proves that the answer to an order shows what was ordered, though the core has not told it yet.
TEST(SwitchCatalog, ShowsWhatIsRecordedBeforeItIsTold) {
  ACatalog at;
  SwitchStatus status = at.Begin(1, "web");
  status.waits_for = "12 more requests";
  at.Tell(status);
  status.record.stop = SwitchStop{StopCause::kOperator, "an operator has paused it", kStart};
  at.Store(status, DecisionState::kOpen);
  EXPECT_EQ(at.catalog.Show(status.decision)->stop_cause(), v1::Switch::STOP_CAUSE_UNSPECIFIED);
  const v1::Switch shown = *at.catalog.ShowRecorded(status.decision);
  EXPECT_EQ(shown.stop_cause(), v1::Switch::STOP_CAUSE_OPERATOR);
  EXPECT_EQ(shown.waiting_for(), "12 more requests");
}

std::string ListAll(const ACatalog& at, bool open_only) {
  std::string all;
  v1::ListSwitchesRequest request;
  request.set_page_size(2);
  request.set_open_only(open_only);
  for (int pages = 0; pages < 5; ++pages) {
    v1::ListSwitchesResponse response;
    EXPECT_TRUE(at.catalog.List(request, response).ok());
    for (const v1::Switch& one : response.switches()) absl::StrAppend(&all, one.name(), " ");
    absl::StrAppend(&all, "| ");
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  return all;
}

// Proves the order and the pages of both lists, that they are short, and that a token is of its own list
// only.
TEST(SwitchCatalog, ListsTheNewestFirstInPages) {
  ACatalog at;
  at.End(at.Begin(1, "web"), SwitchEnd::kRolledBack);
  for (const uint64_t number : {2, 3, 4}) at.Begin(number, absl::StrCat("web-", number));
  EXPECT_EQ(ListAll(at, false), "switches/web-4 switches/web-3 | switches/web-2 switches/1-1 | ");
  EXPECT_EQ(ListAll(at, true), "switches/web-4 switches/web-3 | switches/web-2 | ");

  SwitchStatus status = at.Begin(5, "long");
  status.record.ledger.spans.resize(3);
  status.record.reports.resize(1);
  status.record.reports[0].gates.resize(2);
  at.Tell(status);
  v1::ListSwitchesRequest request;
  request.set_page_size(1);
  v1::ListSwitchesResponse response;
  ASSERT_TRUE(at.catalog.List(request, response).ok());
  EXPECT_EQ(response.switches(0).ledger().spans_size(), 0);
  EXPECT_EQ(response.switches(0).reports(0).gates_size(), 0);
  EXPECT_EQ(at.catalog.Show(status.decision)->ledger().spans_size(), 3);
  request.set_page_token(response.next_page_token());
  request.set_open_only(true);
  EXPECT_TRUE(absl::IsInvalidArgument(at.catalog.List(request, response)));
}

}  // namespace
}  // namespace evenkeel::coordinator
