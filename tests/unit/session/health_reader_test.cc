// What the core is told of a node's health out of its agent's reports, by table.
#include "coordinator/session/health_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

namespace evenkeel::coordinator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);
constexpr int64_t kNodeNow = 5'000;  // the node's own clock is of another time

v1::Report Full() {
  v1::Report report;
  report.set_full(true);
  report.mutable_node_time()->set_seconds(kNodeNow);
  return report;
}

v1::Report Delta(int64_t seconds_later = 0) {
  v1::Report report;
  report.mutable_node_time()->set_seconds(kNodeNow + seconds_later);
  return report;
}

void Happen(v1::Report& report, v1::NodeOccurrence::Kind kind, int64_t node_time, const std::string& detail) {
  v1::NodeOccurrence& occurrence = *report.add_occurrences();
  occurrence.set_kind(kind);
  occurrence.mutable_node_time()->set_seconds(node_time);
  occurrence.set_detail(detail);
}

// Each kind of trouble that a report can tell is one symptom, with its words.
TEST(HealthReader, FindsEachSymptom) {
  const struct {
    SymptomKind kind;
    std::string detail;
    std::function<void(v1::Report&)> spoil;
  } table[] = {
      {SymptomKind::kKubelet, "its kubelet is not well (checks of its /healthz that fail: syncloop)",
       [](v1::Report& r) {
         r.mutable_node()->mutable_kubelet()->set_state(v1::PART_STATE_UNHEALTHY);
         r.mutable_node()->mutable_kubelet()->set_detail("checks of its /healthz that fail: syncloop");
       }},
      {SymptomKind::kKubelet, "its kubelet does not answer",
       [](v1::Report& r) { r.mutable_node()->mutable_kubelet()->set_state(v1::PART_STATE_UNREACHABLE); }},
      {SymptomKind::kRuntime, "its container runtime does not answer",
       [](v1::Report& r) { r.mutable_node()->mutable_runtime()->set_state(v1::PART_STATE_UNREACHABLE); }},
      {SymptomKind::kPleg, "its kubelet's watch over containers (PLEG) is not well",
       [](v1::Report& r) { r.mutable_node()->mutable_pleg()->set_state(v1::PART_STATE_UNHEALTHY); }},
      {SymptomKind::kReadOnlyDisk, "the file system of its runtime cannot be written",
       [](v1::Report& r) {
         r.mutable_node()->add_filesystems()->set_role("runtime");
         r.mutable_node()->mutable_filesystems(0)->set_read_only(true);
       }},
      {SymptomKind::kHungDisk, "the file system of its kubelet does not answer",
       [](v1::Report& r) {
         r.mutable_node()->add_filesystems()->set_role("kubelet");
         r.mutable_node()->mutable_filesystems(0)->set_not_answering(true);
       }},
      {SymptomKind::kMemoryStall, "all its tasks wait for memory 70 % of the time",
       [](v1::Report& r) { r.mutable_node()->mutable_pressure()->set_memory_full_10s_percent(74.9); }},
      {SymptomKind::kIoErrors, "its disk has errors, 1 in five minutes (I/O error, dev sda)",
       [](v1::Report& r) {
         Happen(r, v1::NodeOccurrence::KIND_IO_ERROR, kNodeNow - 3, "I/O error, dev sda");
       }},
      {SymptomKind::kHungTask, "its kernel reports a task that makes no progress (INFO: task x)",
       [](v1::Report& r) { Happen(r, v1::NodeOccurrence::KIND_HUNG_TASK, kNodeNow - 3, "INFO: task x"); }},
      {SymptomKind::kReadOnlyDisk, "a file system has become read-only (EXT4-fs)",
       [](v1::Report& r) {
         Happen(r, v1::NodeOccurrence::KIND_READ_ONLY_FILESYSTEM, kNodeNow - 3, "EXT4-fs");
       }},
      {SymptomKind::kOomKills, "its kernel killed 1 processes in a minute for want of memory",
       [](v1::Report& r) {
         Happen(r, v1::NodeOccurrence::KIND_OOM_KILL, kNodeNow - 3, "Out of memory: Killed process 7");
       }},
  };
  for (const auto& row : table) {
    v1::Report report = Full();
    row.spoil(report);
    const auto health = HealthReader().Read(report, kNow);
    ASSERT_TRUE(health.has_value()) << row.detail;
    ASSERT_EQ(health->symptoms.size(), 1U) << row.detail;
    const Symptom& symptom = health->symptoms.front();
    EXPECT_EQ(symptom.kind, row.kind) << row.detail;
    EXPECT_EQ(symptom.detail, row.detail);
    // By our clock, whatever the node's says.
    if (symptom.last_seen) {
      EXPECT_EQ(symptom.last_seen, kNow - absl::Seconds(3));
    }
  }
}

// What is absent, unknown, or of a container's own making is no symptom of the node's.
TEST(HealthReader, AbsentIsNotSick) {
  v1::Report report = Full();
  report.mutable_node()->mutable_runtime()->set_state(v1::PART_STATE_ABSENT);
  report.mutable_node()->mutable_kubelet()->set_state(v1::PART_STATE_UNSPECIFIED);
  report.mutable_node()->mutable_pressure()->set_cpu_some_10s_percent(100);
  report.mutable_node()->add_filesystems()->set_role("kubelet");
  Happen(report, v1::NodeOccurrence::KIND_OOM_KILL, kNodeNow,
         "Memory cgroup out of memory: Killed process 7");
  Happen(report, v1::NodeOccurrence::KIND_CONTAINER_EXITED, kNodeNow, "ended");
  const auto health = HealthReader().Read(report, kNow);
  ASSERT_TRUE(health.has_value());
  EXPECT_TRUE(health->symptoms.empty());
  EXPECT_FALSE(health->all_known);
}

// All is known when each part was looked at; that there is none of its kind is an answer, too.
TEST(HealthReader, TellsWhenAllIsKnown) {
  HealthReader reader;
  v1::Report report = Full();
  report.mutable_node()->mutable_runtime()->set_state(v1::PART_STATE_ABSENT);
  report.mutable_node()->mutable_kubelet()->set_state(v1::PART_STATE_HEALTHY);
  EXPECT_FALSE(reader.Read(report, kNow)->all_known);
  v1::Report delta = Delta();
  delta.mutable_node()->mutable_pleg()->set_state(v1::PART_STATE_HEALTHY);
  EXPECT_TRUE(reader.Read(delta, kNow)->all_known);
  EXPECT_FALSE(reader.Read(Full(), kNow)->all_known);
}

// The first report is always told, later ones only when they change something; wavering words do not.
TEST(HealthReader, TellsChangesOnly) {
  HealthReader reader;
  EXPECT_TRUE(reader.Read(Full(), kNow).has_value());
  EXPECT_FALSE(reader.Read(Delta(), kNow).has_value());

  v1::Report sick = Delta();
  sick.mutable_node()->mutable_runtime()->set_state(v1::PART_STATE_UNREACHABLE);
  sick.mutable_node()->mutable_runtime()->set_detail("after 2000 ms");
  EXPECT_EQ(reader.Read(sick, kNow)->symptoms.size(), 1U);
  sick.mutable_node()->mutable_runtime()->set_detail("after 2001 ms");
  EXPECT_FALSE(reader.Read(sick, kNow).has_value());
  EXPECT_FALSE(reader.Read(Delta(), kNow).has_value());  // as before

  v1::Report stall = Delta();
  stall.mutable_node()->mutable_pressure()->set_memory_full_10s_percent(61);
  EXPECT_EQ(reader.Read(stall, kNow)->symptoms.size(), 2U);
  stall.mutable_node()->mutable_pressure()->set_memory_full_10s_percent(69);
  EXPECT_FALSE(reader.Read(stall, kNow).has_value());
  stall.mutable_node()->mutable_pressure()->set_memory_full_10s_percent(9);
  EXPECT_EQ(reader.Read(stall, kNow)->symptoms.size(), 1U);
}

// A part that was sick and cannot be read any more is not well, and not seen to be sick either: it is told
// once when it was seen last.
TEST(HealthReader, UnknownIsNeitherWellNorSick) {
  HealthReader reader;
  v1::Report report = Full();
  report.mutable_node()->mutable_kubelet()->set_state(v1::PART_STATE_UNREACHABLE);
  report.mutable_node()->mutable_kubelet()->set_detail("refused");
  const auto sick = reader.Read(report, kNow);
  ASSERT_EQ(sick->symptoms.size(), 1U);
  EXPECT_FALSE(sick->symptoms.front().last_seen.has_value());

  v1::Report delta = Delta(1);
  v1::PartHealth& kubelet = *delta.mutable_node()->mutable_kubelet();
  kubelet.set_state(v1::PART_STATE_UNSPECIFIED);
  const auto unknown = reader.Read(delta, kNow + absl::Seconds(1));
  ASSERT_TRUE(unknown.has_value());
  ASSERT_EQ(unknown->symptoms.size(), 1U);
  EXPECT_EQ(unknown->symptoms.front().kind, SymptomKind::kKubelet);
  EXPECT_EQ(unknown->symptoms.front().detail,
            "its kubelet does not answer (refused), and cannot be looked at any more");
  EXPECT_EQ(unknown->symptoms.front().last_seen, kNow + absl::Seconds(1));
  kubelet.set_detail("the certificate cannot be verified");
  EXPECT_FALSE(reader.Read(delta, kNow + absl::Minutes(1)).has_value());

  kubelet.set_state(v1::PART_STATE_UNHEALTHY);
  const auto again = reader.Read(delta, kNow + absl::Minutes(2));
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ(again->symptoms.size(), 1U);
  EXPECT_FALSE(again->symptoms.front().last_seen.has_value());
  EXPECT_EQ(again->symptoms.front().detail, "its kubelet does not answer (refused)");
  kubelet.set_state(v1::PART_STATE_HEALTHY);
  EXPECT_TRUE(reader.Read(delta, kNow + absl::Minutes(3))->symptoms.empty());
}

// A whole report says all there is: what it leaves out is no more.
TEST(HealthReader, AWholeReportForgetsWhatWasBefore) {
  HealthReader reader;
  v1::Report report = Full();
  report.mutable_node()->mutable_kubelet()->set_state(v1::PART_STATE_UNHEALTHY);
  EXPECT_EQ(reader.Read(report, kNow)->symptoms.size(), 1U);
  EXPECT_TRUE(reader.Read(Full(), kNow)->symptoms.empty());
}

// A storm is counted within its window and told now and then, its first few each.
TEST(HealthReader, CountsAStormAndTellsItSparingly) {
  HealthReader reader;
  (void)reader.Read(Full(), kNow);
  int told = 0;
  uint32_t most = 0;
  for (int second = 0; second < 300; ++second) {
    v1::Report report = Delta(second);
    for (int i = 0; i < 3; ++i) {
      Happen(report, v1::NodeOccurrence::KIND_OOM_KILL, kNodeNow + second, "Out of memory: Killed process 7");
    }
    if (const auto health = reader.Read(report, kNow + absl::Seconds(second))) {
      ++told;
      most = std::max(most, health->symptoms.front().figure);
    }
  }
  EXPECT_EQ(most, HealthReader::kMostCounted);
  EXPECT_LE(told, 300 / 10 + 4);
  EXPECT_GE(told, 300 / 10);
}

// A session is told again what the kernel said before. Where the node's clock was set back since, that is no
// news of now, session after session.
TEST(HealthReader, WhatIsOfTheFutureIsNotToldAgain) {
  HealthReader reader;
  v1::Report retold = Full();
  Happen(retold, v1::NodeOccurrence::KIND_HUNG_TASK, kNodeNow + 3'600, "INFO: task x");
  const auto before = reader.Read(retold, kNow);
  ASSERT_TRUE(before.has_value());
  EXPECT_TRUE(before->symptoms.empty());
  v1::Report fresh = Full();
  Happen(fresh, v1::NodeOccurrence::KIND_HUNG_TASK, kNodeNow + 2, "INFO: task x");
  const auto now = reader.Read(fresh, kNow);
  ASSERT_TRUE(now.has_value());
  ASSERT_EQ(now->symptoms.size(), 1U);
  EXPECT_EQ(now->symptoms.front().last_seen, kNow);
}

}  // namespace
}  // namespace evenkeel::coordinator
