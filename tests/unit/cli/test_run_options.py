from __future__ import annotations

import argparse

import pytest

from tercel.cli.run_options import FLAGS, add_flags, flags_markdown, implied_options, unbuilt_flags


def parse(*words: str) -> argparse.Namespace:
    """Parse the options of a run."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_flags(parser)
    return parser.parse_args(words)


def test_every_flag_has_a_place_of_its_own() -> None:
    """No two flags write to the same attribute."""
    assert len({flag.dest for flag in FLAGS}) == len(FLAGS)


def test_former_flags_stand_for_keys() -> None:
    """They are written as options of the configuration."""
    assert implied_options(parse()) == []
    arguments = parse("-b", "-A", "-S", "256", "-U")
    assert set(implied_options(arguments)) == {
        "buffer_format_base64=true",
        "base_syscalls.all=true",
        "falco_libs.snaplen=256",
        "buffered_outputs=false",
    }


@pytest.mark.parametrize("words", [["-s", "x"], ["-d"], ["-k", "url"], ["--userspace"], ["--gvisor-generate-config"]])
def test_flags_that_are_not_built_are_named(words: list[str]) -> None:
    """With what would have to be built."""
    (sentence,) = unbuilt_flags(parse(*words))
    assert "not built yet" in sentence


def test_flags_that_change_nothing_for_a_file_are_accepted() -> None:
    """A command line of 2022 keeps working."""
    assert unbuilt_flags(parse("--cri", "/s", "--disable-cri-async", "--modern-bpf", "--k8s-node", "n")) == []


def test_short_flags_take_their_value_attached() -> None:
    """`-pc` is `-p c`."""
    assert parse("-pc").print == "c"
    assert parse("--list").list == ""
    assert parse("--list=syscall").list == "syscall"


def test_the_table_has_a_row_for_every_flag() -> None:
    """For the reference page."""
    assert len(flags_markdown().splitlines()) == len(FLAGS) + 2
