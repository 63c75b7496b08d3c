#include "agent/decode/memory_map.h"

#include <charconv>
#include <optional>

#include "agent/decode/text.h"

namespace evenkeel::agent {
namespace {

std::optional<uint64_t> ParseHex(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  return error == std::errc() && stop == end && !text.empty() ? std::optional(value) : std::nullopt;
}

// "7f1c2a000000-7f1c2a200000 r-xp 00028000 fe:00 1234   /usr/lib/libc.so.6": the range and whether it is a
// candidate.
struct Mapping {
  AddressRange range;
  bool read_only_file = false;
};
std::optional<Mapping> DecodeMapping(std::string_view line) {
  std::string_view range;
  std::string_view permissions;
  std::string_view word;
  if (!TakeWord(line, range) || !TakeWord(line, permissions) || permissions.size() != 4) {
    return std::nullopt;
  }
  const size_t dash = range.find('-');
  const auto begin = ParseHex(range.substr(0, dash));
  const auto end = dash == std::string_view::npos ? std::nullopt : ParseHex(range.substr(dash + 1));
  if (!begin || !end || *begin >= *end) {
    return std::nullopt;
  }
  for (int i = 0; i < 3; ++i) {  // offset, device, inode
    TakeWord(line, word);
  }
  const bool file = Trim(line).starts_with('/');
  return Mapping{
      .range = {.begin = *begin, .end = *end},
      .read_only_file = file && permissions[0] == 'r' && permissions[1] == '-' && permissions[3] == 'p'};
}

}  // namespace

absl::StatusOr<std::vector<AddressRange>> DecodeUnchangedFileMappings(std::string_view smaps) {
  std::vector<AddressRange> ranges;
  std::optional<Mapping> mapping;
  bool mapping_seen = false;
  std::string_view line;
  while (TakeLine(smaps, line)) {
    if (auto next = DecodeMapping(line)) {
      mapping = next;
      mapping_seen = true;
    } else if (mapping && line.starts_with("Anonymous:")) {
      if (mapping->read_only_file && Trim(line.substr(10)) == "0 kB") {
        ranges.push_back(mapping->range);
      }
      mapping.reset();
    }
  }
  if (!mapping_seen) {
    return absl::InvalidArgumentError("/proc/PID/smaps holds no mapping");
  }
  return ranges;
}

}  // namespace evenkeel::agent
