"""Field expressions: which bind, which are refused and how, where they end in a format."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.fields.base import (
    FF_ARG_ALLOWED,
    FF_ARG_REQUIRED,
    FF_DEPRECATED,
    FF_LIST,
    SCOPE_EVENT,
    SCOPE_FD,
    SCOPE_PROCESS,
    FieldError,
)
from tercel.fields.options import line_options
from tercel.fields.registry import Registry, is_event_name, number
from tests.paths import SHARED, needs_shared

REGISTRY = Registry.syscall()


@pytest.mark.parametrize(
    ("text", "arg"),
    [
        ("proc.name", None),
        ("proc.aname[2]", "2"),
        ("evt.arg[0]", "0"),
        ("evt.arg.flags", "flags"),
        ("evt.rawarg.res", "res"),
        ("evt.type.is.open", "open"),
        ("evt.abspath", None),
        ("evt.abspath.dst", "dst"),
        ("thread.cgroup.cpu", "cpu"),
        ("proc.env[PATH]", "PATH"),
        ('proc.env["PATH"]', "PATH"),
        ("container.label['a.b/c']", "a.b/c"),
    ],
)
def test_field_expressions_bind(text: str, arg: str | None) -> None:
    """Arguments stand in brackets, for some fields behind a dot; quotes around them are dropped."""
    assert REGISTRY.bind(text).arg == arg


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("proc.nosuch", "filter_check called with nonexistent field proc.nosuch"),
        ("proc.name[1]", "filter_check called with nonexistent field proc.name[1]"),
        ("proc.aname[1", "filter_check called with nonexistent field proc.aname[1"),
        ("evt.arg", "filter syntax error: evt.arg"),
        ("evt.rawarg", "filter syntax error: evt.rawarg"),
        ("evt.arg.nosuch", "unknown event argument nosuch"),
        ("evt.rawarg[0]", "evt.arg fields must be expressed explicitly"),
        ("evt.type.is", "filter syntax error: evt.type.is"),
        ("evt.type.is.nosuch", "filter_check called with nonexistent field evt.type.is.nosuch"),
        ("evt.abspath[0]", "filter_check called with nonexistent field evt.abspath[0]"),
        ("evt.abspath.up", "filter_check called with nonexistent field evt.abspath.up"),
        ("evt.around", "filter syntax error: evt.around"),
        ("", "filter_check called with nonexistent field "),
    ],
)
def test_wrong_expressions_are_refused_in_known_words(text: str, message: str) -> None:
    """The messages are those that users of Falco know."""
    with pytest.raises(FieldError) as caught:
        REGISTRY.bind(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["x", "--1", "1.5", "", "-", "99999999999", "4294967296", "٣"])
def test_an_index_must_be_a_number_of_32_bits(text: str) -> None:
    """Digits of other scripts are not digits here."""
    with pytest.raises(FieldError, match="is not a valid number"):
        number(text)


@pytest.mark.parametrize(
    ("text", "field", "end"),
    [
        ("proc.nameand", "proc.name", 9),
        ("proc.name.", "proc.name", 9),
        ("proc.name[1]", "proc.name", 9),
        ("proc.aname[2]x", "proc.aname[2]", 13),
        ("proc.env['a]b']!", "proc.env['a]b']", 15),
        ("proc.env[PATH", "proc.env", 8),
        ("evt.arg.resx", "evt.arg.res", 11),
        ("evt.arg[0] rest", "evt.arg[0]", 10),
        ("evt.abspath.res", "evt.abspath", 11),
        ("evt.abspath.srcx", "evt.abspath.src", 15),
        ("evt.type.is.open rest", "evt.type.is.open", 16),
        # All ancestors: the value is followed by the name itself unless the text ends there.
        ("proc.aname", "proc.aname", 10),
        ("proc.aname rest", "proc.aname", 0),
    ],
)
def test_a_format_takes_the_longest_field(text: str, field: str, end: int) -> None:
    """Formats have no mark for the end of a field."""
    assert REGISTRY.longest_field(text, 0) == (field, end)


def test_a_format_may_name_no_field() -> None:
    """What begins like no field is None."""
    assert REGISTRY.longest_field("%proc", 1) is None


def test_the_nearest_name_is_found_for_a_mistake() -> None:
    """A letter too many or a dash for a dot still finds the field; nonsense finds nothing."""
    assert REGISTRY.nearest("proc.nname") == "proc.name"
    assert REGISTRY.nearest("fd-name[1]") == "fd.name"
    assert REGISTRY.nearest("zzzzzz") is None


def test_extractors_know_how_values_are_to_be_shown() -> None:
    """The registry hands its options on."""
    options = line_options()
    assert Registry.syscall(options).bind("evt.args").options is options


def test_system_calls_without_own_event_are_event_names_too() -> None:
    """Generic events carry them."""
    assert is_event_name("openat")
    assert is_event_name("getpid")
    assert not is_event_name("nosuch")


@given(st.text(max_size=60))
def test_any_text_binds_or_is_refused(text: str) -> None:
    """Nothing but FieldError leaves the registry."""
    try:
        REGISTRY.bind(text)
    except FieldError:
        pass
    REGISTRY.longest_field(text, 0)


@given(st.sampled_from(sorted(spec.name for spec in REGISTRY.specs())), st.text(alphabet="[]'\".09azé ", max_size=12))
def test_any_tail_of_a_field_binds_or_is_refused(name: str, tail: str) -> None:
    """Brackets, quotes and digits in any order do no harm."""
    try:
        REGISTRY.bind(name + tail)
    except FieldError:
        pass


@needs_shared
def test_declarations_agree_with_the_reference() -> None:
    """Every field of the system call source exists with type, list flag and argument; plugins' fields wait."""
    reference = json.loads((SHARED / "reference" / "fields.json").read_text())
    wrong: list[str] = []
    for field in reference["fields"]:
        # `NA` is a token of formats there, not a field.
        if field["event_source"] not in {"syscall", "*"} or field["class"] in {"k8smeta", "anomaly", "(hidden raw)"}:
            continue
        spec = REGISTRY.spec(field["name"])
        if spec is None:
            wrong.append(f"{field['name']} is missing")
            continue
        takes_argument = bool(spec.flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED)) or spec.name == "evt.abspath"
        if takes_argument != (field["argument"]["kind"] != "none"):
            wrong.append(f"{spec.name}: argument")
        if bool(spec.flags & FF_LIST) != field["is_list"]:
            wrong.append(f"{spec.name}: list")
        if field["deprecated"] and field["status"] == "current" and not spec.flags & FF_DEPRECATED:
            wrong.append(f"{spec.name}: deprecated")
    assert wrong == []


def test_every_field_has_one_line_of_description() -> None:
    """Listings and generated documents show them."""
    bad = [spec.name for spec in REGISTRY.specs() if not spec.doc.endswith((".", "…")) or "\n" in spec.doc]
    assert bad == []


# Classes of which most fields are facts of the process, or of the descriptor.
OF_PROCESSES = ("proc", "thread", "user", "group", "container", "k8s", "mesos", "marathon")
OF_DESCRIPTORS = ("fd",)
# The others of these classes: what moves all the time, what looks for other processes or descriptors, what the event
# alone knows.
OF_EVENTS = """
    proc.duration proc.ppid.duration proc.fdopencount proc.fdlimit proc.fdusage proc.vmsize proc.vmrss proc.vmswap
    proc.nthreads proc.nchilds proc.stdin.type proc.stdin.name proc.stdout.type proc.stdout.name proc.stderr.type
    proc.stderr.name proc.sname proc.sid.exe proc.sid.exepath proc.vpgid.name proc.vpgid.exe proc.vpgid.exepath
    proc.pgid.name proc.pgid.exe proc.pgid.exepath
    thread.tid thread.pfmajor thread.pfminor thread.exectime thread.totexectime thread.cpu thread.cpu.user
    thread.cpu.system thread.vmsize thread.vmrss thread.vmsize.b thread.vmrss.b
    container.duration
    fd.num fd.uid fd.types fd.name_changed fd.containername fd.containerdirectory fd.is_server
    fd.lip fd.rip fd.lport fd.rport fd.lproto fd.rproto fd.lnet fd.rnet
    fd.cip.name fd.sip.name fd.lip.name fd.rip.name
"""


def test_scopes_say_what_values_depend_on() -> None:
    """Facts of processes and descriptors are remembered, so a field must not claim to be one when it is none."""
    of_events = set(OF_EVENTS.split())
    for spec in REGISTRY.specs():
        kind = spec.name.partition(".")[0]
        expected = SCOPE_EVENT
        if spec.name not in of_events:
            expected = SCOPE_PROCESS if kind in OF_PROCESSES else SCOPE_FD if kind in OF_DESCRIPTORS else SCOPE_EVENT
        assert spec.scope == expected, spec.name
        of_events.discard(spec.name)
    assert not of_events


def test_fields_that_remember_say_so() -> None:
    """Their values depend on the events for which they were asked before."""
    names = "evt.latency.human evt.deltatime evt.deltatime.s evt.deltatime.ns evt.outputtime util.cnt"
    found = {spec.name for spec in REGISTRY.specs() if not spec.flags & FF_ARG_REQUIRED}
    assert {name for name in found if REGISTRY.bind(name).remembers} == set(names.split())
