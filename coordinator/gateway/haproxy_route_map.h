// A route as a map of HAProxy: one map holds its shares, its canary rule, its backends' modes and its mark,
// and is replaced as a whole by one command. Pure.
//
//     0 ... 99           the backend section for a hundredth of the requests; the configuration draws the
//     number canary/VALUE       the section for requests whose canary header has that value mode/BACKEND
//     serving, draining or closed; names the backends that get nothing, too mark               who wrote it
//     (mark.h)
//
// HAProxy's configuration reads it (deploy/haproxy/README.md):
//
//     http-request set-var(txn.evenkeel_canary) req.hdr(x-evenkeel-canary)
//     use_backend %[str(canary/),concat(,txn.evenkeel_canary),map_str(FILE)] if { ...,map_str(FILE) -m found
//     } use_backend %[rand(100),map_str(FILE)]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/haproxy_answers.h"
#include "coordinator/gateway/mark.h"

namespace evenkeel::coordinator::haproxy {

// The section of HAProxy's configuration behind each backend. INVALID_ARGUMENT: a backend has more than one,
// or a section two backends, or a name that HAProxy would not have.
absl::StatusOr<std::map<std::string, std::string>> SectionsOf(const RouteParts& parts,
                                                              const RouteShape& shape);

// The map's entries, in the order above. The shape has passed CheckShape; `sections` names each of its
// backends. Neighbouring shapes of two backends differ in no more slots than they have to.
std::vector<MapEntry> EntriesOf(const RouteShape& shape, const std::map<std::string, std::string>& sections,
                                const StoredMark& mark);

// The same as a file for HAProxy to start with.
std::string FileOf(const std::vector<MapEntry>& entries);
// The mark in such a file; nothing where it has none.
std::optional<StoredMark> MarkInFile(absl::string_view file);

// What a map says. A section that belongs to no backend is a backend of its own name; slots that are not
// there belong to nobody, and the percents are then less than 100 together.
struct RouteMapContent {
  RouteShape shape;
  std::optional<StoredMark> mark;
  std::string fingerprint;  // another one for other entries
};
RouteMapContent ContentOf(const std::vector<MapEntry>& entries, const RouteParts& parts,
                          const std::string& canary_header);

}  // namespace evenkeel::coordinator::haproxy
