#include "coordinator/gateway/xds/ads_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/utf8.h"
#include "coordinator/gateway/fingerprint.h"

namespace evenkeel::coordinator::xds {
namespace {

constexpr std::array<Type, kTypes> kOrder = {Type::kCluster, Type::kEndpoints, Type::kListener, Type::kRoute};

// Of these an answer is complete: what it lacks is deleted.
bool IsWhole(Type type) {
  return type == Type::kCluster || type == Type::kListener;
}

std::string VersionOf(const std::map<std::string, std::string>& resources) {
  std::string text;
  for (const auto& [name, bytes] : resources) {
    absl::StrAppend(&text, name.size(), " ", name, bytes.size(), " ", bytes);
  }
  return Fingerprint(text);
}

}  // namespace

std::map<std::string, std::string> AdsStream::Wanted(Type type) const {
  const Subscription& subscription = Of(type);
  const std::map<std::string, std::string>& there = snapshot_.of(type);
  if (subscription.all) return there;
  std::map<std::string, std::string> wanted;
  for (const std::string& name : subscription.names) {
    const auto found = there.find(name);
    if (found != there.end()) wanted.insert(*found);
  }
  return wanted;
}

std::map<std::string, std::string> AdsStream::Next(Type type) const {
  std::map<std::string, std::string> next = Wanted(type);
  const Subscription& subscription = Of(type);
  if (type != Type::kCluster || !subscription.sent) return next;
  // A cluster goes only when no route that the client has names it: when it has the routes that are served
  // now. One that has refused them may still use it.
  const Standing routes = standing(Type::kRoute);
  if (routes != Standing::kCurrent && routes != Standing::kNotAsked) {
    next.insert(subscription.sent->begin(), subscription.sent->end());
  }
  return next;
}

bool AdsStream::IsDue(Type type, const std::map<std::string, std::string>& next) const {
  const Subscription& subscription = Of(type);
  if (!subscription.asked || !has_snapshot_) return false;
  if (subscription.resend) return true;
  if (!subscription.sent) return IsWhole(type) || !next.empty();
  if (IsWhole(type)) return *subscription.sent != next;
  // What is not named any more is not taken back by an answer: only what is new or other is a reason for one.
  return std::any_of(next.begin(), next.end(), [&subscription](const auto& one) {
    const auto sent = subscription.sent->find(one.first);
    return sent == subscription.sent->end() || sent->second != one.second;
  });
}

bool AdsStream::MayGo(Type type) const {
  const Subscription& subscription = Of(type);
  // One answer of a type at a time: what the client says is then about it.
  if (subscription.sent && !subscription.answered) return false;
  // Clusters do not wait for their endpoints, nor these for them: a client takes them in either order.
  if (type == Type::kCluster || type == Type::kEndpoints) return true;
  return std::all_of(kOrder.begin(), std::find(kOrder.begin(), kOrder.end(), type),
                     [this](Type other) { return standing(other) != Standing::kPending; });
}

std::vector<Response> AdsStream::Due() {
  std::vector<Response> responses;
  for (const Type type : kOrder) {
    Subscription& subscription = Of(type);
    std::map<std::string, std::string> next = Next(type);
    if (!IsDue(type, next) || !MayGo(type)) continue;
    subscription.sent = next;
    subscription.nonce = absl::StrCat(++nonces_);
    subscription.answered = false;
    subscription.resend = false;
    std::string version = VersionOf(next);
    responses.push_back({.type = type,
                         .version = std::move(version),
                         .nonce = subscription.nonce,
                         .resources = std::move(next)});
  }
  return responses;
}

std::vector<Response> AdsStream::OnSnapshot(Snapshot snapshot) {
  snapshot_ = std::move(snapshot);
  has_snapshot_ = true;
  return Due();
}

AdsStream::Reaction AdsStream::OnRequest(const Request& request) {
  const bool too_long = std::any_of(request.names.begin(), request.names.end(),
                                    [](const std::string& name) { return name.size() > kLongestName; });
  if (request.names.size() > kMostNames || too_long) return {.ok = false, .responses = {}};

  Subscription& subscription = Of(request.type);
  // About an answer that was overtaken: the client will say more.
  if (subscription.asked && !request.nonce.empty() && request.nonce != subscription.nonce) return {};

  const bool about_the_last = subscription.sent && request.nonce == subscription.nonce;
  if (about_the_last && !subscription.answered) {
    subscription.answered = true;
    if (request.error) {
      subscription.refusal = base::ValidUtf8(*request.error, kLongestError);
      if (subscription.refusal.empty()) subscription.refusal = "no reason was given";
    } else {
      subscription.refusal.clear();
    }
  }

  const std::set<std::string> names(request.names.begin(), request.names.end());
  const bool all = IsWhole(request.type) && names.empty() && (!subscription.asked || subscription.all);
  const bool adds = std::any_of(names.begin(), names.end(), [&subscription](const std::string& name) {
    return !subscription.names.contains(name);
  });
  // A resource that is asked for again after it was not is sent again: the client has dropped it.
  if (subscription.asked && adds && subscription.sent) {
    subscription.resend = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return !subscription.names.contains(name) && snapshot_.of(request.type).contains(name);
    });
  }
  subscription.asked = true;
  subscription.all = all;
  subscription.names = names;
  return {.ok = true, .responses = Due()};
}

bool AdsStream::Refuses(Type type, const std::set<std::string>& names) const {
  if (standing(type) != Standing::kRefused) return false;
  const std::map<std::string, std::string>& sent = *Of(type).sent;
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return sent.contains(name); });
}

Standing AdsStream::standing(Type type) const {
  const Subscription& subscription = Of(type);
  if (!subscription.asked) return Standing::kNotAsked;
  if (IsDue(type, Next(type))) return Standing::kPending;
  // Nothing is there of what it asked for, and nothing was to be sent.
  if (!subscription.sent) return has_snapshot_ ? Standing::kCurrent : Standing::kPending;
  if (!subscription.answered) return Standing::kPending;
  return subscription.refusal.empty() ? Standing::kCurrent : Standing::kRefused;
}

}  // namespace evenkeel::coordinator::xds
