// HAProxy's runtime socket, or whoever listens in its place.
//
// The input: one byte with the number of commands that were asked, then what was answered.
#include "coordinator/gateway/haproxy_answers.h"

#include <string>

#include "absl/strings/string_view.h"
#include "coordinator/gateway/haproxy_route_map.h"
#include "coordinator/gateway/shape.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator;

void CheckWords(const absl::Status& status) {
  const absl::string_view message = status.message();
  EVENKEEL_CHECK(fuzz::IsUtf8({message.data(), message.size()})) << status;
  EVENKEEL_CHECK(message.size() < 4096) << "a message of " << message.size() << " bytes";
}

void CheckMap(const std::vector<haproxy::MapEntry>& entries) {
  const RouteParts parts = {{"blue", {"shop-blue"}}, {"green", {"shop-green"}}};
  const haproxy::RouteMapContent content = haproxy::ContentOf(entries, parts, "x-evenkeel-canary");
  EVENKEEL_CHECK(content.shape.backends.size() < 100) << "as many backends as somebody likes";
  uint64_t sum = 0;
  for (const auto& [backend, wish] : content.shape.backends) {
    sum += wish.percent;
    EVENKEEL_CHECK(wish.percent == 0 || wish.mode == BackendMode::kServing) << backend;
  }
  EVENKEEL_CHECK(sum <= 100) << sum << "%";
  if (content.mark) EVENKEEL_CHECK(ParseMark(ToText(*content.mark)) == content.mark) << ToText(*content.mark);
  // What can be wished is written and read as it was.
  const auto sections = haproxy::SectionsOf(parts, content.shape);
  if (!CheckShape(content.shape).ok() || !sections.ok()) return;
  const StoredMark mark = {"store-a", {.epoch = 1, .owner = {1, 1}, .version = 1}};
  const auto again =
      haproxy::ContentOf(haproxy::EntriesOf(content.shape, *sections, mark), parts, "x-evenkeel-canary");
  EVENKEEL_CHECK(again.shape == content.shape && again.mark == mark) << ToWords(content.shape);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  const size_t count = fuzz::TakeByte(input) % 16;
  const absl::string_view text(input.data(), input.size());
  const auto answers = haproxy::SplitAnswers(text, count);
  if (!answers.ok()) {
    CheckWords(answers.status());
  } else {
    std::string joined;
    for (const std::string& answer : *answers) joined += answer + "\n";
    EVENKEEL_CHECK(joined == input) << "something was lost between the answers";
  }
  CheckWords(haproxy::Outcome(text, "add map"));
  const auto info = haproxy::ParseInfo(text);
  CheckWords(info.status());
  if (info.ok()) EVENKEEL_CHECK(info->pid > 0 && fuzz::IsUtf8(info->version)) << info->Instance();
  CheckWords(haproxy::ParseMapVersions(text, "/shop.map").status());
  CheckWords(haproxy::ParseNewVersion(text).status());
  const auto map = haproxy::ParseMap(text);
  CheckWords(map.status());
  if (map.ok()) CheckMap(*map);
  const auto stat = haproxy::ParseStat(text);
  CheckWords(stat.status());
  if (stat.ok()) {
    for (const haproxy::StatRow& row : *stat) EVENKEEL_CHECK(!row.section.empty()) << "a row of nothing";
  }
  const auto servers = haproxy::ParseServersState(text);
  CheckWords(servers.status());
  if (servers.ok()) {
    for (const auto& server : *servers) EVENKEEL_CHECK(server.weight <= 256) << server.weight;
  }
  const auto workers = haproxy::ParseOldWorkers(text);
  CheckWords(workers.status());
  if (workers.ok()) {
    for (const int64_t pid : *workers) EVENKEEL_CHECK(pid > 0) << pid;
  }
  return 0;
}
