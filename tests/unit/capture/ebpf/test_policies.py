"""Policies as the probe reads them: guards by number, tries in slots, and the number that puts one to use."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import pytest

from tercel.capture.ebpf.btf import BtfError
from tercel.capture.ebpf.guards import Guard, GuardDrop, GuardKind, KernelPolicy, Masks, PathTables, Trie
from tercel.capture.ebpf.loader import LiveOptions, Probe
from tercel.capture.ebpf.policies import (
    PolicyLayout,
    await_programs,
    half_in_use,
    numbers_of,
    pack_comms,
    pack_grams,
    pack_guard,
    pack_guards,
    pack_states,
    renewed,
    setting_for,
)
from tercel.capture.ebpf.rows import COMPAT, SystemCall
from tests.unit.capture.ebpf.probe import btf_of_object, needs_object, skip_without_kernel

pytestmark = [needs_object]

OPENAT = SystemCall("openat", 1, 2, 257, (295,))
CLOSE = SystemCall("close", 1, 2, 3, (6,))
SEND = SystemCall("send", 1, 2, -1, ())
_STATE = struct.Struct("<8I")


@pytest.fixture(scope="module")
def layout() -> PolicyLayout:
    """Return the layouts of the built probe."""
    return PolicyLayout.of(btf_of_object())


@pytest.fixture
def probe() -> Iterator[Probe]:
    """Yield the loaded probe; nothing is attached."""
    skip_without_kernel()
    loaded = Probe(LiveOptions(ring_bytes=1 << 16, vital_bytes=1 << 17))
    yield loaded
    loaded.close()


def trie_of(texts: dict[bytes, Masks]) -> Trie:
    """Return the trie of these texts."""
    trie = Trie()
    for text, masks in texts.items():
        trie.masks[trie.state(text)] = masks
    return trie


def walk(states: bytes, root: int, text: bytes) -> list[Masks]:
    """Return the masks of the states that a text passes, as the probe finds them."""
    slots = [_STATE.unpack_from(states, at) for at in range(0, len(states), _STATE.size)]
    here, passed = root, [slots[root][2:6]]
    for byte in text:
        following = (slots[here][1] ^ byte) & 65535
        if following >= len(slots) or slots[following][0] != here:
            break
        here = following
        passed.append(slots[here][2:6])
    return passed


def test_both_sides_have_the_same_numbers_of_kinds(layout: PolicyLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe of another version is refused."""
    assert layout.guard.size == layout.state.size == 32
    monkeypatch.setattr("tercel.capture.ebpf.policies.GuardKind", GuardDrop)
    with pytest.raises(BtfError, match="of another version: its guard_kind"):
        PolicyLayout.of(btf_of_object())


def test_guards_are_where_the_probe_looks(layout: PolicyLayout) -> None:
    """By the numbers of both kinds of programs; pseudo calls have numbers of their own."""
    guard = Guard(GuardKind.OPEN, GuardDrop.FAILED, fd=1, path=2, flags=3, dirfd=4, announces=5, maybe=6, always=7)
    own, small = pack_guards(layout, {"openat": guard, "send": guard}, [OPENAT, CLOSE, SEND], {"send": 510})
    packed, nothing = pack_guard(layout.guard, guard), pack_guard(layout.guard, Guard())
    assert [own[k * 32 : k * 32 + 32] for k in (257, 510, 3)] == [packed, packed, nothing]
    assert [small[k * 32 : k * 32 + 32] for k in (295, 510, 257)] == [packed, nothing, nothing]
    assert packed[:8] == bytes([1, 1, 0, 1, 2, 3, 4, 5])
    assert numbers_of(OPENAT, {}) == [257, COMPAT | 295]


def test_a_call_that_is_none_is_refused(layout: PolicyLayout) -> None:
    """A mistaken name would let events pass that should be dropped."""
    with pytest.raises(ValueError, match="no system calls named teleport"):
        pack_guards(layout, {"teleport": Guard()}, [OPENAT], {})


def test_tries_are_found_again_slot_by_slot(layout: PolicyLayout) -> None:
    """Each text with the masks of every state on its way, and nothing else."""
    rng = random.Random(4)
    texts = {
        bytes(rng.choice(b"/abcdefgh") for _ in range(rng.randrange(1, 12))): (rng.getrandbits(32), 2, 3, 4)
        for _ in range(700)
    }
    every: dict[bytes, Masks] = {bytes([byte]): (byte + 1, 0, 0, 0) for byte in range(1, 256)}
    states = bytes(pack_states(layout, PathTables(trie_of({**every, **texts}), trie_of(texts))))
    for text, masks in texts.items():
        assert walk(states, 1, text)[-1] == masks
        assert walk(states, 2, text)[-1] == (masks[0], 0, 0, 0)
        assert len(walk(states, 1, text)) == len(text) + 1
    for byte in range(256):
        expected = 1 if byte == 0 else 2
        assert len(walk(states, 1, bytes([byte]))) == expected
        assert len(walk(states, 2, bytes([byte]))) == 1 + any(text[0] == byte for text in texts)


def test_an_empty_policy_takes_hardly_any_room(layout: PolicyLayout) -> None:
    """Both roots and nothing behind them."""
    states = bytes(pack_states(layout, PathTables()))
    assert len(states) <= 3 * _STATE.size
    assert not any(states)


def test_what_does_not_fit_is_refused(layout: PolicyLayout) -> None:
    """The caller asks for less then."""
    long = trie_of({bytes([1 + k // 250, 1 + k % 250]) + b"x" * 200: (1, 0, 0, 0) for k in range(330)})
    with pytest.raises(ValueError, match="too many different beginnings and ends"):
        pack_states(layout, PathTables(forward=long))


def test_a_large_table_leaves_few_slots_free(layout: PolicyLayout) -> None:
    """Thirty thousand edges."""
    rng = random.Random(5)
    texts = {b"/etc/" + bytes(rng.choices(b"abcdefghijklmnop", k=12)): (1, 0, 0, 0) for _ in range(3000)}
    trie = trie_of(texts)
    states = pack_states(layout, PathTables(forward=trie))
    assert len(states) < 1.2 * _STATE.size * len(trie.edges)


def test_grams_are_at_their_buckets_or_right_behind() -> None:
    """The probe looks no further; an entry without combos is none."""
    grams = {text: combos for combos, text in enumerate((b"/ssh", b"shad", b"\xff\xfe\xfd\xfc", b"aaaa"), 1)}
    table = pack_grams(1028, grams)
    for text, combos in grams.items():
        number = int.from_bytes(text, "little")
        bucket = (number * 0x9E3779B1 & 0xFFFFFFFF) >> 22
        assert table[2 * bucket + 1]
        assert (number, combos) in [(table[2 * at], table[2 * at + 1]) for at in range(bucket, bucket + 4)]
    assert sum(1 for at in range(1028) if table[2 * at + 1]) == len(grams)


@pytest.mark.parametrize("grams", [{b"abc": 1}, {b"abcde": 1}, {b"abcd": 0}, {b"ab\0d": 1}])
def test_what_is_no_gram_is_refused(grams: dict[bytes, int]) -> None:
    """It could not be found."""
    with pytest.raises(ValueError, match="is no gram of 4 bytes"):
        pack_grams(1028, grams)


def test_too_many_grams_of_one_bucket_are_refused() -> None:
    """The caller asks for others."""
    rng = random.Random(6)
    alike: list[bytes] = []
    while len(alike) < 5:
        text = bytes(rng.choices(range(97, 123), k=4))
        if (int.from_bytes(text, "little") * 0x9E3779B1 & 0xFFFFFFFF) >> 22 == 17 and text not in alike:
            alike.append(text)
    assert pack_grams(1028, dict.fromkeys(alike[:4], 1))
    with pytest.raises(ValueError, match="are alike"):
        pack_grams(1028, dict.fromkeys(alike, 1))


def test_names_of_programs_are_found_by_the_hash_of_sixteen_bytes() -> None:
    """FNV-1a, as the probe computes it."""
    table = pack_comms(264, {b"sshd": 5, b"fifteen-letters": 6})
    entries = [struct.unpack_from("<16sII", table, 24 * at) for at in range(264)]
    for name, combos in ((b"sshd", 5), (b"fifteen-letters", 6)):
        number = 0x811C9DC5
        for byte in name.ljust(16, b"\0"):
            number = (number ^ byte) * 0x01000193 % 2**32
        assert (name.ljust(16, b"\0"), combos, 0) in entries[number % 256 : number % 256 + 8]
    for wrong in (b"", b"sixteen--letters", b"a\0b"):
        with pytest.raises(ValueError, match="is no name of a program"):
            pack_comms(264, {wrong: 1})
    with pytest.raises(ValueError, match="too many programs by name"):
        pack_comms(264, {b"%d" % number: 1 for number in range(400)})


def test_an_epoch_goes_on_while_calls_are_judged() -> None:
    """It begins anew from off to on, and when it is asked for; the lowest bits are the probe's own."""
    step, shift, era = 1 << 16, 8, 1 << 56
    first = setting_for(0, 0)
    assert first == era | step << shift | 1
    assert half_in_use(first) == 0
    raised = first + (3 << shift)
    assert setting_for(raised, 1) == (raised & ~0xFF) | 2
    off = setting_for(raised, None)
    assert (half_in_use(off), off) == (None, raised & ~0xFF)
    assert setting_for(off, 1) == 2 * era | step << shift | 2
    assert renewed(raised) == era | 2 * step << shift | 1
    assert renewed(7 * era | 0xFFFFFFFF0003 << shift | 2) == 7 * era | step << shift | 2


def test_waiting_for_programs_ends() -> None:
    """Also where the kernel does not offer it."""
    await_programs()


def test_without_the_kernels_help_a_while_is_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines with processors of their own for programs refuse it."""
    monkeypatch.setattr("tercel.capture.ebpf.policies._MEMBARRIER", {})
    await_programs()


def test_a_policy_is_put_to_use_in_the_other_half(probe: Probe) -> None:
    """One that does not fit changes nothing."""
    assert probe.can_push_down
    assert not probe.is_pushing_down
    probe.push_down(KernelPolicy({"close": Guard(GuardKind.CLOSE, fd=0)}))
    first = probe._get("pushdown")
    probe.push_down(KernelPolicy({}), shadow=True, sample_every=7)
    second = probe._get("pushdown")
    assert (half_in_use(first), half_in_use(second)) == (0, 1)
    assert first >> 8 == second >> 8
    assert (probe._get("shadow"), probe._get("sample_every")) == (1, 7)
    with pytest.raises(ValueError, match="no system calls named nothing"):
        probe.push_down(KernelPolicy({"nothing": Guard()}))
    assert probe._get("pushdown") == second
    probe.renew_epoch()
    assert probe._get("pushdown") >> 8 > second >> 8
    probe.push_down(None)
    assert not probe.is_pushing_down
    assert probe.dropped() == {}
    assert probe.marked() == 0
