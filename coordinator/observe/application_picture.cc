#include "coordinator/observe/application_picture.h"

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/kube/json.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;

std::map<std::string, std::string> SelectorIn(const Json& service) {
  std::map<std::string, std::string> selector;
  const Json* const found = kube::Find(service, {"spec", "selector"});
  if (found == nullptr || !found->is_object()) return selector;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) selector[key] = value.get<std::string>();
  }
  return selector;
}

// Puts in place; whether it was another.
template <typename Value>
bool Put(std::map<std::string, Value>& all, const std::string& name, Value value) {
  const auto [found, is_new] = all.try_emplace(name);
  if (!is_new && found->second == value) return false;
  found->second = std::move(value);
  return true;
}

// One whose digest is not known yet is the same image as one whose is.
void AddImages(const std::map<std::string, std::set<std::pair<std::string, std::string>>>& seen,
               ApplicationFacts& facts) {
  for (const auto& [container, images] : seen) {
    std::set<std::string>& told = facts.images[container];
    std::set<std::string> with_digest;
    for (const auto& [name, digest] : images) {
      if (!digest.empty()) with_digest.insert(name);
    }
    for (const auto& [name, digest] : images) {
      if (!digest.empty()) {
        told.insert(absl::StrCat(name, "@", digest));
      } else if (!with_digest.contains(name)) {
        told.insert(name);
      }
    }
  }
}

}  // namespace

bool ApplicationPicture::OnPod(const Json& pod) {
  return Put(pods_, kube::NameOf(pod).name, ApplicationPodFrom(pod));
}

bool ApplicationPicture::OnPodGone(const std::string& name) {
  return pods_.erase(name) > 0;
}

bool ApplicationPicture::OnService(const Json& service) {
  return Put(services_, kube::NameOf(service).name, SelectorIn(service));
}

bool ApplicationPicture::OnServiceGone(const std::string& name) {
  return services_.erase(name) > 0;
}

bool ApplicationPicture::OnSettings(const char* kind, const Json& object) {
  return Put(settings_, absl::StrCat(kind, " ", kube::NameOf(object).name), hash_.Of(object));
}

bool ApplicationPicture::OnSettingsGone(const char* kind, const std::string& name) {
  return settings_.erase(absl::StrCat(kind, " ", name)) > 0;
}

absl::StatusOr<Selector> ApplicationPicture::SelectorOf(const Application& application) const {
  if (application.service.empty()) {
    absl::StatusOr<Selector> parsed = Selector::Parse(application.selector);
    if (parsed.ok()) return parsed;
    return absl::InvalidArgumentError(
        absl::StrCat("its selector is not understood: ", parsed.status().message()));
  }
  const auto service = services_.find(application.service);
  if (service == services_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no Service ", application.ToString()));
  }
  if (service->second.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("the Service ", application.ToString(),
                                                      " has no selector: name its pods by their labels"));
  }
  return Selector::Parse(absl::StrJoin(service->second, ",", absl::PairFormatter("=")));
}

void ApplicationPicture::AddSettings(const ApplicationPod& pod, ApplicationFacts& facts) const {
  for (const auto& [name, needed] : pod.settings) {
    const auto hash = settings_.find(name);
    const bool there = hash != settings_.end();
    if (!there && !needed) continue;
    const size_t space = name.find(' ');
    facts.settings[absl::StrCat(name.substr(0, space + 1), name_space_, "/", name.substr(space + 1))] =
        there ? hash->second : "";
  }
}

absl::StatusOr<ApplicationFacts> ApplicationPicture::FactsOf(const Application& application,
                                                             const PodCpu& cpu) const {
  EVENKEEL_ASSIGN_OR_RETURN(const Selector selector, SelectorOf(application));
  ApplicationFacts facts;
  std::map<std::string, std::set<std::pair<std::string, std::string>>> images;
  uint32_t measured = 0;
  for (const auto& [name, pod] : pods_) {
    if (!pod.stays || !selector.Matches(pod.labels)) continue;
    ++facts.pods;
    if (pod.ready) ++facts.ready;
    for (const auto& [container, image] : pod.images) images[container].insert({image.name, image.digest});
    AddSettings(pod, facts);
    if (!pod.controller.empty()) ++facts.controllers[pod.controller];
    if (pod.node.empty()) continue;
    ++facts.nodes[pod.node];
    const std::optional<int64_t> used = cpu == nullptr ? std::nullopt : cpu(pod.node, pod.uid);
    if (!used) continue;
    ++measured;
    facts.cpu_millicores += *used;
  }
  AddImages(images, facts);
  facts.cpu_known = measured > 0 && 2 * measured > facts.pods;
  if (measured > 0) facts.cpu_millicores = facts.cpu_millicores * facts.pods / measured;
  return facts;
}

}  // namespace evenkeel::coordinator
