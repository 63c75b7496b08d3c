#include "cli/print/table.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "cli/print/text.h"
#include "common/base/check.h"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kGap = 3;

// Characters, not bytes: names may be any UTF-8.
std::size_t Width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

std::string Styled(const std::string& text, Style style, bool colour) {
  if (!colour || style == Style::kPlain) return text;
  const char* code = style == Style::kGood      ? "\033[32m"
                     : style == Style::kWarning ? "\033[33m"
                                                : "\033[1;31m";
  return absl::StrCat(code, text, "\033[0m");
}

void Table::Print(std::ostream& out, const std::vector<Row>& rows) {
  if (widths_.empty()) {
    Row headers;
    for (const Column& column : columns_) {
      headers.push_back({column.header});
      widths_.push_back(Width(column.header));
    }
    for (const Row& row : rows) {
      EVENKEEL_CHECK(row.size() == columns_.size()) << "a row has " << row.size() << " cells";
      for (std::size_t i = 0; i < row.size(); ++i)
        widths_[i] = std::max(widths_[i], Width(Printable(row[i].text)));
    }
    PrintRow(out, headers);
  }
  for (const Row& row : rows) PrintRow(out, row);
  out.flush();
}

void Table::PrintRow(std::ostream& out, const Row& row) const {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string text = Printable(row[i].text);
    absl::StrAppend(&line, Styled(text, row[i].style, colour_));
    if (i + 1 < row.size()) line.append(std::max(widths_[i], Width(text)) + kGap - Width(text), ' ');
  }
  out << line << '\n';
}

std::string Table::Fingerprint(const Row& row) const {
  std::string result;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!columns_[i].restless) absl::StrAppend(&result, row[i].text, "\n");
  }
  return result;
}

}  // namespace evenkeel::cli
