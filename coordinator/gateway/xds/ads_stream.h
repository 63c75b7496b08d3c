// One client's stream of the xDS protocol, state of the world over ADS (the aggregated discovery service), as
// a pure function of what the client says and of what is to be served: which answer is sent when.
//
// Source: the protocol's description in Envoy's documentation ("xDS REST and gRPC protocol"). What it rests
// on:
//   - nonces are the stream's, versions the type's. A request that names another nonce than the last answer's
//   is
//     about an answer that was overtaken, and says nothing of acceptance.
//   - a request with an error detail is a NACK: the client goes on with what it had. The same answer is not
//   sent
//     again; a later version is.
//   - answers of listeners and clusters are complete: what is missing is deleted. Of the other types each
//     resource lives until its listener or cluster goes.
//   - make before break: what a route names is there before the route, and goes after it. So clusters, then
//   their
//     endpoints, then listeners, then routes; and an answer that would take a cluster away waits until the
//     client has accepted all routes.
// An answer waits only for types that the client itself has asked for: a gRPC client asks for listeners first
// and for clusters last, and would wait for ever otherwise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::coordinator::xds {

// In the order in which they are sent.
enum class Type { kCluster, kEndpoints, kListener, kRoute };
inline constexpr size_t kTypes = 4;

// What is to be served: resources by name, as bytes that the stream only compares and hands on.
struct Snapshot {
  std::array<std::map<std::string, std::string>, kTypes> resources;
  std::map<std::string, std::string>& of(Type type) { return resources[static_cast<size_t>(type)]; }
  const std::map<std::string, std::string>& of(Type type) const {
    return resources[static_cast<size_t>(type)];
  }
};

struct Request {
  Type type = Type::kListener;
  std::string nonce;                 // of the answer that it is about; empty: of none
  std::vector<std::string> names;    // all that the client wants of this type; none: see AdsStream
  std::optional<std::string> error;  // why it does not take that answer
};

struct Response {
  Type type = Type::kListener;
  std::string version;
  std::string nonce;
  std::map<std::string, std::string> resources;  // by name
};

// How a client stands to a type.
enum class Standing {
  kNotAsked,  // it has not asked for any
  kCurrent,   // it has accepted what is served now
  kPending,   // it has not been sent it, or has not said anything of it yet
  kRefused,   // it has refused it, and goes on with what it had
};

// Bounds of one client: a request beyond them ends its stream.
inline constexpr size_t kMostNames = 1024;
inline constexpr size_t kLongestName = 512;
inline constexpr size_t kLongestError = 400;  // that is kept

// One thread at a time.
class AdsStream {
 public:
  // The answers that are due now, in order; each is to be sent.
  std::vector<Response> OnSnapshot(Snapshot snapshot);
  // A first request without names means all of that type, for listeners and clusters. False in `ok`: the
  // request breaks the bounds, and the stream is to be ended.
  struct Reaction {
    bool ok = true;
    std::vector<Response> responses;
  };
  Reaction OnRequest(const Request& request);

  Standing standing(Type type) const;
  // Why it has refused the last answer of that type; empty when it has not.
  const std::string& refusal(Type type) const { return Of(type).refusal; }
  // Whether it refuses, now, an answer of that type that holds one of these.
  bool Refuses(Type type, const std::set<std::string>& names) const;

 private:
  struct Subscription {
    bool asked = false;
    bool all = false;                                        // wildcard
    std::set<std::string> names;                             // where it is not
    std::optional<std::map<std::string, std::string>> sent;  // in the last answer
    std::string nonce;                                       // of the last one
    bool answered = false;                                   // the client has said something of it
    bool resend = false;  // names were added: their resources are sent although they were before
    std::string refusal;
  };

  Subscription& Of(Type type) { return subscriptions_[static_cast<size_t>(type)]; }
  const Subscription& Of(Type type) const { return subscriptions_[static_cast<size_t>(type)]; }
  // What of the snapshot the client has asked for; and what an answer would hold if it were sent now.
  std::map<std::string, std::string> Wanted(Type type) const;
  std::map<std::string, std::string> Next(Type type) const;
  bool IsDue(Type type, const std::map<std::string, std::string>& next) const;
  bool MayGo(Type type) const;
  std::vector<Response> Due();

  Snapshot snapshot_;
  bool has_snapshot_ = false;
  std::array<Subscription, kTypes> subscriptions_;
  uint64_t nonces_ = 0;
};

}  // namespace evenkeel::coordinator::xds
