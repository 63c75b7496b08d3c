#include "agent/session/restarter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "common/time/steady_clock.h"

namespace evenkeel::agent {
namespace {

namespace fs = std::filesystem;

v1::RestartRequest Request(const std::string& id,
                           v1::RestartRequest::Part part = v1::RestartRequest::PART_KUBELET,
                           uint64_t epoch = 7) {
  v1::RestartRequest request;
  request.set_request_id(id);
  request.set_part(part);
  request.set_epoch(epoch);
  return request;
}

class RestarterTest : public ::testing::Test {
 protected:
  RestarterTest() : folder_(fs::path(::testing::TempDir()) / "restarts") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~RestarterTest() override {
    stop_ = true;
    if (host_.joinable()) host_.join();
  }

  // A host that takes whatever is put into the folder, and counts it.
  void StartHost() {
    host_ = std::thread([this] {
      while (!stop_) {
        for (const char* name : {"kubelet", "runtime"}) {
          std::error_code ignored;
          if (fs::remove(folder_ / name, ignored)) ++taken_;
        }
        absl::SleepFor(absl::Milliseconds(1));
      }
    });
  }

  static v1::RestartAnswer Ask(Restarter& restarter, const v1::RestartRequest& request) {
    std::promise<v1::RestartAnswer> answer;
    restarter.Restart(request, [&answer](v1::RestartAnswer given) { answer.set_value(std::move(given)); });
    return answer.get_future().get();
  }

  time::SteadyClock clock_;
  fs::path folder_;
  std::atomic<bool> stop_{false};
  std::atomic<int> taken_{0};
  std::thread host_;
};

// The host takes the request's file: that is the restart's beginning. Both parts have a file of their own.
TEST_F(RestarterTest, AsksTheHost) {
  StartHost();
  Restarter restarter(folder_, clock_);
  EXPECT_EQ(Ask(restarter, Request("1")).outcome(), v1::RestartAnswer::OUTCOME_TAKEN);
  const v1::RestartAnswer answer = Ask(restarter, Request("2", v1::RestartRequest::PART_RUNTIME));
  EXPECT_EQ(answer.outcome(), v1::RestartAnswer::OUTCOME_TAKEN);
  EXPECT_EQ(answer.request_id(), "2");
  EXPECT_EQ(taken_, 2);
}

// L4: a request that comes again is answered again, and nothing is restarted a second time.
TEST_F(RestarterTest, AnswersARepetitionWithoutRepeatingIt) {
  StartHost();
  Restarter restarter(folder_, clock_);
  EXPECT_EQ(Ask(restarter, Request("1")).outcome(), v1::RestartAnswer::OUTCOME_TAKEN);
  EXPECT_EQ(Ask(restarter, Request("1")).outcome(), v1::RestartAnswer::OUTCOME_TAKEN);
  EXPECT_EQ(taken_, 1);
}

// Without the flag, for an unknown part, from an epoch that is past (L7): refused by name.
TEST_F(RestarterTest, RefusesByName) {
  Restarter not_permitted("", clock_);
  const v1::RestartAnswer answer = Ask(not_permitted, Request("1"));
  EXPECT_EQ(answer.outcome(), v1::RestartAnswer::OUTCOME_REFUSED);
  EXPECT_NE(answer.detail().find("--restart-folder"), std::string::npos);

  Restarter restarter(folder_, clock_);
  restarter.NoteEpoch(8);
  EXPECT_EQ(Ask(restarter, Request("1", v1::RestartRequest::PART_UNSPECIFIED, 8)).outcome(),
            v1::RestartAnswer::OUTCOME_REFUSED);
  EXPECT_EQ(Ask(restarter, Request("2")).outcome(), v1::RestartAnswer::OUTCOME_REFUSED);
  EXPECT_TRUE(fs::is_empty(folder_));

  Restarter lost(folder_ / "not-there", clock_);
  EXPECT_EQ(Ask(lost, Request("1")).outcome(), v1::RestartAnswer::OUTCOME_REFUSED);
}

// One at a time; and an agent that ends meanwhile leaves no request behind.
TEST_F(RestarterTest, WithdrawsWhatNobodyTakes) {
  std::promise<v1::RestartAnswer> first;
  {
    Restarter restarter(folder_, clock_);
    restarter.Restart(Request("1"), [&first](v1::RestartAnswer given) { first.set_value(std::move(given)); });
    EXPECT_EQ(Ask(restarter, Request("2")).outcome(), v1::RestartAnswer::OUTCOME_REFUSED);
  }
  EXPECT_EQ(first.get_future().get().outcome(), v1::RestartAnswer::OUTCOME_NOT_TAKEN);
  EXPECT_TRUE(fs::is_empty(folder_));
}

// A request outlives an agent that was killed, but not the next agent's start: whoever made it has asked
// again, or does not want it any more.
TEST_F(RestarterTest, WithdrawsWhatAnAgentBeforeItHasLeft) {
  for (const char* name : {"kubelet", "runtime", "another"}) std::ofstream(folder_ / name).put('x');
  Restarter restarter(folder_.string(), clock_);
  EXPECT_FALSE(fs::exists(folder_ / "kubelet"));
  EXPECT_FALSE(fs::exists(folder_ / "runtime"));
  EXPECT_TRUE(fs::exists(folder_ / "another"));  // not ours
}

}  // namespace
}  // namespace evenkeel::agent
