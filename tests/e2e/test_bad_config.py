"""Configurations that are broken in every way, and options that are: one message, or the default in their place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.captures import RULES, story, write
from tests.e2e.command import Outcome, run_main, run_process

ON = "stdout_output: {enabled: true}\nlog_stderr: true\nlog_level: warning\n"
ALERTS = 6


class Place:
    """A folder with a capture and rules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.capture = write(folder, story().bytes(), "small.scap")
        self.rules = write(folder, RULES.partition("- rule: Every")[0].encode(), "rules.yaml")
        self.words = ("run", "-r", self.rules, "-e", self.capture)

    def config(self, content: str | bytes) -> str:
        """Write a configuration and return its path."""
        return write(self.folder, content.encode() if isinstance(content, str) else content, "falco.yaml")

    def run(self, content: str | bytes, *words: str) -> Outcome:
        """Run with a configuration."""
        outcome = run_main(*self.words, "-c", self.config(content), *words)
        assert outcome.status in {0, 1}
        assert len(outcome.errors) == outcome.status, outcome.err
        return outcome


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a folder."""
    return Place(tmp_path)


def aliases() -> str:
    """Return an alias bomb."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 30)]
    return "\n".join(lines)


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "no YAML": ("a: [\n", "line 2, column 1"),
    "a tab": ("a:\n\tb: 1\n", "line 2, column 1"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' appears twice"),
    "a sequence": ("- a\n- b\n", "has to be a map"),
    "a word": ("hello\n", "has to be a map"),
    "sequences nested 100,000 deep": ("[" * 100_000, "line 1, column 101: nested more than 100 levels deep"),
    "maps nested 100,000 deep": ("{a: " * 100_000, "nested more than 100 levels deep"),
    "keys nested 3,000 deep": ("".join(" " * k + "a:\n" for k in range(3000)), "line 101, column 101: nested more"),
    "an alias bomb": (aliases(), "counting what aliases repeat"),
    "an alias within itself": ("a: &a [*a]\n", "line 1, column 8"),
    "an alias of nothing": ("a: *b\n", "line 1, column 4"),
    "all bytes": (bytes(range(256)), "is not UTF-8 text"),
    "a control character": ("a: \x01\n", "control character U+0001"),
    "50 MB": ("# " + "x" * 50_000_000, "longer than 16 MiB"),
    "no output": ("json_output: true\n", "No output configured"),
    "a word for entries that is none": (
        ON + "engine: {enter_events: maybe}\n",
        "engine.enter_events 'maybe' is not one",
    ),
    "an unknown priority": (ON + "priority: loud\n", 'Unknown priority "loud"'),
    "an unknown level of the log": (ON.replace("warning", "loud"), "Unknown log level loud"),
    "an unknown matching": (ON + "rule_matching: some\n", "Unknown rule matching strategy"),
    "an action that is none": (ON + "syscall_event_drops: {actions: 5}\n", "available actions"),
    "a threshold out of range": (ON + "syscall_event_drops: {threshold: nan}\n", "threshold must be"),
    "an address that is none": (ON + "webserver: {listen_address: x}\n", "is not a valid IP address"),
    "rules files under both names": (ON + "rules_file: a\nrules_files: [b]\n", "rules_files"),
    "a file output without a name": (ON + "file_output: {enabled: true}\n", "no filename"),
    "an extra field that is none": (ON + "append_output: [{extra_fields: [no.such]}]\n", "token no.such"),
    "an extra output that is none": (ON + "append_output: [{extra_output: '%no.such'}]\n", "token no.such"),
    "an extra field given twice": (ON + "append_output: [{extra_fields: [evt.num, evt.num]}]\n", "given twice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_one_message(place: Place, name: str) -> None:
    """With status 1, and nothing is replayed."""
    content, message = REFUSED[name]
    outcome = place.run(content)
    assert (outcome.status, outcome.out) == (1, "")
    assert message in outcome.errors[0]
    assert "falco.yaml" in outcome.err or message.startswith(("No output", "Unknown priority"))


def test_a_file_that_includes_itself_is_one_message(place: Place) -> None:
    """Directly, or by its folder."""
    for named in ("falco.yaml", ""):
        outcome = place.run(ON + f"config_files: [{place.folder / named}]\n")
        assert (outcome.status, outcome.out) == (1, "")
        assert "include" in outcome.err


ACCEPTED = {
    "nothing but an output": (ON, ""),
    "unknown keys": (ON + "colour: red\nengine: {kid: 1}\n", ":4:1: unknown configuration key 'colour' is ignored."),
    "a near key": (ON + "json_outptu: true\n", "Did you mean 'json_output'?"),
    "2,000 unknown keys": (ON + "".join(f"unknwon_{k}: 1\n" for k in range(2000)), "1960 more unknown"),
    "values of the wrong type": (
        ON + "file_output: [1]\nplugins: 7\noutputs_queue: {capacity: [1]}\nfalco_libs: 3\njson_output: {}\n"
        "syscall_event_drops: {rate: x, max_burst: [1]}\nwebserver: [x]\nappend_output: {a: b}\nstatic_fields: [x]\n"
        "output_timeout: soon\nrules: 5\nconfig_files: 5\nhttp_output: {enabled: {}}\n",
        "",
    ),
    "entries of the wrong shape": (
        ON
        + "append_output: [[[1]], null, 5, {match: 5, extra_fields: 7, extra_output: [1]}]\nrules: [5, {enable: x}]\n"
        "config_files: [5, {path: [1]}, null, /no/such/file, {strategy: x}]\nplugins: [5, {name: [x]}]\n",
        "",
    ),
    "keys that are no words": (ON + "? [a, b]\n: 1\n? {x: y}\n: 2\n5: 6\n~: 7\n", "unknown configuration key"),
    "a queue of less than nothing": (ON + "outputs_queue: {capacity: -1}\n", ""),
    "a queue of one": (ON + "outputs_queue: {capacity: 1}\n", ""),
    "a table of less than nothing": (ON + "falco_libs: {thread_table_size: -5}\n", ""),
    "a table without end": (ON + "falco_libs: {thread_table_size: 99999999999999999999999}\n", ""),
    "a wait of ages": (ON + "output_timeout: 9999999999999999999\n", ""),
    "a wait of less than nothing": (ON + "output_timeout: -5\n", ""),
    "strange static fields": (ON + 'static_fields: {a: [1], "": x, "b c": y, "\\0": z, "\\a": "\\e"}\n', ""),
    "variables that are none": (ON + 'x: "${A${B}}"\ny: "${"\nz: "${}"\n', "unknown configuration key"),
    "outputs that are not built": (ON + "http_output: {enabled: true}\nprogram_output: {enabled: true}\n", "not built"),
    "the merging of maps": (ON + "a: &a {b: 1}\nc: {<<: *a}\n", "unknown configuration key"),
    "several documents": (ON + "---\nb: 2\n", ""),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_value_that_is_none_counts_as_the_default(place: Place, name: str) -> None:
    """Every alert is delivered; what is ignored is said."""
    content, message = ACCEPTED[name]
    outcome = place.run(content)
    assert outcome.status == 0
    assert message in outcome.err
    assert f"Events detected: {ALERTS}\n" in outcome.out
    assert len(outcome.lines) >= 2 * ALERTS


PATHS = {
    "a missing file": ("/no/such/falco.yaml", "/no/such/falco.yaml"),
    "a directory": ("/tmp", "Is a directory"),
    "memory": ("/proc/self/mem", "Input/output error"),
    "a device without end": ("/dev/zero", "longer than 16 MiB"),
    "an empty name": ("", "Could not find configuration file"),
    "a NUL": ("a\0b", "Could not find configuration file"),
}


@pytest.mark.parametrize("name", PATHS)
def test_what_cannot_be_read_is_one_message(place: Place, name: str) -> None:
    """With the reason."""
    path, message = PATHS[name]
    outcome = run_main(*place.words, "-c", path)
    assert (outcome.status, outcome.out, len(outcome.err.splitlines())) == (1, "", 1)
    assert message in outcome.err


@pytest.mark.parametrize("key", ["engine: {kind: replay, replay: {capture_file: %s}}", "rules_files: [%s]"])
@pytest.mark.parametrize("name", ['"a\\0b"', '"\\e[31m"', "/", "/dev/null", "''"])
def test_paths_that_cannot_be_are_one_message(place: Place, key: str, name: str) -> None:
    """Wherever the configuration has them."""
    outcome = run_main("run", "-c", place.config(ON + key % name + "\n"))
    assert (outcome.status, len(outcome.errors)) == (1, 1)


OPTIONS = {
    "no sign": ("json_output", 1, "Must be of the form key=val"),
    "no key": ("=x", 1, "Must be of the form key=val"),
    "a bracket left open": ("a[[=x", 1, "Parsing error"),
    "an index that is none": ("a[b]=x", 1, "expected a numeric index"),
    "an index of twenty digits": ("a[99999999999999999999]=x", 1, "expected a numeric index"),
    "two dots": ("a..b=x", 1, "a name is missing"),
    "a backslash": ("a\\=x", 1, "backslash"),
    "half a map": ("append_output[]={a: [}", 1, "line 1, column"),
    "an alias of nothing": ("append_output[]={a: *b}", 1, "is not defined"),
    "a map nested 50,000 deep": ("append_output[]={" + "a: {" * 50_000 + "}", 1, "nested more than 100"),
    "an unknown key": ("jsn_output=true", 0, "unknown configuration key 'jsn_output' is ignored. Did you mean"),
    "a path 10,000 deep": (".".join("a" * 10_000) + "=x", 0, "unknown configuration key"),
    "a value of a megabyte": ("x=" + "y" * 1_000_000, 0, "unknown configuration key 'x'"),
    "a truth that is none": ("json_output=maybe", 0, ""),
    "a number that is none": ("outputs_queue.capacity=0x", 0, ""),
    "an unknown priority": ("priority=loud", 1, "Unknown priority"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_are_judged_as_the_file_is(place: Place, name: str) -> None:
    """One message where they cannot be read, a warning where they have no effect."""
    option, status, message = OPTIONS[name]
    outcome = run_main(*place.words, "-o", option)
    assert outcome.status == status
    assert len(outcome.errors) == status
    assert message in outcome.err


FLAGS = {
    "an unknown flag": (["--frobnicate"], "--frobnicate"),
    "a flag without its value": (["-o"], "-o"),
    "seconds that are none": (["-M", "soon"], "-M takes a number of seconds"),
    "rules both ways": (["-t", "a", "-T", "b"], "You can not specify both"),
    "a list of nothing": (["--list", "nowhere"], "valid source type"),
    "an unknown form": (["--list", "--format", "xml"], "Invalid format 'xml'"),
    "a rule that is not there": (["-l", "Nothing"], 'Rule "Nothing" is not loaded'),
    "an unknown source": (["--enable-source", "a", "--disable-source", "b"], "You can not mix"),
}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_that_cannot_be_meant_are_one_message(place: Place, name: str) -> None:
    """With status 1."""
    words, message = FLAGS[name]
    outcome = run_main(*place.words, *words)
    assert (outcome.status, outcome.out) == (1, "")
    assert message in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.slow
def test_a_large_configuration_takes_bounded_time_and_memory(place: Place) -> None:
    """A hundred thousand unknown keys, in a process that may have half a gibibyte."""
    path = place.config(ON + "".join(f"unknwon_key_{k}: 1\n" for k in range(100_000)))
    outcome = run_process(*place.words, "-c", path, memory_mib=512)
    assert outcome.status == 0
    assert "99960 more unknown configuration keys are ignored." in outcome.err


PIECES = (
    "stdout_output", "engine", "replay", "append_output", "rules_files", "priority", ": ", "- ", "\n", "{", "}", "[",
    "]", ", ", "true", "-1", "&a ", "*a", "'", '"', "  ", "#", "|", "~", "${HOME}", "\0",
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_words_are_a_configuration_or_one_message(place: Place, text: str) -> None:
    """Put behind the start of one that works."""
    assert place.run(ON + text).status in {0, 1}
