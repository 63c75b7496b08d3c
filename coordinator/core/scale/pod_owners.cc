#include "coordinator/core/scale/pod_owners.h"

#include <cstddef>

namespace evenkeel::coordinator {
namespace {

uint64_t BeginOf(std::string_view uid) {
  uint64_t begin = 0;
  for (size_t i = 0; i < sizeof(begin); ++i) {
    begin = begin << 8 | (i < uid.size() ? static_cast<unsigned char>(uid[i]) : 0);
  }
  return begin;
}

}  // namespace

bool PodOwners::Before::operator()(const Owner& one, const Owner& other) const {
  if (one.begin != other.begin) return one.begin < other.begin;
  const int order = one.pod->first.compare(other.pod->first);
  return order != 0 ? order < 0 : one.scaler->record.policy < other.scaler->record.policy;
}

bool PodOwners::Before::operator()(const Owner& one, const Sought& other) const {
  return one.begin != other.begin ? one.begin < other.begin : one.pod->first < other.uid;
}

bool PodOwners::Before::operator()(const Sought& one, const Owner& other) const {
  return one.begin != other.begin ? one.begin < other.begin : one.uid < other.pod->first;
}

PodOwners::Owners::const_iterator PodOwners::Find(std::string_view uid) const {
  return owners_.lower_bound(Sought{BeginOf(uid), uid});
}

void PodOwners::Add(Scaler& scaler, Pod& pod) {
  owners_.insert({BeginOf(pod.first), &pod, &scaler});
}

void PodOwners::Remove(Scaler& scaler, Pod& pod) {
  owners_.erase({BeginOf(pod.first), &pod, &scaler});
}

const PodOwners::Owner* PodOwners::First(std::string_view uid) const {
  const auto at = Find(uid);
  return at == owners_.end() || at->pod->first != uid ? nullptr : &*at;
}

}  // namespace evenkeel::coordinator
