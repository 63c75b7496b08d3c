// What ListWatch promises, on the fake and on a real API server.
#include <map>

#include "absl/synchronization/mutex.h"
#include "common/kube/list_watch.h"
#include "tests/contract/kube/fixture.h"

namespace evenkeel::testing {
namespace {

using kube::Json;

// Keeps the picture that a listener gets.
class Picture final : public kube::ListWatchListener {
 public:
  void OnReplaced(std::vector<Json> objects, const std::vector<kube::ObjectName>& /*deleted*/) override {
    absl::MutexLock lock(&mutex_);
    data_.clear();
    for (const Json& object : objects) Take(object);
    complete_ = true;
  }
  void OnChanged(Json object) override {
    absl::MutexLock lock(&mutex_);
    Take(object);
  }
  void OnDeleted(Json object) override {
    absl::MutexLock lock(&mutex_);
    data_.erase(kube::NameOf(object).name);
  }
  void OnState(kube::ListWatchState state, const absl::Status& /*why*/) override {
    absl::MutexLock lock(&mutex_);
    connected_ = state == kube::ListWatchState::kConnected;
  }

  void WaitFor(const std::map<std::string, std::string>& wanted) {
    absl::MutexLock lock(&mutex_);
    const auto same = [&] { return complete_ && connected_ && data_ == wanted; };
    mutex_.Await(absl::Condition(&same));
  }

 private:
  void Take(const Json& object) { data_[kube::NameOf(object).name] = kube::Text(object, {"data", "x"}); }

  absl::Mutex mutex_;
  std::map<std::string, std::string> data_;
  bool complete_ = false;
  bool connected_ = false;
};

class ListWatchContract : public KubeContract {};

// What was there is listed, in pages, and what changes follows; also over the end of many short watches.
TEST_F(ListWatchContract, KeepsThePictureCurrent) {
  for (const char* name : {"a", "b", "c"})
    Make(kube::ConfigMaps(), name_space_, ConfigMap(name, {{"x", "1"}}));
  // Newer servers put a map of their own into each namespace.
  Picture picture;
  const kube::ListWatch list_watch(
      api(),
      {.resource = kube::ConfigMaps(),
       .name_space = name_space_,
       .field_selector = "metadata.name!=kube-root-ca.crt",
       .page_size = 2,
       .watch_minimum = absl::Seconds(1),
       .backoff = {.initial = absl::Milliseconds(10), .maximum = absl::Milliseconds(100)}},
      picture);
  picture.WaitFor({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  ASSERT_TRUE(Patch(kube::ConfigMaps(), Named("a"), {}, {{"data", {{"x", "2"}}}}).ok());
  picture.WaitFor({{"a", "2"}, {"b", "1"}, {"c", "1"}});
  ASSERT_TRUE(Delete(kube::ConfigMaps(), Named("b")).ok());
  Make(kube::ConfigMaps(), name_space_, ConfigMap("d", {{"x", "1"}}));
  picture.WaitFor({{"a", "2"}, {"c", "1"}, {"d", "1"}});
}

}  // namespace
}  // namespace evenkeel::testing
