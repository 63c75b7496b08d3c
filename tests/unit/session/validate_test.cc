#include "coordinator/session/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

v1::Hello GoodHello() {
  v1::Hello hello;
  hello.set_cluster("blue");
  hello.set_node("node-1.example.org");
  hello.set_agent_version("0.1.0");
  hello.set_boot_id("8a7c3a0e-7f4b-4f39-8a53-5d9f0f7f3d11");
  hello.set_agent_port(9120);
  return hello;
}

// A hello as agents send it passes.
TEST(ValidateHello, AcceptsWhatAgentsSend) {
  EXPECT_TRUE(ValidateHello(GoodHello()).ok());
}

// Each field out of its bounds is refused by its name.
TEST(ValidateHello, NamesTheFieldThatIsWrong) {
  struct Case {
    std::string field;
    std::function<void(v1::Hello&)> spoil;
  };
  const Case cases[] = {
      {"hello.cluster", [](v1::Hello& hello) { hello.clear_cluster(); }},
      {"hello.cluster", [](v1::Hello& hello) { hello.set_cluster(std::string(64, 'c')); }},
      {"hello.cluster", [](v1::Hello& hello) { hello.set_cluster("blue\nfake line"); }},
      {"hello.node", [](v1::Hello& hello) { hello.clear_node(); }},
      {"hello.node", [](v1::Hello& hello) { hello.set_node(std::string(254, 'n')); }},
      {"hello.node", [](v1::Hello& hello) { hello.set_node("../node"); }},
      {"hello.agent_version", [](v1::Hello& hello) { hello.set_agent_version(std::string(65, 'v')); }},
      {"hello.boot_id", [](v1::Hello& hello) { hello.set_boot_id(std::string(65, 'b')); }},
      {"hello.agent_port", [](v1::Hello& hello) { hello.set_agent_port(65536); }},
  };
  for (const Case& c : cases) {
    v1::Hello hello = GoodHello();
    c.spoil(hello);
    const absl::Status status = ValidateHello(hello);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.field;
    EXPECT_EQ(base::Detail(status, base::kFieldKey), c.field);
  }
}

// A report at the bounds passes, and one over any of them is refused by the field's name.
TEST(ValidateReport, NamesTheFieldThatIsWrong) {
  const std::string longest_name(kMaxNameBytes, 'n');
  const std::string longest_text(kMaxLongTextBytes, 't');
  const auto good = [&] {
    v1::Report report;
    report.mutable_node()->mutable_kubelet()->set_detail(longest_text);
    report.mutable_node()->add_filesystems()->set_role("kubelet");
    v1::PodReport* pod = report.add_pods();
    pod->set_uid("uid-1");
    pod->set_namespace_(longest_name);
    pod->set_name(longest_name);
    pod->add_containers()->set_image(longest_text);
    report.add_gone_pod_uids("uid-2");
    report.add_occurrences()->set_detail(longest_text);
    return report;
  };
  EXPECT_TRUE(ValidateReport(good()).ok());

  struct Case {
    std::string field;
    std::function<void(v1::Report&)> spoil;
  };
  const Case cases[] = {
      {"report.node.kubelet.detail",
       [](v1::Report& report) {
         report.mutable_node()->mutable_kubelet()->mutable_detail()->push_back('x');
       }},
      {"report.node.runtime.detail",
       [&](v1::Report& report) { report.mutable_node()->mutable_runtime()->set_detail(longest_text + "x"); }},
      {"report.node.runtime_version",
       [&](v1::Report& report) { report.mutable_node()->set_runtime_version(longest_text); }},
      {"report.node.filesystems",
       [](v1::Report& report) {
         for (int i = 0; i < kMaxFilesystems; ++i) report.mutable_node()->add_filesystems();
       }},
      {"report.node.filesystems.role",
       [&](v1::Report& report) { report.mutable_node()->mutable_filesystems(0)->set_role(longest_name); }},
      {"report.pods",
       [](v1::Report& report) {
         for (int i = 0; i < kMaxPods; ++i) report.add_pods()->set_uid("u");
       }},
      {"report.pods.uid", [](v1::Report& report) { report.mutable_pods(0)->clear_uid(); }},
      {"report.pods.uid", [&](v1::Report& report) { report.mutable_pods(0)->set_uid(longest_name + "x"); }},
      {"report.pods.namespace",
       [&](v1::Report& report) { report.mutable_pods(0)->set_namespace_(longest_name + "x"); }},
      {"report.pods.name", [&](v1::Report& report) { report.mutable_pods(0)->set_name(longest_name + "x"); }},
      {"report.pods.containers",
       [](v1::Report& report) {
         for (int i = 0; i < kMaxContainers; ++i) report.mutable_pods(0)->add_containers();
       }},
      {"report.pods.containers.name",
       [&](v1::Report& report) { report.mutable_pods(0)->mutable_containers(0)->set_name(longest_text); }},
      {"report.pods.containers.container_id",
       [&](v1::Report& report) {
         report.mutable_pods(0)->mutable_containers(0)->set_container_id(longest_text + "x");
       }},
      {"report.pods.containers.image",
       [&](v1::Report& report) {
         report.mutable_pods(0)->mutable_containers(0)->set_image(longest_text + "x");
       }},
      {"report.pods.containers.exit_reason",
       [&](v1::Report& report) {
         report.mutable_pods(0)->mutable_containers(0)->set_exit_reason(longest_text);
       }},
      {"report.gone_pod_uids",
       [](v1::Report& report) {
         for (int i = 0; i < kMaxPods; ++i) report.add_gone_pod_uids("u");
       }},
      {"report.gone_pod_uids", [&](v1::Report& report) { report.set_gone_pod_uids(0, longest_text); }},
      {"report.occurrences",
       [](v1::Report& report) {
         for (int i = 0; i < kMaxOccurrences; ++i) report.add_occurrences();
       }},
      {"report.occurrences.detail",
       [&](v1::Report& report) { report.mutable_occurrences(0)->set_detail(longest_text + "x"); }},
      {"report.occurrences.pod_uid",
       [&](v1::Report& report) { report.mutable_occurrences(0)->set_pod_uid(longest_text); }},
      {"report.occurrences.container",
       [&](v1::Report& report) { report.mutable_occurrences(0)->set_container(longest_text); }},
  };
  for (const Case& c : cases) {
    v1::Report report = good();
    c.spoil(report);
    const absl::Status status = ValidateReport(report);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.field;
    EXPECT_EQ(base::Detail(status, base::kFieldKey), c.field);
  }
}

// Texts in a probe's answer and a goodbye are bounded too: both end up in logs.
TEST(ValidateSmallMessages, BoundTheirTexts) {
  v1::ProbeAnswer answer;
  answer.mutable_agent()->set_detail(std::string(kMaxLongTextBytes, 'd'));
  EXPECT_TRUE(ValidateProbeAnswer(answer).ok());
  answer.mutable_agent()->mutable_detail()->push_back('d');
  EXPECT_EQ(ValidateProbeAnswer(answer).code(), absl::StatusCode::kInvalidArgument);

  v1::FencingStatus fencing;
  fencing.set_detail(std::string(kMaxLongTextBytes, 'f'));
  fencing.mutable_watchdog_timeout()->set_seconds(3600);
  EXPECT_TRUE(ValidateFencingStatus(fencing).ok());
  fencing.mutable_watchdog_timeout()->set_seconds(3601);
  EXPECT_EQ(base::Detail(ValidateFencingStatus(fencing), base::kFieldKey), "fencing_status.watchdog_timeout");
  fencing.mutable_watchdog_timeout()->set_seconds(-1);
  EXPECT_EQ(base::Detail(ValidateFencingStatus(fencing), base::kFieldKey), "fencing_status.watchdog_timeout");
  fencing.clear_watchdog_timeout();
  fencing.mutable_detail()->push_back('f');
  EXPECT_EQ(base::Detail(ValidateFencingStatus(fencing), base::kFieldKey), "fencing_status.detail");

  v1::Goodbye goodbye;
  goodbye.set_reason(std::string(kMaxLongTextBytes, 'r'));
  EXPECT_TRUE(ValidateGoodbye(goodbye).ok());
  goodbye.mutable_reason()->push_back('r');
  EXPECT_EQ(ValidateGoodbye(goodbye).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace evenkeel::coordinator
