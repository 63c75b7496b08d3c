#include "coordinator/core/scale/pod_owners.h"

#include <algorithm>

#include "coordinator/core/scale/scaler.h"

namespace evenkeel::coordinator {
namespace {

// How much sooner memory is asked for than it is needed, in pods.
constexpr size_t kRowsAhead = 8;
constexpr size_t kScalersAhead = 4;  // a scaler is found in its row
// So many pods in a row may have nothing to tell before the next one is looked for in the tree.
constexpr size_t kMostQuiet = 8;
// The way is learned anew when one pod in so many is not where it was.
constexpr size_t kAstray = 8;

uint64_t BeginOf(std::string_view uid) {
  uint64_t begin = 0;
  for (size_t i = 0; i < sizeof(begin); ++i) {
    begin = begin << 8 | (i < uid.size() ? static_cast<unsigned char>(uid[i]) : 0);
  }
  return begin;
}

}  // namespace

bool PodOwners::Before::operator()(const Entry& one, const Entry& other) const {
  if (one.begin != other.begin) return one.begin < other.begin;
  const int order = one.row->uid().compare(other.row->uid());
  return order != 0 ? order < 0 : one.row->scaler->record.policy < other.row->scaler->record.policy;
}

bool PodOwners::Before::operator()(const Entry& one, const Sought& other) const {
  return one.begin != other.begin ? one.begin < other.begin : one.row->uid() < other.uid;
}

bool PodOwners::Before::operator()(const Sought& one, const Entry& other) const {
  return one.begin != other.begin ? one.begin < other.begin : one.uid < other.row->uid();
}

PodOwners::Owners::const_iterator PodOwners::Find(std::string_view uid) const {
  return owners_.lower_bound(Sought{BeginOf(uid), uid});
}

// The row is far away: it is asked only where the first bytes say that it may be.
bool PodOwners::IsOf(const Entry& entry, std::string_view uid) {
  return entry.begin == BeginOf(uid) && entry.row->uid() == uid;
}

void PodOwners::CountOwners(std::string_view uid) {
  const auto first = Find(uid);
  size_t count = 0;
  for (auto at = first; at != owners_.end() && IsOf(*at, uid); ++at) ++count;
  for (auto at = first; at != owners_.end() && IsOf(*at, uid); ++at) at->row->shared = count > 1;
}

void PodOwners::Add(Scaler& scaler, Pod& pod) {
  pod.second.row->scaler = &scaler;
  owners_.insert({BeginOf(pod.first), pod.second.row});
  CountOwners(pod.first);
}

void PodOwners::Remove(Scaler& scaler, Pod& pod) {
  PodRow& row = *pod.second.row;
  if (row.scaler != &scaler) return;
  owners_.erase({BeginOf(pod.first), &row});
  if (row.told_at != PodRow::kNowhere) told_[row.told_at] = nullptr;
  row.told_at = PodRow::kNowhere;
  row.scaler = nullptr;
  row.shared = false;
  CountOwners(pod.first);
}

const PodOwners::Owner* PodOwners::First(std::string_view uid) const {
  const auto at = Find(uid);
  return at == owners_.end() || !IsOf(*at, uid) ? nullptr : at->row;
}

PodRow* PodOwners::Follow(std::string_view uid, Way& way) const {
  const size_t size = told_.size();
  if (way.next + kRowsAhead < size) base::Fetch(told_[way.next + kRowsAhead]);
  if (way.next + kScalersAhead < size && told_[way.next + kScalersAhead] != nullptr) {
    base::Fetch(reinterpret_cast<const char*>(told_[way.next + kScalersAhead]->scaler));
  }
  const size_t end = std::min(size, way.next + kMostQuiet);
  for (size_t at = way.next; at < end; ++at) {
    PodRow* row = told_[at];
    if (row == nullptr || row->uid() != uid) continue;
    way.next = at + 1;
    return row;
  }
  ++way.missed;
  const auto found = Find(uid);
  if (found == owners_.end() || !IsOf(*found, uid)) return nullptr;
  if (found->row->told_at != PodRow::kNowhere) way.next = found->row->told_at + 1;
  return found->row;
}

bool PodOwners::IsAstray(const Way& way, size_t told) const {
  // What a small report tells out of turn is no other order.
  return way.missed * kAstray > told && told * 2 > owners_.size();
}

void PodOwners::Learn(const std::vector<PodUsage>& told) {
  for (PodRow* row : told_) {
    if (row != nullptr) row->told_at = PodRow::kNowhere;
  }
  told_.clear();
  told_.reserve(told.size());
  for (const PodUsage& usage : told) {
    const auto found = Find(usage.pod_uid);
    if (found == owners_.end() || !IsOf(*found, usage.pod_uid)) continue;
    PodRow& row = *found->row;
    if (row.told_at != PodRow::kNowhere) continue;
    row.told_at = static_cast<uint32_t>(told_.size());
    told_.push_back(&row);
  }
}

}  // namespace evenkeel::coordinator
