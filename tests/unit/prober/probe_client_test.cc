// One client against a real socket: what it takes for lost, and that it never asks twice.

#include "coordinator/prober/probe_client.h"

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/prober/listener.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr char kHello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Backend: west\r\n\r\nhello";

class ProbeClientTest : public ::testing::Test {
 protected:
  ProbeClientTest() {
    manner_.request = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n";
    manner_.keeps = true;
    manner_.host = "127.0.0.1";
    manner_.side_header = "x-backend";
    manner_.deadline = absl::Seconds(10);
  }

  using ProbeAddresses = std::shared_ptr<const std::vector<ProbeAddress>>;

  ProbeAddresses Addresses() const { return Addresses({listener_.port()}); }
  static ProbeAddresses Addresses(const std::vector<uint16_t>& ports) {
    std::vector<ProbeAddress> addresses;
    for (const uint16_t port : ports) addresses.push_back(NumericAddress("127.0.0.1", port).front());
    return std::make_shared<const std::vector<ProbeAddress>>(addresses);
  }
  void Begin(ProbeClient& client) { client.Begin(Addresses(), now_); }
  // Waits until its connection is ready for more, and lets it go on.
  void GoOn(ProbeClient& client) {
    pollfd ready = {.fd = client.descriptor(), .events = client.events(), .revents = 0};
    if (poll(&ready, 1, 10) > 0) client.Go(now_);
  }
  // Until the peer has the whole request.
  std::string RequestOf(ProbeClient& client, const Peer& peer) {
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos) {
      GoOn(client);
      request += peer.Read();
    }
    return request;
  }
  ProbeEnd EndOf(ProbeClient& client) {
    for (;;) {
      if (auto end = client.TakeEnd()) return *end;
      GoOn(client);
    }
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  Listener listener_;
  ProbeManner manner_;
};

// Whole answers over one connection, and who gave them.
TEST_F(ProbeClientTest, KeepsItsConnection) {
  ProbeClient client(manner_, nullptr);
  Begin(client);
  const Peer peer = listener_.Accept();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(RequestOf(client, peer), manner_.request);
    EXPECT_TRUE(client.busy());
    peer.Write(kHello);
    EXPECT_EQ(EndOf(client), (ProbeEnd{.problem = "", .backend = "west"}));
    EXPECT_FALSE(client.busy());
    Begin(client);
  }
  EXPECT_FALSE(listener_.SomebodyWaits());
}

// One that does not keep it takes a new one each time.
TEST_F(ProbeClientTest, TakesAFreshConnection) {
  manner_.keeps = false;
  ProbeClient client(manner_, nullptr);
  for (int i = 0; i < 2; ++i) {
    Begin(client);
    const Peer peer = listener_.Accept();
    RequestOf(client, peer);
    peer.Write(kHello);
    EXPECT_EQ(EndOf(client).problem, "");
  }
}

// A server that ends a connection on which nothing was asked takes nothing away.
TEST_F(ProbeClientTest, LeavesAConnectionThatHasEnded) {
  ProbeClient client(manner_, nullptr);
  Begin(client);
  {
    const Peer peer = listener_.Accept();
    RequestOf(client, peer);
    peer.Write(kHello);
    EXPECT_EQ(EndOf(client).problem, "");
  }
  while (client.descriptor() >= 0) GoOn(client);  // it hears of the end
  Begin(client);
  const Peer next = listener_.Accept();
  EXPECT_EQ(RequestOf(client, next), manner_.request);
  next.Write(kHello);
  EXPECT_EQ(EndOf(client).problem, "");
}

// Neither does it where nobody looked at the connection in between.
TEST_F(ProbeClientTest, SeesTheEndBeforeItAsks) {
  ProbeClient client(manner_, nullptr);
  Begin(client);
  {
    const Peer peer = listener_.Accept();
    RequestOf(client, peer);
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(EndOf(client).problem, "");
    peer.Write("HTTP/1.1 408 Request Timeout\r\n\r\n");  // said to nobody
  }
  pollfd heard = {.fd = client.descriptor(), .events = POLLIN, .revents = 0};
  poll(&heard, 1, -1);
  Begin(client);
  const Peer next = listener_.Accept();
  EXPECT_EQ(RequestOf(client, next), manner_.request);
}

// A kept connection that is reset under a request: lost, and not asked again behind anybody's back.
TEST_F(ProbeClientTest, ARequestThatIsResetIsLost) {
  ProbeClient client(manner_, nullptr);
  Begin(client);
  Peer peer = listener_.Accept();
  RequestOf(client, peer);
  peer.Write(kHello);
  EXPECT_EQ(EndOf(client).problem, "");
  Begin(client);
  RequestOf(client, peer);
  now_ += absl::Milliseconds(1200);
  peer.Reset();
  EXPECT_EQ(EndOf(client).problem, "reset after 1.2s");
  EXPECT_FALSE(client.busy());
  EXPECT_FALSE(listener_.SomebodyWaits());
}

TEST_F(ProbeClientTest, AnAnswerThatIsCutIsLost) {
  ProbeClient client(manner_, nullptr);
  Begin(client);
  {
    const Peer peer = listener_.Accept();
    RequestOf(client, peer);
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Backend: west\r\n\r\nhel");
  }
  const ProbeEnd end = EndOf(client);
  EXPECT_THAT(end.problem, HasSubstr("the connection ended after 3 bytes of the answer"));
  EXPECT_EQ(end.backend, "west");
}

TEST_F(ProbeClientTest, AnErrorIsLost) {
  ProbeClient client(manner_, nullptr);
  Begin(client);
  const Peer peer = listener_.Accept();
  RequestOf(client, peer);
  peer.Write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(EndOf(client).problem, "it answered with status 503");
}

TEST_F(ProbeClientTest, NobodyThereIsLost) {
  listener_.Close();
  ProbeClient client(manner_, nullptr);
  Begin(client);
  EXPECT_THAT(EndOf(client).problem, HasSubstr("no connection: "));
}

// A host has several addresses, of which one may serve.
TEST_F(ProbeClientTest, TriesEachAddress) {
  const uint16_t nobody = [] { return Listener().port(); }();
  ProbeClient client(manner_, nullptr);
  client.Begin(Addresses({nobody, listener_.port()}), now_);
  while (!listener_.SomebodyWaits()) GoOn(client);
  const Peer peer = listener_.Accept();
  RequestOf(client, peer);
  peer.Write(kHello);
  EXPECT_EQ(EndOf(client).problem, "");
}

// What does not answer in time is lost then, with how far it had come.
TEST_F(ProbeClientTest, WaitsNoLongerThanItsDeadline) {
  ProbeClient client(manner_, nullptr);
  Begin(client);
  const Peer peer = listener_.Accept();
  RequestOf(client, peer);
  EXPECT_EQ(client.due(), now_ + absl::Seconds(10));
  now_ += absl::Seconds(10);
  client.Go(now_);
  EXPECT_EQ(EndOf(client).problem, "no answer within 10s");

  Begin(client);
  const Peer slow = listener_.Accept();
  RequestOf(client, slow);
  slow.Write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh");
  GoOn(client);
  now_ += absl::Seconds(10);
  client.Go(now_);
  EXPECT_EQ(EndOf(client).problem, "no whole answer within 10s");
}

// A host that says nothing at all, as one that is off, costs the deadline; its next address is tried then.
TEST_F(ProbeClientTest, LeavesAnAddressThatIsSilent) {
  Listener full(0);
  full.Fill();
  const ProbeAddresses addresses = Addresses({full.port(), listener_.port()});
  ProbeClient client(manner_, nullptr);
  client.Begin(addresses, now_);
  now_ += absl::Seconds(10);
  client.Go(now_);
  EXPECT_EQ(EndOf(client).problem, "no connection within 10s");
  client.Begin(addresses, now_);
  const Peer peer = listener_.Accept();
  RequestOf(client, peer);
  peer.Write(kHello);
  EXPECT_EQ(EndOf(client).problem, "");
}

// A stream goes well for as long as it is read; its end by us is none of its server's faults.
TEST_F(ProbeClientTest, ReadsAStreamForAWhile) {
  manner_.read_for = absl::Seconds(10);
  manner_.silence = absl::Seconds(4);
  ProbeClient client(manner_, nullptr);
  Begin(client);
  const Peer peer = listener_.Accept();
  RequestOf(client, peer);
  peer.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Backend: east\r\n\r\n");
  for (int i = 0; i < 3; ++i) {
    peer.Write("1\r\nx\r\n");
    GoOn(client);
    now_ += absl::Seconds(3);
    client.Go(now_);
    EXPECT_TRUE(client.busy());
  }
  now_ += absl::Seconds(1);
  client.Go(now_);
  EXPECT_EQ(EndOf(client), (ProbeEnd{.problem = "", .backend = "east"}));
}

TEST_F(ProbeClientTest, AStreamThatIsCutOrFallsSilentIsLost) {
  manner_.read_for = absl::Seconds(10);
  manner_.silence = absl::Seconds(4);
  ProbeClient client(manner_, nullptr);
  Begin(client);
  {
    const Peer peer = listener_.Accept();
    RequestOf(client, peer);
    peer.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
  }
  EXPECT_THAT(EndOf(client).problem, HasSubstr("the connection ended after 1 bytes of the answer"));

  Begin(client);
  const Peer peer = listener_.Accept();
  RequestOf(client, peer);
  peer.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
  while (client.due() != now_ + absl::Seconds(4)) GoOn(client);
  now_ += absl::Seconds(4);
  client.Go(now_);
  EXPECT_EQ(EndOf(client).problem, "nothing more of the stream for 4s");
}

// However fast a stream is, it leaves time for others.
TEST_F(ProbeClientTest, AFastStreamRests) {
  manner_.read_for = absl::Seconds(10);
  manner_.silence = absl::Seconds(4);
  ProbeClient client(manner_, nullptr);
  Begin(client);
  const Peer peer = listener_.Accept();
  RequestOf(client, peer);
  peer.Write("HTTP/1.1 200 OK\r\n\r\n");
  const std::string piece(size_t{64} << 10, 'x');
  while (client.descriptor() >= 0) {
    while (peer.WriteSome(piece)) {
    }
    GoOn(client);
  }
  EXPECT_TRUE(client.busy());
  EXPECT_EQ(client.due(), now_ + ProbeClient::kRest);
  now_ += ProbeClient::kRest;
  client.Go(now_);
  EXPECT_TRUE(client.busy());
}

}  // namespace
}  // namespace evenkeel::coordinator
