#include "common/kube/watch_stream.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "common/kube/status.h"

namespace evenkeel::kube {
namespace {

std::optional<WatchEvent::Type> TypeOf(absl::string_view text) {
  if (text == "ADDED") return WatchEvent::Type::kAdded;
  if (text == "MODIFIED") return WatchEvent::Type::kModified;
  if (text == "DELETED") return WatchEvent::Type::kDeleted;
  if (text == "BOOKMARK") return WatchEvent::Type::kBookmark;
  return std::nullopt;
}

absl::Status ErrorOf(const Json& object) {
  const Json* const code = Find(object, {"code"});
  return StatusFromObject(code != nullptr && code->is_number_integer() ? code->get<int>() : 500,
                          Text(object, {"reason"}), Text(object, {"message"}), std::nullopt);
}

}  // namespace

WatchStream::WatchStream(std::size_t max_event_bytes, std::function<void(WatchEvent)> on_event)
    : max_event_bytes_(max_event_bytes), on_event_(std::move(on_event)) {}

absl::Status WatchStream::Feed(absl::string_view bytes) {
  if (!opened_) {
    opened_ = true;
    on_event_({.type = WatchEvent::Type::kOpened, .object = nullptr});
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const absl::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > max_event_bytes_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("an event of the watch is larger than ", max_event_bytes_, " bytes"));
    }
    if (end == absl::string_view::npos) {
      partial_.append(piece.data(), piece.size());
      return absl::OkStatus();
    }
    bytes.remove_prefix(end + 1);
    if (partial_.empty()) {
      EVENKEEL_RETURN_IF_ERROR(TakeLine(piece));
    } else {
      partial_.append(piece.data(), piece.size());
      EVENKEEL_RETURN_IF_ERROR(TakeLine(std::exchange(partial_, {})));
    }
  }
  return absl::OkStatus();
}

absl::Status WatchStream::TakeLine(absl::string_view line) {
  if (line.empty() || line == "\r") return absl::OkStatus();
  Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const std::string type = Text(event, {"type"});
  if (Find(event, {"object"}) == nullptr) return absl::InternalError("a line of the watch is not an event");
  Json object = std::move(event["object"]);
  if (type == "ERROR") return ErrorOf(object);
  const auto known = TypeOf(type);
  // A kind of event that a later server may send says nothing about an object.
  if (!known.has_value()) return absl::OkStatus();
  DropManagedFields(object);
  on_event_({.type = *known, .object = std::move(object)});
  return absl::OkStatus();
}

}  // namespace evenkeel::kube
