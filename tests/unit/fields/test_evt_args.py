"""Parameters, buffers and results of events."""

from __future__ import annotations

import pytest

from tercel.events import types
from tercel.events.event import MalformedEventError
from tercel.events.table import EVENT_BY_ENUM
from tercel.fields.base import FieldError
from tercel.fields.options import line_options
from tercel.fields.registry import Registry
from tercel.state import model
from tests.unit.fields.scene import REGISTRY, Scene, make_event


@pytest.fixture
def scene() -> Scene:
    """A process with a file on 3."""
    made = Scene()
    thread = made.thread(comm="cat")
    made.fd(thread, 3, model.FD_FILE_V2, name="/etc/hosts")
    made.show("SYSCALL_WRITE_X", 5, b"hi\n\x00!", thread=thread, fd=thread.fds[3], fd_num=3)
    return made


def thread_of(scene: Scene) -> model.ThreadInfo:
    """Return the scene's only process."""
    return scene.machine.threads[10]


def test_arguments_are_names_and_values_joined_by_blanks(scene: Scene) -> None:
    """What a value means follows in parentheses."""
    scene.show("SYSCALL_OPENAT_2_E", -100, "/etc/hosts", 4097, 0o644, thread=thread_of(scene))
    expected = "dirfd=-100(AT_FDCWD) name=/etc/hosts flags=4097(O_RDONLY|O_CLOEXEC) mode=0644"
    assert scene.value("evt.args") == scene.value("evt.info") == expected


def test_lines_end_their_arguments_with_a_blank(scene: Scene) -> None:
    """Only where there are any."""
    registry = Registry.syscall(line_options())
    assert registry.bind("evt.args").shown(scene.ctx) == "res=5 data=hi..! "
    scene.show("GENERIC_E", 39, 39, thread=thread_of(scene))
    assert registry.bind("evt.args").shown(scene.ctx) == ""


@pytest.mark.parametrize("field", ["evt.args", "evt.info", "evt.arg.name", "evt.arg[2]"])
def test_only_printing_a_path_turns_the_event_to_its_directory(scene: Scene, field: str) -> None:
    """Conditions give the same answer in whatever order their parts are asked."""
    thread = thread_of(scene)
    folder = scene.fd(thread, 4, model.FD_DIRECTORY, name="/srv")
    ctx = scene.show("SYSCALL_OPENAT_2_X", 3, 4, "x", thread=thread, fd=thread.fds[3], fd_num=3)
    extractor = REGISTRY.bind(field)
    value = extractor.extract(ctx)
    assert ctx.fd is thread.fds[3]
    assert ctx.named_fd is None
    assert extractor.display(ctx) == value
    assert ctx.fd is folder
    assert ctx.named_fd is folder


def test_words_are_remembered_by_type_of_event_and_not_without_end(scene: Scene) -> None:
    """The same number has other names in other calls; there may be more numbers than are kept."""
    thread = thread_of(scene)
    extractor = REGISTRY.bind("evt.arg.flags")
    for _ in range(2):
        assert extractor.extract(scene.show("SYSCALL_OPENAT_2_X", 3, -100, "/x", 1, thread=thread)) == "O_RDONLY"
        assert extractor.extract(scene.show("SYSCALL_UNSHARE_E", 1, thread=thread)) == "CLONE_FILES"
        for number in range(1000):
            scene.show("SYSCALL_OPENAT_2_X", 3, -100, "/x", number << 20, thread=thread)
            assert extractor.extract(scene.ctx) == scene.value("evt.arg.flags")


def test_a_parameter_that_the_event_lacks_is_not_printed(scene: Scene) -> None:
    """And turns the event to nothing."""
    assert scene.shown("evt.arg.path") is None


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("evt.arg.res", "5"),
        ("evt.arg[0]", "5"),
        ("evt.arg.data", "hi..!"),
        ("evt.arg[1]", "hi..!"),
        ("evt.arg[2]", None),
        ("evt.arg.flags", None),
    ],
)
def test_one_argument_is_found_by_name_or_position(scene: Scene, field: str, text: str | None) -> None:
    """Parameters that the event does not carry have no value."""
    assert scene.value(field) == text


def test_one_argument_shows_what_it_resolves_to(scene: Scene) -> None:
    """The descriptor's name without its number, the error's symbol, the flags' names."""
    scene.show("SYSCALL_CLOSE_E", 3, thread=thread_of(scene))
    assert scene.value("evt.arg.fd") == "<f>/etc/hosts"
    scene.show("SYSCALL_CLOSE_X", -9, thread=thread_of(scene))
    assert scene.value("evt.arg.res") == "EBADF"


def test_generic_events_have_arguments_but_do_not_list_them(scene: Scene) -> None:
    """The first is the call."""
    scene.show("GENERIC_E", 39, 110, thread=thread_of(scene))
    assert scene.value("evt.args") == ""
    assert scene.value("evt.arg[1]") == "110"


def test_raw_arguments_are_typed(scene: Scene) -> None:
    """Numbers are numbers and say so; text is text."""
    scene.show("SYSCALL_OPENAT_2_X", -2, -100, "/x", 4097, 0o644, thread=thread_of(scene))
    assert scene.value("evt.rawarg.fd") == -2
    assert scene.value("evt.rawarg.flags") == 4097
    assert scene.value("evt.rawarg.name") == "/x"
    assert scene.value("evt.rawarg.sig") is None
    assert REGISTRY.bind("evt.rawarg.flags").value_type(scene.ctx) == types.PT_FLAGS32


def test_raw_numbers_are_not_printed(scene: Scene) -> None:
    """They have no print format; texts are printed."""
    scene.show("SYSCALL_OPENAT_2_X", 3, -100, "/x", 1, 0, thread=thread_of(scene))
    assert scene.shown("evt.rawarg.fd") is None
    assert scene.shown("evt.rawarg.name") == "/x"


def test_the_buffer_is_bytes_to_compare_and_text_to_print(scene: Scene) -> None:
    """Bytes that do not print are dots; an empty one is NULL."""
    assert scene.value("evt.buffer") == b"hi\n\x00!"
    assert scene.shown("evt.buffer") == "hi..!"
    scene.show("SYSCALL_READ_X", 0, b"", thread=thread_of(scene))
    assert scene.shown("evt.buffer") == "NULL"
    scene.show("SYSCALL_CLOSE_E", 3, thread=thread_of(scene))
    assert scene.value("evt.buffer") is None
    assert scene.shown("evt.buffer") is None


@pytest.mark.parametrize(
    ("enum", "values", "text", "number", "failed"),
    [
        ("SYSCALL_CLOSE_X", (0,), "SUCCESS", 0, False),
        ("SYSCALL_CLOSE_X", (-9,), "EBADF", -9, True),
        ("SYSCALL_CLOSE_X", (-99999,), "-99999", -99999, True),
        ("SYSCALL_OPENAT_2_X", (-2,), "ENOENT", -2, True),
        ("SYSCALL_GETEUID_X", (0,), "SUCCESS", 0, False),
        ("SYSCALL_CLONE3_X", (-38,), "-38", -38, True),
        ("SYSCALL_CLOSE_E", (3,), None, None, None),
        ("GENERIC_X", (39,), None, None, None),
        ("PROCEXIT_1_E", (0, 0, 0, 0, 0), None, None, None),
    ],
)
def test_the_first_parameter_of_an_exit_is_its_result(
    scene: Scene, enum: str, values: tuple[int, ...], text: str | None, number: int | None, failed: bool | None
) -> None:
    """Whatever its name; entries, generic events and tracepoints have none."""
    scene.show(enum, *values, thread=thread_of(scene))
    assert scene.value("evt.res") == text
    assert scene.value("evt.rawres") == number
    assert scene.value("evt.failed") == failed


LENGTHS = ("", ".in", ".out", ".file", ".file.in", ".file.out", ".net", ".net.in", ".net.out")


def lengths(scene: Scene) -> dict[str, object]:
    """Return the forms of evt.buflen that have a value."""
    values = {form: scene.value(f"evt.buflen{form}") for form in LENGTHS}
    return {form: value for form, value in values.items() if value is not None}


def test_buffer_lengths_count_by_direction_and_descriptor(scene: Scene) -> None:
    """The length is what the call returned."""
    assert lengths(scene) == {"": 5, ".out": 5, ".file": 5, ".file.out": 5}
    thread = thread_of(scene)
    socket = scene.fd(thread, 4, model.FD_IPV4_SOCK)
    scene.show("SYSCALL_READ_X", 7, b"", thread=thread, fd=socket, fd_num=4)
    assert lengths(scene) == {"": 7, ".in": 7, ".net": 7, ".net.in": 7}
    scene.show("SYSCALL_WRITE_X", 7, b"", thread=thread, fd=socket, fd_num=4)
    assert lengths(scene) == {"": 7, ".out": 7, ".net": 7, ".net.out": 7}
    scene.show("SYSCALL_READ_X", 7, b"", thread=thread, fd=thread.fds[3], fd_num=3)
    assert lengths(scene) == {"": 7, ".in": 7, ".file": 7, ".file.in": 7}


def test_failed_calls_entries_and_unknown_descriptors_have_no_buffer_length(scene: Scene) -> None:
    """Nor does a call that moves no bytes."""
    thread = thread_of(scene)
    fd = thread.fds[3]
    scene.show("SYSCALL_READ_X", -5, b"", thread=thread, fd=fd)
    assert lengths(scene) == {}
    scene.show("SYSCALL_READ_E", 3, 5, thread=thread, fd=fd)
    assert lengths(scene) == {}
    scene.show("SYSCALL_READ_X", 5, b"", thread=thread)
    assert lengths(scene) == {}
    scene.show("SYSCALL_OPENAT_2_X", 3, thread=thread, fd=fd)
    assert lengths(scene) == {}


def test_an_event_that_the_table_gives_no_parameters_has_no_result(scene: Scene) -> None:
    """A damaged capture may carry one all the same."""
    scene.ctx.event = make_event("SYSCALL_CLOSE_X", -2, tid=10)
    scene.ctx.event.type_id = EVENT_BY_ENUM["SOCKET_GETSOCKNAME_X"]
    assert scene.value("evt.res") is None
    assert scene.value("evt.rawres") is None


def test_a_number_wider_than_any_is_malformed(scene: Scene) -> None:
    """Its text would have thousands of digits."""
    scene.show("SYSCALL_CLOSE_E", bytes(9000), thread=thread_of(scene))
    for name in ("evt.args", "evt.arg.fd", "evt.rawarg.fd"):
        with pytest.raises(MalformedEventError):
            scene.value(name)


def test_a_position_of_any_length_is_refused() -> None:
    """No event has so many parameters."""
    with pytest.raises(FieldError):
        REGISTRY.bind(f"evt.arg[{'9' * 5000}]")
