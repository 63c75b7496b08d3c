// One client's xDS stream: what is sent when, what acceptance and refusal mean, and make before break.
#include "coordinator/gateway/xds/ads_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace evenkeel::coordinator::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Snapshot Shop(const std::string& weights, const std::vector<std::string>& clusters = {"blue", "green"}) {
  Snapshot snapshot;
  snapshot.of(Type::kListener)["shop"] = "listener";
  snapshot.of(Type::kRoute)["shop"] = weights;
  for (const std::string& cluster : clusters) {
    snapshot.of(Type::kCluster)[cluster] = "cluster";
    snapshot.of(Type::kEndpoints)[cluster] = "endpoints of " + cluster;
  }
  return snapshot;
}

std::vector<Type> TypesOf(const std::vector<Response>& responses) {
  std::vector<Type> types;
  for (const Response& response : responses) types.push_back(response.type);
  return types;
}

class AdsStreamTest : public ::testing::Test {
 protected:
  // What the client says; the answers are kept as the last of their types.
  std::vector<Type> Say(Type type, std::vector<std::string> names, const std::string& nonce = "",
                        std::optional<std::string> error = std::nullopt) {
    const auto reaction = stream_.OnRequest(
        {.type = type, .nonce = nonce, .names = std::move(names), .error = std::move(error)});
    EXPECT_TRUE(reaction.ok);
    return Keep(reaction.responses);
  }
  std::vector<Type> Serve(Snapshot snapshot) { return Keep(stream_.OnSnapshot(std::move(snapshot))); }
  std::vector<Type> Accept(Type type, std::vector<std::string> names) {
    return Say(type, std::move(names), last_[type].nonce);
  }
  std::vector<Type> Keep(const std::vector<Response>& responses) {
    for (const Response& response : responses) last_[response.type] = response;
    return TypesOf(responses);
  }

  // A client that has asked for all and accepted all, in the way of gRPC.
  void Settle(const Snapshot& snapshot) {
    Serve(snapshot);
    Say(Type::kListener, {"shop"});
    Accept(Type::kListener, {"shop"});
    Say(Type::kRoute, {"shop"});
    Accept(Type::kRoute, {"shop"});
    Say(Type::kCluster, {"blue", "green"});
    Accept(Type::kCluster, {"blue", "green"});
    Say(Type::kEndpoints, {"blue", "green"});
    Accept(Type::kEndpoints, {"blue", "green"});
  }

  AdsStream stream_;
  std::map<Type, Response> last_;
};

// A gRPC client asks for one thing after the other, and gets each as it asks.
TEST_F(AdsStreamTest, AnswersWhatIsAskedFor) {
  EXPECT_THAT(Serve(Shop("90:10")), IsEmpty());
  EXPECT_THAT(Say(Type::kListener, {"shop"}), ElementsAre(Type::kListener));
  EXPECT_THAT(Accept(Type::kListener, {"shop"}), IsEmpty());
  EXPECT_THAT(Say(Type::kRoute, {"shop"}), ElementsAre(Type::kRoute));
  EXPECT_EQ(last_[Type::kRoute].resources.at("shop"), "90:10");
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kPending);
  EXPECT_THAT(Accept(Type::kRoute, {"shop"}), IsEmpty());
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kCurrent);
  EXPECT_EQ(stream_.standing(Type::kCluster), Standing::kNotAsked);
}

// Before it is known what is served nothing is said: an empty answer would delete what the client has.
TEST_F(AdsStreamTest, SaysNothingBeforeItKnows) {
  EXPECT_THAT(Say(Type::kListener, {"shop"}), IsEmpty());
  EXPECT_THAT(Say(Type::kCluster, {}), IsEmpty());
  EXPECT_EQ(stream_.standing(Type::kListener), Standing::kPending);
  EXPECT_THAT(Serve(Shop("90:10")), ElementsAre(Type::kCluster));
  EXPECT_THAT(Accept(Type::kCluster, {}), ElementsAre(Type::kListener));
}

// New weights are one answer, and the same ones none.
TEST_F(AdsStreamTest, WeightsAreOneAnswer) {
  Settle(Shop("90:10"));
  EXPECT_THAT(Serve(Shop("90:10")), IsEmpty());
  EXPECT_THAT(Serve(Shop("50:50")), ElementsAre(Type::kRoute));
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kPending);
  Accept(Type::kRoute, {"shop"});
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kCurrent);
}

// One answer at a time: what the client says is about the last one, and then comes what is served by then.
TEST_F(AdsStreamTest, AnswersDoNotPileUp) {
  Settle(Shop("90:10"));
  EXPECT_THAT(Serve(Shop("50:50")), ElementsAre(Type::kRoute));
  EXPECT_THAT(Serve(Shop("10:90")), IsEmpty());
  EXPECT_THAT(Serve(Shop("0:100")), IsEmpty());
  EXPECT_THAT(Accept(Type::kRoute, {"shop"}), ElementsAre(Type::kRoute));
  EXPECT_EQ(last_[Type::kRoute].resources.at("shop"), "0:100");
}

// A refusal is kept with its reason, the same answer is not sent again, and a later one is.
TEST_F(AdsStreamTest, RefusalIsShown) {
  Settle(Shop("90:10"));
  Serve(Shop("nonsense"));
  EXPECT_THAT(Say(Type::kRoute, {"shop"}, last_[Type::kRoute].nonce, "weights \xff"), IsEmpty());
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kRefused);
  EXPECT_EQ(stream_.refusal(Type::kRoute), "weights ?");
  EXPECT_THAT(Serve(Shop("nonsense")), IsEmpty());
  EXPECT_THAT(Serve(Shop("50:50")), ElementsAre(Type::kRoute));
  Accept(Type::kRoute, {"shop"});
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kCurrent);
  EXPECT_EQ(stream_.refusal(Type::kRoute), "");
}

// A word about an answer that was overtaken is no acceptance of the last one.
TEST_F(AdsStreamTest, StaleNonceIsNoAcceptance) {
  Settle(Shop("90:10"));
  const std::string old = last_[Type::kRoute].nonce;
  Serve(Shop("50:50"));
  EXPECT_THAT(Say(Type::kRoute, {"shop"}, old), IsEmpty());
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kPending);
}

// Make before break, adding: the cluster is accepted, and its endpoints, before the route that names it.
TEST_F(AdsStreamTest, ClustersComeBeforeTheirRoute) {
  Settle(Shop("100", {"blue"}));
  Say(Type::kCluster, {"blue", "green"}, last_[Type::kCluster].nonce);
  Say(Type::kEndpoints, {"blue", "green"}, last_[Type::kEndpoints].nonce);
  const std::vector<Type> first = Serve(Shop("90:10"));
  EXPECT_THAT(first, ElementsAre(Type::kCluster, Type::kEndpoints));
  EXPECT_THAT(Accept(Type::kCluster, {"blue", "green"}), IsEmpty());
  EXPECT_THAT(Accept(Type::kEndpoints, {"blue", "green"}), ElementsAre(Type::kRoute));
}

// Make before break, taking away: the route is accepted without the cluster before the cluster goes.
TEST_F(AdsStreamTest, ClustersGoAfterTheirRoute) {
  Settle(Shop("90:10"));
  EXPECT_THAT(Serve(Shop("all green", {"green"})), ElementsAre(Type::kRoute));
  EXPECT_THAT(Accept(Type::kRoute, {"shop"}), ElementsAre(Type::kCluster));
  EXPECT_THAT(last_[Type::kCluster].resources, ::testing::SizeIs(1));
}

// ... and a client that refuses that route keeps the cluster, which it may still use.
TEST_F(AdsStreamTest, RefusedRouteKeepsItsClusters) {
  Settle(Shop("90:10"));
  EXPECT_THAT(Serve(Shop("nonsense", {"green"})), ElementsAre(Type::kRoute));
  EXPECT_THAT(Say(Type::kRoute, {"shop"}, last_[Type::kRoute].nonce, "no"), IsEmpty());
  EXPECT_THAT(Serve(Shop("all green", {"green"})), ElementsAre(Type::kRoute));
  EXPECT_THAT(Accept(Type::kRoute, {"shop"}), ElementsAre(Type::kCluster));
}

// Both at once: what is new comes, with what is old, then the route, and then what is old goes.
TEST_F(AdsStreamTest, OneClusterForAnother) {
  Settle(Shop("100", {"blue"}));
  EXPECT_THAT(Serve(Shop("all green", {"green"})), ElementsAre(Type::kCluster, Type::kEndpoints));
  EXPECT_THAT(last_[Type::kCluster].resources, ::testing::SizeIs(2));
  EXPECT_THAT(Accept(Type::kEndpoints, {"blue", "green"}), IsEmpty());
  EXPECT_THAT(Accept(Type::kCluster, {"blue", "green"}), ElementsAre(Type::kRoute));
  EXPECT_THAT(Accept(Type::kRoute, {"shop"}), ElementsAre(Type::kCluster));
  EXPECT_THAT(last_[Type::kCluster].resources, ::testing::SizeIs(1));
}

// What is asked for again after it was not is sent again.
TEST_F(AdsStreamTest, AskedForAgainIsSentAgain) {
  Settle(Shop("90:10"));
  EXPECT_THAT(Accept(Type::kEndpoints, {"blue"}), IsEmpty());
  EXPECT_THAT(Accept(Type::kEndpoints, {"blue", "green"}), ElementsAre(Type::kEndpoints));
}

// A client may ask for what is not there: it gets it when it comes.
TEST_F(AdsStreamTest, WhatComesLaterIsSentThen) {
  Serve({});
  EXPECT_THAT(Say(Type::kRoute, {"shop"}), IsEmpty());
  EXPECT_EQ(stream_.standing(Type::kRoute), Standing::kCurrent);
  EXPECT_THAT(Serve(Shop("90:10")), ElementsAre(Type::kRoute));
}

// A client's words are bounded.
TEST_F(AdsStreamTest, BoundsEndAStream) {
  EXPECT_FALSE(stream_.OnRequest({.names = std::vector<std::string>(kMostNames + 1, "a")}).ok);
  EXPECT_FALSE(stream_.OnRequest({.names = {std::string(kLongestName + 1, 'a')}}).ok);
}

}  // namespace
}  // namespace evenkeel::coordinator::xds
