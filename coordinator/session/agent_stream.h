// One gRPC stream of an agent on the completion queue: one read and at most one write under way, an orderly
// end.
//
// Messages are raw bytes here, so that what cannot be decoded can be refused by name.
// Threading: everything on the thread that drains the completion queue.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include <optional>

#include "evenkeel/v1/agent_session.grpc.pb.h"

namespace evenkeel::coordinator {

class AgentStream {
 public:
  using Service = v1::AgentSessionService::WithRawMethod_Connect<v1::AgentSessionService::Service>;

  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnAccepted() = 0;
    virtual void OnMessage(const grpc::ByteBuffer& bytes) = 0;
    // The agent sends no more: it closed its side, or the connection is gone. End must be called, now or
    // later.
    virtual void OnReadEnd() = 0;
    // The write is done and another may follow.
    virtual void OnWritten() = 0;
    // Nothing is under way any more; the stream may be destroyed within this call.
    virtual void OnFinished() = 0;
  };

  // What the completion queue gives back.
  struct Tag {
    enum class Operation { kAccept, kRead, kWrite, kFinish };
    AgentStream* stream;
    Operation operation;
  };

  explicit AgentStream(Listener& listener);
  AgentStream(const AgentStream&) = delete;
  AgentStream& operator=(const AgentStream&) = delete;

  // Waits for an agent: OnAccepted, or OnFinished when the server shuts down first.
  void Accept(Service& service, grpc::ServerCompletionQueue& queue);
  void Read();
  void Write(const v1::ConnectResponse& message);  // not while writing()
  bool writing() const { return writing_; }
  // Ends the stream with `status`, after the write under way. OnFinished follows.
  void End(const grpc::Status& status);
  bool ending() const { return end_status_.has_value(); }
  // Does not wait for an agent that reads nothing. OnFinished follows if End was called.
  void Cancel() { context_.TryCancel(); }

  const grpc::ServerContext& context() const { return context_; }

  // `tag` came back from the completion queue.
  static void Complete(const Tag& tag, bool ok);

 private:
  void FinishIfIdle();
  void ReportIfFinished();

  Listener& listener_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  grpc::ByteBuffer received_;
  bool reading_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool finished_ = false;
  std::optional<grpc::Status> end_status_;
  Tag accept_tag_{this, Tag::Operation::kAccept};
  Tag read_tag_{this, Tag::Operation::kRead};
  Tag write_tag_{this, Tag::Operation::kWrite};
  Tag finish_tag_{this, Tag::Operation::kFinish};
};

}  // namespace evenkeel::coordinator
