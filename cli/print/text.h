#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

// How values read on a terminal. All pure.
namespace evenkeel::cli {

// What stands where there is no value, as in kubectl.
inline constexpr absl::string_view kNone = "<none>";

// The text, or "<none>" when it is empty.
std::string OrNone(absl::string_view text);

// The text with every control character replaced by '?': what a node or a label says cannot drive the
// terminal. Bytes of UTF-8 characters pass, but for the C1 controls.
std::string Printable(absl::string_view text);

// The instant of a timestamp.
absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// "45s", "3m12s", "5h", "12d": as kubectl shows ages, two units at most. Negative ages are "0s".
std::string Age(absl::Duration age);

// "933 ms", "2.31 s", "1m 5s": exact enough to compare, short enough to read. Negative ones have a "-".
std::string Span(absl::Duration span);

// "2026-01-02 03:04:05.678 UTC".
std::string Instant(absl::Time time);

// "512Ki", "34Mi", "1.5Gi".
std::string Bytes(std::uint64_t bytes);

// "12m" for thousandths of a CPU.
std::string Millicores(std::uint64_t millicores);

// "1 pod", "2 pods"; `plural` where an "s" does not do.
std::string Count(std::uint64_t number, absl::string_view singular, absl::string_view plural = "");

// The last part of a resource name: "n1" of "clusters/local/nodes/n1".
std::string LastSegment(absl::string_view resource_name);

// The part after `collection`: Segment("clusters/local/nodes/n1", "clusters") is "local"; empty when there is
// none.
std::string Segment(absl::string_view resource_name, absl::string_view collection);

// "Word" of an enumerator such as VERDICT_WORD, given its prefix: words are put together as in AgentLost.
std::string EnumWord(absl::string_view enumerator, absl::string_view prefix);

}  // namespace evenkeel::cli
