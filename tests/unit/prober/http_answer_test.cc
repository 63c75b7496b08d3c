// Answers of HTTP servers: whole, cut, or nothing of the kind, however their bytes are cut into pieces.

#include "coordinator/prober/http_answer.h"

#include <string>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

using State = HttpAnswer::State;

constexpr char kHello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Backend: west\r\n\r\nhello";
constexpr char kChunks[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na;x=y\r\n0123456789\r\n0\r\nT: "
    "1\r\n\r\n";

HttpAnswer Read(const std::string& bytes, bool end = false) {
  HttpAnswer answer("x-backend");
  answer.Feed(bytes);
  if (end) answer.End();
  return answer;
}

TEST(HttpAnswerTest, ReadsAWholeAnswer) {
  const HttpAnswer answer = Read(kHello);
  EXPECT_EQ(answer.state(), State::kWhole);
  EXPECT_EQ(answer.code(), 200);
  EXPECT_EQ(answer.body_bytes(), 5u);
  EXPECT_TRUE(answer.keeps_connection());
  EXPECT_EQ(answer.header(), "west");
}

// The same for bytes that come one by one, and the next answer's bytes are left alone.
TEST(HttpAnswerTest, ReadsInPieces) {
  for (const std::string& whole : {std::string(kHello), std::string(kChunks)}) {
    HttpAnswer answer;
    for (size_t i = 0; i < whole.size(); ++i) {
      ASSERT_EQ(answer.state(), State::kReading) << i;
      ASSERT_EQ(answer.Feed(absl::string_view(whole).substr(i, 1)), 1u);
    }
    EXPECT_EQ(answer.state(), State::kWhole);
    HttpAnswer first;
    EXPECT_EQ(first.Feed(whole + "HTTP/1.1 200"), whole.size());
    EXPECT_EQ(first.state(), State::kWhole);
  }
}

TEST(HttpAnswerTest, CountsChunks) {
  EXPECT_EQ(Read(kChunks).body_bytes(), 15u);
}

// An answer that ends before its end is lost; one that only the connection's end ends is whole by that.
TEST(HttpAnswerTest, KnowsACutAnswer) {
  const struct {
    std::string bytes;
    State state;
    std::string problem;
  } table[] = {
      {"", State::kBroken, "the connection ended before an answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", State::kBroken,
       "the connection ended after 3 bytes of the answer"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", State::kBroken,
       "the connection ended after 5 bytes of the answer"},
      {"HTTP/1.1 200 OK\r\n\r\nhello", State::kWhole, ""},
      {"HTTP/1.1 204 No Content\r\n\r\n", State::kWhole, ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", State::kWhole, ""},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", State::kWhole, ""},
  };
  for (const auto& row : table) {
    const HttpAnswer answer = Read(row.bytes, true);
    EXPECT_EQ(answer.state(), row.state) << row.bytes;
    EXPECT_EQ(answer.problem(), row.problem) << row.bytes;
  }
}

// What is no HTTP, makes no sense or never ends is broken, and its connection is not used again.
TEST(HttpAnswerTest, TakesAnyBytes) {
  for (const std::string& bytes :
       {std::string("SSH-2.0-x\r\n"), std::string("HTTP/1.1 xyz\r\n"), std::string("HTTP/2 200\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nno header\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n"),
        std::string(HttpAnswer::kLongestHead + 1, 'x')}) {
    const HttpAnswer answer = Read(bytes);
    EXPECT_EQ(answer.state(), State::kBroken) << bytes.substr(0, 80);
    EXPECT_FALSE(answer.keeps_connection());
    EXPECT_FALSE(answer.problem().empty());
  }
}

// Whether the connection may be used again is the server's to say.
TEST(HttpAnswerTest, KnowsWhetherTheConnectionStays) {
  EXPECT_FALSE(Read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").keeps_connection());
  EXPECT_FALSE(Read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keeps_connection());
  EXPECT_TRUE(
      Read("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").keeps_connection());
  EXPECT_FALSE(Read("HTTP/1.1 200 OK\r\n\r\n", true).keeps_connection());
}

}  // namespace
}  // namespace evenkeel::coordinator
