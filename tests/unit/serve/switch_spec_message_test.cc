// A switch as operators write it: defaults are filled in, what is wrong is named, and it is shown as it is in
// force.

#include "coordinator/serve/switch_spec_message.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace evenkeel::coordinator {
namespace {

// The least that is a switch.
v1::SwitchSpec Least() {
  v1::SwitchSpec spec;
  spec.set_from("east");
  spec.set_to("west");
  v1::SwitchedApplication& application = *spec.add_applications();
  application.set_namespace_("shop");
  application.set_service("web");
  v1::SwitchedRoute& route = *spec.add_routes();
  route.set_gateway("edge");
  route.set_route("web");
  route.set_blue("east");
  route.set_green("west");
  spec.add_steps()->set_percent(100);
  return spec;
}

// What is not written has the defaults of the core's structs, which are those of the .proto file.
TEST(SwitchSpecMessageTest, FillsInDefaults) {
  const auto spec = SwitchSpecFromMessage("web", Least());
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->gates, GateRules{});
  EXPECT_EQ(spec->prober, ProberSpec{});
  EXPECT_EQ(spec->drain, DrainRules{});
  EXPECT_EQ(spec->hold, HoldRules{});
  EXPECT_EQ(spec->steps[0].soak, absl::Seconds(30));
  EXPECT_EQ(spec->steps[0].min_requests, 100u);
  EXPECT_EQ(spec->on_failed_gate, OnFailedGate::kRollBack);
  EXPECT_EQ(spec->on_foreign_change, OnForeignChange::kStop);
  EXPECT_EQ(spec->on_reload, OnForeignChange::kHeal);
  EXPECT_EQ(spec->on_lost_blue, OnLostBlue::kAsk);
  EXPECT_EQ(spec->mode, SwitchMode::kObserve);
  EXPECT_EQ(spec->max_cpu_percent, 80u);
}

// What is shown, written again, is the same switch: with every choice the other way round as well.
TEST(SwitchSpecMessageTest, ShowsWhatIsInForce) {
  v1::SwitchSpec full = Least();
  full.mutable_applications(0)->set_selector("app=web");
  (*full.mutable_routes(0)->mutable_servers())["west"].add_names("west-*");
  full.mutable_routes(0)->set_check_port(8080);
  full.mutable_routes(0)->set_check_path("/healthz");
  v1::SwitchStep& canary = *full.mutable_steps(0);
  canary.set_percent(0);
  canary.mutable_canary()->set_header("X-Canary");
  canary.mutable_canary()->set_value("yes");
  canary.set_approve(true);
  v1::SwitchStep& all = *full.add_steps();
  all.set_percent(100);
  all.mutable_soak()->set_seconds(7);
  all.set_min_requests(0);
  v1::GateHook& hook = *full.mutable_gates()->add_hooks();
  hook.set_name("slo");
  hook.set_url("http://slo/");
  full.mutable_gates()->set_min_probes(0);
  full.mutable_prober()->set_url("http://edge:8080/");
  full.mutable_prober()->set_slow_path("/slow");
  full.mutable_prober()->set_stream_path("/stream");
  full.mutable_prober()->set_per_second(50);
  full.mutable_prober()->set_side_header("X-Backend");
  full.mutable_drain()->set_at_deadline(v1::DrainRules::AT_DEADLINE_CUT);
  full.mutable_hold()->set_wait_for_commit(true);
  full.mutable_hold()->set_close_blue(true);
  full.set_on_failed_gate(v1::SwitchSpec::ON_FAILED_GATE_STOP);
  full.set_on_foreign_change(v1::SwitchSpec::ON_FOREIGN_CHANGE_HEAL);
  full.set_on_reload(v1::SwitchSpec::ON_FOREIGN_CHANGE_STOP);
  full.set_on_lost_blue(v1::SwitchSpec::ON_LOST_BLUE_FINISH);
  v1::FreezeWindow& weekend = *full.add_freezes();
  weekend.add_weekdays(5);
  weekend.add_weekdays(7);
  weekend.mutable_begin()->set_seconds(57'600);
  weekend.mutable_length()->set_seconds(3600);
  v1::FreezeWindow& fair = *full.add_freezes();
  fair.mutable_start_time()->set_seconds(1'700'000'000);
  fair.mutable_end_time()->set_seconds(1'700'100'000);
  full.set_allow_differences(true);
  full.set_mode(v1::SWITCH_MODE_ENFORCE);
  const auto spec = SwitchSpecFromMessage("web", full);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->steps[0].canary->header, "x-canary");
  EXPECT_EQ(spec->freezes[0].weekdays, 0x50);
  const auto again = SwitchSpecFromMessage("web", ToMessage(*spec));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *spec);
}

// What is wrong is named by its field, all at once.
TEST(SwitchSpecMessageTest, NamesWhatIsWrong) {
  const struct {
    const char* part;
    std::function<void(v1::SwitchSpec&)> harm;
  } table[] = {
      {"spec.steps", [](v1::SwitchSpec& spec) { spec.clear_steps(); }},
      {"spec.to", [](v1::SwitchSpec& spec) { spec.set_to("east"); }},
      {"spec.applications[0]", [](v1::SwitchSpec& spec) { spec.mutable_applications(0)->clear_pods(); }},
      {"spec.routes[0].checkPort",
       [](v1::SwitchSpec& spec) { spec.mutable_routes(0)->set_check_port(70'000); }},
      {"spec.steps[0].soak",
       [](v1::SwitchSpec& spec) { spec.mutable_steps(0)->mutable_soak()->set_nanos(-1'000'000'001); }},
      {"spec.prober.url", [](v1::SwitchSpec& spec) { spec.mutable_prober()->set_url("https://"); }},
      {"spec.prober.url", [](v1::SwitchSpec& spec) { spec.mutable_prober()->set_url("http://u@shop/"); }},
      {"spec.prober.url", [](v1::SwitchSpec& spec) { spec.mutable_prober()->set_url("http://shop:99999/"); }},
      {"spec.prober.slowPath",
       [](v1::SwitchSpec& spec) {
         spec.mutable_prober()->set_url("http://shop/");
         spec.mutable_prober()->set_slow_path("/a b");
       }},
      {"spec.gates.hooks[0].url",
       [](v1::SwitchSpec& spec) {
         v1::GateHook& hook = *spec.mutable_gates()->add_hooks();
         hook.set_name("cart");
         hook.set_url("cart.example/ready");
       }},
      {"spec.drain.atDeadline",
       [](v1::SwitchSpec& spec) {
         spec.mutable_drain()->set_at_deadline(static_cast<v1::DrainRules::AtDeadline>(99));
       }},
      {"spec.onFailedGate",
       [](v1::SwitchSpec& spec) { spec.set_on_failed_gate(static_cast<v1::SwitchSpec::OnFailedGate>(99)); }},
      {"spec.onForeignChange",
       [](v1::SwitchSpec& spec) {
         spec.set_on_foreign_change(static_cast<v1::SwitchSpec::OnForeignChange>(99));
       }},
      {"spec.onReload",
       [](v1::SwitchSpec& spec) { spec.set_on_reload(static_cast<v1::SwitchSpec::OnForeignChange>(99)); }},
      {"spec.onLostBlue",
       [](v1::SwitchSpec& spec) { spec.set_on_lost_blue(static_cast<v1::SwitchSpec::OnLostBlue>(99)); }},
      {"spec.mode", [](v1::SwitchSpec& spec) { spec.set_mode(static_cast<v1::SwitchMode>(99)); }},
      {"spec.freezes[0].weekdays", [](v1::SwitchSpec& spec) { spec.add_freezes()->add_weekdays(8); }},
  };
  for (const auto& row : table) {
    v1::SwitchSpec spec = Least();
    row.harm(spec);
    const auto read = SwitchSpecFromMessage("web", spec);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << row.part;
    EXPECT_NE(read.status().message().find(row.part), std::string::npos) << read.status();
  }
  EXPECT_EQ(SwitchSpecFromMessage("Web", Least()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SwitchSpecFromMessage("-web", Least()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace evenkeel::coordinator
