// The fencing hook: what counts as its success, that it is tried again, that it cannot hang us, and that
// nothing of it is left when we stop.

#include "coordinator/act/fence_hook.h"

#include <sys/stat.h>
#include <unistd.h>

#include <httplib.h>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

class FenceHookTest : public ::testing::Test {
 protected:
  FenceHookTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("hook-" + std::to_string(getpid()) +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~FenceHookTest() override { std::filesystem::remove_all(folder_); }

  void Script(const std::string& text) {
    const std::string path = folder_ / "hook";
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    chmod(path.c_str(), 0755);
    options_.command = {path, (folder_ / "said").string()};
  }
  std::string Said() const {
    std::ifstream file(folder_ / "said");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Answer Fence() {
    hook_ = *FenceHook::Create(options_);
    std::promise<Answer> answered;
    hook_->Fence({.cluster = "east", .node = "node-7", .uid = "uid-7", .decision = "3-4"}, why_not_, wanted_,
                 [&answered](Answer answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }

  const std::filesystem::path folder_;
  FenceHook::Options options_;
  WhyNot why_not_ = [] { return std::nullopt; };
  FenceHook::StillWanted wanted_ = [] { return true; };
  std::unique_ptr<FenceHook> hook_;
};

// Exit code 0 is proof, and what it said is kept; it is told whom to fence, and nothing of our own
// environment.
TEST_F(FenceHookTest, ACommandThatEndsWellIsProof) {
  setenv("EVENKEEL_SECRET", "secret", 1);
  Script("env > $1; echo outlet 7 is off");
  const Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kDone);
  EXPECT_EQ(answer.detail, "exit code 0: outlet 7 is off");
  EXPECT_THAT(Said(), testing::HasSubstr("EVENKEEL_FENCE_CLUSTER=east\n"));
  EXPECT_THAT(Said(), testing::HasSubstr("EVENKEEL_FENCE_NODE=node-7\n"));
  EXPECT_THAT(Said(), testing::HasSubstr("EVENKEEL_FENCE_UID=uid-7\n"));
  EXPECT_THAT(Said(), testing::HasSubstr("EVENKEEL_FENCE_DECISION=3-4\n"));
  EXPECT_THAT(Said(), testing::Not(testing::HasSubstr("secret")));
}

// A failure is told in its words.
TEST_F(FenceHookTest, AFailureIsNoProof) {
  Script("echo no such outlet >&2; exit 9");
  const Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_EQ(answer.detail, "exit code 9: no such outlet");
}

// What does not end in time is killed with all that it has started, and is no proof.
TEST_F(FenceHookTest, WhatHangsIsKilled) {
  Script("sleep 1000 & echo $! > $1; wait");
  options_.deadline = absl::Seconds(1);
  const Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, testing::HasSubstr("it had not ended after 1s"));
  const pid_t child = static_cast<pid_t>(std::stoi(Said()));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (kill(child, 0) == 0 && std::filesystem::exists("/proc/" + std::to_string(child) + "/fd/0")) {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// A node that shows life before it is its turn is not powered off any more, and a hook that works when it
// does is ended.
TEST_F(FenceHookTest, WhatIsNotWantedAnyMoreIsNotDone) {
  Script("echo x >> $1; sleep 1000");
  why_not_ = [] { return Withdrawn(); };
  EXPECT_EQ(Fence().outcome, ActionOutcome::kWithdrawn);
  EXPECT_EQ(Said(), "");
  why_not_ = [] { return std::nullopt; };
  wanted_ = [this] { return Said().empty(); };
  const Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_EQ(answer.detail, "ended: it is not wanted any more");
}

// L1: what has waited too long for its turn is not done: its node is judged again first.
TEST_F(FenceHookTest, WhatHasWaitedTooLongIsNotDone) {
  Script("echo x > $1");
  options_.longest_wait = -absl::Seconds(1);
  const Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, testing::HasSubstr("not its turn in time"));
  EXPECT_EQ(Said(), "");
}

// One that closes its output and works on is waited for all the same.
TEST_F(FenceHookTest, ACommandThatClosesItsOutputIsWaitedFor) {
  Script("echo off; exec >&- 2>&-; sleep 0.2; echo x > $1");
  const Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kDone);
  EXPECT_EQ(answer.detail, "exit code 0: off");
  EXPECT_EQ(Said(), "x\n");
}

// Stopping does not wait for a hook that hangs.
TEST_F(FenceHookTest, StoppingDoesNotWait) {
  Script("echo x > $1; sleep 1000");
  hook_ = *FenceHook::Create(options_);
  hook_->Fence({.cluster = "east", .node = "node-7", .uid = "uid-7", .decision = "3-4"}, why_not_, wanted_,
               [](const Answer&) {});
  while (Said().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  hook_.reset();
}

// A program that cannot be run says so.
TEST_F(FenceHookTest, ACommandThatCannotRunSaysSo) {
  options_.command = {"/nowhere/hook"};
  const Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_THAT(answer.detail, testing::HasSubstr("cannot run /nowhere/hook: No such file"));
}

// Over HTTP a 2xx answer is proof, anything else is not; a server that is not there is no proof either.
TEST_F(FenceHookTest, AUrlIsAsked) {
  httplib::Server server;
  std::string body;
  std::atomic<int> code = 200;
  server.Post("/fence", [&](const httplib::Request& request, httplib::Response& response) {
    body = request.body;
    response.status = code;
    response.set_content("said the strip\n", "text/plain");
  });
  options_.url = "http://127.0.0.1:" + std::to_string(server.bind_to_any_port("127.0.0.1")) + "/fence";
  std::thread serving([&server] { server.listen_after_bind(); });
  Answer answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kDone);
  EXPECT_EQ(answer.detail, "it answered 200: said the strip");
  EXPECT_EQ(body, R"({"cluster":"east","decision":"3-4","node":"node-7","uid":"uid-7"})");
  code = 500;
  answer = Fence();
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_EQ(answer.detail, "it answered 500: said the strip");
  server.stop();
  serving.join();
  EXPECT_EQ(Fence().outcome, ActionOutcome::kRefused);
}

// It is a URL or a command, and its CA must be readable.
TEST_F(FenceHookTest, RefusesWhatIsNoHook) {
  EXPECT_FALSE(FenceHook::Create({}).ok());
  EXPECT_FALSE(FenceHook::Create({.url = "http://a", .command = {"/bin/true"}}).ok());
  EXPECT_TRUE(absl::IsNotFound(FenceHook::Create({.url = "https://a", .ca_file = "/nowhere"}).status()));
}

}  // namespace
}  // namespace evenkeel::coordinator
