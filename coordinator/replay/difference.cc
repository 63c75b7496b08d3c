#include "coordinator/replay/difference.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/words.h"

namespace evenkeel::coordinator {
namespace {

// More of them in one sentence is noise.
constexpr size_t kNamed = 3;

const char* Words(DecisionState state) {
  return state == DecisionState::kObserved ? "only observed" : Word(state);
}

std::string Words(const Action& action) {
  return absl::StrCat(WordsOf(action.kind).deed, " ",
                      action.name_space.empty() ? action.name : PodText(action.name_space, action.name),
                      NumbersOf(action));
}

const char* Words(ActionState state) {
  return state == ActionState::kSkipped ? Word(state) : Say(state);
}

bool HandedOut(const Action& action) {
  return action.release_time.has_value();
}

std::string Some(const std::vector<std::string>& items) {
  if (items.size() <= kNamed + 1) return Join(items);
  return absl::StrCat(absl::StrJoin(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(kNamed), ", "),
                      " and ", items.size() - kNamed, " more");
}

class Comparison {
 public:
  Comparison(const Decision& recorded, const Decision& replayed) : then_(recorded), now_(replayed) {}

  std::vector<Difference> Take() {
    State();
    Guards();
    Actions();
    Text("verdict", std::string(Name(then_.verdict)), std::string(Name(now_.verdict)), "judged");
    Alternatives();
    Times();
    Text("summary", then_.summary, now_.summary, "");
    Text("outcome", then_.outcome, now_.outcome, "");
    Evidence();
    Workloads();
    Text("node_uid", then_.node_uid, now_.node_uid, "");
    Text("workload_uid", then_.workload_uid, now_.workload_uid, "");
    return std::move(found_);
  }

 private:
  void Add(std::string field, std::string recorded, std::string replayed, std::string sentence) {
    found_.push_back({std::move(field), std::move(recorded), std::move(replayed), std::move(sentence)});
  }

  void Text(const char* field, const std::string& recorded, const std::string& replayed, const char* verb) {
    if (recorded == replayed) return;
    Add(field, recorded, replayed,
        *verb == 0
            ? ""
            : absl::StrCat("the node would have been ", verb, " ", replayed, " instead of ", recorded));
  }

  void State() {
    if (then_.state == now_.state) return;
    const std::string was = Words(then_.state);
    const std::string is = Words(now_.state);
    Add("state", was, is,
        now_.state == DecisionState::kOpen ? absl::StrCat("it would have been taken up instead of ", was)
                                           : absl::StrCat("it would have been ", is, " instead of ", was));
  }

  void Guards() {
    std::map<std::string, std::pair<const GuardAnswer*, const GuardAnswer*>> answers;
    for (const GuardAnswer& answer : then_.guards) answers[answer.guard].first = &answer;
    for (const GuardAnswer& answer : now_.guards) answers[answer.guard].second = &answer;
    for (const auto& [guard, pair] : answers) {
      const auto& [was, is] = pair;
      if (was != nullptr && is != nullptr && *was == *is) continue;
      const auto words = [](const GuardAnswer* answer) {
        return answer == nullptr ? std::string("not asked")
                                 : absl::StrCat(answer->allowed ? "yes: " : "no: ", answer->reason);
      };
      std::string sentence;
      if (was == nullptr || is == nullptr || was->allowed != is->allowed) {
        sentence = is == nullptr ? absl::StrCat("the guard ", guard, " would not have been asked")
                                 : absl::StrCat("the guard ", guard, " would have said ",
                                                is->allowed ? "yes (" : "no (", is->reason, ")");
      }
      Add(absl::StrCat("guards.", guard), words(was), words(is), std::move(sentence));
    }
  }

  // What is done to which object, whatever its number.
  void Actions() {
    using Key = std::pair<ActionKind, std::string>;
    const auto all = [](const Decision& decision) {
      std::map<Key, const Action*> actions;
      for (const Action& action : decision.actions) {
        actions[{action.kind, absl::StrCat(action.name_space, "/", action.name, "/", action.uid,
                                           NumbersOf(action))}] = &action;
      }
      return actions;
    };
    const std::map<Key, const Action*> was = all(then_);
    const std::map<Key, const Action*> is = all(now_);
    std::vector<std::string> more;
    std::vector<std::string> less;
    std::vector<std::string> otherwise;
    for (const auto& [key, action] : is) {
      const auto other = was.find(key);
      const bool was_out = other != was.end() && HandedOut(*other->second);
      if (HandedOut(*action) && !was_out) more.push_back(Words(*action));
    }
    for (const auto& [key, action] : was) {
      const auto other = is.find(key);
      const bool is_out = other != is.end() && HandedOut(*other->second);
      if (HandedOut(*action) && !is_out) less.push_back(Words(*action));
      if (other != is.end() && HandedOut(*action) == is_out && action->state != other->second->state) {
        otherwise.push_back(absl::StrCat(Words(*action), " would have been ", Words(other->second->state),
                                         " instead of ", Words(action->state)));
      }
    }
    if (!more.empty()) {
      Add("actions", "", Join(more), absl::StrCat("what was not done would have been: ", Some(more)));
    }
    if (!less.empty()) {
      Add("actions", Join(less), "", absl::StrCat("what was done would not have been: ", Some(less)));
    }
    if (!otherwise.empty()) Add("actions", "", "", Some(otherwise));
    if (more.empty() && less.empty() && otherwise.empty() && then_.actions != now_.actions) {
      const auto words = [](const Decision& decision) {
        return absl::StrJoin(decision.actions, "; ", [](std::string* out, const Action& action) {
          absl::StrAppend(out, action.number, " ", Words(action), ": ", Words(action.state), " ",
                          action.result);
        });
      };
      Add("actions", words(then_), words(now_), "");
    }
  }

  void Alternatives() {
    if (then_.alternatives == now_.alternatives) return;
    const auto words = [](const Decision& decision) {
      return absl::StrJoin(decision.alternatives, "; ", [](std::string* out, const Alternative& one) {
        absl::StrAppend(out, one.description, ": ", one.reason);
      });
    };
    Add("alternatives", words(then_), words(now_), "");
  }

  void Time(const char* field, const char* verb, const std::optional<absl::Time>& was,
            const std::optional<absl::Time>& is) {
    if (was == is) return;
    const auto words = [](const std::optional<absl::Time>& time) {
      return time ? absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", *time, absl::UTCTimeZone())
                  : std::string("never");
    };
    std::string sentence;
    // Less is told by the field; a person has no use for it.
    if (was && is && absl::AbsDuration(*is - *was) >= absl::Milliseconds(1)) {
      sentence = absl::StrCat("it would have been ", verb, " ", Say(absl::AbsDuration(*is - *was)),
                              *is > *was ? " later" : " earlier");
    }
    Add(absl::StrCat("timings.", field), words(was), words(is), std::move(sentence));
  }

  void Times() {
    Time("last_sign", "last heard of", then_.timings.last_sign, now_.timings.last_sign);
    Time("detected", "noticed", then_.timings.detected, now_.timings.detected);
    Time("judged", "judged", then_.timings.judged, now_.timings.judged);
    Time("intended", "written down", then_.timings.intended, now_.timings.intended);
    Time("acted", "done", then_.timings.acted, now_.timings.acted);
    Time("fenced", "proven to be off or fenced", then_.timings.fenced, now_.timings.fenced);
    Time("recovered", "recovered", then_.timings.recovered, now_.timings.recovered);
    Time("closed", "closed", then_.timings.closed, now_.timings.closed);
  }

  void Evidence() {
    if (then_.evidence == now_.evidence) return;
    const auto words = [](const Decision& decision) {
      return absl::StrJoin(decision.evidence, "; ", [](std::string* out, const auto& one) {
        absl::StrAppend(out, one.source, ": ", one.observation);
      });
    };
    Add("evidence", words(then_), words(now_), "");
  }

  void Workloads() {
    if (then_.workloads == now_.workloads) return;
    const auto words = [](const Decision& decision) {
      return absl::StrJoin(decision.workloads, "; ", [](std::string* out, const WorkloadRecovery& one) {
        absl::StrAppend(out, one.name_space, "/", one.controller.name, ": ", one.restored, " of ",
                        one.removed, one.waiting_for.empty() ? "" : ", waits for ", one.waiting_for);
      });
    };
    Add("workloads", words(then_), words(now_), "");
  }

  const Decision& then_;
  const Decision& now_;
  std::vector<Difference> found_;
};

}  // namespace

std::string NumbersOf(const Action& action) {
  if (action.route) return absl::StrCat(" as ", ToWords(action.route->shape));
  if (!action.replicas) return "";
  return absl::StrCat(" from ", action.replicas->from, " to ", action.replicas->to);
}

std::vector<Difference> Differences(const Decision& recorded, const Decision& replayed) {
  std::vector<Difference> found = Comparison(recorded, replayed).Take();
  std::stable_partition(found.begin(), found.end(),
                        [](const Difference& difference) { return !difference.sentence.empty(); });
  if (!found.empty()) return found;
  // Whatever field somebody adds: that nothing differs is said only when nothing does.
  Decision same = replayed;
  same.id = recorded.id;
  same.policy = recorded.policy;
  same.policy_etag = recorded.policy_etag;
  if (same != recorded) {
    found.push_back({.field = "other", .sentence = "they differ in a field that has no words here yet"});
  }
  return found;
}

}  // namespace evenkeel::coordinator
