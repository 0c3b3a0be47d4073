from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tercel.engine.table import Limits, Table
from tercel.events.table import EVENT_BY_ENUM
from tercel.state.model import CL_FILES, CL_FS, CL_THREAD, CL_VM
from tests.unit.engine.agreement import Rules, differences
from tests.unit.engine.conditions import condition
from tests.unit.engine.streams import Story, piece, piece_names
from tests.unit.state.build import Feed, Value, clone_values, execve_values, ipv4_tuple

SEEDS = st.integers(0, 1 << 20)
NO_LIMIT = 1 << 30
OPEN_X = EVENT_BY_ENUM["SYSCALL_OPEN_X"]


def many(few: int, most: int) -> st.SearchStrategy[list[int]]:
    """Return lists of seeds, some short and most of them long."""
    return st.one_of(st.lists(SEEDS, min_size=1, max_size=few), st.lists(SEEDS, min_size=most // 2, max_size=most))


BEGINNINGS = st.tuples(st.sampled_from([None, None, None, *piece_names()]), st.integers(0, 3000))


def capture(beginning: tuple[str | None, int], steps: list[int]) -> bytes:
    """Return a random capture."""
    name, start = beginning
    story = Story(None if name is None else piece(name), start)
    for seed in steps:
        story.step(seed)
    return story.capture()


@pytest.mark.timeout(120)
@settings(max_examples=100)
@given(BEGINNINGS, many(6, 50), many(5, 60), st.booleans())
def test_table_and_plain_evaluation_agree(
    beginning: tuple[str | None, int], steps: list[int], rules: list[int], first_only: bool
) -> None:
    """Any rules, any events, either mode: the same rules match the same events."""
    conditions = [condition(seed) for seed in rules]
    assert differences(capture(beginning, steps), conditions, first_only=first_only) == []


LIMITS = st.builds(
    Limits,
    entries=st.sampled_from([0, 40, 300, NO_LIMIT]),
    formulas=st.sampled_from([0, 5, 60, NO_LIMIT]),
    values=st.sampled_from([1, 2, 20, NO_LIMIT]),
    answers=st.sampled_from([1, 2, 3, 8, NO_LIMIT]),
    soon=st.sampled_from([0, 0, 3, 30]),
)


def within_bounds(table: Table) -> None:
    """Assert that a table keeps no more than it may, but for the roots and what one event adds before it is noticed."""
    limits, counters = table.limits, table.counters
    assert counters.values <= limits.values
    assert counters.rows == len(table._rows)
    plans = table._plans.values()
    rules = max((len(plan.formulas) for plan in plans), default=0)
    fields = max((len(plan.matchers) for plan in plans), default=0)
    matchers = [] if table._atoms is None else list(table._atoms.matchers.values())
    assert sum(len(matcher.remembered) for matcher in matchers) <= counters.values
    answers = max((matcher.answers() for matcher in matchers), default=0)
    assert answers <= limits.answers + len(table._plans)
    roots = sum(16 + 3 * len(plan.formulas) for plan in plans)
    assert counters.entries <= limits.entries + roots + (fields + 2) * (16 + 3 * rules + answers)
    nodes = sum(predicate.height + 40 for predicate in table._predicates)
    assert table._pool.size() <= limits.formulas + (fields + 2) * nodes


@pytest.mark.timeout(120)
@settings(max_examples=60)
@given(BEGINNINGS, many(6, 40), many(5, 40), st.booleans(), LIMITS)
def test_table_and_plain_evaluation_agree_where_little_may_be_kept(
    beginning: tuple[str | None, int], steps: list[int], rules: list[int], first_only: bool, limits: Limits
) -> None:
    """Rows, formulas, values and answers are let go of in the middle of anything, and bounds hold after every event."""
    conditions = [condition(seed) for seed in rules]
    data = capture(beginning, steps)
    assert differences(data, conditions, first_only=first_only, limits=limits, look=within_bounds) == []


@pytest.mark.parametrize("first_only", [True, False])
def test_little_room_is_used_over_and_over(first_only: bool) -> None:
    """The table is emptied, values are forgotten and events pass by, and still the same rules match."""
    tables: list[Table] = []
    conditions = [condition(seed) for seed in range(40)]
    data = capture((None, 0), list(range(120)))
    limits = Limits(entries=3000, values=40, soon=60)
    assert differences(data, conditions, first_only=first_only, limits=limits, look=tables.append) == []
    counters = tables[-1].counters
    assert counters.emptied > 5
    assert counters.values_forgotten > 100
    assert 0 < counters.passed_by <= 60 * counters.emptied
    assert counters.standings > 20


class Side:
    """A machine whose events a table and plain evaluation are asked about."""

    def __init__(self, *conditions: str, first_only: bool = False, limits: Limits | None = None) -> None:
        """Compile the rules."""
        self.feed = Feed()
        self.first_only = first_only
        self.plain = Rules(list(conditions))
        self.table = Rules(list(conditions)).table(first_only=first_only, limits=limits)

    def event(self, name: str, *values: Value, tid: int = 10) -> list[int]:
        """Return which rules match the next event."""
        ctx = self.feed.event(name, *values, tid=tid)
        found = self.table.match(ctx)
        assert found == self.plain.matches(ctx, first_only=self.first_only)
        return found

    def look(self, tid: int = 10) -> list[int]:
        """Return which rules match a call that changes nothing."""
        return self.event("SYSCALL_GETUID_X", 0, tid=tid)


def test_what_is_known_of_a_thread_is_asked_once() -> None:
    """The second event of the same thread asks no field of the process."""
    side = Side("proc.name = bash", "proc.pname = init", "proc.name = init")
    assert side.look() == [0, 1]
    assert side.look() == [0, 1]
    assert side.table.counters.standings == 1
    assert side.look(tid=1) == [2]
    assert side.table.counters.standings == 2
    matchers = side.table._atoms.matchers.values() if side.table._atoms else ()
    assert sum(matcher.asked for matcher in matchers) == sum(len(matcher.remembered) for matcher in matchers)


def test_a_process_that_changes_is_asked_again() -> None:
    """Its name, that of its parent, its account: by its own calls and by those of others."""
    side = Side("proc.name = ls", "proc.pname = sh", "user.uid = 0", "proc.name = cat")
    assert side.look() == []
    side.event("SYSCALL_EXECVE_19_X", *execve_values())
    assert side.look() == [0, 2]
    side.event("SYSCALL_EXECVE_19_X", *execve_values(comm="cat", uid=1000))
    assert side.look() == [3]
    side.event("SYSCALL_EXECVE_19_X", *execve_values(tid=1, pid=1, ptid=0, comm="sh"), tid=1)
    assert side.look() == [1, 3]
    side.event("SYSCALL_SETUID_E", 0)
    side.event("SYSCALL_SETUID_X", 0, 0)
    assert side.look() == [1, 2, 3]


def test_a_child_begins_anew_and_loses_its_parent() -> None:
    """What was remembered of the parent is not the child's; when the parent exits another one takes its place."""
    side = Side("proc.pname = bash", "proc.pname = init", "proc.name = true")
    side.look()
    side.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 20, 10, comm="true"), tid=20)
    assert side.look(tid=20) == [0, 2]
    side.event("PROCEXIT_1_E", 0, 0, 0, 0, 1)
    assert side.look(tid=20) == [1, 2]


def test_threads_are_asked_again_when_their_process_changes() -> None:
    """What its main thread does changes what is known of the others, and the other way round."""
    side = Side("proc.cwd = /tmp/", "proc.cwd = /var/", "user.uid = 0")
    flags = CL_THREAD | CL_VM | CL_FS | CL_FILES
    side.event("SYSCALL_CLONE_20_X", *clone_values(0, 20, 10, 1, flags=flags, vpid=10), tid=20)
    assert side.look(tid=20) == side.look() == []
    side.event("SYSCALL_CHDIR_X", 0, "/tmp")
    assert side.look(tid=20) == side.look() == [0]
    side.event("SYSCALL_CHDIR_X", 0, "/var", tid=20)
    assert side.look(tid=20) == side.look() == [1]


def test_what_concerns_every_process_is_noticed() -> None:
    """An account that gets a name."""
    side = Side("user.name = www")
    assert side.look() == []
    side.event("USER_ADDED_E", 1000, 100, "www", "/", "/bin/sh", "", tid=-1)
    assert side.look() == [0]
    assert side.look() == [0]
    assert side.table.counters.standings == 2


def test_a_descriptor_that_changes_is_asked_again() -> None:
    """A number that is reused, a socket that gets connected."""
    side = Side("fd.name = /etc/hosts", "fd.name = /etc/shadow", "fd.sip = 10.0.0.2", "fd.typechar = 4")
    for _ in range(2):
        assert side.event("SYSCALL_READ_X", 1, b"x", 3, 10) == [0]
    side.event("SYSCALL_CLOSE_X", 0, 3)
    side.event("SYSCALL_OPEN_X", 3, "/etc/shadow", 1, 0, 0, 1)
    assert side.event("SYSCALL_READ_X", 1, b"x", 3, 10) == [1]
    side.event("SOCKET_SOCKET_X", 4, 2, 1, 0, 0)
    assert side.event("SYSCALL_READ_X", -11, b"", 4, 10) == [3]
    side.event("SOCKET_CONNECT_X", 0, ipv4_tuple("10.0.0.1", 4000, "10.0.0.2", 80), 4)
    assert side.event("SYSCALL_READ_X", 1, b"x", 4, 10) == [2, 3]


def test_only_the_first_match_counts() -> None:
    """In the order of the rules, whatever of them is known first."""
    conditions = ("evt.rawres = 5", "proc.name = bash", "proc.pname = init", "evt.type = getuid")
    side = Side(*conditions, first_only=True)
    assert side.event("SYSCALL_GETUID_X", 5) == [0]
    assert side.event("SYSCALL_GETUID_X", 0) == [1]
    assert side.event("SYSCALL_GETUID_X", 0, tid=1) == [3]
    assert Side(*conditions).event("SYSCALL_GETUID_X", 5) == [0, 1, 2, 3]


@pytest.mark.parametrize("behind", ["evt.dir = <", "evt.is_open_write = true", "proc.name = bash", "evt.type = open"])
def test_what_remembers_events_is_asked_about_each_of_them(behind: str) -> None:
    """Even where the rest of the condition is known to fail: the next answer depends on this one."""
    side = Side(f"evt.deltatime < 1500 and {behind}", f"not ({behind} and evt.deltatime >= 1500)")
    calls: dict[str, list[Value]] = {
        "SYSCALL_OPEN_E": ["/a", 3, 0],
        "SYSCALL_OPEN_X": [3, "/a", 3, 0, 0, 1],
        "SYSCALL_GETUID_X": [0],
    }
    for name in [*calls] * 3:
        for tid in (10, 1):
            side.event(name, *calls[name], tid=tid)


def test_names_of_calls_without_a_type_of_their_own_are_asked() -> None:
    """Their events share one type; what follows from the name is remembered for each name."""
    side = Side("evt.type = sysinfo and proc.name = bash", "evt.type = getppid", "proc.name = init")
    assert side.event("GENERIC_X", 0, 99) == [0]
    assert side.event("GENERIC_X", 0, 110) == [1]
    assert side.event("GENERIC_X", 0, 110, tid=1) == [1, 2]
    assert side.event("GENERIC_X", 0, 99, tid=1) == [2]
    assert side.event("GENERIC_X", 0, 99) == [0]


def test_tables_of_one_machine_do_not_take_what_the_other_remembers() -> None:
    """Neither side by side nor one after the other: a ruleset makes a new table when rules are switched off."""
    feed = Feed()
    rules = [Rules(["proc.name = bash"]), Rules(["proc.name = init", "proc.pname = init", "proc.name = bash"])]
    tables = [each.table(first_only=False) for each in rules]
    for tid in (10, 1, 10, 1):
        ctx = feed.event("SYSCALL_GETUID_X", 0, tid=tid)
        for table, each in zip(tables, rules, strict=True):
            assert table.match(ctx) == each.matches(ctx, first_only=False)
    ctx = feed.event("SYSCALL_READ_X", 1, b"x", 3, 10)
    assert [table.match(ctx) for table in tables] == [[0], [1, 2]]
    assert rules[0].table(first_only=False).match(ctx) == [0]


def test_equal_remainders_lead_to_one_row() -> None:
    """Values that decide alike are not told apart any further."""
    side = Side(*(f"proc.name in (bash, init) and evt.rawres = {number}" for number in range(20)))
    side.event("SYSCALL_GETUID_X", 3)
    rows = side.table.counters.rows
    side.event("SYSCALL_GETUID_X", 3, tid=1)
    assert side.table.counters.rows == rows


def test_long_values_count_as_several_and_the_longest_are_not_kept() -> None:
    """They are matched each time."""
    side = Side(*(f"evt.arg.name startswith /{number}" for number in range(9)))
    for _ in range(3):
        assert side.event("SYSCALL_OPEN_X", 3, "/4" + "x" * 5000, 1, 0, 0, 1) == [4]
        assert side.table.counters.values == 0
    assert side.event("SYSCALL_OPEN_X", 3, "/5", 1, 0, 0, 1) == [5]
    assert side.table.counters.values == 1
    assert side.event("SYSCALL_OPEN_X", 3, "/6" + "x" * 500, 1, 0, 0, 1) == [6]
    assert 5 < side.table.counters.values < 15


def test_lists_of_long_texts_count_as_several_values() -> None:
    """The command lines of all ancestors are one value."""
    side = Side(*(f"proc.acmdline startswith x{number}" for number in range(9)))
    side.feed.add_thread(20, 20, 10).args = ["x" * 500]
    child = side.feed.add_thread(30, 30, 20)
    side.feed.machine.metadata_done()
    assert side.look(tid=child.tid) == []
    assert 8 < side.table.counters.values < 20
    side.feed.thread(20).args = ["x" * 5000]
    side.feed.machine.metadata_done()
    values = side.table.counters.values
    assert side.look(tid=child.tid) == []
    assert side.table.counters.values == values


def read_of(number: int) -> list[Value]:
    """Return the values of a read's exit."""
    return [1, b"x", number, 10]


def test_few_answers_of_one_field_are_kept() -> None:
    """With one too many the table is emptied, and the field's answers begin anew."""
    side = Side(*(f"fd.num = {number}" for number in range(40)), limits=Limits(answers=5, soon=0))
    for number in [*range(40), *range(40)]:
        assert side.event("SYSCALL_READ_X", *read_of(number)) == [number]
        atoms = side.table._atoms
        assert atoms is not None
        assert max(matcher.answers() for matcher in atoms.matchers.values()) <= 5
    assert side.table.counters.emptied > 10


def test_few_formulas_are_kept() -> None:
    """What is left of conditions differs from value to value."""
    conditions = [
        f"(fd.num > {n} or evt.rawres = {n} or evt.buflen = {n}) and "
        f"not (evt.rawres > {n} and evt.buflen > {n} and fd.num > {n})"
        for n in range(12)
    ]
    side = Side(*conditions, limits=Limits(formulas=20, soon=0))
    unlimited = Side(*conditions)
    for number in range(200):
        values: list[Value] = [number % 14, b"x" * (number // 14), number * 5 % 13, 10]
        assert side.event("SYSCALL_READ_X", *values) == unlimited.event("SYSCALL_READ_X", *values)
        assert side.table._pool.size() <= 20 + len(conditions)
    assert side.table.counters.emptied > 0
    assert unlimited.table.counters.emptied == 0
    assert unlimited.table._pool.size() > 20 + len(conditions)


def test_a_table_may_be_told_to_evaluate_plainly() -> None:
    """Then it makes no rows."""
    rules = Rules(["proc.name = bash", "evt.type = open"])
    table = Table(rules.predicates, rules.by_type, first_only=False, plain=True)
    assert table.match(Feed().event("SYSCALL_OPEN_X", 3, "/a", 1, 0, 0, 1)) == [0, 1]
    assert table.counters.as_dict() == {**dict.fromkeys(table.counters.as_dict(), 0), "passed_by": 1}


def test_it_is_known_which_types_concern_rules() -> None:
    """By the numbers of the types."""
    table = Rules(["evt.type = open"]).table(first_only=True)
    assert table.concerns[OPEN_X]
    assert sum(table.concerns) == 2
    assert table.match(Feed().event("SYSCALL_GETUID_X", 0)) == []
