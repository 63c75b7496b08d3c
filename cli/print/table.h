#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace evenkeel::cli {

// How a cell looks on a terminal that shows colour.
enum class Style : std::uint8_t { kPlain, kGood, kWarning, kBad };

// One cell. Control characters in the text are shown as '?'.
struct Cell {
  std::string text;
  Style style = Style::kPlain;
};

// One column.
struct Column {
  std::string header;
  // Differs from one look to the next though nothing happened (ages, CPU): a watch does not print a row again
  // for its sake.
  bool restless = false;
};

using Row = std::vector<Cell>;

// Prints rows under headers as kubectl does: upper-case headers, left-aligned columns three spaces apart,
// nothing after the last. Rows that come later keep the widths of the first Print; what is longer pushes its
// row's rest.
class Table {
 public:
  Table(std::vector<Column> columns, bool colour) : columns_(std::move(columns)), colour_(colour) {}

  // The headers, the first time, and the rows; each has a cell for each column.
  void Print(std::ostream& out, const std::vector<Row>& rows);

  // What identifies a row's content: the cells of the columns that are not restless.
  std::string Fingerprint(const Row& row) const;

 private:
  void PrintRow(std::ostream& out, const Row& row) const;

  std::vector<Column> columns_;
  bool colour_;
  std::vector<std::size_t> widths_;  // empty until the first Print
};

// The text in the style's colour, or as it is.
std::string Styled(const std::string& text, Style style, bool colour);

}  // namespace evenkeel::cli
