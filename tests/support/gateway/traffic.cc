#include "tests/support/gateway/traffic.h"

#include <httplib.h>

#include <chrono>
#include <memory>

namespace evenkeel::testing {
namespace {

constexpr size_t kMostFailures = 20;
constexpr std::chrono::milliseconds kLookAgain(5);
constexpr std::chrono::milliseconds kBetween(2);  // requests of one client, so that the machine stays usable

std::unique_ptr<httplib::Client> NewClient(int port) {
  auto client = std::make_unique<httplib::Client>("127.0.0.1", port);
  client->set_connection_timeout(10);
  client->set_read_timeout(30);
  client->set_tcp_nodelay(true);
  return client;
}

std::string Path(const std::string& kind) {
  return kind == "slow" || kind == "stream" ? "/" + kind : "/";
}

}  // namespace

std::optional<std::string> Fetch(int port, const std::string& path, const std::string& canary) {
  httplib::Headers headers;
  if (!canary.empty()) headers.emplace("X-Evenkeel-Canary", canary);
  const httplib::Result result = NewClient(port)->Get(path, headers);
  if (!result || result->status != 200) return std::nullopt;
  return result->body;
}

Traffic::Traffic(int port, int of_each_kind) : port_(port) {
  for (const char* kind : {"fresh", "keepalive", "slow", "stream"}) {
    counts_[kind] = {};
    for (int i = 0; i < of_each_kind; ++i) threads_.emplace_back([this, kind] { Run(kind); });
  }
}

Traffic::~Traffic() {
  Stop();
}

void Traffic::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Traffic::Await(uint64_t count) {
  const auto from = counts();
  for (;;) {
    bool enough = true;
    for (const auto& [kind, now] : counts())
      enough = enough && now.requests >= from.at(kind).requests + count;
    if (enough) return;
    std::this_thread::sleep_for(kLookAgain);
  }
}

void Traffic::Run(const std::string& kind) {
  std::unique_ptr<httplib::Client> client;
  while (!stopping_) {
    if (client == nullptr || kind == "fresh") {
      client = NewClient(port_);
      client->set_keep_alive(kind != "fresh");
    }
    const httplib::Result result = client->Get(Path(kind));
    const bool whole = result && result->status == 200 &&
                       (kind != "stream" || (result->body.size() > 3 &&
                                             result->body.compare(result->body.size() - 3, 3, "end") == 0));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      Counts& counts = counts_[kind];
      ++counts.requests;
      if (whole) {
        ++answered_by_[result->body.substr(0, result->body.find('\n'))];
      } else {
        ++counts.failed;
        if (failures_.size() < kMostFailures) {
          failures_.push_back(kind + ": " +
                              (result ? std::to_string(result->status) : httplib::to_string(result.error())));
        }
      }
    }
    if (!whole) client.reset();
    std::this_thread::sleep_for(kBetween);
  }
}

std::map<std::string, Traffic::Counts> Traffic::counts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

std::map<std::string, uint64_t> Traffic::answered_by() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return answered_by_;
}

std::vector<std::string> Traffic::failures() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failures_;
}

}  // namespace evenkeel::testing
