// An xDS client that says whatever it likes while what is served changes: one answer of a type at a time,
// no nonce twice, and a client that accepts everything ends with what is served.
//
// The input: two bytes for each happening.
#include "coordinator/gateway/xds/ads_stream.h"

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::coordinator::xds;

constexpr std::array<Type, kTypes> kAll = {Type::kCluster, Type::kEndpoints, Type::kListener, Type::kRoute};
constexpr std::array<const char*, 3> kClusters = {"a", "b", "c"};

// The route's bytes are the clusters that it names.
Snapshot Served(uint8_t choice) {
  Snapshot snapshot;
  if ((choice & 8) != 0) return snapshot;
  std::string named;
  for (size_t i = 0; i < kClusters.size(); ++i) {
    if ((choice >> i & 1) == 0) continue;
    named += kClusters[i];
    snapshot.of(Type::kCluster)[kClusters[i]] = "cluster";
    snapshot.of(Type::kEndpoints)[kClusters[i]] = std::string(1, static_cast<char>('0' + (choice >> 4)));
  }
  snapshot.of(Type::kListener)["shop"] = "listener";
  snapshot.of(Type::kRoute)["shop"] = named;
  return snapshot;
}

class Client {
 public:
  void Take(std::vector<Response> responses) {
    for (Response& response : responses) {
      const auto type = static_cast<size_t>(response.type);
      EVENKEEL_CHECK(!waiting_[type]) << "two answers of a type at once";
      EVENKEEL_CHECK(response.nonce != last_[type].nonce) << "a nonce twice";
      waiting_[type] = true;
      last_[type] = std::move(response);
    }
  }
  Request Say(Type type, bool accepts, std::vector<std::string> names) {
    const auto index = static_cast<size_t>(type);
    if (waiting_[index] && accepts) taken_[index] = last_[index].resources;
    waiting_[index] = false;
    Request request = {.type = type, .nonce = last_[index].nonce, .names = std::move(names)};
    if (!accepts) request.error = "no";
    return request;
  }
  bool waits(Type type) const { return waiting_[static_cast<size_t>(type)]; }
  const std::map<std::string, std::string>& taken(Type type) const {
    return taken_[static_cast<size_t>(type)];
  }

 private:
  std::array<Response, kTypes> last_;
  std::array<bool, kTypes> waiting_ = {};
  std::array<std::map<std::string, std::string>, kTypes> taken_;
};

std::vector<std::string> NamesOf(Type type) {
  if (type == Type::kCluster || type == Type::kEndpoints) return {kClusters.begin(), kClusters.end()};
  return {"shop"};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::Text(data, size);
  AdsStream stream;
  Client client;
  Snapshot served;
  const auto say = [&](Type type, bool accepts) {
    AdsStream::Reaction reaction = stream.OnRequest(client.Say(type, accepts, NamesOf(type)));
    EVENKEEL_CHECK(reaction.ok) << "within its bounds";
    client.Take(std::move(reaction.responses));
  };
  for (const Type type : kAll) say(type, true);
  while (!input.empty()) {
    const uint8_t what = fuzz::TakeByte(input);
    const uint8_t choice = fuzz::TakeByte(input);
    const Type type = kAll[choice % kTypes];
    if (what % 4 == 0) {
      served = Served(choice);
      client.Take(stream.OnSnapshot(served));
    } else if (what % 4 == 1) {
      // An answer that was overtaken, or never was.
      const auto reaction =
          stream.OnRequest({.type = type, .nonce = "none such", .names = {}, .error = "no"});
      EVENKEEL_CHECK(reaction.ok && reaction.responses.empty()) << "a word about no answer was heard";
    } else if (client.waits(type)) {
      say(type, what % 4 == 2);
    }
  }
  // A client that accepts all that comes has, in the end, all that is served.
  for (int i = 0; i < 32; ++i) {
    for (const Type type : kAll) {
      if (client.waits(type)) say(type, true);
    }
  }
  for (const Type type : kAll) {
    EVENKEEL_CHECK(!client.waits(type)) << "answers without end";
    if (stream.standing(type) != Standing::kCurrent) continue;
    for (const auto& [name, bytes] : served.of(type)) {
      const auto taken = client.taken(type).find(name);
      EVENKEEL_CHECK(taken != client.taken(type).end() && taken->second == bytes)
          << name << " is not what is served";
    }
  }
  return 0;
}
