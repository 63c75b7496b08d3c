#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "coordinator/gateway/gateway.h"

namespace evenkeel::testing {

// What the suite is run against: a real gateway with one route of the two backends "blue" and "green", each
// with a server that answers. At first blue has all, and nobody has written a mark.
class GatewaySubject {
 public:
  virtual ~GatewaySubject() = default;

  // A coordinator's adapter; each call gives another one, of a coordinator with that store.
  virtual std::unique_ptr<coordinator::Gateway> NewGateway(const std::string& store_id) = 0;
  virtual coordinator::RoutePlace place() = 0;

  // Its kind tries servers from the gateway's side.
  virtual bool tries() { return false; }

  // What is read has the mark of the last wish, whether or not that fences.
  virtual bool keeps_marks() = 0;

  // Somebody else gives all to green, by the gateway's own means. False: nobody else can.
  virtual bool ChangeByHand() = 0;

  // The gateway's process is replaced, as by an operator. False: this kind has none.
  virtual bool Reload() { return false; }

  // Where clients ask; nothing: this subject carries no requests.
  virtual std::optional<int> port() { return std::nullopt; }
  // How many requests that side holds back (/held) until Release.
  virtual int held(const std::string& /*side*/) { return 0; }
  virtual void Release(const std::string& /*side*/) {}
};

std::unique_ptr<GatewaySubject> MakeGatewaySubject();

}  // namespace evenkeel::testing
