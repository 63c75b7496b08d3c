#include "coordinator/prober/probe_run.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

absl::StatusOr<std::unique_ptr<ProbeRun>> ProbeRun::Create(const StartProber& request, uint64_t run,
                                                           const ProbeTls* tls, absl::Time now) {
  const ProberSpec& prober = request.spec.prober;
  absl::StatusOr<ProbeTarget> target = ProbeTarget::Parse(prober.url);
  if (!target.ok()) return target.status();
  for (const std::string& path : {prober.slow_path, prober.stream_path}) {
    if (!path.empty() && !IsRequestPath(path)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" is no path of a request"));
    }
  }
  const ProbeTls* const wanted = target->tls ? tls : nullptr;
  std::unique_ptr<ProbeRun> made(new ProbeRun(request, run, *std::move(target), wanted));
  made->Add(ProbeKind::kFresh, made->target_.path, now);
  made->Add(ProbeKind::kKeepAlive, made->target_.path, now);
  if (!prober.slow_path.empty()) made->Add(ProbeKind::kSlow, prober.slow_path, now);
  if (!prober.stream_path.empty()) made->Add(ProbeKind::kStream, prober.stream_path, now);
  return made;
}

void ProbeRun::Add(ProbeKind kind, const std::string& path, absl::Time now) {
  const bool is_long = kind == ProbeKind::kSlow || kind == ProbeKind::kStream;
  Kind& added = kinds_.emplace_back();
  ProbeManner& manner = added.manner;
  manner.kind = kind;
  manner.keeps = kind == ProbeKind::kKeepAlive;
  manner.request = RequestText(target_, path, manner.keeps);
  manner.host = target_.host;
  manner.side_header = spec_.prober.side_header;
  manner.deadline = kind == ProbeKind::kSlow ? kSlowDeadline : kQuickDeadline;
  if (kind == ProbeKind::kStream) {
    manner.read_for = kStreamFor;
    manner.silence = kStreamSilence;
  }
  added.most = is_long ? kLong : kMostQuick;
  added.next = now;
  if (!is_long) {
    added.period = absl::Seconds(1) / std::max(1u, spec_.prober.per_second);
    return;
  }
  // One after the other, so that they do not end all at once either.
  for (size_t i = 0; i < kLong; ++i) {
    added.lines.push_back({.client = std::make_unique<ProbeClient>(manner, tls_),
                           .next = now + static_cast<int64_t>(i) * kPace / static_cast<int64_t>(kLong)});
  }
}

ProbeRun::Line* ProbeRun::FreeLine(Kind& kind, const ProbeTls* tls) {
  // The first that is free: so no more connections are kept than are needed.
  const auto free = std::find_if(kind.lines.begin(), kind.lines.end(),
                                 [](const Line& line) { return !line.client->busy(); });
  if (free != kind.lines.end()) return &*free;
  if (kind.lines.size() >= kind.most) return nullptr;
  return &kind.lines.emplace_back(Line{.client = std::make_unique<ProbeClient>(kind.manner, tls)});
}

void ProbeRun::BeginOne(Kind& kind, Line& line, const ProbeAddresses& addresses, const std::string& why_none,
                        absl::Time now) {
  if (addresses->empty()) return book_.Ended(kind.manner.kind, now, why_none, std::nullopt);
  line.client->Begin(addresses, now);
  NoteEnd(kind, line, now);  // it may have ended at once
}

void ProbeRun::BeginQuick(Kind& kind, const ProbeAddresses& addresses, const std::string& why_none,
                          absl::Time now) {
  while (kind.next <= now) {
    kind.next += kind.period;
    // What could not begin in time, because this thread was late, does not pile up.
    if (now - kind.next > absl::Seconds(1)) kind.next = now + kind.period;
    if (Line* const line = FreeLine(kind, tls_)) BeginOne(kind, *line, addresses, why_none, now);
  }
}

void ProbeRun::Begin(const ProbeAddresses& addresses, const std::string& why_none, absl::Time now) {
  if (addresses == nullptr) return;
  for (Kind& kind : kinds_) {
    if (kind.period > absl::ZeroDuration()) {
      BeginQuick(kind, addresses, why_none, now);
      continue;
    }
    for (Line& line : kind.lines) {
      if (line.client->busy() || now < line.next) continue;
      line.next = now + kPace;
      BeginOne(kind, line, addresses, why_none, now);
    }
  }
}

void ProbeRun::Poll(std::vector<pollfd>& polls, std::vector<ProbeClient*>& clients) {
  for (Kind& kind : kinds_) {
    for (Line& line : kind.lines) {
      const int descriptor = line.client->descriptor();
      if (descriptor < 0) continue;
      polls.push_back({.fd = descriptor, .events = line.client->events(), .revents = 0});
      clients.push_back(line.client.get());
    }
  }
}

void ProbeRun::Note(absl::Time now) {
  for (Kind& kind : kinds_) {
    for (Line& line : kind.lines) {
      if (line.client->busy() && line.client->due() <= now) line.client->Go(now);
      NoteEnd(kind, line, now);
    }
  }
}

void ProbeRun::NoteEnd(const Kind& kind, Line& line, absl::Time now) {
  const std::optional<ProbeEnd> end = line.client->TakeEnd();
  if (!end) return;
  const std::optional<Side> side = SideNamed(spec_, end->backend);
  if (!side && !end->backend.empty()) book_.Unknown(end->backend);
  book_.Ended(kind.manner.kind, now, end->problem, side);
}

absl::Time ProbeRun::due() const {
  absl::Time due = absl::InfiniteFuture();
  for (const Kind& kind : kinds_) {
    if (kind.period > absl::ZeroDuration()) due = std::min(due, kind.next);
    for (const Line& line : kind.lines) {
      if (line.client->busy()) {
        due = std::min(due, line.client->due());
      } else if (kind.period == absl::ZeroDuration()) {
        due = std::min(due, line.next);
      }
    }
  }
  return due;
}

}  // namespace evenkeel::coordinator
