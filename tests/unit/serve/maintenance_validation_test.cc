// Operators' orders as they are asked for.

#include "coordinator/serve/maintenance_validation.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

v1::StartMaintenanceRequest Start() {
  v1::StartMaintenanceRequest request;
  request.set_name("clusters/blue/maintenances/node-1");
  request.mutable_duration()->set_seconds(3600);
  request.set_reason("new disk");
  return request;
}

// What is in order comes to the core as it was said; a pause may be of all clusters, and without an end.
TEST(MaintenanceValidation, KeepsWhatIsSaid) {
  const auto start = OrderFromMessage(Start());
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_EQ(start->node, (NodeKey{"blue", "node-1"}));
  EXPECT_EQ(start->length, absl::Hours(1));
  EXPECT_EQ(start->reason, "new disk");
  EXPECT_FALSE(start->validate_only);

  v1::PauseClusterRequest pause;
  pause.set_name("clusters/-");
  pause.set_validate_only(true);
  const auto all = OrderFromMessage(pause);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->cluster, "");
  EXPECT_EQ(all->length, absl::InfiniteDuration());
  EXPECT_TRUE(all->validate_only);
  pause.set_name("clusters/blue");
  pause.mutable_duration()->set_seconds(60);
  EXPECT_EQ(OrderFromMessage(pause)->cluster, "blue");
  EXPECT_EQ(OrderFromMessage(pause)->length, absl::Minutes(1));
}

// Each field out of its range is refused by its own name.
TEST(MaintenanceValidation, RefusesByTheNameOfTheField) {
  const struct {
    const char* field;
    std::function<void(v1::StartMaintenanceRequest&)> spoil;
  } rows[] = {
      {"name", [](v1::StartMaintenanceRequest& r) { r.set_name("node-1"); }},
      {"name", [](v1::StartMaintenanceRequest& r) { r.set_name("clusters/-/maintenances/node-1"); }},
      {"duration", [](v1::StartMaintenanceRequest& r) { r.clear_duration(); }},
      {"duration", [](v1::StartMaintenanceRequest& r) { r.mutable_duration()->set_seconds(59); }},
      {"duration", [](v1::StartMaintenanceRequest& r) { r.mutable_duration()->set_seconds(30 * 86400 + 1); }},
      {"duration", [](v1::StartMaintenanceRequest& r) { r.mutable_duration()->set_nanos(-1); }},
      {"reason", [](v1::StartMaintenanceRequest& r) { r.set_reason(std::string(201, 'x')); }},
  };
  for (const auto& row : rows) {
    v1::StartMaintenanceRequest request = Start();
    row.spoil(request);
    const auto order = OrderFromMessage(request);
    ASSERT_FALSE(order.ok()) << row.field;
    EXPECT_EQ(order.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::Detail(order.status(), base::kFieldKey), row.field) << order.status();
  }
  v1::PauseClusterRequest pause;
  pause.set_name("blue");
  EXPECT_EQ(base::Detail(OrderFromMessage(pause).status(), base::kFieldKey), "name");
  pause.set_name("clusters/blue");
  pause.mutable_duration()->set_seconds(1);
  EXPECT_EQ(base::Detail(OrderFromMessage(pause).status(), base::kFieldKey), "duration");
}

// Orders are shown with their full names; what has no end has no end time.
TEST(MaintenanceValidation, ShowsOrders) {
  const absl::Time start = absl::FromUnixSeconds(1'700'000'000);
  const v1::Maintenance window = ToMessage(Maintenance{
      .node = {"blue", "node-1"}, .start = start, .end = start + absl::Hours(1), .reason = "disk"});
  EXPECT_EQ(window.name(), "clusters/blue/maintenances/node-1");
  EXPECT_EQ(window.end_time().seconds(), 1'700'003'600);
  const v1::Pause pause = ToMessage(Pause{.cluster = "blue", .start = start});
  EXPECT_EQ(pause.cluster(), "clusters/blue");
  EXPECT_FALSE(pause.has_end_time());
}

}  // namespace
}  // namespace evenkeel::coordinator
