#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kube/json.h"
#include "coordinator/gateway/kube_call.h"
#include "coordinator/gateway/route_notes.h"
#include "coordinator/gateway/slice_gateway.h"

namespace evenkeel::coordinator {

using kube::Json;

namespace {

constexpr absl::Duration kSourcePatience = absl::Seconds(1);  // with one cluster's API server

}  // namespace

absl::Status SliceGateway::KeepOne(const kube::Resource& slices, const Json& slice,
                                   std::set<std::string>& silent, const Call& call) {
  const std::string source = kube::Text(slice, {"metadata", "annotations", kSourceAnnotation});
  const SliceContent there = ContentOfSlice(slice);
  if (source.empty() || there.addresses.empty()) return absl::OkStatus();
  // L7, and epochs of another store say nothing of ours.
  const std::optional<StoredMark> mark = MarkOn(slice);
  const bool ours = !mark || (mark->store_id == options_.store_id && mark->mark.epoch <= options_.epoch);
  if (!ours) return absl::OkStatus();
  EVENKEEL_ASSIGN_OR_RETURN(const EndpointSource whose, EndpointSource::Parse(source));
  if (silent.contains(whose.cluster)) {
    return absl::UnavailableError(absl::StrCat("cluster ", whose.cluster, " does not answer"));
  }
  const absl::StatusOr<SliceContent> answer =
      EndpointsOf(source, whose, call.Part(std::min(kSourcePatience, call.left() / 2)), there.address_type);
  if (absl::IsUnavailable(answer.status()) || absl::IsDeadlineExceeded(answer.status())) {
    silent.insert(whose.cluster);
  }
  EVENKEEL_RETURN_IF_ERROR(answer.status());
  const SliceContent& ready = *answer;
  if (ready == there) return absl::OkStatus();
  const Json patch = SlicePatch(slice, ready, Json::object());
  return WaitFor<Json>(call, "keeping an EndpointSlice",
                       [&](absl::Duration deadline, kube::Done<Json> done) {
                         return api_->Patch(slices, kube::NameOf(slice), {.kind = kube::PatchKind::kMerge},
                                            patch, deadline, std::move(done));
                       })
      .status();
}

absl::Status SliceGateway::Keep(const Call& call) {
  EVENKEEL_ASSIGN_OR_RETURN(const kube::Resource slices, Slices(*api_, call));
  const kube::ListOptions options = {.name_space = "",
                                     .label_selector = absl::StrCat(kManagedByLabel, "=", kManagedBy)};
  EVENKEEL_ASSIGN_OR_RETURN(const Json list,
                            WaitFor<Json>(call, "listing the EndpointSlices that are Evenkeel's",
                                          [&](absl::Duration deadline, kube::Done<Json> done) {
                                            return api_->List(slices, options, deadline, std::move(done));
                                          }));
  absl::Status first;
  const Json* const items = kube::Find(list, {"items"});
  if (items == nullptr || !items->is_array()) return first;
  const auto name_of = [](const Json& slice) { return kube::NameOf(slice).ToString(); };
  const auto last = std::find_if(items->begin(), items->end(),
                                 [&](const Json& slice) { return name_of(slice) == kept_last_; });
  const size_t begin = last == items->end() ? 0 : static_cast<size_t>(last - items->begin()) + 1;
  std::set<std::string> silent;  // clusters
  for (size_t i = 0; i < items->size(); ++i) {
    EVENKEEL_RETURN_IF_ERROR(call.GoOn("keeping EndpointSlices"));
    const Json& slice = (*items)[(begin + i) % items->size()];
    kept_last_ = name_of(slice);
    first.Update(KeepOne(slices, slice, silent, call));
  }
  return first;
}

}  // namespace evenkeel::coordinator
