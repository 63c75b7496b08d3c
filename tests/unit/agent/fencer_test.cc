// The fence of one node as it runs: settings in, status out; peers asked over real sockets, pods stopped
// through a real socket, a watchdog that is a pipe, and a successor that goes on.

#include "agent/fence/fencer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "common/observability/endpoint.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/fake_runtime.h"

namespace evenkeel::agent {
namespace {

namespace cri = ::runtime::v1;

void WaitUntil(const char* what, const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "never " << what;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

class FencerTest : public ::testing::Test {
 protected:
  FencerTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("fencer-" + std::to_string(getpid()) +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
    runtime_ = std::make_unique<FakeRuntime>(folder_ / "runtime.sock");
    runtime_->AddPod("uid-db-0", "shop", "db-0");
    peer_ = *observability::Endpoint::Start({.address = "127.0.0.1"}, [this](absl::string_view path) {
      const bool vouches = vouches_ && path == "/vouch/east/node-2/node-1";
      return observability::Endpoint::Reply{.code = vouches ? 200 : 403, .body = ""};
    });
    mkfifo((folder_ / "watchdog").c_str(), 0600);
    watchdog_ = open((folder_ / "watchdog").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~FencerTest() override {
    fencer_.reset();
    peer_.reset();
    runtime_.reset();
    close(watchdog_);
    std::filesystem::remove_all(folder_);
  }

  void Start(bool can_keep = true) {
    Fencer::Options options;
    options.cluster = "east";
    options.node = "node-1";
    options.folder = can_keep ? folder_.string() : "";
    options.boot_id = boot_id_;
    options.runtime_socket = folder_ / "runtime.sock";
    options.watchdog_device = folder_ / "watchdog";
    options.turn = absl::Milliseconds(5);
    fencer_ = std::make_unique<Fencer>(options);
  }

  v1::FencingSettings Settings(absl::Duration isolation = absl::Seconds(1000)) const {
    v1::FencingSettings settings;
    settings.set_version(version_);
    settings.set_armed(true);
    settings.mutable_isolation_timeout()->set_seconds(absl::ToInt64Seconds(isolation));
    settings.mutable_stop_timeout()->set_seconds(1000);
    v1::MarkedPod& pod = *settings.add_marked_pods();
    pod.set_namespace_("shop");
    pod.set_name("db-0");
    pod.set_uid("uid-db-0");
    v1::Voucher& voucher = *settings.add_vouchers();
    voucher.set_node("node-2");
    voucher.set_address("127.0.0.1");
    voucher.set_agent_port(static_cast<uint32_t>(peer_->port()));
    settings.set_release(true);
    return settings;
  }

  // As a session whose hello is sent now.
  void Tell(v1::FencingSettings settings) {
    ++version_;
    settings.set_version(version_);
    fencer_->Follow(settings, fencer_->BootTime());
  }
  v1::FencingStatus AwaitStatus(const std::function<bool(const v1::FencingStatus&)>& condition) {
    v1::FencingStatus status;
    WaitUntil("the status", [&] {
      if (const auto news = fencer_->TakeStatus()) status = *news;
      return condition(status);
    });
    return status;
  }
  void Arm() {
    Tell(Settings());
    AwaitStatus([](const v1::FencingStatus& status) { return status.armed(); });
  }
  bool Runs() {
    return runtime_->Change(
        [](FakeRuntime::State& state) { return state.sandboxes.front().state() == cri::SANDBOX_READY; });
  }
  // What was written to the watchdog since the last time.
  std::string Fed() const {
    std::array<char, 4096> bytes;
    const ssize_t count = read(watchdog_, bytes.data(), bytes.size());
    return count > 0 ? std::string(bytes.data(), static_cast<size_t>(count)) : "";
  }

  const std::filesystem::path folder_;
  std::string boot_id_ = "boot-1";
  std::atomic<bool> vouches_ = true;
  uint64_t version_ = 0;
  int watchdog_ = -1;
  std::unique_ptr<FakeRuntime> runtime_;
  std::unique_ptr<observability::Endpoint> peer_;
  std::unique_ptr<Fencer> fencer_;
};

// It says that it is armed once its runtime and a peer have answered and its promise is kept on the host,
// with the version and the watchdog's time.
TEST_F(FencerTest, SaysThatItIsArmed) {
  Start();
  EXPECT_FALSE(fencer_->TakeStatus());
  vouches_ = false;
  Tell(Settings());
  const v1::FencingStatus first = AwaitStatus([](const auto& status) { return status.version() == 1; });
  EXPECT_FALSE(first.armed());
  EXPECT_FALSE(first.detail().empty());
  vouches_ = true;
  const v1::FencingStatus status = AwaitStatus([](const auto& news) { return news.armed(); });
  EXPECT_EQ(status.version(), 1u);
  EXPECT_EQ(status.watchdog_timeout().seconds(), 10);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "fence"));
  WaitUntil("fed", [this] { return absl::StrContains(Fed(), "1"); });
}

// Isolated, it stops the marked pod and says so to the next session; it starts it again only at the
// coordinator's word.
TEST_F(FencerTest, StopsItsPodsWhenIsolated) {
  Start();
  Arm();
  vouches_ = false;
  EXPECT_TRUE(Runs());
  Tell(Settings(absl::Seconds(1)));
  WaitUntil("stopped", [this] { return !Runs(); });
  EXPECT_TRUE(fencer_->fenced());
  fencer_->SessionBegins();
  AwaitStatus([](const auto& status) { return status.fenced(); });
  v1::FencingSettings settings = Settings();
  settings.set_release(false);
  Tell(settings);
  AwaitStatus([this](const auto& status) { return status.version() == version_ && status.fenced(); });
  Tell(Settings());
  AwaitStatus([this](const auto& status) { return status.version() == version_ && !status.fenced(); });
  WaitUntil("given back", [this] {
    return runtime_->Change([](FakeRuntime::State& state) { return state.sandboxes.size() == 1; });
  });
}

// While a peer vouches for it, it is not isolated, however long the coordinator is not heard.
TEST_F(FencerTest, APeersWordIsEnough) {
  Start();
  Arm();
  Tell(Settings(absl::Seconds(3)));
  const absl::Time start = fencer_->BootTime();
  WaitUntil("long enough", [&] { return fencer_->BootTime() - start > absl::Seconds(5); });
  EXPECT_FALSE(fencer_->fenced());
  vouches_ = false;
  WaitUntil("fenced", [this] { return fencer_->fenced(); });
}

// An agent that comes after one that had promised goes on where that one was, without a word from the
// coordinator.
TEST_F(FencerTest, ASuccessorGoesOn) {
  Start();
  Arm();
  vouches_ = false;
  fencer_.reset();
  EXPECT_FALSE(absl::StrContains(Fed(), "V"));  // the watchdog runs on
  Start();
  EXPECT_FALSE(fencer_->fenced());
  WaitUntil("armed", [this] { return fencer_->armed(); });
  Tell(Settings(absl::Seconds(1)));
  WaitUntil("fenced", [this] { return fencer_->fenced(); });
  fencer_.reset();
  Start();
  WaitUntil("fenced again", [this] { return fencer_->fenced(); });
  // After a boot nothing of it holds.
  fencer_.reset();
  boot_id_ = "boot-2";
  Start();
  EXPECT_FALSE(fencer_->fenced());
}

// A successor that comes when the promise is overdue leaves the watchdog alone: to open it would be to feed
// it, and an agent that crashes again and again would keep the machine from its reset for ever. Once nothing
// marked runs any more, it opens it.
TEST_F(FencerTest, AnOverdueSuccessorLeavesTheWatchdogAlone) {
  FenceState::Kept kept;
  kept.settings = Settings(absl::Seconds(1));
  kept.settings.mutable_stop_timeout()->set_seconds(1);
  kept.armed = true;
  kept.fenced = true;
  kept.fenced_since = absl::UnixEpoch() + absl::Nanoseconds(1);  // the boot
  kept.held.push_back(kept.settings.marked_pods(0));
  ASSERT_TRUE(FenceFile(folder_, boot_id_).Write(kept).ok());
  runtime_->Change([](FakeRuntime::State& state) { return state.stop_fails = true; });
  Start();
  const v1::FencingStatus overdue = AwaitStatus([](const auto& status) { return status.fenced(); });
  EXPECT_FALSE(overdue.has_watchdog_timeout());
  EXPECT_EQ(Fed(), "");
  runtime_->Change([](FakeRuntime::State& state) { return state.stop_fails = false; });
  WaitUntil("stopped", [this] { return !Runs(); });
  AwaitStatus([](const auto& status) { return status.has_watchdog_timeout(); });
  WaitUntil("fed", [this] { return absl::StrContains(Fed(), "1"); });
}

// What blocks the pods outlives a boot, and the agent of the next one takes it away when it hears that they
// may run: with its first settings or later ones.
TEST_F(FencerTest, TakesAwayWhatAnEarlierBootLeft) {
  runtime_->AddPod("uid-db-0", "shop", "db-0");
  runtime_->Change([](FakeRuntime::State& state) {
    state.sandboxes.back().set_id("blocker");
    (*state.sandboxes.back().mutable_labels())[RuntimeFence::kBlockerLabel] = "uid-db-0";
  });
  const auto blockers = [this] {
    return runtime_->Change([](FakeRuntime::State& state) {
      return std::count_if(state.sandboxes.begin(), state.sandboxes.end(),
                           [](const cri::PodSandbox& sandbox) {
                             return sandbox.labels().contains(RuntimeFence::kBlockerLabel);
                           });
    });
  };
  Start();
  v1::FencingSettings settings = Settings();
  settings.set_release(false);
  Tell(settings);
  AwaitStatus([](const v1::FencingStatus& status) { return status.armed(); });
  EXPECT_EQ(blockers(), 1);
  Tell(Settings());
  WaitUntil("no blocker", [&] { return blockers() == 0; });
}

// One that the coordinator has let go of disarms the watchdog and leaves nothing behind, before it is ended:
// a program that ends without it, because something else hangs, must not have its machine reset.
TEST_F(FencerTest, LeavesInGoodOrder) {
  Start();
  Arm();
  fencer_->Leave();
  EXPECT_TRUE(absl::EndsWith(Fed(), "V"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "fence"));
}

// Without a folder to keep its promise in it promises nothing, and still vouches for others.
TEST_F(FencerTest, WithoutAFolderItOnlyVouches) {
  Start(false);
  EXPECT_FALSE(fencer_->vouching().Answers("/vouch/east/node-1/node-7"));
  v1::FencingSettings settings = Settings();
  settings.add_condemned_nodes("node-8");
  Tell(settings);
  const v1::FencingStatus status = AwaitStatus([](const auto& news) { return news.version() == 1; });
  EXPECT_FALSE(status.armed());
  EXPECT_TRUE(fencer_->vouching().Answers("/vouch/east/node-1/node-7"));
  // One that means another node, which had this address before, gets no word.
  EXPECT_FALSE(fencer_->vouching().Answers("/vouch/east/node-2/node-7"));
  EXPECT_FALSE(fencer_->vouching().Answers("/vouch/west/node-1/node-7"));
  EXPECT_FALSE(fencer_->vouching().Answers("/vouch/node-7"));
  EXPECT_FALSE(fencer_->vouching().Answers("/vouch/east/node-1/node-8"));
}

// What it left is of this boot or nothing, whole or an error.
TEST_F(FencerTest, TheFileIsWholeOrAnError) {
  const FenceFile file(folder_, "boot-1");
  EXPECT_FALSE((*file.Read()).has_value());
  FenceState::Kept kept;
  kept.settings = Settings();
  kept.heard = absl::FromUnixNanos(12345);
  kept.armed = true;
  kept.fenced = true;
  kept.fenced_since = absl::FromUnixNanos(23456);
  kept.held.push_back(kept.settings.marked_pods(0));
  ASSERT_TRUE(file.Write(kept).ok());
  const auto read = file.Read();
  ASSERT_TRUE(read.ok() && read->has_value());
  EXPECT_EQ((*read)->settings.SerializeAsString(), kept.settings.SerializeAsString());
  EXPECT_EQ((*read)->heard, kept.heard);
  EXPECT_TRUE((*read)->armed && (*read)->fenced);
  EXPECT_EQ((*read)->fenced_since, kept.fenced_since);
  EXPECT_EQ((*read)->held.size(), 1u);
  EXPECT_FALSE((*FenceFile(folder_, "boot-2").Read()).has_value());
  std::ofstream(folder_ / "fence") << "evenkeel-fence 1 boot-1 1 1";
  EXPECT_TRUE(absl::IsDataLoss(file.Read().status()));
  std::ofstream(folder_ / "fence") << "evenkeel-fence 1 boot-1 1 1 1 1 99999\nx";
  EXPECT_TRUE(absl::IsDataLoss(file.Read().status()));
  EXPECT_FALSE(FenceFile("/nowhere", "boot-1").Write(kept).ok());
}

// A watchdog that is not there is an error with its name; the agent arms without it.
TEST_F(FencerTest, AMissingWatchdogIsSaid) {
  EXPECT_FALSE(Watchdog::Open(folder_ / "none", absl::Seconds(10)).ok());
  // What does not tell its time cannot be relied on.
  EXPECT_TRUE(absl::IsFailedPrecondition(Watchdog::Open("/dev/null", absl::Seconds(10)).status()));
  std::filesystem::remove(folder_ / "watchdog");
  Start();
  Tell(Settings());
  EXPECT_FALSE(AwaitStatus([](const auto& status) { return status.armed(); }).has_watchdog_timeout());
}

}  // namespace
}  // namespace evenkeel::agent
