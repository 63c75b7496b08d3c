// Pods' uids in the event log's files. Usage is told each second, and a uid is half of what is told of a pod:
// so a file names each pod once, and tells the later ones by its number among those that it has named.
//
// One of each a file, from its beginning on. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "evenkeel/storage/v1/events.pb.h"

namespace evenkeel::coordinator {

// More pods are not numbered in one file: those that come later are named each time.
inline constexpr size_t kMostNumberedPods = size_t{1} << 18;

class PodNumbers {
 public:
  // Puts numbers in place of the uids that were named before.
  void Shorten(storage::v1::Event& event);
  void Clear() { numbers_.clear(); }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;  // looked up only: their order is nowhere
};

class PodNames {
 public:
  // Puts the uids back. False: a number stands for none.
  bool Lengthen(storage::v1::Event& event);
  void Clear() { names_.clear(); }

 private:
  std::vector<std::string> names_;
};

}  // namespace evenkeel::coordinator
