"""Fuzz the capture reader and writer alone, without the state behind them: `python tests/fuzz/fuzz_capture.py`.

Options are those of libFuzzer (`-max_total_time=20`, files to replay, a folder as corpus); without atheris the files
named are replayed. `one_input` can be handed an input that once failed from anywhere.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent.parent


def one_input(data: bytes) -> None:
    """Read bytes as a capture; nothing may come out but events and a capture error, and events survive writing."""
    from tests.fuzz import capture_input

    capture_input.one_input(data)


def replay(paths: list[str]) -> int:
    """Run files, or with none the seeds, once each."""
    from tests.fuzz import capture_input

    inputs = [Path(path).read_bytes() for path in paths] or list(capture_input.seeds())
    for data in inputs:
        one_input(data)
    print(f"replayed {len(inputs)} inputs")
    return 0


def main() -> int:
    """Run the guided fuzzer on a corpus that begins with the seeds."""
    sys.path[:0] = [str(ROOT), str(ROOT / "src")]
    try:
        import atheris
    except ImportError:
        return replay([word for word in sys.argv[1:] if not word.startswith("-")])
    with atheris.instrument_imports(include=["tercel"]):
        from tests.fuzz import capture_input
    with TemporaryDirectory() as folder:
        for number, seed in enumerate(capture_input.seeds()):
            (Path(folder) / f"seed{number}").write_bytes(seed)
        atheris.Setup([*sys.argv, folder], one_input)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
