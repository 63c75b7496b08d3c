// Kubernetes' quantities.

#include "coordinator/observe/quantity.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

// As the API server writes them, and as people do.
TEST(QuantityTest, ReadsWhatKubernetesWrites) {
  const struct {
    const char* text;
    int64_t milli, whole;
  } table[] = {{"0", 0, 0},
               {"1", 1000, 1},
               {"250m", 250, 1},
               {"1.5", 1500, 2},
               {".5", 500, 1},
               {"100n", 1, 1},
               {"2500u", 3, 1},
               {"0.1", 100, 1},
               {"3k", 3'000'000, 3000},
               {"1e3", 1'000'000, 1000},
               {"1E3", 1'000'000, 1000},
               {"12e-1", 1200, 2},
               {"128Mi", 134'217'728'000, 134'217'728},
               {"1.5Gi", 1'610'612'736'000, 1'610'612'736},
               {"129M", 129'000'000'000, 129'000'000},
               {"16275988Ki", 16'666'611'712'000, 16'666'611'712}};
  for (const auto& row : table) {
    EXPECT_EQ(ParseMilli(row.text), row.milli) << row.text;
    EXPECT_EQ(ParseWhole(row.text), row.whole) << row.text;
  }
  EXPECT_EQ(ParseWhole("1E"), 1'000'000'000'000'000'000);
}

// What is none, or too large, is nothing; nothing throws.
TEST(QuantityTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "m", "Mi", "1.2.3", "1x", "--1", "1 Gi", "1e", "nan", "inf", "9e99", "99Ei", "e3"}) {
    EXPECT_EQ(ParseWhole(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
