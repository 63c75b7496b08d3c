#include "cli/failure.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/print/text.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

constexpr absl::string_view kCureKey = "cure";

// The text without what could drive the terminal; its lines after the first are indented.
std::string PrintableLines(absl::string_view text) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) lines.push_back(Printable(line));
  return absl::StrJoin(lines, "\n  ");
}

// gRPC's account of a connection that failed, without the words that say nothing.
std::string ConnectionCause(const std::string& said) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(said, absl::MaxSplits("; last error: ", 1));
  return parts.second.empty() ? said : std::string(absl::StripPrefix(parts.second, "UNKNOWN: "));
}

struct Explanation {
  std::string cause;
  std::string cure;
};

Explanation Explain(const absl::Status& status, const Settings& settings) {
  std::string said = PrintableLines(status.message());
  if (std::optional<std::string> cure = base::Detail(status, kCureKey)) return {said, *cure};
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      // The coordinator itself says that something is not to be had now; else it is the connection.
      if (base::Detail(status, base::kReasonKey)) return {said, ""};
      said = ConnectionCause(said);
      if (absl::StrContains(said, "certificate") || absl::StrContains(said, "handshake") ||
          absl::StrContains(said, "Ssl") || absl::StrContains(said, "SSL")) {
        return {absl::StrCat("the coordinator at ", settings.server, " is not trusted: ", said),
                absl::StrCat("--ca-file must name the authority of its certificate (now ",
                             OrNone(settings.ca_file),
                             "), and --server-name the name in it where that is not the address's")};
      }
      return {absl::StrCat("the coordinator at ", settings.server, " cannot be reached: ", said),
              "check that it runs (kubectl -n evenkeel get pods) and that --server is right"};
    case absl::StatusCode::kDeadlineExceeded:
      return {absl::StrCat("the coordinator at ", settings.server, " did not answer within ",
                           absl::FormatDuration(settings.request_timeout)),
              "try again, or give it longer with --request-timeout"};
    case absl::StatusCode::kUnauthenticated:
      return {absl::StrCat("the coordinator does not know who you are: ", said),
              settings.token_file.empty()
                  ? absl::StrCat("check the client certificate ", settings.client_certificate)
                  : absl::StrCat("put a valid token of this cluster into ", settings.token_file)};
    case absl::StatusCode::kPermissionDenied:
      return {said,
              "who may do what is Kubernetes RBAC: let somebody bind the ClusterRole evenkeel-viewer or "
              "evenkeel-operator to you"};
    case absl::StatusCode::kAborted:
      return {said, "somebody changed it meanwhile: get it again, and apply your change to that"};
    default:
      return {said, ""};
  }
}

}  // namespace

absl::Status WithCure(absl::Status status, absl::string_view cure) {
  return base::WithDetail(std::move(status), kCureKey, cure);
}

std::string ErrorText(const absl::Status& status, const Settings& settings) {
  const Explanation explanation = Explain(status, settings);
  std::string text = absl::StrCat("error: ", explanation.cause, "\n");
  if (!explanation.cure.empty()) absl::StrAppend(&text, "  what helps: ", explanation.cure, "\n");
  return text;
}

}  // namespace evenkeel::cli
