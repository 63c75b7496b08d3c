#include "coordinator/session/agent_stream.h"

#include "common/base/check.h"

namespace evenkeel::coordinator {

AgentStream::AgentStream(Listener& listener) : listener_(listener), stream_(&context_) {}

void AgentStream::Accept(Service& service, grpc::ServerCompletionQueue& queue) {
  service.RequestConnect(&context_, &stream_, &queue, &queue, &accept_tag_);
}

void AgentStream::Read() {
  EVENKEEL_CHECK(!reading_) << "one read at a time";
  reading_ = true;
  stream_.Read(&received_, &read_tag_);
}

void AgentStream::Write(const v1::ConnectResponse& message) {
  EVENKEEL_CHECK(!writing_ && !ending()) << "one write at a time, none after the end";
  grpc::Slice slice(message.ByteSizeLong());
  // A slice that nobody else holds yet may be written to.
  EVENKEEL_CHECK(
      message.SerializeToArray(const_cast<uint8_t*>(slice.begin()), static_cast<int>(slice.size())))
      << "a message of our own cannot be encoded";
  writing_ = true;
  stream_.Write(grpc::ByteBuffer(&slice, 1), &write_tag_);
}

void AgentStream::End(const grpc::Status& status) {
  if (ending()) return;
  end_status_ = status;
  FinishIfIdle();
}

void AgentStream::FinishIfIdle() {
  if (writing_ || finishing_) return;
  finishing_ = true;
  stream_.Finish(*end_status_, &finish_tag_);
}

void AgentStream::ReportIfFinished() {
  if (finished_ && !reading_) listener_.OnFinished();
}

void AgentStream::Complete(const Tag& tag, bool ok) {
  AgentStream& stream = *tag.stream;
  switch (tag.operation) {
    case Tag::Operation::kAccept:
      if (ok) {
        stream.listener_.OnAccepted();
      } else {
        stream.listener_.OnFinished();
      }
      return;
    case Tag::Operation::kRead: {
      stream.reading_ = false;
      if (stream.ending()) {
        stream.ReportIfFinished();
      } else if (ok) {
        stream.listener_.OnMessage(stream.received_);
      } else {
        stream.listener_.OnReadEnd();
      }
      return;
    }
    case Tag::Operation::kWrite:
      stream.writing_ = false;
      if (stream.ending()) {
        stream.FinishIfIdle();
      } else if (ok) {
        stream.listener_.OnWritten();
      }
      // A failed write means a lost connection: the read under way ends too and says so.
      return;
    case Tag::Operation::kFinish:
      stream.finished_ = true;
      stream.ReportIfFinished();
      return;
  }
}

}  // namespace evenkeel::coordinator
