#include "cli/show/sheet.h"

#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "cli/print/text.h"

namespace evenkeel::cli {

void Sheet::Add(absl::string_view key, absl::string_view value) {
  absl::StrAppendFormat(&text_, "%-20s %s\n", absl::StrCat(key, ":"), Printable(OrNone(value)));
}

void Sheet::AddAll(absl::string_view key, const std::vector<std::string>& values) {
  Add(key, values.empty() ? "" : values.front());
  for (std::size_t i = 1; i < values.size(); ++i) {
    absl::StrAppendFormat(&text_, "%-20s %s\n", "", Printable(values[i]));
  }
}

void Sheet::AddTable(absl::string_view heading, std::vector<Column> columns, const std::vector<Row>& rows) {
  if (rows.empty()) {
    Add(heading, "");
    return;
  }
  std::ostringstream table;
  Table(std::move(columns), false).Print(table, rows);
  absl::StrAppend(&text_, heading, ":\n");
  for (absl::string_view line : absl::StrSplit(table.str(), '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text_, "  ", line, "\n");
  }
}

std::string When(bool is_set, const google::protobuf::Timestamp& time, absl::Time now) {
  return is_set ? absl::StrCat(Instant(ToTime(time)), " (", Age(now - ToTime(time)), " ago)") : "";
}

}  // namespace evenkeel::cli
