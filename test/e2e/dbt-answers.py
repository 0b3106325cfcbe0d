"""Real dbt as a long-lived process: one JSON request a line on stdin, one JSON answer a line on stdout.

request: {"project": dir, "target": dir, "state": dir or null, "args": [...],
          "manifest": dir that holds the current manifest.json: nothing is parsed (optional),
          "questions": [{"select": [...], "exclude": [...], "mode": "eager", "as": "ls" or "build", "cli": bool}]}
answer:  {"error": text or null, "answers": [[unique_id, ...] or {"error": text}, ...]}

A question with "cli" is a whole `dbt ls`; the others go to the same selector classes without the start around them.
"""
import functools
import json
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
out = os.fdopen(os.dup(1), "w")
# dbt prints to stdout; only answers may go there.
os.dup2(2, 1)

from dbt.cli.main import dbtRunner  # noqa: E402
from dbt.compilation import Linker  # noqa: E402
from dbt.contracts.state import PreviousState  # noqa: E402
from dbt.flags import get_flags  # noqa: E402
from dbt.graph import Graph, ResourceTypeSelector, parse_difference  # noqa: E402
from dbt.task.build import BuildTask  # noqa: E402
from dbt.task.list import ListTask  # noqa: E402
from dbt_common.events.contextvars import task_contextvars  # noqa: E402
from dbt_common.tests import enable_test_caching  # noqa: E402

# As in dbt's own test suite: the same text of Jinja is parsed once, which halves the time of a parse.
enable_test_caching()

QUIET = ["--no-use-colors", "--log-level", "none", "--log-level-file", "none", "--no-send-anonymous-usage-stats"]


def places(request):
    project, target = request["project"], request["target"]
    return ["--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target]


class Selector(ResourceTypeSelector):
    """Dbt's own. Its methods compare every node with its baseline: for all questions about one graph once by each value."""

    def __init__(self, found, **options):
        super().__init__(**options)
        self.found = found

    def select_included(self, included_nodes, spec):
        asked = (spec.method, tuple(spec.method_arguments), spec.value)
        if asked not in self.found:
            self.found[asked] = super().select_included(included_nodes, spec)
        return set(self.found[asked])


@functools.cache
def state_of(path, target, project):
    """The same baseline serves many requests; dbt only reads it."""
    return PreviousState(Path(path), Path(target), Path(project))


def graph_of(manifest, kind):
    linker = Linker()
    linker.link_graph(manifest)
    if kind == "build":
        manifest.build_parent_and_child_maps()
        linker.add_test_edges(manifest)
    return Graph(linker.graph)


def ask_cli(request, manifest, question):
    args = [*QUIET, "ls", *places(request), *request["args"], "--indirect-selection", question["mode"]]
    args += ["--state", request["state"]] if request["state"] else []
    for option in ("select", "exclude"):
        args += [part for text in question[option] for part in (f"--{option}", text)]
    result = dbtRunner(manifest=manifest).invoke([*args, "--output", "json", "--output-keys", "unique_id"])
    if result.exception is not None:
        raise result.exception
    return sorted(json.loads(line)["unique_id"] for line in result.result)


def ask(manifest, graphs, state, question):
    object.__setattr__(get_flags(), "INDIRECT_SELECTION", question["mode"])
    kind = question["as"]
    if kind not in graphs:
        graphs[kind] = (graph_of(manifest, kind), {})
    graph, found = graphs[kind]
    selector = Selector(
        found,
        graph=graph,
        manifest=manifest,
        previous_state=state,
        resource_types=list(BuildTask.ALL_RESOURCE_VALUES if kind == "build" else ListTask.DEFAULT_RESOURCE_VALUES),
        include_empty_nodes=kind == "ls",
    )
    spec = parse_difference(tuple(question["select"]), tuple(question["exclude"]))
    return sorted(selector.get_selected(spec))


def answer(request):
    project = request["project"]
    if request.get("manifest"):
        manifest = PreviousState(Path(request["manifest"]), Path(request["target"]), Path(project)).manifest
    else:
        parse = [*QUIET, "--no-partial-parse", "parse", *places(request), *request["args"]]
        parsed = dbtRunner().invoke(parse)
        if parsed.exception is not None:
            raise parsed.exception
        manifest = parsed.result
    state = state_of(request["state"], request["target"], project) if request["state"] else None
    graphs, answers = {}, []
    with task_contextvars(project_root=project):
        for question in request["questions"]:
            try:
                by_cli = question.get("cli", False)
                answers.append(ask_cli(request, manifest, question) if by_cli else ask(manifest, graphs, state, question))
            except Exception as exception:
                answers.append({"error": f"{type(exception).__name__}: {exception}"})
    return answers


for line in sys.stdin:
    try:
        reply = {"error": None, "answers": answer(json.loads(line))}
    except Exception as exception:
        reply = {"error": f"{type(exception).__name__}: {exception}", "answers": []}
    out.write(json.dumps(reply) + "\n")
    out.flush()
