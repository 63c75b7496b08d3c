#include "agent/collect/kubelet_collector.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/synchronization/mutex.h"
#include "common/observability/endpoint.h"
#include "common/time/steady_clock.h"
#include "tests/unit/agent/fake_root.h"
#include "tests/unit/agent/test_certificates.h"
#include "tests/unit/agent/testdata.h"

namespace evenkeel::agent {
namespace {

using observability::Endpoint;

class KubeletCollectorTest : public ::testing::Test {
 protected:
  KubeletCollectorTest() {
    answers_["/healthz"] = {.code = 200, .body = "ok"};
    answers_["/pods"] = {.code = 200, .body = ReadTestdata("kubelet/pods.json")};
    answers_["/metrics/resource"] = {.code = 200, .body = ReadTestdata("kubelet/metrics-resource.txt")};
    kubelet_ = *Endpoint::Start({.address = "127.0.0.1"}, [this](absl::string_view path) {
      absl::MutexLock lock(&mutex_);
      const std::string key(path);
      ++asked_[key];
      return answers_[key];
    });
    // The containers of the captured documents, as the runtime would list them.
    RuntimeContainer side;
    side.id = "b0b0";
    side.name = "side";
    side.state = v1::CONTAINER_STATE_EXITED;
    RuntimeContainer web;
    web.id = "c0c0";
    web.name = "web";
    web.state = v1::CONTAINER_STATE_RUNNING;
    board_.Update([&](NodeState& state) {
      state.SetPods({{.uid = "5c1a2a8e-5d8a-4a39-8a5f-52b9e5b3f001",
                      .pod_namespace = "default",
                      .name = "web-7d4b9",
                      .sandbox_ready = true,
                      .containers = {side, web}}},
                    absl::Now());
    });
    usage_.SetContainers({{.container_id = "c0c0", .cgroup_directory = ""}});
  }

  void Start(std::string url = "") {
    KubeletCollector::Options options;
    options.url = url.empty() ? "http://127.0.0.1:" + std::to_string(kubelet_->port()) : url;
    options.health_interval = absl::Milliseconds(20);
    options.document_interval = absl::Milliseconds(20);
    options.metrics_interval = absl::Milliseconds(20);
    options.pleg_stuck_after = absl::Milliseconds(100);
    collector_.emplace(options, board_, usage_, clock_);
  }

  void Answer(const std::string& path, Endpoint::Reply reply) {
    absl::MutexLock lock(&mutex_);
    answers_[path] = std::move(reply);
  }

  // Polls the board, as it has nobody to tell, until the condition holds.
  template <typename Condition>
  v1::Report WaitUntil(Condition condition) {
    for (int i = 0; i < 3000; ++i) {
      v1::Report report = board_.TakeAll(absl::Now()).report;
      if (condition(report)) {
        return report;
      }
      absl::SleepFor(absl::Milliseconds(10));
    }
    ADD_FAILURE() << "waited in vain";
    return {};
  }

  v1::PartHealth WaitForState(v1::PartState state) {
    return WaitUntil([&](const v1::Report& report) { return report.node().kubelet().state() == state; })
        .node()
        .kubelet();
  }

  FakeRoot root_;
  Board board_;
  time::SteadyClock clock_;
  UsageCollector usage_{root_.host(), board_, clock_};
  absl::Mutex mutex_;
  std::map<std::string, Endpoint::Reply> answers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> asked_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Endpoint> kubelet_;
  std::optional<KubeletCollector> collector_;
};

// The kubelet's health, and what it knows of containers beyond the runtime, reach the report.
TEST_F(KubeletCollectorTest, TellsHealthAndContainers) {
  Start();
  const v1::Report report = WaitUntil([](const v1::Report& r) {
    return r.node().kubelet().state() == v1::PART_STATE_HEALTHY &&
           r.pods(0).containers(1).has_memory_working_set_bytes();
  });
  const v1::ContainerReport& side = report.pods(0).containers(0);
  EXPECT_EQ(side.image(), "registry.example/side:2");
  EXPECT_EQ(side.restarts(), 3U);
  EXPECT_EQ(side.exit_code(), 137);
  EXPECT_EQ(side.exit_reason(), "OOMKilled");
  EXPECT_EQ(report.pods(0).containers(1).image(), "registry.example/web:1");
  EXPECT_EQ(report.pods(0).containers(1).memory_working_set_bytes(), 1'044'480U);
}

// A kubelet that says it is not well, and one that is not there, are told apart.
TEST_F(KubeletCollectorTest, UnhealthyAndUnreachableAreToldApart) {
  Start();
  WaitForState(v1::PART_STATE_HEALTHY);
  Answer("/healthz", {.code = 500, .body = "syncloop is stuck"});
  EXPECT_EQ(WaitForState(v1::PART_STATE_UNHEALTHY).detail(), "GET /healthz was answered with 500");
  Answer("/healthz", {.code = 500, .body = "[+]ping ok\n[-]syncloop failed: reason withheld\n"});
  WaitUntil([](const v1::Report& r) {
    return r.node().kubelet().detail() == "checks of its /healthz that fail: syncloop";
  });
  kubelet_.reset();
  WaitForState(v1::PART_STATE_UNREACHABLE);
}

// A PLEG whose last activity does not move is stuck; it is well again when it moves. What the node's clock
// says of it does not matter, and a kubelet that does not tell is not sick.
TEST_F(KubeletCollectorTest, TellsAPlegThatDoesNotMove) {
  Answer("/metrics", {.code = 200, .body = "go_goroutines 200\n"});
  Start();
  WaitUntil([this](const v1::Report&) {
    absl::MutexLock lock(&mutex_);
    return asked_["/metrics"] >= 3;
  });
  EXPECT_FALSE(board_.TakeAll(absl::Now()).report.node().has_pleg());
  const auto pleg_is = [](v1::PartState state) {
    return [state](const v1::Report& r) { return r.node().pleg().state() == state; };
  };
  Answer("/metrics", {.code = 200, .body = "kubelet_pleg_last_seen_seconds 1e+09\n"});
  WaitUntil(pleg_is(v1::PART_STATE_UNHEALTHY));
  Answer("/metrics", {.code = 200, .body = "kubelet_pleg_last_seen_seconds 1.000000001e+09\n"});
  WaitUntil(pleg_is(v1::PART_STATE_HEALTHY));
}

// What fails on our side says nothing of the kubelet: no right to ask it, no trust in its certificate.
TEST_F(KubeletCollectorTest, OurOwnTroubleIsNotTheKubelets) {
  Answer("/healthz", {.code = 403, .body = "forbidden"});
  Start();
  const v1::PartHealth health = WaitUntil([](const v1::Report& r) {
                                  return r.node().kubelet().detail().find("403") != std::string::npos;
                                })
                                    .node()
                                    .kubelet();
  EXPECT_EQ(health.state(), v1::PART_STATE_UNSPECIFIED);
}

// Documents that are broken or refused leave what is known as it was, and the health check goes on.
TEST_F(KubeletCollectorTest, BrokenDocumentsDoNotStopTheRest) {
  Answer("/pods", {.code = 200, .body = "{ broken"});
  Answer("/metrics/resource", {.code = 500, .body = ""});
  Start();
  WaitForState(v1::PART_STATE_HEALTHY);
  WaitUntil([this](const v1::Report&) {
    absl::MutexLock lock(&mutex_);
    return asked_["/pods"] >= 3 && asked_["/metrics/resource"] >= 3;
  });
  EXPECT_EQ(board_.TakeAll(absl::Now()).report.pods(0).containers(0).restarts(), 0U);
  Answer("/pods", {.code = 200, .body = ReadTestdata("kubelet/pods.json")});
  WaitUntil([](const v1::Report& r) { return r.pods(0).containers(0).restarts() == 3; });
}

}  // namespace
}  // namespace evenkeel::agent
