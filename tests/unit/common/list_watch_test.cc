// Proves how ListWatch goes on after breaks, forgotten history, silence and failures, on the fake API server.
#include "common/kube/list_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/kube/json.h"
#include "common/kube/status.h"
#include "tests/support/kube/fake_kubernetes.h"

namespace evenkeel::kube {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// Writes down what it is told: "replaced a=1 b=1", "deleted-while-away b", "changed a=2", "deleted a",
// "connected".
class Diary final : public ListWatchListener {
 public:
  void OnReplaced(std::vector<Json> objects, const std::vector<ObjectName>& deleted) override {
    std::string line = "replaced";
    for (const Json& object : objects) absl::StrAppend(&line, " ", Of(object));
    Add(line);
    for (const ObjectName& name : deleted) Add("deleted-while-away " + name.name);
  }
  void OnChanged(Json object) override { Add("changed " + Of(object)); }
  void OnDeleted(Json object) override { Add("deleted " + NameOf(object).name); }
  void OnState(ListWatchState state, const absl::Status& why) override {
    EXPECT_EQ(state == ListWatchState::kConnected, why.ok()) << why;
    Add(state == ListWatchState::kConnected ? "connected"
        : state == ListWatchState::kStale   ? "stale"
                                            : "disconnected");
    std::function<void()> react;
    {
      absl::MutexLock lock(&mutex_);
      react = react_;
    }
    if (react) react();
  }

  void WaitFor(const std::string& line) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&] { return std::find(lines_.begin(), lines_.end(), line) != lines_.end(); };
    mutex_.Await(absl::Condition(&there));
  }
  void Clear() {
    absl::MutexLock lock(&mutex_);
    lines_.clear();
  }
  std::vector<std::string> lines() {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }
  void ReactToStates(std::function<void()> react) {
    absl::MutexLock lock(&mutex_);
    react_ = std::move(react);
  }

 private:
  static std::string Of(const Json& object) {
    return absl::StrCat(NameOf(object).name, "=", Text(object, {"data", "x"}));
  }
  void Add(std::string line) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(std::move(line));
  }

  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> react_ ABSL_GUARDED_BY(mutex_);
};

class ListWatchTest : public ::testing::Test {
 protected:
  void Put(const std::string& name, const std::string& x) {
    fake_.Put(ConfigMaps(), {{"metadata", {{"namespace", "a"}, {"name", name}}}, {"data", {{"x", x}}}});
  }
  void Remove(const std::string& name) { fake_.Remove(ConfigMaps(), {"a", name}); }

  void Start(ListWatchOptions options = {}) {
    options.resource = ConfigMaps();
    options.backoff = {.initial = absl::Milliseconds(1), .maximum = absl::Milliseconds(5)};
    list_watch_ = std::make_unique<ListWatch>(fake_, options, diary_);
  }
  // Starts with a=1 and b=1 known, and an empty diary.
  void StartWithTwo(const ListWatchOptions& options = {}) {
    Put("a", "1");
    Put("b", "1");
    Start(options);
    diary_.WaitFor("connected");
    fake_.WaitUntilIdle();
    diary_.Clear();
  }

  // Counts calls of a verb, while `fake_` lives.
  void Count(const std::string& verb, std::function<absl::Status()> answer = absl::OkStatus) {
    fake_.SetFault([this, verb, answer = std::move(answer)](const std::string& called, const Resource&,
                                                            const ObjectName&) {
      if (called != verb) return absl::OkStatus();
      ++count_;
      return answer();
    });
  }

  std::atomic<int> count_ = 0;
  testing::FakeKubernetes fake_;
  Diary diary_;
  std::unique_ptr<ListWatch> list_watch_;
};

// First the whole, then each change, in order.
TEST_F(ListWatchTest, ListsThenFollows) {
  Put("a", "1");
  Start();
  diary_.WaitFor("connected");
  Put("b", "1");
  Put("a", "2");
  Remove("b");
  diary_.WaitFor("deleted b");
  EXPECT_THAT(diary_.lines(),
              ElementsAre("replaced a=1", "connected", "changed b=1", "changed a=2", "deleted b"));
}

// After a broken connection it goes on where it stopped: nothing is lost, nothing told twice, nothing listed
// again.
TEST_F(ListWatchTest, ResumesAfterABreak) {
  StartWithTwo();
  fake_.SetConnected(false);
  diary_.WaitFor("disconnected");
  Put("a", "2");
  Remove("b");
  fake_.SetConnected(true);
  diary_.WaitFor("deleted b");
  EXPECT_THAT(diary_.lines(), ElementsAre("disconnected", "connected", "changed a=2", "deleted b"));
}

// When the server has forgotten the history, everything is listed again and what went meanwhile is named.
TEST_F(ListWatchTest, ListsAgainWhenHistoryIsGone) {
  StartWithTwo();
  fake_.SetConnected(false);
  diary_.WaitFor("disconnected");
  Remove("b");
  Put("c", "1");
  fake_.ForgetHistory();
  fake_.SetConnected(true);
  diary_.WaitFor("connected");
  EXPECT_THAT(diary_.lines(),
              ElementsAre("disconnected", "replaced a=1 c=1", "deleted-while-away b", "connected"));
}

// The same when the running watch is told so by an ERROR event.
TEST_F(ListWatchTest, ListsAgainWhenTheWatchIsTooOld) {
  StartWithTwo();
  fake_.ForgetHistory();
  diary_.WaitFor("replaced a=1 b=1");
  Put("c", "1");
  diary_.WaitFor("changed c=1");
}

// A watch that stays open but silent may be dead: everything is listed again from the server's own store, and
// a change that the stalled watch swallowed is seen (microk8s #5386).
TEST_F(ListWatchTest, SilenceIsListedAgain) {
  StartWithTwo({.stale_after = absl::Milliseconds(40)});
  fake_.SetWatchesStalled(true);
  Put("a", "2");
  Remove("b");
  diary_.WaitFor("deleted-while-away b");
  EXPECT_THAT(diary_.lines(), Contains("replaced a=2"));
}

// Where nothing changes a server sends no bookmarks; such a watch is quiet, not stale, and nobody is alarmed.
TEST_F(ListWatchTest, QuietIsNotStale) {
  StartWithTwo({.stale_after = absl::Milliseconds(40)});
  diary_.WaitFor("replaced a=1 b=1");
  diary_.Clear();
  diary_.WaitFor("replaced a=1 b=1");
  EXPECT_THAT(diary_.lines(), Not(Contains("stale")));
  EXPECT_THAT(diary_.lines(), Not(Contains("disconnected")));
}

// An API server that is away at the start is waited for.
TEST_F(ListWatchTest, WaitsForTheServer) {
  fake_.SetConnected(false);
  Put("a", "1");
  Start();
  diary_.WaitFor("disconnected");
  fake_.SetConnected(true);
  diary_.WaitFor("connected");
  EXPECT_THAT(diary_.lines(), ElementsAre("disconnected", "replaced a=1", "connected"));
}

// That nobody answers is told once; that the server then refuses is told again: somebody can do something
// about that.
TEST_F(ListWatchTest, ARefusalAfterSilenceIsTold) {
  fake_.SetConnected(false);
  Start();
  diary_.WaitFor("disconnected");
  diary_.Clear();
  Count("list", [this] { return count_ <= 3 ? absl::PermissionDeniedError("no role") : absl::OkStatus(); });
  fake_.SetConnected(true);
  diary_.WaitFor("connected");
  EXPECT_THAT(diary_.lines(), ElementsAre("disconnected", "replaced", "connected"));
}

// Pages whose history is gone before the last one are dropped for one whole list.
TEST_F(ListWatchTest, ListsWholeWhenPagesExpire) {
  for (const char* name : {"a", "b", "c"}) Put(name, "1");
  Count("list", [this] {
    return count_ == 2 ? StatusFromObject(410, "Expired", "continue", std::nullopt) : absl::OkStatus();
  });
  Start({.page_size = 2});
  diary_.WaitFor("connected");
  EXPECT_THAT(diary_.lines(), ElementsAre("disconnected", "replaced a=1 b=1 c=1", "connected"));
  EXPECT_EQ(count_, 3);
}

// A server that ends each watch at once is not asked in circles.
TEST_F(ListWatchTest, EndlessEndsAreBackedOffFrom) {
  Count("watch");
  Put("a", "1");
  Start({.watch_minimum = absl::ZeroDuration()});
  diary_.WaitFor("disconnected");  // the second end at once counts as a failure
  Put("a", "2");
  diary_.WaitFor("changed a=2");
  EXPECT_GE(count_, 2);
}

// Stopped from within its own callback it says nothing more, and asks nothing more.
TEST_F(ListWatchTest, StopFromACallbackIsFinal) {
  Put("a", "1");
  Count("watch");
  absl::Notification assigned;
  diary_.ReactToStates([&] {
    assigned.WaitForNotification();
    list_watch_->Stop();
  });
  Start();
  assigned.Notify();
  diary_.WaitFor("connected");
  fake_.WaitUntilIdle();
  Put("a", "2");
  fake_.WaitUntilIdle();
  EXPECT_THAT(diary_.lines(), ElementsAre("replaced a=1", "connected"));
  EXPECT_EQ(count_, 0);
}

// Destroyed while things happen it leaves nothing that could still call its listener.
TEST_F(ListWatchTest, DestructionIsFinal) {
  for (int i = 0; i < 50; ++i) {
    auto diary = std::make_unique<Diary>();
    auto list_watch = std::make_unique<ListWatch>(fake_, ListWatchOptions{.resource = ConfigMaps()}, *diary);
    Put("a", absl::StrCat(i));
    if (i % 2 == 0) diary->WaitFor("connected");
    list_watch.reset();
    diary.reset();
  }
  fake_.WaitUntilIdle();
}

}  // namespace
}  // namespace evenkeel::kube
