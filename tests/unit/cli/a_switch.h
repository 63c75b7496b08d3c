#pragma once

#include "evenkeel/v1/switch.pb.h"
#include "tests/unit/cli/test_time.h"

namespace evenkeel::cli {

// Switch web, decision 3-14, of shop/web from east to west: at 50 % since two seconds, nothing lost.
inline v1::Switch SoakingSwitch() {
  v1::Switch one;
  one.set_name("switches/web");
  one.set_switch_id("web");
  one.set_decision("decisions/3-14");
  v1::SwitchSpec& spec = *one.mutable_spec();
  spec.set_from("east");
  spec.set_to("west");
  spec.set_mode(v1::SWITCH_MODE_ENFORCE);
  v1::SwitchedApplication& application = *spec.add_applications();
  application.set_namespace_("shop");
  application.set_service("web");
  for (const std::uint32_t percent : {10U, 50U, 100U}) spec.add_steps()->set_percent(percent);
  one.set_phase(v1::Switch::PHASE_SOAKING);
  *one.mutable_phase_time() = At(-2'000);
  *one.mutable_create_time() = At(-60'000);
  one.set_step(1);
  v1::SwitchStepReport& first = *one.add_reports();
  first.set_step(0);
  *first.mutable_decide_time() = At(-50'000);
  *first.mutable_move_time() = At(-49'000);
  *first.mutable_end_time() = At(-3'000);
  for (const char* gate : {"errors", "latency"}) {
    v1::GateAnswer& answer = *first.add_gates();
    answer.set_gate(gate);
    answer.set_verdict(v1::GateAnswer::VERDICT_PASS);
  }
  v1::SwitchStepReport& second = *one.add_reports();
  second.set_step(1);
  *second.mutable_decide_time() = At(-3'000);
  one.mutable_ledger()->mutable_blue()->set_requests(1340);
  one.mutable_ledger()->mutable_green()->set_requests(1200);
  return one;
}

// The same once it has ended, a minute after it began.
inline v1::Switch EndedSwitch(v1::Switch::End end) {
  v1::Switch one = SoakingSwitch();
  one.set_name("switches/3-14");
  one.set_phase(v1::Switch::PHASE_ENDED);
  one.set_end(end);
  *one.mutable_end_time() = At(0);
  one.set_outcome(end == v1::Switch::END_COMMITTED ? "West has everything" : "East has everything again");
  return one;
}

}  // namespace evenkeel::cli
