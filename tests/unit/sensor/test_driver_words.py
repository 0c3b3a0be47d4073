from __future__ import annotations

import pytest

from tercel.sensor.driver_words import OPTIONS, WORDS, answers, installs, variable_notices


@pytest.mark.parametrize("word", [row.word for row in WORDS])
def test_every_command_has_an_answer(word: str) -> None:
    """Scripts of many years use them."""
    assert len(answers([word], [])) == 1


@pytest.mark.parametrize("option", [row.word for row in OPTIONS])
def test_every_option_has_an_answer(option: str) -> None:
    """The same."""
    assert len(answers([], [option])) == 1


def test_an_answer_is_given_once() -> None:
    """`cleanup` and `--clean` say the same."""
    assert len(answers(["cleanup"], ["--clean"])) == 1


@pytest.mark.parametrize(
    ("words", "options", "expected"),
    [
        (["module"], [], True),
        (["bpf"], ["--compile"], True),
        ([], ["--download"], True),
        (["install"], [], True),
        (["bpf"], ["--clean"], False),
        (["cleanup"], [], False),
        (["printenv"], [], False),
        ([], ["--print-env"], False),
        (["config"], [], False),
    ],
)
def test_commands_that_install_are_told_from_others(words: list[str], options: list[str], expected: bool) -> None:
    """A container that prepares the machine must fail where capture cannot work."""
    assert installs(words, options) == expected


def test_variables_without_effect_are_mentioned() -> None:
    """Somebody set them and expects something."""
    notices = variable_notices({"FALCO_BPF_PROBE": "", "DRIVERS_REPO": "https://example.org", "DRIVER_NAME": ""})
    assert len(notices) == 2
    assert notices[0].startswith("FALCO_BPF_PROBE is set (empty) and not used")
    assert "DRIVERS_REPO" in notices[1]
    assert variable_notices({"HOME": "/root"}) == []
