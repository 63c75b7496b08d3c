#include "cli/command_line.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/command/completion.h"
#include "cli/reference.h"

namespace evenkeel::cli {
namespace {

constexpr const char* kDescription =
    "Evenkeel keeps applications on Kubernetes up when machines die. This command shows what it sees and "
    "decides, and "
    "sets what it may do.";

constexpr const char* kFooter = R"(
Where the coordinator is and who you are come from the options above, else from EVENKEEL_SERVER, EVENKEEL_SERVER_NAME,
EVENKEEL_CA_FILE, EVENKEEL_TOKEN_FILE, EVENKEEL_CLIENT_CERTIFICATE, EVENKEEL_CLIENT_KEY, EVENKEEL_CLUSTER and
EVENKEEL_NAMESPACE, else from a context in ~/.config/evenkeel/config.yaml (or $EVENKEEL_CONFIG):

  current-context: production
  contexts:
    - name: production
      server: evenkeel.example:7443
      ca-file: production-ca.crt
      token-file: production.token

NO_COLOR=1 turns colours off.)";

constexpr const char* kSwitchFooter = R"(
  evenkeel switch plan -f switch.yaml          what the preflight finds; moves nothing
  evenkeel switch start -f switch.yaml         begins, once you have typed the cluster that gets the traffic
  evenkeel switch status web -w                steps, weights, requests of either side, what is in flight
  evenkeel switch rollback web --confirm=east  all traffic back to east, at once; until it is committed
  evenkeel switch commit web                   closes the way back before the hold does
  evenkeel switch history                      and: evenkeel explain switch/web

switch.yaml, in its shortest form:

  apiVersion: evenkeel.dev/v1
  kind: Switch
  metadata: {name: web}
  spec:
    from: east
    to: west
    applications: [{namespace: shop, service: web}]
    routes: [{gateway: edge, route: "map:/etc/haproxy/web.map", blue: web-east, green: web-west}]
    steps: [{percent: 1}, {percent: 10}, {percent: 50}, {percent: 100}]
    mode: enforce

A gate that fails rolls it back by itself, but never onto a cluster that is not healthy: it stops then, and asks.)";

// A duration such as 500ms, 10s or 2m, more than zero.
CLI::Option* AddDuration(CLI::App& app, const std::string& names, absl::Duration& target,
                         const std::string& help) {
  return app
      .add_option_function<std::string>(
          names,
          [names, &target](const std::string& text) {
            if (!absl::ParseDuration(text, &target) || target <= absl::ZeroDuration()) {
              throw CLI::ValidationError(names, "must be a duration such as 500ms, 10s or 2m, not " + text);
            }
          },
          absl::StrCat(help, " (", absl::FormatDuration(target), ")"))
      ->type_name("DURATION");
}

// How long an operator's order holds.
void AddLength(CLI::App& app, absl::Duration& target, const std::string& help) {
  app.add_option_function<std::string>(
         "--for",
         [&target](const std::string& text) {
           if (!absl::ParseDuration(text, &target) || target <= absl::ZeroDuration()) {
             throw CLI::ValidationError("--for", "must be a duration such as 30m or 2h, not " + text);
           }
         },
         help)
      ->type_name("DURATION");
}

std::string KindList() {
  return absl::StrJoin(KindNames(), ", ",
                       [](std::string* out, const KindName& names) { absl::StrAppend(out, names.plural); });
}

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& help) {
  CLI::App* command = app.add_subcommand(name, help);
  // The options that all commands have may stand behind the command too.
  command->fallthrough();
  return command;
}

}  // namespace

CommandLine::CommandLine(const std::string& program) : app(kDescription, program) {
  app.require_subcommand(1);
  app.footer(kFooter);
  app.option_defaults()->group("Connection");
  app.add_option("--context", context, "Context of the config file")->type_name("NAME");
  app.add_option("--server", flags.server, "The coordinator's address")->type_name("HOST:PORT");
  app.add_option("--server-name", flags.server_name, "The name in its certificate, where that is not HOST")
      ->type_name("NAME");
  app.add_option("--ca-file", flags.ca_file, "The authority that signed it, PEM")->type_name("FILE");
  app.add_option("--token-file", flags.token_file, "A Kubernetes token: who you are")->type_name("FILE");
  app.add_option("--client-certificate", flags.client_certificate, "The same by a certificate, PEM")
      ->type_name("FILE");
  app.add_option("--client-key", flags.client_key, "Its key, PEM")->type_name("FILE");
  app.add_option("--cluster", flags.cluster, "Only this cluster")->type_name("NAME");
  app.add_option("-n,--namespace", flags.namespace_name, "Namespace of pods (default)")->type_name("NAME");
  AddDuration(app, "--request-timeout", flags.request_timeout, "How long one request may take");
  app.option_defaults()->group("Options");
  app.set_version_flag("--version", std::string("evenkeel ") + EVENKEEL_VERSION,
                       "Print the version and exit");

  CLI::App* command = AddCommand(app, "get", absl::StrCat("Show resources in a table: ", KindList()));
  command->add_option("words", get.words, "TYPE [NAME...] or TYPE/NAME...")->type_name("")->required();
  command->add_option("-o,--output", get.output, "Not a table, or a wider one")
      ->check(CLI::IsMember(OutputFormats()));
  command->add_option("-l,--selector", get.selector, "Only those with these labels, as app=web,tier!=db")
      ->type_name("SELECTOR");
  command->add_option("--node", get.node, "Only pods, containers or decisions of this node")
      ->type_name("NODE");
  command->add_flag("-A,--all-namespaces", get.all_namespaces, "Pods of all namespaces");
  command->add_flag("-w,--watch", get.watch, "Then show each change, until interrupted");

  command = AddCommand(app, "describe", "Show all that is known of a resource");
  command->add_option("words", describe.words, "TYPE [NAME...] or TYPE/NAME...")->type_name("")->required();
  command->add_flag("-A,--all-namespaces", describe.all_namespaces, "Pods of all namespaces");

  command = AddCommand(app, "explain", "Tell what a decision saw, judged and did, and when");
  command
      ->add_option(
          "decision", explain,
          "A decision, or node/NODE, scaler/POLICY, burst/CLUSTER or switch/NAME for the latest on it (the "
          "latest of all)")
      ->type_name("");

  command = AddCommand(app, "top", "Show what nodes or pods use, the most first");
  command->add_option("words", top.words, "nodes or pods")->type_name("")->required();
  command->add_option("--sort-by", top.sort_by, "What the most is of")->check(CLI::IsMember(TopOrders()));
  command->add_option("-l,--selector", top.selector, "Only those with these labels, as app=web,tier!=db")
      ->type_name("SELECTOR");
  command->add_flag("-A,--all-namespaces", top.all_namespaces, "Pods of all namespaces");

  command = AddCommand(app, "replay",
                       "Run recorded evidence again: prove the decisions, or try another policy on it");
  command
      ->add_option("--since", replay.since,
                   "From when on: so long ago, as 2h, or a time, as 2026-01-02T03:04:05Z (1h, or when the "
                   "decision began)")
      ->type_name("TIME");
  command->add_option("--until", replay.until, "Until when, in the same way (now)")->type_name("TIME");
  command
      ->add_option("--policy", replay.policy_file,
                   "What would have been decided under this one; - is standard input")
      ->type_name("FILE");
  command->add_option("--decision", replay.decision, "Only this decision")->type_name("ID");
  command->add_option("-o,--output", replay.output, "Every field and what stayed the same, or for programs")
      ->check(CLI::IsMember({"wide", "json", "yaml"}));
  AddDuration(*command, "--timeout", replay.timeout, "How long it may take");

  command = AddCommand(app, "apply", "Put policies into force");
  command->add_option("-f,--filename", apply.files, "File of YAML documents; - is standard input")
      ->type_name("FILE")
      ->required();
  command->add_flag("--validate-only", apply.validate_only, "Only check them, change nothing");

  command = AddCommand(app, "delete", "Delete policies");
  command->add_option("words", remove.words, "policy NAME... or policy/NAME...")->type_name("");
  command->add_option("-f,--filename", remove.files, "Those in this file; - is standard input")
      ->type_name("FILE");

  command = AddCommand(app, "takeover", "Let a scale policy take the place of a HorizontalPodAutoscaler");
  command->add_option("words", take_over.words, "hpa NAMESPACE/NAME")->type_name("")->required();
  command->add_option("--policy", take_over.policy, "Name of the policy (the autoscaler's)")
      ->type_name("NAME");
  command->add_option("--mode", take_over.mode, "Mode of the policy (enforce)")
      ->check(CLI::IsMember({"observe", "enforce"}));
  command->add_flag("--dry-run", take_over.dry_run, "Only print the policy, change nothing");

  command = AddCommand(app, "fence", "Say what Evenkeel cannot see: that a dead node's machine is off");
  command->require_subcommand(1);
  CLI::App* confirm =
      AddCommand(*command, "confirm",
                 "Confirm that a node judged DEAD is off, so that pods that must not run twice move");
  confirm->add_option("node", fence.node, "The node")->type_name("")->required();
  confirm->add_option("--reason", fence.reason, "How you know, for the record")->type_name("TEXT");
  confirm->add_flag("--yes", fence.yes, "Do not ask for the node's name once more");

  command = AddCommand(app, "status", "Tell whether the whole fleet is well; exit code 0 only if it is");
  command->add_flag("--wait", status.wait, "Wait until it is");
  AddDuration(*command, "--timeout", status.timeout, "How long to wait");

  command =
      AddCommand(app, "maintenance", "Say that somebody works on a node: nothing is done to it meanwhile");
  command->add_option("words", maintenance.words, "start NODE or end NODE")->type_name("")->required();
  AddLength(*command, maintenance.length, "How long, as 90m; it ends by itself");
  command->add_option("--reason", maintenance.reason, "Why, for others to read")->type_name("TEXT");
  command->add_flag("--validate-only", maintenance.validate_only, "Only check it, change nothing");

  AddSwitch();

  command = AddCommand(app, "pause", "Do nothing any more in the cluster of --cluster, or in all of them");
  AddLength(*command, pause.length, "How long, as 90m (until `evenkeel resume`)");
  command->add_option("--reason", pause.reason, "Why, for others to read")->type_name("TEXT");
  command->add_flag("--validate-only", pause.validate_only, "Only check it, change nothing");

  AddCommand(app, "resume", "End the pause of the cluster of --cluster, or of all of them");

  AddCommand(app, "version", "Print the version");

  command = AddCommand(app, "completion", "Print a completion script for a shell");
  command->add_option("shell", shell, absl::StrJoin(CompletionShells(), " or "))->type_name("")->required();
}

void CommandLine::AddSwitch() {
  CLI::App* all = AddCommand(
      app, "switch", "Move an application's traffic from one cluster to another, without losing a request");
  all->require_subcommand(1);
  all->footer(kSwitchFooter);
  const auto add = [all](const std::string& name, const std::string& help) {
    return AddCommand(*all, name, help);
  };
  const auto add_file = [this](CLI::App* command) {
    command->add_option("-f,--filename", traffic.file, "File with the switch; - is standard input")
        ->type_name("FILE")
        ->required();
  };
  const auto add_name = [this](CLI::App* command) {
    return command->add_option("name", traffic.name, "The switch, or its decision's id")->type_name("");
  };
  const auto add_confirm = [this](CLI::App* command, const std::string& which) {
    command
        ->add_option("--confirm", traffic.confirm,
                     absl::StrCat("The cluster that ", which, "; not asked for then"))
        ->type_name("CLUSTER");
  };
  const auto add_reason = [this](CLI::App* command) {
    command->add_option("--reason", traffic.reason, "Why, for the record")->type_name("TEXT");
  };
  const auto add_output = [this](CLI::App* command) {
    command->add_option("-o,--output", traffic.output, "For programs")
        ->check(CLI::IsMember({"json", "yaml"}));
  };

  CLI::App* command = add("plan",
                          "Show what the preflight finds and what each step would ask of the cluster; moves "
                          "nothing. Exit code 0 only if nothing blocks it");
  add_file(command);
  add_output(command);

  command = add("start", "Begin it: the preflight first, then step by step behind the gates");
  add_file(command);
  add_confirm(command, "gets the traffic");
  add_output(command);

  command = add("status", "Show one, or all that are under way");
  add_name(command);
  command->add_flag("-w,--watch", traffic.watch,
                    "Show it live until it ends; exit code 0 only if it was committed, or only observed");
  add_output(command);

  command = add("pause", "Give nothing more to the new cluster; what it has it keeps");
  add_name(command)->required();
  add_reason(command);
  add_output(command);

  command = add("resume", "End a pause, approve the next step, or let it go on after what it stopped for");
  add_name(command)->required();
  command
      ->add_option("--may-cut", traffic.may_cut,
                   "Where requests are left at the drain's deadline: cut up to so many")
      ->type_name("N");
  add_confirm(command, "gets the traffic");
  add_output(command);

  command =
      add("rollback", "Give all traffic back to the old cluster, at once, unless that one is not healthy");
  add_name(command)->required();
  add_reason(command);
  command->add_flag("--onto-unknown", traffic.onto_unknown, "Also if it is not known whether it is healthy");
  add_confirm(command, "gets the traffic back");
  add_output(command);

  command = add("commit", "Close the way back");
  add_name(command)->required();
  add_confirm(command, "keeps the traffic");
  add_output(command);

  command = add("history", "Show the last ones and what each has cost");
  command->add_option("--last", traffic.last, "How many (20)")->type_name("N")->check(CLI::Range(1, 100000));
  add_output(command);
}

}  // namespace evenkeel::cli
