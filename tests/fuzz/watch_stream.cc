// A watch's bytes: however they are cut into pieces, the same events come out of them.
//
// The input: a byte that tells how long the pieces are, then the stream.
#include "common/kube/watch_stream.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/kube/json.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;

constexpr size_t kMostBytes = 4096;

struct Seen {
  std::vector<std::string> events;
  absl::Status end;
  bool operator==(const Seen&) const = default;
};

Seen Feed(std::string_view stream, size_t piece) {
  Seen seen;
  kube::WatchStream reader(kMostBytes, [&seen](const kube::WatchEvent& event) {
    seen.events.push_back(std::to_string(static_cast<int>(event.type)) + kube::ToText(event.object));
  });
  while (!stream.empty() && seen.end.ok()) {
    const std::string_view next = stream.substr(0, piece);
    seen.end = reader.Feed({next.data(), next.size()});
    stream.remove_prefix(next.size());
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view stream = fuzz::Text(data, size);
  const size_t piece = 1 + fuzz::TakeByte(stream);
  const Seen whole = Feed(stream, std::max<size_t>(1, stream.size()));
  const Seen cut = Feed(stream, piece);
  EVENKEEL_CHECK(whole == cut) << "whole: " << whole.events.size() << " events, " << whole.end
                               << "; in pieces of " << piece << ": " << cut.events.size() << " events, "
                               << cut.end;
  return 0;
}
