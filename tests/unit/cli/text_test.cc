#include "cli/print/text.h"

#include <gtest/gtest.h>

namespace evenkeel::cli {
namespace {

// Proves that nothing a node, a pod or a peer says can drive the operator's terminal.
TEST(Text, ControlCharactersAreReplaced) {
  EXPECT_EQ(Printable("a\033[31mb\nc\x7f"), "a?[31mb?c?");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m"),
            "?31m");  // CSI as one character
  EXPECT_EQ(Printable("Grüße, 東京"), "Grüße, 東京");
}

// Proves that ages have kubectl's shape, at each change of unit.
TEST(Text, AgesAreShownAsKubectlShowsThem) {
  EXPECT_EQ(Age(absl::Seconds(-3)), "0s");
  EXPECT_EQ(Age(absl::Seconds(119)), "119s");
  EXPECT_EQ(Age(absl::Seconds(120)), "2m");
  EXPECT_EQ(Age(absl::Seconds(192)), "3m12s");
  EXPECT_EQ(Age(absl::Minutes(61)), "61m");
  EXPECT_EQ(Age(absl::Minutes(200)), "3h20m");
  EXPECT_EQ(Age(absl::Hours(47)), "47h");
  EXPECT_EQ(Age(absl::Hours(50)), "2d2h");
  EXPECT_EQ(Age(absl::Hours(24 * 400)), "400d");
  EXPECT_EQ(Age(absl::Hours(24 * 731)), "2y1d");
}

// Proves that spans keep the digits that matter and never round up to an odd "1000 ms" or "60.00 s".
TEST(Text, SpansKeepTheDigitsThatMatter) {
  EXPECT_EQ(Span(absl::ZeroDuration()), "0 ms");
  EXPECT_EQ(Span(absl::Microseconds(300)), "0.3 ms");
  EXPECT_EQ(Span(absl::Milliseconds(933)), "933 ms");
  EXPECT_EQ(Span(absl::Microseconds(999'600)), "1.00 s");
  EXPECT_EQ(Span(absl::Milliseconds(2312)), "2.31 s");
  EXPECT_EQ(Span(absl::Milliseconds(59'999)), "1m 0s");
  EXPECT_EQ(Span(absl::Seconds(65)), "1m 5s");
  EXPECT_EQ(Span(absl::Minutes(125)), "2h 5m");
  EXPECT_EQ(Span(-absl::Milliseconds(5)), "-5 ms");
}

// Proves that the parts of resource names are found, and nothing where there is none.
TEST(Text, ResourceNamesAreTakenApart) {
  EXPECT_EQ(LastSegment("clusters/local/nodes/n1"), "n1");
  EXPECT_EQ(LastSegment("n1"), "n1");
  EXPECT_EQ(Segment("clusters/local/namespaces/web/pods/a", "namespaces"), "web");
  EXPECT_EQ(Segment("clusters/nodes/nodes/clusters", "nodes"), "clusters");
  EXPECT_EQ(Segment("clusters/local", "nodes"), "");
}

// Proves the shapes of quantities and enumerators.
TEST(Text, QuantitiesAndEnumeratorsAreShort) {
  EXPECT_EQ(Bytes(512), "512");
  EXPECT_EQ(Bytes(34ULL << 20), "34Mi");
  EXPECT_EQ(Bytes(15ULL << 30), "15.0Gi");
  EXPECT_EQ(EnumWord("VERDICT_AGENT_LOST", "VERDICT_"), "AgentLost");
  EXPECT_EQ(Count(1, "pod"), "1 pod");
  EXPECT_EQ(Count(2, "policy", "policies"), "2 policies");
}

}  // namespace
}  // namespace evenkeel::cli
