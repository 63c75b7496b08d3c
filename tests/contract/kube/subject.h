#pragma once

#include <memory>
#include <string>

#include "common/kube/kubernetes_api.h"

namespace evenkeel::testing {

// What the suite is run against, and what it needs besides the interface itself.
class Subject {
 public:
  virtual ~Subject() = default;

  virtual kube::KubernetesApi& api() = 0;

  // A token of the service account "agent", bound to the pod, good for `audience` only.
  virtual std::string MakePodToken(const kube::Json& pod, const std::string& audience) = 0;
  // From now on no running pod of the namespace with the label name=b may be evicted.
  virtual void ForbidEvictions(const std::string& name_space) = 0;
  // From now on the user may do that with that resource, everywhere.
  virtual void Grant(const std::string& user, const std::string& verb, const std::string& group,
                     const std::string& resource) = 0;
  // Makes sure that resource version 1 is no longer known.
  virtual void ForgetHistory() = 0;
};

std::unique_ptr<Subject> MakeSubject();

}  // namespace evenkeel::testing
