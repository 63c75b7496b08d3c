// The core's enumerators in words, in one table: what metrics, logs, replay, stories and the simulation's
// marks call them. Each is a switch without a default, so that the compiler tells of one that is forgotten.
// Texts never change lightly: people search their logs and build their alerts on them.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "coordinator/core/decision.h"

namespace evenkeel::coordinator {

// As the API spells it, in lower case and without its prefix: "agent_lost", "succeeded", "taint_node".
const char* Word(Verdict verdict);
const char* Word(Confidence confidence);
const char* Word(DecisionKind kind);
const char* Word(DecisionState state);
const char* Word(ActionKind kind);
const char* Word(ActionState state);

// The same for people: "agent lost".
std::string Spaced(absl::string_view word);

// "SUSPECT": as the vocabulary writes it.
absl::string_view Name(Verdict verdict);

// What has become of an action, in a sentence: "handed out", "not done".
const char* Say(ActionState state);

// What an action does, as parts of sentences that end with the name of the node or pod.
struct ActionWords {
  const char* word;   // as Word
  const char* order;  // in a story: "delete pod"
  const char* deed;   // in a replay's difference, after "what was not done would have been": "delete"
  const char* thing;  // as a noun: "the deletion of pod"
};
ActionWords WordsOf(ActionKind kind);

}  // namespace evenkeel::coordinator
