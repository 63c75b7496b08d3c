// What operators ask of switches: the cluster that gets traffic is typed once more, and refusals have
// reasons.

#include "coordinator/serve/switch_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/status.h"
#include "coordinator/serve/switch_spec_message.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {
namespace {

using testing::HasSubstr;

std::string FieldOf(const absl::Status& status) {
  return base::Detail(status, base::kFieldKey).value_or("");
}

// Proves that a start that moves traffic needs the cluster's name, and one that only observes does not.
TEST(SwitchRequests, StartIsConfirmedWhereItMovesTraffic) {
  v1::StartSwitchRequest request;
  request.set_switch_id("web");
  *request.mutable_spec() = ToMessage(ASwitch());
  EXPECT_EQ(FieldOf(EventFrom(request).status()), "confirm_cluster");
  request.set_confirm_cluster("east");
  EXPECT_THAT(EventFrom(request).status().message(),
              HasSubstr("must be \"west\", the cluster that gets the traffic"));
  request.set_confirm_cluster("west");
  EXPECT_EQ(EventFrom(request)->spec, ASwitch());
  request.clear_confirm_cluster();
  request.mutable_spec()->set_mode(v1::SWITCH_MODE_OBSERVE);
  EXPECT_TRUE(EventFrom(request).ok());
}

// Proves that a plan is checked as a start is, and that a name cannot be taken for a decision's id.
TEST(SwitchRequests, PlanIsChecked) {
  v1::PlanSwitchRequest request;
  *request.mutable_spec() = ToMessage(ASwitch());
  for (const char* wrong : {"", "7-12", "-web", "Web"}) {
    request.set_switch_id(wrong);
    EXPECT_EQ(FieldOf(EventFrom(request).status()), "switch_id") << wrong;
  }
  request.set_switch_id("web-2");
  EXPECT_EQ(EventFrom(request)->spec.name, "web-2");
  request.mutable_spec()->clear_steps();
  EXPECT_EQ(FieldOf(EventFrom(request).status()), "spec.steps");
}

// Proves which cluster each order asks for, and what of it reaches the core.
TEST(SwitchRequests, OrdersAreConfirmedByTheClusterThatGetsTheTraffic) {
  const SwitchSpec spec = ASwitch();
  v1::PauseSwitchRequest pause;
  pause.set_reason("lunch");
  EXPECT_EQ(EventFrom(pause, spec)->name, "web");
  EXPECT_EQ(EventFrom(pause, spec)->order, SwitchOrder::kPause);
  EXPECT_EQ(EventFrom(pause, spec)->reason, "lunch");
  pause.set_reason(std::string(501, 'x'));
  EXPECT_EQ(FieldOf(EventFrom(pause, spec).status()), "reason");

  v1::ResumeSwitchRequest resume;
  EXPECT_EQ(FieldOf(EventFrom(resume, spec).status()), "confirm_cluster");
  resume.set_confirm_cluster("west");
  EXPECT_EQ(EventFrom(resume, spec)->may_cut, std::nullopt);
  resume.set_may_cut(0);
  EXPECT_EQ(EventFrom(resume, spec)->may_cut, 0U);
  EXPECT_EQ(EventFrom(resume, spec)->order, SwitchOrder::kResume);

  v1::RollBackSwitchRequest roll_back;
  roll_back.set_confirm_cluster("west");
  EXPECT_THAT(EventFrom(roll_back, spec).status().message(), HasSubstr("\"east\""));
  roll_back.set_confirm_cluster("east");
  roll_back.set_onto_unknown(true);
  EXPECT_TRUE(EventFrom(roll_back, spec)->onto_unknown);
  EXPECT_EQ(EventFrom(roll_back, spec)->order, SwitchOrder::kRollBack);

  v1::CommitSwitchRequest commit;
  EXPECT_EQ(FieldOf(EventFrom(commit, spec).status()), "confirm_cluster");
  commit.set_confirm_cluster("west");
  EXPECT_EQ(EventFrom(commit, spec)->order, SwitchOrder::kCommit);
}

// Proves that clients can tell refusals from one another, and that a reason that is there stays.
TEST(SwitchRequests, RefusalsHaveReasons) {
  const auto reason = [](const absl::Status& status) {
    return base::Detail(WithSwitchReason(status), base::kReasonKey).value_or("");
  };
  EXPECT_EQ(reason(absl::FailedPreconditionError("blue is lost")), "SWITCH_REFUSED");
  EXPECT_EQ(reason(absl::NotFoundError("no switch")), "SWITCH_NOT_FOUND");
  EXPECT_EQ(reason(absl::ResourceExhaustedError("64")), "TOO_MANY_SWITCHES");
  EXPECT_EQ(reason(base::WithReason(absl::ResourceExhaustedError("full"), "QUEUE_FULL")), "QUEUE_FULL");
  EXPECT_TRUE(WithSwitchReason(absl::OkStatus()).ok());
}

}  // namespace
}  // namespace evenkeel::coordinator
