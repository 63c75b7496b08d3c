// A route as the entries of a map, and back.
#include "coordinator/gateway/haproxy_route_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator::haproxy {
namespace {

const RouteParts kParts = {{"blue", {"shop-blue"}}, {"green", {"shop-green"}}};
const StoredMark kMark = {"store-a", {.epoch = 5, .owner = {5, 12}, .version = 3}};
constexpr char kHeader[] = "x-evenkeel-canary";

RouteShape Shape(uint32_t green) {
  RouteShape shape;
  shape.backends = {{"blue", {.percent = 100 - green}}, {"green", {.percent = green}}};
  return shape;
}

std::vector<MapEntry> Entries(const RouteShape& shape) {
  return EntriesOf(shape, *SectionsOf(kParts, shape), kMark);
}

// Each whole share, with and without a canary, in each mode, is read as it was written.
TEST(HaproxyRouteMap, IsReadAsItWasWritten) {
  for (uint32_t green = 0; green <= 100; ++green) {
    RouteShape shape = Shape(green);
    if (green % 3 == 1) shape.canary = {kHeader, "yes", green == 100 ? "green" : "blue"};
    if (green == 100) shape.backends["blue"].mode = BackendMode::kClosed;
    if (green == 0) shape.backends["green"].mode = BackendMode::kDraining;
    const RouteMapContent content = ContentOf(Entries(shape), kParts, kHeader);
    EXPECT_EQ(content.shape, shape);
    EXPECT_EQ(content.mark, kMark);
  }
}

// From one share to the next no more slots change than the shares differ by: whoever draws the slot by
// client keeps clients where they are.
TEST(HaproxyRouteMap, MovesNoMoreThanItMust) {
  for (uint32_t green = 0; green < 100; ++green) {
    std::map<std::string, std::string> before;
    for (const MapEntry& entry : Entries(Shape(green))) before[entry.key] = entry.value;
    int moved = 0;
    for (const MapEntry& entry : Entries(Shape(green + 1))) moved += before[entry.key] == entry.value ? 0 : 1;
    EXPECT_EQ(moved, 1);
  }
}

// What others wrote is shown for what it is.
TEST(HaproxyRouteMap, ShowsStrangers) {
  const std::vector<MapEntry> entries = {{"0", "shop-blue"},      {"1", "elsewhere"},   {"1", "shop-blue"},
                                         {"02", "shop-blue"},     {"100", "shop-blue"}, {"mark", "nonsense"},
                                         {"mode/blue", "closed"}, {"mode/green", "odd"}};
  const RouteMapContent content = ContentOf(entries, kParts, kHeader);
  EXPECT_EQ(content.shape.backends.at("blue").percent, 1u);
  EXPECT_EQ(content.shape.backends.at("blue").mode, BackendMode::kServing);
  EXPECT_EQ(content.shape.backends.at("elsewhere").percent, 1u);
  EXPECT_EQ(content.mark, std::nullopt);
}

TEST(HaproxyRouteMap, FingerprintTellsEntriesApart) {
  const auto fingerprint = [](const std::vector<MapEntry>& entries) {
    return ContentOf(entries, kParts, kHeader).fingerprint;
  };
  EXPECT_EQ(fingerprint({{"0", "a"}, {"1", "b"}}), fingerprint({{"1", "b"}, {"0", "a"}}));
  EXPECT_NE(fingerprint({{"0", "a"}, {"1", "b"}}), fingerprint({{"0", "a"}, {"1", "c"}}));
  EXPECT_NE(fingerprint({{"0", "ab"}}), fingerprint({{"0a", "b"}}));
}

TEST(HaproxyRouteMap, SectionsAreOneToOne) {
  EXPECT_FALSE(SectionsOf({{"blue", {"a", "b"}}}, Shape(0)).ok());
  EXPECT_FALSE(SectionsOf({{"blue", {"same"}}, {"green", {"same"}}}, Shape(0)).ok());
  EXPECT_FALSE(SectionsOf({{"blue", {"a b"}}}, Shape(0)).ok());
  EXPECT_EQ(SectionsOf({}, Shape(0))->at("green"), "green");
}

// Who would keep an older word over a newer one finds that by the mark in the file.
TEST(HaproxyRouteMap, FileHasItsMark) {
  const StoredMark mark = {"store-a", {.epoch = 5, .owner = {5, 12}, .version = 3}};
  EXPECT_EQ(MarkInFile(FileOf({{"0", "blue"}, {"mode.blue", "serving"}, {"mark", ToText(mark)}})), mark);
  EXPECT_EQ(MarkInFile("# none\n0 blue\nmarket blue\n"), std::nullopt);
}

TEST(HaproxyRouteMap, FileIsOneEntryALine) {
  const std::string file = FileOf(Entries(Shape(1)));
  EXPECT_THAT(file, ::testing::HasSubstr("\n98 shop-blue\n99 shop-green\n"));
  EXPECT_THAT(file, ::testing::HasSubstr("\nmark evenkeel/store-a/5/5-12/3\n"));
}

}  // namespace
}  // namespace evenkeel::coordinator::haproxy
