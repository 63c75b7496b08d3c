// Stopping pods against a kubelet that starts them again, through a runtime that speaks CRI on a real socket.

#include "agent/fence/runtime_fence.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/agent/fake_runtime.h"

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

v1::MarkedPod Pod(const std::string& name) {
  v1::MarkedPod pod;
  pod.set_namespace_("shop");
  pod.set_name(name);
  pod.set_uid("uid-" + name);
  return pod;
}

class RuntimeFenceTest : public ::testing::Test {
 protected:
  RuntimeFenceTest()
      : socket_(::testing::TempDir() + "fence-" + std::to_string(getpid()) + ".sock"),
        runtime_(socket_),
        fence_(socket_, [this] { ++calls_; }) {
    AddPod("db-0");
    AddPod("web-1");
  }
  ~RuntimeFenceTest() override { std::filesystem::remove(socket_); }

  void AddPod(const std::string& name) {
    runtime_.AddPod("uid-" + name, "shop", name);
    runtime_.AddContainer("uid-" + name, "main", "container-" + name, "{}");
    runtime_.Change([&](FakeRuntime::State& state) {
      (*state.sandboxes.back().mutable_labels())[RuntimeFence::kKubeletLabel] = "uid-" + name;
    });
  }

  // What a kubelet does that finds a pod without a ready sandbox: makes the attempt after the highest that
  // has its label. Returns whether the runtime let it.
  bool KubeletRestarts(const std::string& name) {
    const uint32_t next = runtime_.Change([&](FakeRuntime::State& state) {
      uint32_t attempt = 0;
      for (const cri::PodSandbox& sandbox : state.sandboxes) {
        const bool own = sandbox.labels().contains(RuntimeFence::kKubeletLabel);
        if (own && sandbox.metadata().uid() == "uid-" + name) {
          attempt = std::max(attempt, sandbox.metadata().attempt() + 1);
        }
      }
      return attempt;
    });
    cri::PodSandboxConfig config;
    config.mutable_metadata()->set_name(name);
    config.mutable_metadata()->set_namespace_("shop");
    config.mutable_metadata()->set_uid("uid-" + name);
    config.mutable_metadata()->set_attempt(next);
    (*config.mutable_labels())[RuntimeFence::kKubeletLabel] = "uid-" + name;
    return RuntimeClient(socket_).RunPodSandbox(absl::Seconds(5), config).ok();
  }

  bool Runs(const std::string& name) {
    return runtime_.Change([&](FakeRuntime::State& state) {
      const bool sandbox = std::any_of(state.sandboxes.begin(), state.sandboxes.end(), [&](const auto& each) {
        return each.metadata().uid() == "uid-" + name && each.state() == cri::SANDBOX_READY &&
               each.labels().contains(RuntimeFence::kKubeletLabel);
      });
      return sandbox || std::any_of(state.containers.begin(), state.containers.end(), [&](const auto& each) {
               return each.id() == "container-" + name && each.state() == cri::CONTAINER_RUNNING;
             });
    });
  }
  size_t Blockers() {
    return runtime_.Change([](FakeRuntime::State& state) {
      return static_cast<size_t>(std::count_if(
          state.sandboxes.begin(), state.sandboxes.end(),
          [](const auto& each) { return each.labels().contains(RuntimeFence::kBlockerLabel); }));
    });
  }

  const std::string socket_;
  FakeRuntime runtime_;
  int calls_ = 0;
  RuntimeFence fence_;
};

// The marked pod is stopped, and only it; that nothing runs is believed only in a round that found nothing
// running.
TEST_F(RuntimeFenceTest, StopsWhatIsMarkedAndNothingElse) {
  EXPECT_FALSE(fence_.Hold({Pod("db-0")}, false).ok());
  EXPECT_TRUE(fence_.Hold({Pod("db-0")}, false).ok());
  EXPECT_FALSE(Runs("db-0"));
  EXPECT_TRUE(Runs("web-1"));
  EXPECT_GT(calls_, 3);
}

// A living kubelet cannot start the pod again: the name of its next sandbox is taken, for as long as nobody
// gives it back.
TEST_F(RuntimeFenceTest, AKubeletCannotStartItAgain) {
  (void)fence_.Hold({Pod("db-0")}, false);
  EXPECT_FALSE(KubeletRestarts("db-0"));
  EXPECT_FALSE(KubeletRestarts("db-0"));
  EXPECT_TRUE(fence_.Hold({Pod("db-0")}, false).ok());
  EXPECT_EQ(Blockers(), 1u);
  EXPECT_TRUE(KubeletRestarts("web-1"));
}

// A kubelet that was quicker with its next sandbox loses that one, too, and the one after it is blocked.
TEST_F(RuntimeFenceTest, AKubeletThatWasQuickerIsStoppedAgain) {
  ASSERT_TRUE(KubeletRestarts("db-0"));
  EXPECT_FALSE(fence_.Hold({Pod("db-0")}, true).ok());
  EXPECT_TRUE(fence_.Hold({Pod("db-0")}, true).ok());
  EXPECT_FALSE(Runs("db-0"));
  EXPECT_FALSE(KubeletRestarts("db-0"));
}

// A pod that has no sandbox now cannot get one.
TEST_F(RuntimeFenceTest, APodThatHasNotStartedCannotStart) {
  EXPECT_TRUE(fence_.Hold({Pod("db-7")}, false).ok());
  EXPECT_FALSE(KubeletRestarts("db-7"));
}

// A kubelet that has cleared its old sandboxes away counts from the beginning again: that name is taken, too.
TEST_F(RuntimeFenceTest, AKubeletThatCountsAnewCannotStartItEither) {
  runtime_.Change(
      [](FakeRuntime::State& state) { state.sandboxes.front().mutable_metadata()->set_attempt(3); });
  (void)fence_.Hold({Pod("db-0")}, false);
  EXPECT_FALSE(KubeletRestarts("db-0"));
  runtime_.Change([](FakeRuntime::State& state) {
    std::erase_if(state.sandboxes, [](const auto& each) { return each.id() == "sandbox-uid-db-0"; });
  });
  EXPECT_FALSE(KubeletRestarts("db-0"));
}

// A sandbox that does not stop is said, its containers are ended all the same, and it is tried again.
TEST_F(RuntimeFenceTest, ASandboxThatDoesNotStopIsNotBelievedStopped) {
  runtime_.Change([](FakeRuntime::State& state) { state.stop_fails = true; });
  EXPECT_FALSE(fence_.Hold({Pod("db-0")}, true).ok());
  EXPECT_FALSE(fence_.Hold({Pod("db-0")}, true).ok());
  const auto state = runtime_.Change([](FakeRuntime::State& all) { return all.containers.front().state(); });
  EXPECT_EQ(state, cri::CONTAINER_EXITED);
  runtime_.Change([](FakeRuntime::State& all) { all.stop_fails = false; });
  (void)fence_.Hold({Pod("db-0")}, true);
  EXPECT_TRUE(fence_.Hold({Pod("db-0")}, true).ok());
}

// A pod that may run again is given back to the kubelet at once. One that has moved is not, until the kubelet
// has nothing left of it.
TEST_F(RuntimeFenceTest, ReleasesWhatMayRunAndForgetsWhatIsOver) {
  AddPod("db-1");
  (void)fence_.Hold({Pod("db-0"), Pod("db-1")}, false);
  EXPECT_EQ(Blockers(), 2u);
  EXPECT_FALSE(fence_.Release({Pod("db-1")}).ok());
  EXPECT_TRUE(KubeletRestarts("db-1"));
  EXPECT_FALSE(KubeletRestarts("db-0"));
  runtime_.Change([](FakeRuntime::State& state) {
    std::erase_if(state.sandboxes, [](const auto& each) { return each.id() == "sandbox-uid-db-0"; });
  });
  EXPECT_TRUE(fence_.Release({Pod("db-1")}).ok());
  EXPECT_EQ(Blockers(), 0u);
}

// A runtime that does not answer holds nothing, and says so.
TEST_F(RuntimeFenceTest, ARuntimeThatDoesNotAnswerHoldsNothing) {
  EXPECT_TRUE(fence_.Check().ok());
  runtime_.Change(
      [](FakeRuntime::State& state) { state.fail = grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"); });
  EXPECT_FALSE(fence_.Check().ok());
  EXPECT_FALSE(fence_.Hold({Pod("db-0")}, false).ok());
  EXPECT_FALSE(fence_.Release({}).ok());
}

}  // namespace
}  // namespace evenkeel::agent
