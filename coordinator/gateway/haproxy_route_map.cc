#include "coordinator/gateway/haproxy_route_map.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "coordinator/gateway/fingerprint.h"

namespace evenkeel::coordinator::haproxy {
namespace {

constexpr uint32_t kSlots = 100;
constexpr absl::string_view kCanary = "canary/";
constexpr absl::string_view kMode = "mode/";
constexpr absl::string_view kMark = "mark";
constexpr size_t kMostStrangers = 64;  // sections that only the map names

// As HAProxy's configuration allows for names of sections.
bool IsSection(absl::string_view name) {
  constexpr absl::string_view kMarks = "-_.:";
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kMarks.find(static_cast<char>(c)) != absl::string_view::npos;
  });
}

absl::string_view WordOf(BackendMode mode) {
  switch (mode) {
    case BackendMode::kServing:
      return "serving";
    case BackendMode::kDraining:
      return "draining";
    case BackendMode::kClosed:
      return "closed";
  }
  return "serving";
}

std::optional<BackendMode> ModeOf(absl::string_view word) {
  for (const BackendMode mode : {BackendMode::kServing, BackendMode::kDraining, BackendMode::kClosed}) {
    if (word == WordOf(mode)) return mode;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> SectionsOf(const RouteParts& parts,
                                                              const RouteShape& shape) {
  std::map<std::string, std::string> sections;
  std::set<std::string> used;
  for (const auto& [backend, wish] : shape.backends) {
    const auto part = parts.find(backend);
    if (part != parts.end() && part->second.size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("backend ", backend, " must be one section of HAProxy, not ", part->second.size()));
    }
    const std::string& section = part == parts.end() ? backend : part->second.front();
    if (!IsSection(section)) {
      return absl::InvalidArgumentError(
          absl::StrCat("backend ", backend, ": \"", section, "\" is no name of a section of HAProxy"));
    }
    if (!used.insert(section).second) {
      return absl::InvalidArgumentError(absl::StrCat("two backends are the section ", section));
    }
    sections[backend] = section;
  }
  return sections;
}

std::vector<MapEntry> EntriesOf(const RouteShape& shape, const std::map<std::string, std::string>& sections,
                                const StoredMark& mark) {
  std::vector<MapEntry> entries;
  uint32_t slot = 0;
  for (const auto& [backend, wish] : shape.backends) {
    for (const uint32_t end = slot + wish.percent; slot < end; ++slot) {
      entries.push_back({absl::StrCat(slot), sections.at(backend)});
    }
  }
  EVENKEEL_CHECK(slot == kSlots) << "a shape of " << slot << "% was not checked";
  if (shape.canary) {
    entries.push_back({absl::StrCat(kCanary, shape.canary->value), sections.at(shape.canary->backend)});
  }
  for (const auto& [backend, wish] : shape.backends) {
    entries.push_back({absl::StrCat(kMode, backend), std::string(WordOf(wish.mode))});
  }
  entries.push_back({std::string(kMark), ToText(mark)});
  return entries;
}

std::string FileOf(const std::vector<MapEntry>& entries) {
  std::string file = "# Written by evenkeel: what HAProxy starts with.\n";
  for (const MapEntry& entry : entries) absl::StrAppend(&file, entry.key, " ", entry.value, "\n");
  return file;
}

std::optional<StoredMark> MarkInFile(absl::string_view file) {
  for (absl::string_view line : absl::StrSplit(file, '\n')) {
    if (absl::ConsumePrefix(&line, kMark) && absl::ConsumePrefix(&line, " ")) return ParseMark(line);
  }
  return std::nullopt;
}

RouteMapContent ContentOf(const std::vector<MapEntry>& entries, const RouteParts& parts,
                          const std::string& canary_header) {
  std::map<std::string, std::string> backends;  // by section
  for (const auto& [backend, sections] : parts) {
    for (const std::string& section : sections) backends.emplace(section, backend);
  }
  const auto backend_of = [&backends](const std::string& section) {
    const auto found = backends.find(section);
    return found == backends.end() ? section : found->second;
  };

  RouteMapContent content;
  const auto wish_of = [&content](const std::string& backend) -> BackendWish* {
    const auto found = content.shape.backends.find(backend);
    if (found != content.shape.backends.end()) return &found->second;
    if (content.shape.backends.size() >= kMostStrangers) return nullptr;
    return &content.shape.backends[backend];
  };
  for (const auto& [backend, sections] : parts) wish_of(backend);

  std::set<std::pair<std::string, std::string>> all;
  std::set<uint32_t> slots;
  for (const MapEntry& entry : entries) {
    all.emplace(entry.key, entry.value);
    absl::string_view key = entry.key;
    uint32_t slot = 0;
    if (absl::SimpleAtoi(key, &slot)) {
      // HAProxy takes the first of two entries with one key, and "07" is not what is drawn.
      if (slot >= kSlots || absl::StrCat(slot) != key || !slots.insert(slot).second) continue;
      if (BackendWish* wish = wish_of(backend_of(entry.value))) ++wish->percent;
    } else if (absl::ConsumePrefix(&key, kCanary)) {
      if (!content.shape.canary) {
        content.shape.canary = {canary_header, std::string(key), backend_of(entry.value)};
      }
    } else if (absl::ConsumePrefix(&key, kMode)) {
      const std::optional<BackendMode> mode = ModeOf(entry.value);
      BackendWish* wish = wish_of(std::string(key));
      if (mode && wish != nullptr) wish->mode = *mode;
    } else if (key == kMark) {
      if (!content.mark) content.mark = ParseMark(entry.value);
    }
  }
  // What gets requests serves, whatever somebody wrote beside it.
  for (auto& [backend, wish] : content.shape.backends) {
    if (wish.percent > 0) wish.mode = BackendMode::kServing;
  }
  std::string text;  // neither keys nor values hold a line feed
  for (const auto& [key, value] : all) absl::StrAppend(&text, key, "\n", value, "\n");
  content.fingerprint = Fingerprint(text);
  return content;
}

}  // namespace evenkeel::coordinator::haproxy
