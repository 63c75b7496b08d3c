#include "agent/decode/cgroup_path.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/decode/text.h"

namespace evenkeel::agent {
namespace {

constexpr size_t kLargestInfoBytes = 1 << 20;
constexpr std::string_view kSliceSuffix = ".slice";

bool LeavesHierarchy(std::string_view path) {
  for (absl::string_view part : absl::StrSplit(View(path), '/')) {
    if (part == "..") {
      return true;
    }
  }
  return path.find('\0') != std::string_view::npos;
}

// "kubepods-burstable-pod1.slice" -> "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice"
std::optional<std::string> SliceDirectory(std::string_view slice) {
  if (!slice.ends_with(kSliceSuffix) || slice.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view name = slice.substr(0, slice.size() - kSliceSuffix.size());
  if (name == "-") {
    return std::string();  // the root slice
  }
  std::string directory;
  for (size_t dash = name.find('-'); dash != std::string_view::npos; dash = name.find('-', dash + 1)) {
    absl::StrAppend(&directory, "/", View(name.substr(0, dash)), View(kSliceSuffix));
  }
  absl::StrAppend(&directory, "/", View(slice));
  return directory;
}

// Picks two values out of the document as it is read. The runtime's document holds the container's whole
// environment and mounts: a tree of it would cost a hundred times what is wanted from it.
class InfoReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t value) override {
    if (path_ == kPidPath && value > 0 && value <= std::numeric_limits<uint32_t>::max()) {
      info.pid = static_cast<uint32_t>(value);
    }
    return true;
  }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t& value) override {
    if (path_ == kCgroupsPath) {
      info.cgroups_path = std::move(value);
    }
    return true;
  }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return Enter(); }
  bool key(string_t& value) override {
    path_.resize(path_.size() - last_key_size_);
    if (value.size() > kLongestKey) {
      value.clear();  // nothing that is looked for
    }
    path_ += value;
    last_key_size_ = value.size();
    return true;
  }
  bool end_object() override { return Leave(); }
  bool start_array(size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  RuntimeContainerInfo info;

 private:
  static constexpr std::string_view kPidPath = "/pid";
  static constexpr std::string_view kCgroupsPath = "/runtimeSpec/linux/cgroupsPath";
  static constexpr size_t kLongestKey = 64;
  static constexpr size_t kDeepest = 64;

  bool Enter() {
    if (key_sizes_.size() == kDeepest) {
      return false;
    }
    key_sizes_.push_back(last_key_size_);
    path_ += '/';
    last_key_size_ = 0;
    return true;
  }

  bool Leave() {
    path_.resize(path_.size() - last_key_size_ - 1);
    last_key_size_ = key_sizes_.back();
    key_sizes_.pop_back();
    return true;
  }

  std::string path_;  // '/' and a key for each level that is open
  size_t last_key_size_ = 0;
  std::vector<size_t> key_sizes_;
};

}  // namespace

absl::StatusOr<RuntimeContainerInfo> DecodeRuntimeContainerInfo(std::string_view json) {
  if (json.size() > kLargestInfoBytes) {
    return absl::InvalidArgumentError("the runtime's information on a container is over 1 MiB");
  }
  InfoReader reader;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &reader)) {
    return absl::InvalidArgumentError("the runtime's information on a container is not JSON");
  }
  return reader.info;
}

absl::StatusOr<std::string> CgroupDirectory(std::string_view cgroups_path) {
  const absl::Status refused = absl::InvalidArgumentError(
      absl::StrCat("\"", View(cgroups_path.substr(0, 200)), "\" is not a cgroupsPath of an OCI runtime"));
  if (cgroups_path.empty() || LeavesHierarchy(cgroups_path)) {
    return refused;
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(View(cgroups_path), ':');
  if (parts.size() == 3 && !parts[2].empty()) {
    const absl::string_view slice = parts[0].empty() ? absl::string_view("system.slice") : parts[0];
    const auto directory = SliceDirectory({slice.data(), slice.size()});
    if (!directory || absl::StrContains(parts[1], "/") || absl::StrContains(parts[2], "/")) {
      return refused;
    }
    if (absl::EndsWith(parts[2], View(kSliceSuffix))) {
      return absl::StrCat(*directory, "/", parts[2]);
    }
    return parts[1].empty() ? absl::StrCat(*directory, "/", parts[2], ".scope")
                            : absl::StrCat(*directory, "/", parts[1], "-", parts[2], ".scope");
  }
  if (cgroups_path.front() != '/') {
    return refused;
  }
  return std::string(cgroups_path);
}

std::optional<std::string> ContainerIdOfCgroup(std::string_view path) {
  constexpr size_t kIdSize = 64;
  std::string_view last = path.substr(path.rfind('/') + 1);
  if (last.ends_with(".scope")) {
    last.remove_suffix(6);
  }
  if (last.size() < kIdSize) {
    return std::nullopt;
  }
  const std::string_view id = last.substr(last.size() - kIdSize);
  if (!std::all_of(id.begin(), id.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); })) {
    return std::nullopt;
  }
  return std::string(id);
}

}  // namespace evenkeel::agent
