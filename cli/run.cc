#include "cli/run.h"

#include <grpcpp/version_info.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/client.h"
#include "cli/command/completion.h"
#include "cli/command_line.h"
#include "cli/failure.h"
#include "cli/print/text.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

std::string FileName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// kubectl runs a program called kubectl-evenkeel for "kubectl evenkeel".
std::string ProgramName(const std::string& path) {
  return absl::StartsWith(FileName(path), "kubectl-") ? "kubectl evenkeel" : "evenkeel";
}

// The command that was given, if it talks to the coordinator.
absl::Status RunRemote(CommandLine& line, const std::string& command, Context& context) {
  if (command == "get") return RunGet(context, line.get);
  if (command == "describe") return RunDescribe(context, line.describe);
  if (command == "explain") return RunExplain(context, line.explain);
  if (command == "replay") return RunReplay(context, line.replay);
  if (command == "apply") return RunApply(context, line.apply);
  if (command == "delete") return RunDelete(context, line.remove);
  if (command == "maintenance") return RunMaintenance(context, line.maintenance);
  if (command == "pause") return RunPause(context, line.pause);
  if (command == "resume") return RunResume(context);
  if (command == "top") return RunTop(context, line.top);
  if (command == "takeover") return RunTakeOver(context, line.take_over);
  if (command == "fence") return RunFenceConfirm(context, line.fence);
  if (command == "switch") {
    line.traffic.command = line.app.get_subcommands().front()->get_subcommands().front()->get_name();
    return RunSwitch(context, line.traffic);
  }
  return RunStatus(context, line.status);
}

absl::Status RunCommand(CommandLine& line, const std::string& program, const Host& host, Settings& settings) {
  const std::string command = line.app.get_subcommands().front()->get_name();
  if (command == "version") {
    *host.out << "evenkeel " << EVENKEEL_VERSION << " (API evenkeel.v1, gRPC " << GRPC_CPP_VERSION_STRING
              << ")" << std::endl;
    return absl::OkStatus();
  }
  if (command == "completion") {
    EVENKEEL_ASSIGN_OR_RETURN(const std::string script,
                              CompletionScript(line.app, line.shell, FileName(program)));
    *host.out << script << std::flush;
    return absl::OkStatus();
  }
  EVENKEEL_ASSIGN_OR_RETURN(settings, LoadSettings(host, line.context, line.flags));
  EVENKEEL_ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(settings, host));
  Context context{host, settings, *client};
  return RunRemote(line, command, context);
}

}  // namespace

int Run(const std::vector<std::string>& arguments, const Host& host) {
  const std::string program = arguments.empty() ? "evenkeel" : arguments.front();
  CommandLine line(ProgramName(program));
  // CLI11 takes the arguments in reverse, without the program's name.
  std::vector<std::string> reversed(arguments.rbegin(),
                                    arguments.empty() ? arguments.rend() : arguments.rend() - 1);
  try {
    line.app.parse(std::move(reversed));
  } catch (const CLI::Success& success) {  // --help, --version
    return line.app.exit(success, *host.out, *host.err);
  } catch (const CLI::ParseError& error) {
    const auto commands = line.app.get_subcommands();
    *host.err << "error: " << error.what() << "\n  what helps: " << ProgramName(program)
              << (commands.empty() ? "" : " " + commands.front()->get_name()) << " --help" << std::endl;
    return 1;
  }
  Settings settings;
  const absl::Status status = RunCommand(line, program, host, settings);
  if (status.ok()) return 0;
  *host.err << ErrorText(status, settings) << std::flush;
  return 1;
}

}  // namespace evenkeel::cli
