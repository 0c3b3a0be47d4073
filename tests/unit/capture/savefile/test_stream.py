"""Bytes come out as they went in, however they were packed, and as far as damage allows."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tercel.capture.savefile import inflate, stream
from tercel.capture.savefile.stream import CaptureStream, RawStream
from tercel.capture.source import CaptureError
from tests.unit.capture.reference import Pieces

NOISE = os.urandom(300_000)


@pytest.fixture(params=[True, False], ids=["isal", "zlib"], autouse=True)
def _inflater(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test with both inflaters."""
    if request.param and not inflate.HAS_ISAL:
        pytest.skip("isal is not installed")
    kind = inflate.FastInflater if request.param else inflate.Inflater
    monkeypatch.setattr(inflate, "new_inflater", kind)


def read_all(data: bytes) -> tuple[bytes, str]:
    """Return what a stream gives and the message that it ends with."""
    source = CaptureStream(RawStream(io.BytesIO(data)))
    parts: list[bytes] = []
    try:
        while chunk := source.read():
            parts.append(chunk)
    except CaptureError as error:
        return b"".join(parts), error.message
    return b"".join(parts), ""


def test_plain_bytes_pass() -> None:
    """From the first to the last."""
    assert read_all(NOISE) == (NOISE, "")
    assert read_all(b"\n") == (b"\n", "")
    assert read_all(b"") == (b"", "")


def test_members_follow_each_other() -> None:
    """Padding is left out, other bytes after a member are passed on."""
    packed = gzip.compress(NOISE)
    assert read_all(packed * 2 + bytes(100)) == (NOISE * 2, "")
    assert read_all(packed + b"plain\0\0") == (NOISE + b"plain\0\0", "")


@pytest.mark.parametrize("keep", [2, 9, 20, 1000, 200_000])
def test_a_cut_member_gives_what_it_has(keep: int) -> None:
    """And says that it ends early."""
    got, message = read_all(gzip.compress(NOISE)[:keep])
    assert NOISE.startswith(got)
    assert len(got) >= keep - 200
    assert message.startswith("the gzip data ends early: the file is truncated, near byte")


def test_a_damaged_member_gives_what_lies_before() -> None:
    """Less than one step is lost."""
    packed = bytearray(gzip.compress(b"".join(b"%d\n" % number for number in range(200_000))))
    packed[len(packed) // 2 : len(packed) // 2 + 50] = b"\xff" * 50
    got, message = read_all(bytes(packed))
    assert "the gzip data is damaged" in message
    assert len(got) > 500_000


def test_a_wrong_checksum_is_noticed() -> None:
    """At the end, when everything has been handed out."""
    packed = bytearray(gzip.compress(NOISE))
    packed[-6] ^= 1
    got, message = read_all(bytes(packed))
    assert len(got) > len(NOISE) - 2 * stream.STEP
    assert "damaged" in message


@given(st.lists(st.binary(max_size=3000), max_size=4), st.integers(0, 5000), st.integers(0, 255))
def test_no_damage_is_anything_but_a_capture_error(parts: list[bytes], at: int, value: int) -> None:
    """One byte of packed data is changed."""
    packed = bytearray(b"".join(map(gzip.compress, parts)))
    if at < len(packed):
        packed[at] = value
    read_all(bytes(packed))


def test_a_compressed_pipe_is_read_as_it_comes() -> None:
    """What has arrived is handed out before more is waited for."""
    packer = zlib.compressobj(wbits=31)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source, os.fdopen(writer, "wb", 0) as target:
        pipe = CaptureStream(RawStream(source))
        for part in (NOISE[:2000], NOISE[2000:2001], NOISE[2001:50_000]):
            target.write(packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH))
            got = b""
            while len(got) < len(part):
                got += pipe.read()
            assert got == part
        target.write(packer.flush())
        target.close()
        assert pipe.read() == b""


def test_a_named_pipe_is_read_like_another(tmp_path: Path) -> None:
    """It has no size, and nothing of it can be asked for ahead."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    keeper = os.open(path, os.O_RDWR)
    os.write(keeper, b"bytes")
    raw = RawStream(str(path))
    os.close(keeper)
    assert not raw.can_rewind()
    assert CaptureStream(raw).read() == b"bytes"
    raw.close()


def test_a_file_can_be_gone_back_in() -> None:
    """To a place counted from where the reading began."""
    source = io.BytesIO(b"0123456789")
    source.seek(3)
    raw = RawStream(source)
    assert raw.can_rewind()
    assert raw.read(4) == b"3456"
    raw.rewind(1)
    assert (raw.position, raw.read(2), raw.position) == (1, b"45", 3)


@pytest.mark.parametrize("size", [128, 1024, 2048])
@pytest.mark.parametrize("body", [bytes(300_000), NOISE[:100_000]], ids=["zeros", "noise"])
def test_a_step_that_gives_nothing_is_not_the_end(body: bytes, size: int) -> None:
    """An inflater may use up its input without a byte of output, as isal does with pieces of these sizes."""
    source = CaptureStream(RawStream(Pieces(gzip.compress(body), [size], seekable=False)))
    assert b"".join(iter(source.read, b"")) == body


def test_a_failing_device_is_a_capture_error() -> None:
    """With the place up to which it gave bytes."""

    class Broken(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(CaptureError, match="cannot read: Input/output error"):
        CaptureStream(RawStream(Broken())).read()
