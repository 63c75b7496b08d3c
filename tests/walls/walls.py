"""The walls between the rooms, as rules over #include lines. Run by walls_test.py."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# What a pure room must not touch: clocks, randomness, threads, files, sockets, logs and the libraries that do.
IMPURE = (
    r"chrono|ctime|time\.h|random|thread|mutex|shared_mutex|condition_variable|future|atomic|fstream|iostream|filesystem"
    r"|sys/.*|unistd\.h|fcntl\.h|poll\.h|netinet/.*|arpa/.*|grpc/.*|grpcpp/.*|rocksdb/.*|curl/.*|spdlog/.*|openssl/.*"
    r"|httplib\.h|absl/time/clock\.h|absl/random/.*|absl/synchronization/.*|common/(log|http|kube|rpc|observability)/.*"
    r"|.*\.grpc\.pb\.h"
)
PURE_ROOMS = ("agent/core", "agent/decode", "coordinator/core")
# The same of single parts of other rooms: their files without the ending.
PURE_PARTS = tuple(f"coordinator/usage/{part}" for part in (
    "usage_book", "node_usages", "pulled_usage", "cpu_counters", "stats_summary", "resource_metrics")) + tuple(
    f"coordinator/prober/{part}" for part in ("http_answer", "probe_book"))

# A library that only one room may include.
SOLE_USERS = {
    r"curl/.*": ("common/http", "tests/unit/common"),
    r"rocksdb/.*": ("coordinator/store", "tests/contract/store", "tests/unit/store"),
    r"(agent/collect/cri/.*|.*runtime_v1.*|.*cri.*\.pb\.h)": ("agent/collect", "agent/fence", "tests/unit/agent", "tests/bench",
                                                           "tests/fuzz"),
    r".*discovery_v3.*": ("coordinator/gateway/xds", "tests/contract/gateway", "tests/unit/gateway"),
    r"httplib\.h": ("common/observability", "tests"),
    r"spdlog/.*": ("common/log",),
    r"yaml-cpp/.*": ("common/kube", "coordinator/program", "cli", "tests"),
    r"evenkeel/storage/.*": ("coordinator/store", "tests/unit/store", "tests/contract/store", "tests/fuzz"),
}

# Which parts may know which.
LAYERS = {
    "common": ("common", "proto"),
    "agent": ("agent", "common", "proto"),
    "coordinator": ("coordinator", "common", "proto"),
    "cli": ("cli", "common", "proto"),
}
# Within the coordinator, dependencies point to the core.
COORDINATOR = {
    "core": ("core",),
    "store": ("core", "store"),
    "runtime": ("core", "store", "runtime"),
    "replay": ("core", "store", "replay"),
    "session": ("core", "runtime", "session"),
    "usage": ("core", "runtime", "session", "usage"),
    "observe": ("core", "runtime", "observe"),
    "prober": ("core", "runtime", "prober"),
    "gateway": ("core", "gateway"),
    "act": ("core", "runtime", "act", "gateway"),
    "serve": ("core", "runtime", "store", "replay", "serve", "observe", "session"),
}
AGENT = {
    "decode": ("decode",),
    "core": ("decode", "core"),
    "collect": ("decode", "core", "collect"),
    "session": ("decode", "core", "session"),
    "fence": ("core", "collect", "session", "fence"),
}


def breaches(files):
    """Every include that goes through a wall: [(file, included, why)]. `files` maps a path to its text."""
    found = []
    for path, text in sorted(files.items()):
        for bracket, included in INCLUDE.findall(text):
            found += [(path, included, why) for why in _why_not(path, bracket, included)]
    return found


def _why_not(path, bracket, included):
    for room in PURE_ROOMS:
        if path.startswith(room + "/") and re.fullmatch(IMPURE, included):
            yield f"{room} is pure"
    for part in PURE_PARTS:
        if path.rpartition(".")[0] == part and re.fullmatch(IMPURE, included):
            yield f"{part} is pure"
    for pattern, users in SOLE_USERS.items():
        if re.fullmatch(pattern, included) and not path.startswith(tuple(u + "/" for u in users)):
            yield f"only {', '.join(users)} may use it"
    if bracket == '"' and "/" in included:
        part, target = path.split("/")[0], included.split("/")[0]
        if part in LAYERS and target in LAYERS and target not in LAYERS[part]:
            yield f"{part}/ must not know {target}/"
        for layer, rooms in (("coordinator", COORDINATOR), ("agent", AGENT)):
            if part == target == layer and path.count("/") > 1:
                room, other = path.split("/")[1], included.split("/")[1]
                if room in rooms and other not in rooms[room]:
                    yield f"{layer}/{room} must not know {layer}/{other}"


def our_files():
    """All C++ files of the tree."""
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for part in ("common", "agent", "coordinator", "cli", "tests")
        for path in (ROOT / part).rglob("*")
        if path.suffix in (".h", ".cc") and "node_modules" not in path.parts
    }
