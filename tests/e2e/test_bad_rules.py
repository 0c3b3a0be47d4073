"""Rules files that are broken in every way: all problems at once, each with file, line and column, in bounded time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tercel
from tests.e2e.captures import RULES, story, write
from tests.e2e.command import Outcome, run_main, run_process


def rule(condition: str = "evt.type=open", output: str = "o", extra: str = "", number: int = 0) -> str:
    """Return a rule."""
    head = f"- rule: r{number}\n  desc: d\n  condition: {condition}\n  output: {output}\n  priority: INFO\n"
    return head + "".join(f"  {line}\n" for line in extra.splitlines())


def aliases(levels: int, width: int) -> str:
    """Return an alias bomb."""
    lines = [f"- &a0 [{','.join('x' * width)}]"]
    lines += [f"- &a{level} [{','.join([f'*a{level - 1}'] * width)}]" for level in range(1, levels)]
    return "\n".join(lines)


def macros(count: int) -> str:
    """Return macros that double in size from one to the next."""
    lines = ["- macro: m0\n  condition: (evt.type=open or evt.type=close)"]
    lines += [f"- macro: m{k}\n  condition: (m{k - 1} and not m{k - 1})" for k in range(1, count)]
    return "\n".join(lines) + "\n" + rule(f"m{count - 1}")


def lists(count: int) -> str:
    """Return lists that grow eightfold from one to the next."""
    lines = ["- list: l0\n  items: [a,b,c,d,e,f,g,h]"]
    lines += [f"- list: l{k}\n  items: [{','.join([f'l{k - 1}'] * 8)}]" for k in range(1, count)]
    return "\n".join(lines) + "\n" + rule(f"evt.type=open and proc.name in (l{count - 1})")


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "no YAML": ("- rule: [\n", "LOAD_ERR_YAML_PARSE"),
    "a tab": ("- rule:\n\tx: 1\n", "LOAD_ERR_YAML_PARSE"),
    "YAML of another shape": ("rule: x\n", "not yaml array"),
    "a word": ("hello\n", "LOAD_ERR_YAML_VALIDATE"),
    "sequences nested 100,000 deep": ("[" * 100_000, "nested more than 100 levels deep"),
    "items nested 100,000 deep": ("- " * 100_000, "nested more than 100 levels deep"),
    "maps nested 100,000 deep": ("{a: " * 100_000, "nested more than 100 levels deep"),
    "an alias bomb": (aliases(30, 9), "counting what aliases repeat"),
    "an alias within itself": ("- &a [*a]\n", "stands within what it refers to"),
    "an alias of nothing": ("- *a\n", "is not defined"),
    "a key twice": ("- rule: a\n  rule: b\n", "appears twice"),
    "all bytes": (bytes(range(256)), "is not UTF-8 text"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(1000), "LOAD_ERR_YAML_PARSE"),
    "a control character": (b"- rule: a\x01b\n", "U+0001 is not allowed"),
    "another alphabet": ("- rule: caf\xe9\n".encode("latin-1"), "is not UTF-8 text"),
    "half a UTF-16 file": (rule().encode("utf-16")[:-1], "LOAD_ERR_YAML_PARSE"),
    "a NUL in an event's name": (rule('"evt.type=open\\0"'), "unknown event type"),
    "a macro of itself": ("- macro: a\n  condition: a\n" + rule("a"), "'a'"),
    "two macros of each other": ("- macro: a\n  condition: b\n- macro: b\n  condition: a\n" + rule("a"), "'b'"),
    "macros in a ring": (
        "- macro: a\n  condition: evt.type=open\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n" + rule("a"),
        "reference loop",
    ),
    "macros that double sixty times": (macros(60), "expands to more than"),
    "lists that grow without end": (lists(30), "too many items"),
    "conditions nested 100,000 deep": (rule("(" * 100_000 + "evt.type=open" + ")" * 100_000), "max depth"),
    "transformers nested 50,000 deep": (
        rule("tolower(" * 50_000 + "proc.name" + ")" * 50_000 + "=a"),
        "max depth",
    ),
    "a quote left open": (rule("evt.type=open and proc.name='" + "a" * 100_000), "expected a string value"),
    "an argument of 5,000 digits": (rule(f"evt.type=open and evt.arg[{'9' * 5000}]=1"), "LOAD_ERR_COMPILE_CONDITION"),
    "a moment of 5,000 digits": (rule(f"evt.type=open and evt.around[{'9' * 5000}]=1"), "LOAD_ERR_COMPILE_CONDITION"),
    "a version of 5,000 digits": (f"- required_engine_version: {'9' * 5000}\n", "Unable to parse engine version"),
    "a pattern nested 5,000 deep": (
        rule(f"""'evt.type=open and proc.name regex "{"(" * 5000}a{")" * 5000}"'"""),
        "nests too deeply",
    ),
    "an output that names no field": (rule(output='"%no.such.field"'), "LOAD_ERR_COMPILE_OUTPUT"),
    "an output nested 50,000 deep": (
        rule(output='"%' + "tolower(" * 50_000 + "proc.name" + ")" * 50_000 + '"'),
        "LOAD_ERR_COMPILE_OUTPUT",
    ),
    "values of the wrong shape": (
        "- rule: [a]\n  desc: {a: b}\n- rule:\n- macro: {}\n- list: {a: b}\n- 5: 6\n- {? [a]: b}\n- [1]\n",
        "LOAD_ERR_YAML_VALIDATE",
    ),
    "exceptions of the wrong shape": (
        rule(extra="exceptions:\n- {name: [x], fields: {a: b}, values: 5}"),
        "not a scalar",
    ),
}
PROBLEM = re.compile(r"^.+:\d+:\d+: (error|warning): ", re.MULTILINE)


def check(folder: Path, content: str | bytes) -> Outcome:
    """Check a rules file."""
    path = write(folder, content.encode() if isinstance(content, str) else content, "bad.yaml")
    outcome = run_main("rules", "check", path)
    assert outcome.status in {0, 1}
    assert "Traceback" not in outcome.out + outcome.err
    return outcome


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, name: str) -> None:
    """By the checker, by a run, as JSON, and by the library."""
    content, message = REFUSED[name]
    outcome = check(tmp_path, content)
    assert outcome.status == 1
    assert message in outcome.out
    assert PROBLEM.search(outcome.out), outcome.out
    path = str(tmp_path / "bad.yaml")
    ran = run_main("run", "-r", path, "-e", write(tmp_path, story().bytes()))
    assert (ran.status, ran.out, len(ran.errors)) == (1, "", 1)
    assert path in ran.err
    validated = run_main("run", "-V", path, "-o", "json_output=true")
    assert validated.status == 1
    assert json.loads(validated.out)["falco_load_results"][0]["successful"] is False
    with pytest.raises(tercel.RulesError, match=r"bad\.yaml:"):
        tercel.load_rules(path)


def test_every_problem_of_a_file_is_told(tmp_path: Path) -> None:
    """Not only the first; of thousands the first hundreds, and how many more there are."""
    content = "".join(rule(f"evt.type=open and proc.nosuch{k}=1", number=k) for k in range(3000))
    outcome = check(tmp_path, content)
    assert outcome.status == 1
    assert len(PROBLEM.findall(outcome.out)) == 500
    assert "2500 more problems" in outcome.out


ACCEPTED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", ""),
    "a lone comment": ("# nothing here\n", ""),
    "empty items": ("- \n" * 1000, ""),
    "unknown keys": (rule(extra="colour: red\nsize: [1, {a: b}]"), "Unknown key 'colour'"),
    "10,000 terms": (rule("evt.type=open and (" + " or ".join(f"proc.name=p{k}" for k in range(10_000)) + ")"), ""),
    "10,000 demands": (rule("evt.type=open and " + " and ".join(f"proc.name!=p{k}" for k in range(10_000))), ""),
    "100,000 items": (
        f"- list: l\n  items: [{','.join(f'x{k}' for k in range(100_000))}]\n"
        + rule("evt.type=open and proc.name in (l)"),
        "",
    ),
    "999 levels": (rule("(" * 999 + "evt.type=open" + ")" * 999), ""),
    "an output of a megabyte": (rule(output='"' + "%proc.name " * 90_000 + '"'), ""),
    "binary in strings": (
        rule(output='"\\0\\x01\\x7f\\xff%proc.name"', extra='source: syscall\ntags: ["\\0", "\\a"]'),
        "",
    ),
    "a NUL in a name": (rule().replace("r0", '"r\\0"'), ""),
    "UTF-16": (rule().encode("utf-16"), ""),
    "a byte order mark": (rule().encode("utf-8-sig"), ""),
    "several documents": (rule() + "---\n" + rule(number=1), ""),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_only_strange_is_loaded(tmp_path: Path, name: str) -> None:
    """With a warning where something is ignored, and can be run."""
    content, message = ACCEPTED[name]
    outcome = check(tmp_path, content)
    assert outcome.status == 0, outcome.out[:2000]
    assert message in outcome.out
    ran = run_main("run", "-r", str(tmp_path / "bad.yaml"), "-e", write(tmp_path, story().bytes()))
    assert ran.status == 0
    assert "Events detected:" in ran.out


def test_strings_of_binary_come_out_as_one_line_of_text(tmp_path: Path) -> None:
    """No alert can forge a second one, whatever its rule or the event holds."""
    content = rule("evt.type=openat", '"a\\n\\0\\e[31mb %proc.name"').replace("r0", '"r\\n\\0"')
    path = write(tmp_path, content.encode(), "bad.yaml")
    capture = write(tmp_path, story().bytes())
    plain = run_main("run", "-r", path, "-e", capture)
    assert [line for line in plain.lines if "Informational" in line] == [
        rf"22:13:20.0{at}000000: Informational a\n\u0000\u001b[31mb cat" for at in (12, 13)
    ]
    as_json = run_main("run", "-r", path, "-e", capture, "-o", "json_output=true")
    assert [json.loads(line)["rule"] for line in as_json.lines if line.startswith("{")] == ["r\n\0"] * 2


LARGE: dict[str, tuple[Callable[[], str], int, str]] = {
    "a 50 MB file of rules": (lambda: rule() * 600_000, 1, "longer than 16 MiB"),
    "a 50 MB comment": (lambda: "# " + "x" * 50_000_000, 1, "longer than 16 MiB"),
    "a 50 MB item": (lambda: "- rule: " + "x" * 50_000_000, 1, "longer than 16 MiB"),
    "15 MB of rules": (lambda: "".join(rule(number=k) for k in range(130_000)), 1, "more than 1000000 values"),
    "10,000 unknown macros": (
        lambda: "".join(rule(f"nosuch_{k}", number=k) for k in range(10_000)),
        1,
        "9500 more problems",
    ),
    "200,000 items of the wrong kind": (lambda: "- foo\n" * 200_000, 1, "errors"),
    "100,000 unknown keys": (lambda: rule(extra="".join(f"x{k}: 1\n" for k in range(100_000))), 0, "warnings"),
    "20,000 exceptions": (
        lambda: rule(
            extra="exceptions:\n- name: e\n  fields: [proc.name, fd.name]\n  values:\n" + "  - [a, b]\n" * 20_000
        ),
        0,
        "0 errors",
    ),
}


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", LARGE)
def test_large_files_take_bounded_time_and_memory(tmp_path: Path, name: str) -> None:
    """In a process that may have a gibibyte."""
    make, status, message = LARGE[name]
    path = write(tmp_path, make().encode(), "large.yaml")
    outcome = run_process("rules", "check", path, timeout=55)
    assert outcome.status == status
    assert message in outcome.out
    assert len(outcome.out) < 1_000_000


@pytest.mark.parametrize("place", ["{missing}", "{folder}/no.yaml", "/dev/zero", "/proc/self/mem", "{capture}"])
def test_what_cannot_be_read_as_rules_is_named(tmp_path: Path, place: str) -> None:
    """A file that is missing, a device without end, memory, a capture."""
    capture = write(tmp_path, story().bytes(), "capture.yaml")
    path = place.format(missing="/no/such/rules.yaml", folder=tmp_path, capture=capture)
    outcome = run_process("rules", "check", path)
    assert outcome.status == 1
    assert path in outcome.out
    ran = run_process("run", "-r", path, "-e", capture)
    assert (ran.status, ran.out) == (1, "")
    assert path in ran.err
    assert "Traceback" not in ran.err + outcome.err


def test_a_directory_without_rules_and_an_empty_path_are_told(tmp_path: Path) -> None:
    """Nothing to apply is not what was asked for."""
    for path in (str(tmp_path), ""):
        outcome = run_main("run", "-r", path, "-e", "x.scap")
        assert (outcome.status, len(outcome.errors)) == (1, 1)


PIECES = (
    "- ", "\n", ": ", "[", "{", "&a ", "*a", "'", '"', "%", "(", ")", " and ", "\0", "\x85", "!!int ", "? ", "| ", "#",
    "- rule",
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_rules_changed_at_random_are_loaded_or_told_of(tmp_path: Path, data: st.DataObject) -> None:
    """Pieces cut out, doubled, or replaced by what means something to YAML or to conditions."""
    text = RULES
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        end = at + data.draw(st.sampled_from([0, 1, 5, 50]))
        piece = data.draw(st.one_of(st.text(max_size=3), st.sampled_from(PIECES)))
        text = text[:at] + piece + text[end:]
    outcome = check(tmp_path, text.encode("utf-8", "surrogatepass"))
    assert bool(outcome.status) == (" error: " in outcome.out)
