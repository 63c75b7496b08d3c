// What the API server's answer to a log request says about a kubelet, by table. The words are those of real
// API servers and kubelets.

#include "coordinator/act/kubelet_way.h"

#include <gtest/gtest.h>

#include <string>

#include "common/kube/status.h"

namespace evenkeel::coordinator {
namespace {

absl::Status Answer(int code, const std::string& message) {
  return kube::StatusFromObject(code, "", message, std::nullopt);
}

TEST(KubeletWayTest, OnlyWhatTheKubeletOrItsKernelSaidShowsLife) {
  const std::string get = "Get \"https://10.0.0.2:10250/containerLogs/evenkeel/a/agent\": ";
  const struct {
    absl::Status answer;
    KubeletWay way;
  } table[] = {
      {absl::OkStatus(), KubeletWay::kAnswered},
      {Answer(500, get + "dial tcp 10.0.0.2:10250: connect: connection refused"), KubeletWay::kAnswered},
      {Answer(500, get + "x509: certificate has expired"), KubeletWay::kAnswered},
      {Answer(400, "container \"agent\" in pod \"a\" is waiting to start: CrashLoopBackOff"),
       KubeletWay::kAnswered},
      {absl::DeadlineExceededError("no answer within 300ms"), KubeletWay::kNoAnswer},
      {Answer(500, get + "dial tcp 10.0.0.2:10250: i/o timeout"), KubeletWay::kNoAnswer},
      {Answer(500, get + "dial tcp 10.0.0.2:10250: connect: no route to host"), KubeletWay::kNoAnswer},
      {Answer(504, "context deadline exceeded"), KubeletWay::kNoAnswer},
      {Answer(403, "pods \"a\" is forbidden: cannot get resource \"pods/log\""), KubeletWay::kNotTried},
      {Answer(404, "pods \"a\" not found"), KubeletWay::kNotTried},
      {Answer(400, "pod a does not have a host assigned"), KubeletWay::kNotTried},
      {Answer(500, "etcdserver: leader changed"), KubeletWay::kNotTried},
      {Answer(503, "the server is overloaded"), KubeletWay::kNotTried},
      {Answer(429, "too many requests"), KubeletWay::kNotTried},
      {absl::UnavailableError("connection refused"), KubeletWay::kNotTried},  // by the API server itself
      {absl::CancelledError("the call was cancelled"), KubeletWay::kNotTried},
  };
  for (const auto& row : table) {
    const KubeletFinding finding = FindKubelet(row.answer);
    EXPECT_EQ(finding.way, row.way) << row.answer;
    EXPECT_FALSE(finding.detail.empty()) << row.answer;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
