#include "agent/decode/kubelet_pods.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace evenkeel::agent {
namespace {

constexpr size_t kLargestDocumentBytes = 16 << 20;
constexpr size_t kMostPods = 2048;
constexpr size_t kMostContainers = 256;
constexpr size_t kDeepest = 64;
constexpr size_t kLongestText = 1024;

// Where in the document the reader stands. Whatever leads nowhere of interest is kElsewhere, with all below
// it.
enum class Place {
  kElsewhere,
  kOutside,
  kList,
  kItems,
  kPod,
  kMetadata,
  kStatus,
  kContainers,
  kContainer,
  kState,
  kTerminated,
};

// Entering `key` of `from` (elements of an array have no key) leads to `to`.
struct Step {
  Place from;
  std::string_view key;
  Place to;
};
constexpr Step kSteps[] = {
    {Place::kOutside, "", Place::kList},
    {Place::kList, "items", Place::kItems},
    {Place::kItems, "", Place::kPod},
    {Place::kPod, "metadata", Place::kMetadata},
    {Place::kPod, "status", Place::kStatus},
    {Place::kStatus, "containerStatuses", Place::kContainers},
    {Place::kContainers, "", Place::kContainer},
    {Place::kContainer, "state", Place::kState},
    {Place::kState, "terminated", Place::kTerminated},
};

class PodListReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<KubeletPod> pods;
  absl::Status refused;  // why reading was stopped, when it was not the JSON's form

  bool null() override { return Value(); }
  bool boolean(bool) override { return Value(); }
  bool number_float(number_float_t, const string_t&) override { return Value(); }
  bool binary(binary_t&) override { return Value(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  bool number_integer(number_integer_t value) override {
    if (place_ == Place::kTerminated && key_ == "exitCode" && value >= std::numeric_limits<int32_t>::min() &&
        value <= std::numeric_limits<int32_t>::max()) {
      container().exit_code = static_cast<int32_t>(value);
    }
    return Value();
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::kContainer && key_ == "restartCount") {
      constexpr number_unsigned_t kMost = std::numeric_limits<uint32_t>::max();
      container().restarts = static_cast<uint32_t>(std::min(value, kMost));
    } else if (place_ == Place::kTerminated && key_ == "exitCode" &&
               value <= std::numeric_limits<int32_t>::max()) {
      container().exit_code = static_cast<int32_t>(value);
    }
    return Value();
  }

  bool string(string_t& value) override {
    if (std::string* field = TextField(); field != nullptr && value.size() <= kLongestText) {
      *field = std::move(value);
    }
    return Value();
  }

  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }

  bool start_object(size_t) override {
    if (!Enter()) {
      return false;
    }
    if (place_ == Place::kPod) {
      if (pods.size() == kMostPods) {
        return Refuse("the kubelet reports more than 2,048 pods");
      }
      pods.emplace_back();
    } else if (place_ == Place::kContainer) {
      if (pods.back().containers.size() == kMostContainers) {
        return Refuse("the kubelet reports a pod with more than 256 containers");
      }
      pods.back().containers.emplace_back();
    }
    return true;
  }
  bool start_array(size_t) override { return Enter(); }

  bool end_object() override {
    if (place_ == Place::kPod && pods.back().uid.empty()) {
      pods.pop_back();
    }
    return Leave();
  }
  bool end_array() override { return Leave(); }

 private:
  KubeletContainer& container() { return pods.back().containers.back(); }

  bool Value() {
    key_.clear();
    return true;
  }

  bool Refuse(const char* why) {
    refused = absl::ResourceExhaustedError(why);
    return false;
  }

  bool Enter() {
    if (outer_.size() == kDeepest) {
      return Refuse("the kubelet's pod list is nested too deep");
    }
    const Step* step = std::find_if(std::begin(kSteps), std::end(kSteps),
                                    [this](const Step& s) { return s.from == place_ && s.key == key_; });
    outer_.push_back(place_);
    place_ = step == std::end(kSteps) ? Place::kElsewhere : step->to;
    key_.clear();
    return true;
  }

  bool Leave() {
    place_ = outer_.back();
    outer_.pop_back();
    key_.clear();
    return true;
  }

  std::string* TextField() {
    switch (place_) {
      case Place::kMetadata:
        return key_ == "uid"         ? &pods.back().uid
               : key_ == "namespace" ? &pods.back().pod_namespace
               : key_ == "name"      ? &pods.back().name
                                     : nullptr;
      case Place::kContainer:
        return key_ == "name"          ? &container().name
               : key_ == "image"       ? &container().image
               : key_ == "containerID" ? &container().container_id
                                       : nullptr;
      case Place::kTerminated:
        return key_ == "reason" ? &container().exit_reason : nullptr;
      default:
        return nullptr;
    }
  }

  Place place_ = Place::kOutside;
  std::vector<Place> outer_;
  std::string key_;
};

}  // namespace

absl::StatusOr<std::vector<KubeletPod>> DecodeKubeletPods(std::string_view json) {
  if (json.size() > kLargestDocumentBytes) {
    return absl::ResourceExhaustedError("the kubelet's pod list is over 16 MiB");
  }
  PodListReader reader;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &reader)) {
    return reader.refused.ok() ? absl::InvalidArgumentError("the kubelet's pod list is not a JSON document")
                               : reader.refused;
  }
  for (KubeletPod& pod : reader.pods) {
    for (KubeletContainer& container : pod.containers) {
      if (const size_t scheme = container.container_id.find("://"); scheme != std::string::npos) {
        container.container_id.erase(0, scheme + 3);
      }
    }
  }
  return std::move(reader.pods);
}

}  // namespace evenkeel::agent
