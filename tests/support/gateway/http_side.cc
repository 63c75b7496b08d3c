#include "tests/support/gateway/http_side.h"

#include <httplib.h>

#include <chrono>
#include <utility>

#include "common/base/check.h"

namespace evenkeel::testing {
namespace {

constexpr std::chrono::milliseconds kSlow(300);
constexpr int kPieces = 10;
constexpr std::chrono::milliseconds kLookAgain(2);

}  // namespace

HttpSide::HttpSide(std::string name) : name_(std::move(name)), server_(std::make_unique<httplib::Server>()) {
  server_->new_task_queue = [] { return new httplib::ThreadPool(64); };
  server_->set_keep_alive_max_count(1'000'000);
  server_->set_keep_alive_timeout(60);
  server_->set_tcp_nodelay(true);
  const auto answer = [this](httplib::Response& response) {
    ++answered_;
    response.set_content(name_, "text/plain");
  };
  server_->Get("/", [=](const httplib::Request&, httplib::Response& response) { answer(response); });
  server_->Get("/slow", [=](const httplib::Request&, httplib::Response& response) {
    std::this_thread::sleep_for(kSlow);
    answer(response);
  });
  server_->Get("/held", [=, this](const httplib::Request&, httplib::Response& response) {
    ++held_;
    while (!released_) std::this_thread::sleep_for(kLookAgain);
    --held_;
    answer(response);
  });
  server_->Get("/broken", [=](const httplib::Request&, httplib::Response& response) {
    answer(response);
    response.status = 500;
  });
  server_->Get("/stream", [this](const httplib::Request&, httplib::Response& response) {
    ++answered_;
    response.set_chunked_content_provider(
        "text/plain", [this, piece = 0](size_t /*offset*/, httplib::DataSink& sink) mutable {
          const std::string text = ++piece < kPieces ? name_ + "\n" : "end";
          std::this_thread::sleep_for(kSlow / kPieces);
          if (!sink.write(text.data(), text.size())) return false;
          if (piece == kPieces) sink.done();
          return true;
        });
  });
  port_ = server_->bind_to_any_port("127.0.0.1");
  EVENKEEL_CHECK(port_ > 0) << "no port on loopback";
  thread_ = std::thread([this] { server_->listen_after_bind(); });
}

HttpSide::~HttpSide() {
  Release();
  server_->stop();
  thread_.join();
}

}  // namespace evenkeel::testing
