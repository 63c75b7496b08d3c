#include "agent/session/connection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/core/timestamps.h"

namespace evenkeel::agent {
namespace {

// Reports that wait for confirmation; one is confirmed with every tenth beat, so more only wait on a dead
// connection.
constexpr size_t kMostUnconfirmed = 256;

// Beats whose time is remembered until they are confirmed; one in ten is.
constexpr size_t kMostSent = 64;

void* Tag(Connection::Event event) {
  return reinterpret_cast<void*>(event);
}

absl::Duration AsDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

bool IsEmpty(const v1::Report& report) {
  return !report.has_node() && report.pods().empty() && report.gone_pod_uids().empty() &&
         report.occurrences().empty() && report.dropped_occurrences() == 0;
}

}  // namespace

Connection::Connection(const SessionOptions& options, const Credentials& credentials,
                       grpc::CompletionQueue& queue, ReportSource& reports, FencePort* fence,
                       SessionCounters& counters, absl::Time now)
    : options_(options),
      reports_(reports),
      fence_(fence),
      counters_(counters),
      channel_(credentials.channel),
      stub_(v1::AgentSessionService::NewStub(channel_)),
      give_up_at_(now + kWelcomeTimeout) {
  context_.AddMetadata("evenkeel-cluster", options.cluster);
  if (!credentials.token.empty()) {
    context_.AddMetadata("authorization", absl::StrCat("Bearer ", credentials.token));
  }
  stream_ = stub_->PrepareAsyncConnect(&context_, &queue);
  stream_->StartCall(Tag(Event::kStarted));
}

void Connection::On(Event event, bool ok, absl::Time now) {
  switch (event) {
    case Event::kStarted:
      starting_ = false;
      broken_ = broken_ || !ok;
      if (!broken_) {
        Read();
      }
      break;
    case Event::kRead:
      reading_ = false;
      broken_ = broken_ || !ok;
      if (!broken_) {
        Receive(now);
        if (!broken_) {
          Read();
        }
      }
      break;
    case Event::kWritten:
      writing_ = false;
      broken_ = broken_ || !ok;
      break;
    case Event::kFinished:
      over_ = true;
      if (end_.ok() && goodbye_sent_ && finish_status_.ok()) {
        counters_.goodbye_heard.store(true, std::memory_order_relaxed);
      }
      if (end_.ok()) {
        end_ = absl::Status(static_cast<absl::StatusCode>(finish_status_.error_code()),
                            finish_status_.error_message());
      }
      return;
  }
  WriteNext(now);
  FinishWhenIdle();
}

void Connection::Read() {
  reading_ = true;
  stream_->Read(&response_, Tag(Event::kRead));
}

void Connection::Receive(absl::Time now) {
  switch (response_.message_case()) {
    case v1::ConnectResponse::kWelcome:
      OnWelcome(response_.welcome(), now);
      break;
    case v1::ConnectResponse::kProbeRequest:
      if (probe_requests_.size() < kMostAnswers) {
        probe_requests_.push_back(response_.probe_request());
      }
      break;
    case v1::ConnectResponse::kBeatAcknowledgement:
      if (!pacer_) {
        Abandon(absl::FailedPreconditionError("the coordinator confirmed a beat before its welcome"));
        break;
      }
      if (const absl::Status status = pacer_->Acknowledge(response_.beat_acknowledgement().sequence(), now);
          !status.ok()) {
        Abandon(status);
        break;
      }
      while (!beats_sent_at_.empty() && beats_sent_at_.front().first <= pacer_->acknowledged()) {
        fence_->Heard(beats_sent_at_.front().second);
        beats_sent_at_.pop_front();
      }
      while (!unconfirmed_.empty() && unconfirmed_.front().second <= pacer_->acknowledged()) {
        reports_.Confirm(unconfirmed_.front().first);
        unconfirmed_.pop_front();
      }
      break;
    case v1::ConnectResponse::kRestartRequest:
      if (restart_requests_.size() < kMostAnswers) {
        restart_requests_.push_back(response_.restart_request());
      }
      break;
    case v1::ConnectResponse::kFencingSettings:
      if (fence_ != nullptr) {
        fence_->Follow(response_.fencing_settings(), hello_sent_at_);
      }
      break;
    case v1::ConnectResponse::kSampleClosely: {
      const auto& uids = response_.sample_closely().pod_uids();
      reports_.SampleClosely({uids.begin(), uids.end()});
      break;
    }
    case v1::ConnectResponse::MESSAGE_NOT_SET:
      break;  // of a newer coordinator
  }
}

void Connection::OnWelcome(const v1::Welcome& welcome, absl::Time now) {
  const absl::Duration interval = AsDuration(welcome.beat_interval());
  if (interval <= absl::ZeroDuration()) {
    Abandon(absl::FailedPreconditionError("the coordinator's welcome has no beat interval"));
    return;
  }
  epoch_ = welcome.epoch();
  if (pacer_) {
    pacer_->SetInterval(interval, now);
    return;
  }
  pacer_.emplace(interval, now);
  reports_.SampleClosely({});  // what an earlier session was asked for
  welcomed_ = true;
  welcomed_at_ = now;
  if (!goodbye_) {
    give_up_at_ = absl::InfiniteFuture();
  }
  if (fence_ != nullptr) {
    fence_->SessionBegins();
  }
  counters_.sessions.fetch_add(1, std::memory_order_relaxed);
  counters_.connected.store(true, std::memory_order_relaxed);
}

std::optional<v1::ProbeRequest> Connection::TakeProbeRequest() {
  if (probe_requests_.empty()) {
    return std::nullopt;
  }
  v1::ProbeRequest request = std::move(probe_requests_.front());
  probe_requests_.pop_front();
  return request;
}

std::optional<v1::RestartRequest> Connection::TakeRestartRequest() {
  if (restart_requests_.empty()) {
    return std::nullopt;
  }
  v1::RestartRequest request = std::move(restart_requests_.front());
  restart_requests_.pop_front();
  return request;
}

absl::Time Connection::due() const {
  if (broken_) {
    return absl::InfiniteFuture();
  }
  absl::Time due = give_up_at_;
  if (pacer_ && !goodbye_) {
    due = std::min(due, pacer_->acknowledgement_due());
    if (!writing_) {  // while a message is under way its end brings the next beat
      due = std::min(due, pacer_->due());
      if (all_sent_ && reports_.HasUrgentNews()) {
        due = std::min(due, urgent_allowed_at_);
      }
    }
  }
  return due;
}

void Connection::Tick(absl::Time now) {
  if (!broken_) {
    if (now >= give_up_at_) {
      Abandon(goodbye_ ? absl::OkStatus()
                       : absl::DeadlineExceededError(absl::StrCat("no welcome from the coordinator within ",
                                                                  absl::FormatDuration(kWelcomeTimeout))));
    } else if (pacer_ && !goodbye_ && now >= pacer_->acknowledgement_due()) {
      Abandon(
          absl::UnavailableError("the coordinator does not confirm beats: the connection only seems open"));
    }
  }
  WriteNext(now);
  FinishWhenIdle();
}

void Connection::Answer(v1::ConnectRequest answer, absl::Time now) {
  if (answers_.size() == kMostAnswers) {
    answers_.pop_front();
  }
  answers_.push_back(std::move(answer));
  WriteNext(now);
}

void Connection::SayGoodbye(const std::string& reason, absl::Time now) {
  goodbye_ = reason;
  give_up_at_ = std::min(give_up_at_, now + kGoodbyeTimeout);
  if (!welcomed_) {
    Abandon(absl::OkStatus());  // nobody knows us yet
  }
  WriteNext(now);
  FinishWhenIdle();
}

void Connection::WriteNext(absl::Time now) {
  if (writing_ || starting_ || broken_ || goodbye_sent_) {
    return;
  }
  if (!hello_sent_) {
    WriteHello();
  } else if (!welcomed_) {
    return;
  } else if (goodbye_) {
    goodbye_sent_ = true;
    request_.mutable_goodbye()->set_reason(*goodbye_);
    stream_->WriteLast(request_, grpc::WriteOptions(), Tag(Event::kWritten));
    writing_ = true;
  } else if (now >= pacer_->due()) {
    WriteBeat(now);
  } else if (!answers_.empty()) {
    request_ = std::move(answers_.front());
    answers_.pop_front();
    if (request_.has_probe_answer()) {
      counters_.probes.fetch_add(1, std::memory_order_relaxed);
    }
    Write();
  } else if (auto status = fence_ == nullptr ? std::nullopt : fence_->TakeStatus()) {
    *request_.mutable_fencing_status() = *std::move(status);
    Write();
  } else if (!all_sent_) {
    all_sent_ = true;
    WriteReport(reports_.TakeAll(absl::Now()));
  } else if (changes_allowed_ ? reports_.HasNews() : now >= urgent_allowed_at_ && reports_.HasUrgentNews()) {
    auto report = reports_.TakeChanges(absl::Now());
    if (!IsEmpty(report.report)) {
      if (!changes_allowed_) {
        urgent_allowed_at_ = now + kUrgentInterval;
      }
      changes_allowed_ = false;
      WriteReport(std::move(report));
    }
  }
}

// The node's own wall clock is what the messages carry: it is compared with what the kubelet stamped by the
// same clock.
void Connection::WriteHello() {
  hello_sent_ = true;
  if (fence_ != nullptr) {
    hello_sent_at_ = fence_->BootTime();
  }
  v1::Hello& hello = *request_.mutable_hello();
  hello.set_cluster(options_.cluster);
  hello.set_node(options_.node);
  hello.set_agent_version(EVENKEEL_VERSION);
  hello.set_boot_id(options_.boot_id);
  hello.set_agent_port(options_.agent_port);
  *hello.mutable_node_time() = AsTimestamp(absl::Now());
  Write();
}

void Connection::WriteBeat(absl::Time now) {
  if (now - pacer_->due() > pacer_->interval() / 2) {
    counters_.late_beats.fetch_add(1, std::memory_order_relaxed);
  }
  counters_.beats.fetch_add(1, std::memory_order_relaxed);
  v1::Beat& beat = *request_.mutable_beat();
  beat.set_sequence(pacer_->Beat(now));
  beat.set_node_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(absl::Now())));
  changes_allowed_ = true;
  beats_written_ = beat.sequence();
  if (fence_ != nullptr) {
    if (beats_sent_at_.size() == kMostSent) {
      beats_sent_at_.pop_front();
    }
    beats_sent_at_.emplace_back(beat.sequence(), fence_->BootTime());
  }
  Write();
}

void Connection::WriteReport(ReportSource::Numbered report) {
  if (unconfirmed_.size() == kMostUnconfirmed) {
    unconfirmed_.pop_front();
  }
  unconfirmed_.emplace_back(report.number, beats_written_ + 1);
  *request_.mutable_report() = std::move(report.report);
  counters_.reports.fetch_add(1, std::memory_order_relaxed);
  Write();
}

void Connection::Write() {
  writing_ = true;
  stream_->Write(request_, Tag(Event::kWritten));
}

void Connection::Abandon(absl::Status why) {
  if (!broken_) {
    end_ = std::move(why);
    broken_ = true;
    context_.TryCancel();
  }
}

// The stream's status may only be asked for when nothing else is under way.
void Connection::FinishWhenIdle() {
  if (!broken_ || finishing_ || starting_ || reading_ || writing_) {
    return;
  }
  finishing_ = true;
  counters_.connected.store(false, std::memory_order_relaxed);
  stream_->Finish(&finish_status_, Tag(Event::kFinished));
}

}  // namespace evenkeel::agent
