#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "evenkeel/v1/switch.pb.h"

// Words and sums that all that is shown of switches has in common. All pure.
namespace evenkeel::cli {

// "rolling back" of PHASE_ROLLING_BACK, given its prefix.
std::string EnumPhrase(absl::string_view enumerator, absl::string_view prefix);

// "rolling back"; of one that has ended how it did: "rolled back".
std::string PhaseText(const v1::Switch& one);

// "10 %", or "x-canary: yes" of a step by a header alone.
std::string StepText(const v1::SwitchStep& step);

// "east -> west".
std::string FromToText(const v1::Switch& one);

// Its name, also when it has ended.
std::string NameText(const v1::Switch& one);

// What was answered and what was not.
struct Served {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;  // answered with 5xx, or not whole
  std::uint64_t cut = 0;     // by the gateway's own action

  // "1200 (0 failed)", "7 (1 lost)", "7 (1 failed, 2 cut)".
  std::string Text(absl::string_view failed_word) const;
};

Served SumOf(const v1::SideCount& side);
Served SumOf(const google::protobuf::RepeatedPtrField<v1::ProbeCount>& probes);

// "2026-01-02 03:04:05.678 UTC  keep alive  reset after 1.2 s on green, moving at 50 %".
std::string LostText(const v1::LostRequest& lost, const v1::LossLedger& ledger);

}  // namespace evenkeel::cli
