#include "cli/print/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace evenkeel::cli {
namespace {

std::string Print(Table& table, const std::vector<Row>& rows) {
  std::ostringstream out;
  table.Print(out, rows);
  return out.str();
}

// Proves that columns are as wide as their widest cell, in characters and not bytes, and that no line ends in
// spaces.
TEST(Table, ColumnsAlignAndLinesDoNotTrail) {
  Table table({{"NAME"}, {"STATE"}, {"AGE"}}, false);
  EXPECT_EQ(Print(table, {{{"n1"}, {"Healthy"}, {"5m"}}, {{"knoten-süd"}, {"Dead"}, {"12s"}}}),
            "NAME         STATE     AGE\n"
            "n1           Healthy   5m\n"
            "knoten-süd   Dead      12s\n");
}

// Proves that rows which come later, as in a watch, stay in the columns and bring no second header.
TEST(Table, LaterRowsKeepTheWidths) {
  Table table({{"NAME"}, {"STATE"}}, false);
  Print(table, {{{"node-1"}, {"Healthy"}}});
  EXPECT_EQ(Print(table, {{{"n2"}, {"Dead"}}, {{"a-longer-name"}, {"Dead"}}}),
            "n2       Dead\n"
            "a-longer-name   Dead\n");
}

// Proves that colour does not count as width, and that there is none where it is off.
TEST(Table, ColourTakesNoRoom) {
  Table coloured({{"NAME"}, {"STATE"}, {"AGE"}}, true);
  EXPECT_EQ(Print(coloured, {{{"n1"}, {"Dead", Style::kBad}, {"1s"}}}),
            "NAME   STATE   AGE\n"
            "n1     \033[1;31mDead\033[0m    1s\n");
  Table plain({{"STATE"}}, false);
  EXPECT_EQ(Print(plain, {{{"Dead", Style::kBad}}}), "STATE\nDead\n");
}

// Proves that a cell cannot forge a line or a colour.
TEST(Table, CellsCannotDriveTheTerminal) {
  Table table({{"REASON"}}, false);
  EXPECT_EQ(Print(table, {{{"x\nn1   Healthy\033[2J"}}}), "REASON\nx?n1   Healthy?[2J\n");
}

// Proves that what changes by itself (ages) does not make a row look changed.
TEST(Table, RestlessColumnsDoNotCountAsChange) {
  const Table table({{"NAME"}, {"AGE", true}, {"STATE"}}, false);
  EXPECT_EQ(table.Fingerprint({{"n1"}, {"1s"}, {"Dead"}}), table.Fingerprint({{"n1"}, {"2s"}, {"Dead"}}));
  EXPECT_NE(table.Fingerprint({{"n1"}, {"1s"}, {"Dead"}}), table.Fingerprint({{"n1"}, {"1s"}, {"Healthy"}}));
}

}  // namespace
}  // namespace evenkeel::cli
