// The file of gateways: what each kind needs, and that a mistake is told by its field.
#include "coordinator/program/gateways_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

absl::StatusOr<std::vector<GatewayConfig>> Parse(const std::string& yaml) {
  return ParseGateways(yaml, {"east", "west"});
}

constexpr char kOfEachKind[] = R"(
gateways:
- name: edge
  kind: haproxy
  socket: unix:/run/haproxy/admin.sock
  masterSocket: unix:/run/haproxy-master.sock
  oldProcessLasts: 5m
  canaryHeader: x-canary
  keepFiles: true
  serverStateIsKept: true
- name: lan
  kind: haproxy
  socket: tcp:10.0.0.7:9999
- name: east-routes
  kind: http-route
  cluster: east
  kubeconfig: /etc/evenkeel/routes.kubeconfig
- name: joined
  kind: endpoint-slices
  cluster: east
- name: mesh
  kind: xds
  listen: "[::1]:7447"
  plaintext: true
  routesFile: /var/lib/evenkeel/routes.json
)";

// Every field is read; what is left out has its default.
TEST(GatewaysFile, ReadsEachKind) {
  const auto gateways = Parse(kOfEachKind);
  ASSERT_TRUE(gateways.ok()) << gateways.status();
  ASSERT_EQ(gateways->size(), 5u);
  EXPECT_EQ((*gateways)[0].name, "edge");
  const auto& edge = std::get<HaproxySettings>((*gateways)[0].settings);
  EXPECT_EQ(edge.socket.ToString(), "unix:/run/haproxy/admin.sock");
  EXPECT_EQ(edge.master_socket->ToString(), "unix:/run/haproxy-master.sock");
  EXPECT_EQ(edge.old_process_lasts, absl::Minutes(5));
  EXPECT_EQ(edge.canary_header, "x-canary");
  EXPECT_TRUE(edge.keep_files);
  EXPECT_TRUE(edge.server_state_is_kept);
  const auto& lan = std::get<HaproxySettings>((*gateways)[1].settings);
  EXPECT_FALSE(lan.master_socket);
  EXPECT_FALSE(lan.keep_files);
  EXPECT_EQ(lan.canary_header, "x-evenkeel-canary");
  EXPECT_EQ(std::get<HttpRouteSettings>((*gateways)[2].settings).access,
            (ClusterAccess{"east", "/etc/evenkeel/routes.kubeconfig"}));
  EXPECT_EQ(std::get<EndpointSlicesSettings>((*gateways)[3].settings).access, (ClusterAccess{"east", ""}));
  const auto& mesh = std::get<XdsSettings>((*gateways)[4].settings);
  EXPECT_EQ(mesh.listen.ForGrpc(), "[::1]:7447");
  EXPECT_TRUE(mesh.plaintext);
  EXPECT_EQ(mesh.routes_file, "/var/lib/evenkeel/routes.json");
}

TEST(GatewaysFile, MayBeEmpty) {
  const auto gateways = Parse("gateways: []\n");
  ASSERT_TRUE(gateways.ok()) << gateways.status();
  EXPECT_THAT(*gateways, IsEmpty());
}

// Each mistake is told by the field that has it, as an operator finds it in the file.
TEST(GatewaysFile, RefusesByField) {
  const struct {
    const char* gateway;  // of the list
    const char* error;
  } rows[] = {
      {"{kind: haproxy}", "gateways[0].name: must be given"},
      {"{name: Edge, kind: haproxy}", "gateways[0].name: \"Edge\" is not a name"},
      {"{name: edge}", "gateways[edge].kind: must be given"},
      {"{name: edge, kind: nginx}", "gateways[edge].kind: \"nginx\" is not haproxy, http-route"},
      {"{name: edge, kind: haproxy}", "gateways[edge].socket: must be given"},
      {"{name: edge, kind: haproxy, socket: 10.0.0.7}", "gateways[edge].socket: a runtime socket is"},
      {"{name: edge, kind: haproxy, socket: 'tcp:lb:9999'}", "gateways[edge].socket:"},
      {"{name: edge, kind: haproxy, socket: 'unix:/s', masterSocket: master}",
       "gateways[edge].masterSocket: a runtime socket is"},
      {"{name: edge, kind: haproxy, socket: 'unix:/s', oldProcessLasts: soon}",
       "gateways[edge].oldProcessLasts: must be a duration"},
      {"{name: edge, kind: haproxy, socket: 'unix:/s', canaryHeader: X-Canary}",
       "gateways[edge].canaryHeader: must be"},
      {"{name: edge, kind: haproxy, socket: 'unix:/s', keepFiles: maybe}",
       "gateways[edge].keepFiles: must be true or false"},
      {"{name: edge, kind: haproxy, socket: [a]}", "gateways[edge].socket: must be text"},
      {"{name: edge, kind: haproxy, socket: 'unix:/s', cluster: east}",
       "gateways[edge].cluster: is no field of a gateway of kind haproxy"},
      {"{name: routes, kind: http-route}", "gateways[routes].cluster: must be given"},
      {"{name: routes, kind: http-route, cluster: north}", "gateways[routes].cluster: \"north\" is none"},
      {"{name: routes, kind: endpoint-slices, cluster: east, kubeconfig: here}",
       "gateways[routes].kubeconfig: must be a full path"},
      {"{name: mesh, kind: xds, routesFile: /r}", "gateways[mesh].listen: must be given"},
      {"{name: mesh, kind: xds, listen: 7447, routesFile: /r}", "gateways[mesh].listen: \"7447\" is not"},
      {"{name: mesh, kind: xds, listen: ':7447'}", "gateways[mesh].routesFile: must be given"},
      {"edge", "gateways[0]: must be a mapping"},
  };
  for (const auto& row : rows) {
    const auto gateways = Parse(absl::StrCat("gateways: [", row.gateway, "]"));
    EXPECT_TRUE(absl::IsInvalidArgument(gateways.status())) << row.gateway;
    EXPECT_THAT(std::string(gateways.status().message()), StartsWith(row.error)) << row.gateway;
  }
}

// Two gateways of one name, or two hands on one thing, are refused.
TEST(GatewaysFile, RefusesTwoOfOne) {
  const struct {
    const char* one;
    const char* other;
    const char* error;
  } rows[] = {
      {"{name: a, kind: haproxy, socket: 'unix:/s'}", "{name: a, kind: haproxy, socket: 'unix:/t'}",
       "gateways[a].name: is given twice"},
      {"{name: a, kind: haproxy, socket: 'unix:/s'}", "{name: b, kind: haproxy, socket: 'unix:/s'}",
       "gateways[b].socket: is that of gateway a already"},
      {"{name: a, kind: http-route, cluster: east}", "{name: b, kind: http-route, cluster: east}",
       "gateways[b].cluster: is that of gateway a already"},
      {"{name: a, kind: xds, listen: ':1', routesFile: /r}",
       "{name: b, kind: xds, listen: ':1', routesFile: /s}",
       "gateways[b].listen: is that of gateway a already"},
      {"{name: a, kind: xds, listen: ':1', routesFile: /r}",
       "{name: b, kind: xds, listen: ':2', routesFile: /r}",
       "gateways[b].routesFile: is that of gateway a already"},
  };
  for (const auto& row : rows) {
    const auto gateways = Parse(absl::StrCat("gateways: [", row.one, ", ", row.other, "]"));
    EXPECT_THAT(std::string(gateways.status().message()), StartsWith(row.error));
  }
}

// What is no such file at all is told in a sentence.
TEST(GatewaysFile, RefusesOtherFiles) {
  EXPECT_THAT(std::string(Parse("").status().message()), StartsWith("gateways: must be given"));
  EXPECT_THAT(std::string(Parse("gateways: 7").status().message()), StartsWith("gateways: must be a list"));
  EXPECT_THAT(std::string(Parse("gateways: []\ngates: []").status().message()),
              StartsWith("gates: is no field of this file"));
  EXPECT_THAT(std::string(Parse("gateways: [").status().message()), StartsWith("is not valid YAML"));
  const auto missing = LoadGateways("/there/is/no/such/file", {});
  EXPECT_THAT(std::string(missing.status().message()), StartsWith("/there/is/no/such/file"));
}

}  // namespace
}  // namespace evenkeel::coordinator
