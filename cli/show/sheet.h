#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/print/table.h"
#include "google/protobuf/timestamp.pb.h"

namespace evenkeel::cli {

// What `describe` shows of one resource: lines of "Key:   value", as they are added.
class Sheet {
 public:
  void Add(absl::string_view key, absl::string_view value);
  // A key whose values have a line each.
  void AddAll(absl::string_view key, const std::vector<std::string>& values);
  // A table under a heading; "<none>" when it has no rows.
  void AddTable(absl::string_view heading, std::vector<Column> columns, const std::vector<Row>& rows);
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

// "2026-01-02 03:04:05.678 UTC (5m ago)"; empty where it is not set.
std::string When(bool is_set, const google::protobuf::Timestamp& time, absl::Time now);

}  // namespace evenkeel::cli
