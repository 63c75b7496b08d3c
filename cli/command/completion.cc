#include "cli/command/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/command/get.h"
#include "cli/reference.h"

namespace evenkeel::cli {
namespace {

enum class Takes { kAnything, kValue, kFile };

// The names of an app's own options, or of those that take a value, or a file.
std::vector<std::string> OwnOptionNames(const CLI::App& app, Takes takes) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    const bool is_file = option->get_type_name() == "FILE";
    const bool is_flag = option->get_items_expected_max() == 0;
    if (takes == Takes::kFile && !is_file) continue;
    if (takes == Takes::kValue && (is_flag || is_file)) continue;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// Adds what is not there yet.
void Join(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

// The same with those of the words that a command is followed by, as `fence confirm`; not those of the
// commands themselves.
std::vector<std::string> OptionNames(const CLI::App& app, Takes takes) {
  std::vector<std::string> names = OwnOptionNames(app, takes);
  if (app.get_parent() == nullptr) return names;
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    Join(names, OwnOptionNames(*below, takes));
  }
  return names;
}

// The fixed words that the first argument after a command can be.
std::vector<std::string> Arguments(const std::string& command) {
  std::vector<std::string> words;
  if (command == "get" || command == "describe") {
    for (const KindName& names : KindNames()) words.emplace_back(names.plural);
  } else if (command == "delete") {
    words.emplace_back("policy");
  } else if (command == "maintenance") {
    words = {"start", "end"};
  } else if (command == "top") {
    words = {"nodes", "pods"};
  } else if (command == "takeover") {
    words.emplace_back("hpa");
  } else if (command == "fence") {
    words.emplace_back("confirm");
  } else if (command == "switch") {
    words = {"plan", "start", "status", "pause", "resume", "rollback", "commit", "history"};
  } else if (command == "completion") {
    words = CompletionShells();
  }
  return words;
}

// Both shells run the same case distinctions; what differs is how words are taken in and given back.
constexpr const char* kBash =
    R"(# Bash completion of @PROGRAM@. Load it with: source <(@PROGRAM@ completion bash)
_@FUNCTION@() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}") answer=''
  COMPREPLY=()
@BODY@
  if [[ $answer == "<file>" ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$answer" -- "$current")
  fi
}
complete -F _@FUNCTION@ @PROGRAM@
)";

constexpr const char* kZsh = R"(#compdef @PROGRAM@
# Zsh completion of @PROGRAM@. Load it with: source <(@PROGRAM@ completion zsh)
_@FUNCTION@() {
  local current=$words[CURRENT] previous=$words[CURRENT-1]
  local -a given
  given=("${(@)words[2,CURRENT-1]}")
  local answer=''
  set -- "${given[@]}"
@BODY@
  if [[ $answer == "<file>" ]]; then
    _files
  else
    compadd -- ${=answer}
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _@FUNCTION@ "$@"
else
  compdef _@FUNCTION@ @PROGRAM@
fi
)";

// Finds out which command and how many arguments stand before the cursor, then sets $answer.
constexpr const char* kBody = R"(  local word command='' arguments=0 skip=''
  for word in @WORDS@; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      @FILE_OPTIONS@ | @OTHER_OPTIONS@) skip=yes ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; else arguments=$((arguments + 1)); fi ;;
    esac
  done
  case $previous in
    -o | --output) answer="@FORMATS@" ;;
    @FILE_OPTIONS@) answer="<file>" ;;
    @OTHER_OPTIONS@) answer='' ;;
    *)
      case $command in
        "") if [[ $current == -* ]]; then answer="@GLOBAL_OPTIONS@"; else answer="@COMMANDS@"; fi ;;
@CASES@      esac
      ;;
  esac)";

}  // namespace

const std::vector<std::string>& CompletionShells() {
  static const auto& shells = *new std::vector<std::string>{"bash", "zsh"};
  return shells;
}

absl::StatusOr<std::string> CompletionScript(const CLI::App& app, const std::string& shell,
                                             const std::string& program) {
  if (shell != "bash" && shell != "zsh") {
    return absl::InvalidArgumentError(absl::StrCat(
        "there is no completion for ", shell, "; there is for: ", absl::StrJoin(CompletionShells(), ", ")));
  }
  std::vector<std::string> commands;
  std::vector<std::string> file_options = OptionNames(app, Takes::kFile);
  std::vector<std::string> value_options = OptionNames(app, Takes::kValue);
  std::string cases;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
    Join(file_options, OptionNames(*command, Takes::kFile));
    Join(value_options, OptionNames(*command, Takes::kValue));
    std::vector<std::string> options = OptionNames(*command, Takes::kAnything);
    Join(options, OptionNames(app, Takes::kAnything));
    absl::StrAppend(&cases, "        ", command->get_name(),
                    ")\n          if [[ $current == -* ]]; then answer=\"", absl::StrJoin(options, " "),
                    "\"");
    if (const std::vector<std::string> arguments = Arguments(command->get_name()); !arguments.empty()) {
      absl::StrAppend(&cases, "\n          elif ((arguments == 0)); then answer=\"",
                      absl::StrJoin(arguments, " "), "\"");
    }
    absl::StrAppend(&cases, "; fi ;;\n");
  }
  const bool bash = shell == "bash";
  const std::string body = absl::StrReplaceAll(
      kBody, {{"@WORDS@", bash ? "\"${words[@]}\"" : "\"$@\""},
              {"@FORMATS@", absl::StrJoin(OutputFormats(), " ")},
              {"@FILE_OPTIONS@", absl::StrJoin(file_options, " | ")},
              {"@OTHER_OPTIONS@", absl::StrJoin(value_options, " | ")},
              {"@GLOBAL_OPTIONS@", absl::StrJoin(OptionNames(app, Takes::kAnything), " ")},
              {"@COMMANDS@", absl::StrJoin(commands, " ")},
              {"@CASES@", cases}});
  return absl::StrReplaceAll(
      bash ? kBash : kZsh,
      {{"@PROGRAM@", program}, {"@FUNCTION@", absl::StrReplaceAll(program, {{"-", "_"}})}, {"@BODY@", body}});
}

}  // namespace evenkeel::cli
