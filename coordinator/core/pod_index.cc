#include "coordinator/core/pod_index.h"

#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/headroom.h"

namespace evenkeel::coordinator {
namespace {

using ByNode = std::map<std::string, Resources>;

// A placeholder gives its room back as soon as it is needed.
bool HoldsRoom(const PodFacts& facts) {
  return !facts.node.empty() && !IsPlaceholder(facts) && facts.phase != "Succeeded" &&
         facts.phase != "Failed";
}

bool CountsAsBurst(const PodFacts& facts) {
  return !facts.node.empty() && HasBurst(facts) && !facts.deleting && !HasEnded(facts);
}

void Take(ByNode& from, const PodFacts& facts) {
  const auto found = from.find(facts.node);
  if (found == from.end()) return;  // pods that ask for nothing leave no sum
  found->second -= facts.requests;
  if (found->second == Resources{}) from.erase(found);
}

const Resources& Of(const ByNode& all, const std::string& node) {
  static const Resources kNone;
  const auto found = all.find(node);
  return found == all.end() ? kNone : found->second;
}

}  // namespace

void PodIndex::Put(const PodName& name, const PodFacts& facts) {
  Erase(name);
  pods_.emplace(name, facts);
  Add(name, facts);
}

void PodIndex::Erase(const PodName& name) {
  const auto found = pods_.find(name);
  if (found == pods_.end()) return;
  Remove(name, found->second);
  pods_.erase(found);
}

void PodIndex::Add(const PodName& name, const PodFacts& facts) {
  if (!facts.node.empty()) by_node_[facts.node].insert(name);
  if (HoldsRoom(facts)) (facts.deleting ? going_ : load_)[facts.node] += facts.requests;
  if (CountsAsBurst(facts)) burst_[facts.node] += facts.requests;
  if (facts.controller.uid.empty() || facts.deleting || facts.phase == "Failed") return;
  ControllerPods& siblings = by_controller_[facts.controller.uid];
  if (facts.ready || facts.phase == "Succeeded") {
    siblings.ready[facts.node].insert(name);
    ++siblings.ready_total;
  } else {
    siblings.waiting.insert(name);
  }
}

void PodIndex::Remove(const PodName& name, const PodFacts& facts) {
  if (HoldsRoom(facts)) Take(facts.deleting ? going_ : load_, facts);
  if (CountsAsBurst(facts)) Take(burst_, facts);
  if (const auto on_node = by_node_.find(facts.node); on_node != by_node_.end()) {
    on_node->second.erase(name);
    if (on_node->second.empty()) by_node_.erase(on_node);
  }
  const auto found = by_controller_.find(facts.controller.uid);
  if (found == by_controller_.end()) return;
  ControllerPods& siblings = found->second;
  siblings.waiting.erase(name);
  if (const auto ready = siblings.ready.find(facts.node); ready != siblings.ready.end()) {
    siblings.ready_total -= ready->second.erase(name);
    if (ready->second.empty()) siblings.ready.erase(ready);
  }
  if (siblings.ready.empty() && siblings.waiting.empty()) by_controller_.erase(found);
}

void PodIndex::PartsChanged() {
  by_node_.clear();
  by_controller_.clear();
  load_.clear();
  going_.clear();
  burst_.clear();
  for (const auto& [name, facts] : pods_) Add(name, facts);
}

const PodFacts* PodIndex::Find(const PodName& name) const {
  const auto found = pods_.find(name);
  return found == pods_.end() ? nullptr : &found->second;
}

const Resources& PodIndex::LoadOf(const std::string& node) const {
  return Of(load_, node);
}

const Resources& PodIndex::HeldByGoing(const std::string& node) const {
  return Of(going_, node);
}

const Resources& PodIndex::BurstTo(const std::string& node) const {
  return Of(burst_, node);
}

const std::set<PodName>& PodIndex::OnNode(const std::string& node) const {
  static const std::set<PodName>* const kNone = new std::set<PodName>;
  const auto found = by_node_.find(node);
  return found == by_node_.end() ? *kNone : found->second;
}

const ControllerPods& PodIndex::OfController(const std::string& controller_uid) const {
  static const ControllerPods* const kNone = new ControllerPods;
  const auto found = by_controller_.find(controller_uid);
  return found == by_controller_.end() ? *kNone : found->second;
}

size_t PodIndex::ReadyOn(const std::string& controller_uid, const std::string& node) const {
  const ControllerPods& siblings = OfController(controller_uid);
  const auto found = siblings.ready.find(node);
  return found == siblings.ready.end() ? 0 : found->second.size();
}

size_t PodIndex::ReadyElsewhere(const std::string& controller_uid, const std::string& node) const {
  return OfController(controller_uid).ready_total - ReadyOn(controller_uid, node);
}

}  // namespace evenkeel::coordinator
