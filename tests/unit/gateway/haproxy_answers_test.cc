// What HAProxy 2.6 really answered, and what something else might.
#include "coordinator/gateway/haproxy_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coordinator::haproxy {
namespace {

using ::testing::ElementsAre;

TEST(HaproxyAnswers, AreTakenApart) {
  const auto answers = SplitAnswers("\nNew version created: 2\n\na\nb\n\n", 3);
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_THAT(*answers, ElementsAre("", "New version created: 2\n", "a\nb\n"));
}

// An answer that is cut short is none: its beginning must not pass for the whole.
TEST(HaproxyAnswers, CutShortIsNone) {
  const std::string whole = "a\nb\n\nc\n\n";
  EXPECT_TRUE(SplitAnswers(whole, 2).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(SplitAnswers(whole.substr(0, size), 2).status().code(), absl::StatusCode::kInternal) << size;
  }
  EXPECT_FALSE(SplitAnswers(whole + "more", 2).ok());
  EXPECT_FALSE(SplitAnswers(whole, 1).ok());
}

TEST(HaproxyAnswers, SayWhyNot) {
  EXPECT_TRUE(Outcome("", "add map").ok());
  EXPECT_TRUE(Outcome("\n", "add map").ok());
  EXPECT_EQ(Outcome("Permission denied\n", "x").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Outcome("Unknown map identifier. Please use #<id> or <file>.\n", "x").code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Outcome("No such backend.\n", "x").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Outcome("Version number out of range.\n", "x").code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Outcome("Unknown command, but maybe ...\n", "x").code(), absl::StatusCode::kFailedPrecondition);
}

TEST(HaproxyAnswers, Info) {
  const auto process = ParseInfo(
      "Name: HAProxy\nVersion: 2.6.12-1+deb12u4\nPid: 31280\nStopping: 0\nStart_time_sec: 1795309278\n");
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(process->Instance(), "31280@1795309278");
  EXPECT_EQ(process->version, "2.6.12-1+deb12u4");
  EXPECT_FALSE(process->stopping);
  EXPECT_FALSE(ParseInfo("Name: HAProxy\n").ok());
  EXPECT_FALSE(ParseInfo("Name: HAProxy\nPid: -3\n").ok());
  EXPECT_FALSE(ParseInfo("HTTP/1.1 400 Bad Request\n").ok());
}

TEST(HaproxyAnswers, MapVersions) {
  const std::string list =
      "# id (file) description\n"
      "2 (/etc/haproxy/other.map) pattern loaded from file. curr_ver=9 next_ver=9 entry_cnt=1\n"
      "3 (/etc/haproxy/shop.map) pattern loaded from file '/etc/haproxy/shop.map' used by map at file "
      "'h.cfg' line "
      "13, by map at file 'h.cfg' line 14. curr_ver=1 next_ver=3 entry_cnt=3\n";
  EXPECT_EQ(*ParseMapVersions(list, "/etc/haproxy/shop.map"), (MapVersions{1, 3}));
  EXPECT_TRUE(absl::IsNotFound(ParseMapVersions(list, "/etc/haproxy/none.map").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ParseMapVersions("3 (/etc/haproxy/shop.map) pattern loaded from file\n", "/etc/haproxy/shop.map")
          .status()));
}

TEST(HaproxyAnswers, Map) {
  EXPECT_THAT(*ParseMap("0x55bbe4f03a30 0 blue\n0x7fc4a4034d70 mark evenkeel/a/5/5-12/1\n"),
              ElementsAre(MapEntry{"0", "blue"}, MapEntry{"mark", "evenkeel/a/5/5-12/1"}));
  EXPECT_TRUE(ParseMap("")->empty());
  EXPECT_TRUE(absl::IsNotFound(ParseMap("Unknown map identifier. Please use #<id> or <file>.\n").status()));
  EXPECT_FALSE(ParseMap("0x55 key\n").ok());
  EXPECT_THAT(*ParseMap("0x55 7\xff gr\xc3\xbcn\xfe\n"), ElementsAre(MapEntry{"7?", "gr\xc3\xbcn?"}));
  EXPECT_EQ(*ParseNewVersion("New version created: 7\n"), 7u);
  EXPECT_FALSE(ParseNewVersion("New version created: -7\n").ok());
  EXPECT_FALSE(ParseNewVersion("").ok());
}

// A table as HAProxy 2.6 gives it, with columns that do not matter taken out, and a cell in quotes.
constexpr char kStat[] =
    "# pxname,svname,qcur,scur,stot,econ,eresp,status,hrsp_5xx,req_tot,check_status,last_chk,rtime,\n"
    "blue,a,1,2,40,1,2,UP 1/3,3,,* L7OK,\"Layer7 check passed, code: 200\",12,\n"
    "blue,b,0,0,0,0,0,DOWN,0,,L4CON,Connection refused,,\n"
    "blue,BACKEND,1,3,41,1,2,UP,5,41,,,12,\n";

TEST(HaproxyAnswers, Stat) {
  const auto rows = ParseStat(kStat);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 3u);
  const StatRow& server = (*rows)[0];
  EXPECT_EQ(server.server, "a");
  EXPECT_EQ(server.in_flight, 2u);
  EXPECT_EQ(server.queued, 1u);
  EXPECT_EQ(server.answers_5xx, 3u);
  EXPECT_EQ(server.requests, std::nullopt);
  EXPECT_EQ(server.response_ms, 12u);
  EXPECT_TRUE(server.IsUp());
  EXPECT_EQ(server.check, "L7OK");
  EXPECT_EQ(server.check_words, "Layer7 check passed, code: 200");
  EXPECT_FALSE((*rows)[1].IsUp());
  EXPECT_TRUE((*rows)[2].IsBackend());
  EXPECT_EQ((*rows)[2].requests, 41u);
}

// A frontend of the same name is no backend section, and what is not there is not 0.
TEST(HaproxyAnswers, RowsOfASection) {
  const auto rows = ParseStat(kStat);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(RowsOf(*rows, "blue")->size(), 3u);
  EXPECT_TRUE(absl::IsNotFound(RowsOf(*rows, "green").status()));
  const auto frontend = ParseStat("# pxname,svname,scur\nblue,FRONTEND,0\n");
  ASSERT_TRUE(frontend.ok()) << frontend.status();
  EXPECT_TRUE(absl::IsNotFound(RowsOf(*frontend, "blue").status()));
}

// A drain must not be proven by a number that is not there.
TEST(HaproxyAnswers, StatWithoutInFlightIsNone) {
  EXPECT_FALSE(ParseStat("# pxname,svname,scur\nblue,BACKEND,\n").ok());
  EXPECT_FALSE(ParseStat("# pxname,svname,scur\nblue,BACKEND,-1\n").ok());
  EXPECT_FALSE(ParseStat("# pxname,svname,stot\nblue,BACKEND,0\n").ok());
  EXPECT_TRUE(absl::IsNotFound(ParseStat("No such proxy.\n").status()));
}

TEST(HaproxyAnswers, ServersState) {
  const std::string head =
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n";
  const auto servers =
      ParseServersState(head + "3 blue 1 a 127.0.0.1 2 0 0 1\n3 blue 2 b 127.0.0.1 0 1 256 1\n");
  ASSERT_TRUE(servers.ok()) << servers.status();
  ASSERT_EQ(servers->size(), 2u);
  EXPECT_EQ((*servers)[0].weight, 0u);
  EXPECT_FALSE((*servers)[0].maintenance);
  EXPECT_TRUE((*servers)[1].maintenance);
  EXPECT_EQ((*servers)[1].weight, 256u);
  EXPECT_FALSE(ParseServersState(head + "3 blue 1 a 127.0.0.1 2 0 257 1\n").ok());
  EXPECT_FALSE(ParseServersState("2\n").ok());
}

TEST(HaproxyAnswers, OldWorkers) {
  const std::string answer =
      "#<PID>          <type>          <reloads>       <uptime>        <version>      \n"
      "31260           master          1 [failed: 0]   0d00h00m02s     2.6.12-1+deb12u4\n"
      "# workers\n"
      "31280           worker          0               0d00h00m01s     2.6.12-1+deb12u4\n"
      "# old workers\n"
      "31263           worker          1               0d00h00m02s     2.6.12-1+deb12u4\n"
      "# programs\n";
  EXPECT_THAT(*ParseOldWorkers(answer), ElementsAre(31263));
  EXPECT_FALSE(ParseOldWorkers("Unknown command\n").ok());
}

}  // namespace
}  // namespace evenkeel::coordinator::haproxy
