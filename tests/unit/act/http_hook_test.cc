// A hook that is asked over HTTP, against a real server on the loopback: what counts as its answer, when it
// is tried again, and that nobody waits for it who wants it no more.

#include "coordinator/act/http_hook.h"

#include <httplib.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

class HttpHookTest : public ::testing::Test {
 protected:
  HttpHookTest() {
    server_.Post("/ask", [this](const httplib::Request& request, httplib::Response& response) {
      body_ = request.body;
      type_ = request.get_header_value("Content-Type");
      const int asked = ++asked_;
      response.status = asked <= failures_.load() ? failure_.load() : 200;
      response.set_content("said the hook\n", "text/plain");
    });
    server_.Post("/hang", [this](const httplib::Request&, httplib::Response&) {
      ++asked_;
      release_.WaitForNotification();
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    serving_ = std::thread([this] { server_.listen_after_bind(); });
    options_.pause = {.initial = absl::Milliseconds(5), .maximum = absl::Milliseconds(20)};
  }
  ~HttpHookTest() override {
    hook_.reset();
    if (!release_.HasBeenNotified()) release_.Notify();
    server_.stop();
    serving_.join();
  }

  std::string Url(const std::string& path) const { return absl::StrCat("http://127.0.0.1:", port_, path); }
  Answer Ask(const std::string& path) {
    hook_ = std::make_unique<HttpHook>(options_);
    const auto answered = std::make_shared<std::promise<Answer>>();
    hook_->Ask(Url(path), R"({"cluster":"east"})", wanted_,
               [answered](Answer answer) { answered->set_value(std::move(answer)); });
    return answered->get_future().get();
  }

  httplib::Server server_;
  int port_ = 0;
  std::thread serving_;
  absl::Notification release_;
  std::atomic<int> asked_ = 0;
  std::atomic<int> failures_ = 0;  // the first answers
  std::atomic<int> failure_ = 503;
  std::string body_;
  std::string type_;
  HttpHook::Options options_;
  HttpHook::StillWanted wanted_ = [] { return true; };
  std::unique_ptr<HttpHook> hook_;
};

// A 2xx is an answer, and what it said is kept.
TEST_F(HttpHookTest, PostsJson) {
  const Answer answer = Ask("/ask");
  EXPECT_EQ(answer.outcome, ActionOutcome::kDone);
  EXPECT_EQ(answer.detail, "it answered 200: said the hook");
  EXPECT_EQ(body_, R"({"cluster":"east"})");
  EXPECT_EQ(type_, "application/json");
}

// A server that is in trouble is asked again, as often as the options say, and no more.
TEST_F(HttpHookTest, TriesAgain) {
  options_.tries = 3;
  failures_ = 2;
  EXPECT_EQ(Ask("/ask").outcome, ActionOutcome::kDone);
  EXPECT_EQ(asked_, 3);
  asked_ = 0;
  failures_ = 100;
  const Answer answer = Ask("/ask");
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_EQ(answer.detail, "it answered 503: said the hook (tried 3 times)");
  EXPECT_EQ(asked_, 3);
}

// A question that is wrong does not become right by being asked again.
TEST_F(HttpHookTest, ARefusalIsNotAskedAgain) {
  options_.tries = 3;
  failures_ = 100;
  failure_ = 404;
  const Answer answer = Ask("/ask");
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_EQ(answer.detail, "it answered 404: said the hook");
  EXPECT_EQ(asked_, 1);
}

// One that does not answer in time is given up, by its deadline.
TEST_F(HttpHookTest, OneThatHangsIsGivenUp) {
  options_.deadline = absl::Milliseconds(200);
  EXPECT_EQ(Ask("/hang").outcome, ActionOutcome::kRefused);
}

// What is not wanted any more is ended, under way and before it begins.
TEST_F(HttpHookTest, WhatIsNotWantedIsEnded) {
  options_.deadline = absl::Minutes(10);
  wanted_ = [this] { return asked_ == 0; };
  const Answer answer = Ask("/hang");
  EXPECT_EQ(answer.outcome, ActionOutcome::kRefused);
  EXPECT_EQ(answer.detail, "ended: it is not wanted any more");
  EXPECT_EQ(Ask("/ask").detail, "ended: it is not wanted any more");
  EXPECT_EQ(asked_, 1);
}

// Its end does not wait for a hook that hangs.
TEST_F(HttpHookTest, ItsEndDoesNotWait) {
  options_.deadline = absl::Minutes(10);
  hook_ = std::make_unique<HttpHook>(options_);
  hook_->Ask(Url("/hang"), "{}", wanted_, [](const Answer&) {});
  while (asked_ == 0) std::this_thread::yield();
  hook_.reset();
}

}  // namespace
}  // namespace evenkeel::coordinator
