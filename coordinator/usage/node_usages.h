// What the machines of one cluster use, as their agents measure it, for the core while an application of that
// cluster is being switched. Pure: no clock, thread or stream; the caller synchronises.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "coordinator/core/switch/switch_spec.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

class NodeUsages {
 public:
  // Thousandths of a CPU by node; none: not known any more.
  using Figures = std::map<std::string, std::optional<int64_t>>;

  // As long as any application is watched, there is something to be told. True: the first of them.
  bool Watch(const Application& application);
  void Unwatch(const Application& application);

  // A session of the node begins or ends: what was told in an earlier one is not the state.
  void OnSession(const std::string& node);
  void OnReport(const std::string& node, const v1::Report& report);

  // What differs from what was taken last, by a twentieth and kLeastMillicores at least; once nobody watches
  // any more, that nothing is known. O(nodes that have reported since).
  static constexpr int64_t kLeastMillicores = 20;
  Figures TakeChanged();

 private:
  void Forget(const std::string& node);

  std::set<Application> watched_;
  std::map<std::string, int64_t> known_;
  std::map<std::string, int64_t> told_;
  std::set<std::string> changed_;
};

}  // namespace evenkeel::coordinator
