"""Build the distribution; where there is a C compiler the hot rooms are compiled with mypyc.

`TERCEL_COMPILE` decides: `auto` (the default) compiles when a C compiler and Python's headers are there, `1` compiles
or fails, `0` builds plain Python. A compilation that was started and fails fails the build: nobody should run the
slow form without knowing. Results are kept under `build/compiled`, keyed by the content that went into them, so that
a build after a change elsewhere takes seconds.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
import sysconfig
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import cast

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
SOURCE = ROOT / "src"
CACHE = ROOT / "build" / "compiled"
GENERATED = ROOT / "build" / "mypyc"
BUILDING = {"bdist_wheel", "build", "build_ext", "install"}  # other commands only ask for names and versions
# Functions that no other library can replace are called directly, and some of them become part of their callers.
PRIVATE = ["-fvisibility=hidden", "-fno-semantic-interposition", "-fno-plt", "-g0"]
SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))


def hot_modules() -> list[Path]:
    """Return the modules to compile, as pyproject.toml lists them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["tercel"]["build"]
    found = {path for pattern in settings["compiled"] for path in SOURCE.glob(pattern)}
    kept = {SOURCE / name for name in settings["interpreted"]}
    return sorted(path for path in found - kept if path.name != "__init__.py")


def compiler_missing() -> str:
    """Return what the machine lacks for compiling, an empty text when nothing."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        return f"no C compiler ({compiler})"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "no Python headers (Python.h)"
    return ""


def wants_compilation() -> bool:
    """Return whether this build compiles; stop when it must and cannot."""
    choice = os.environ.get("TERCEL_COMPILE", "auto")
    if choice not in {"0", "1", "auto"}:
        sys.exit(f"TERCEL_COMPILE must be 0, 1 or auto, not {choice!r}")
    if choice == "0":
        return False
    missing = compiler_missing()
    if missing and choice == "1":
        sys.exit(f"TERCEL_COMPILE=1, but there is {missing}")
    if missing:
        sys.stderr.write(f"tercel: building plain Python, there is {missing}\n")
    return not missing


def content_key(modules: list[Path]) -> str:
    """Return a name for everything that decides what the compiler makes of the modules."""
    digest = hashlib.sha256()
    for part in (sys.version, sysconfig.get_platform(), version("mypy"), optimisation()):
        digest.update(part.encode() + b"\0")
    for path in [Path(__file__), *modules]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


def optimisation() -> str:
    """Return the optimisation level for the C compiler."""
    return os.environ.get("TERCEL_OPT_LEVEL", "2")


def compile_modules(modules: list[Path]) -> list[Extension]:
    """Translate the modules to C and return what is to be compiled; a type error ends the build."""
    from mypyc.build import mypycify

    os.chdir(ROOT)
    GENERATED.mkdir(parents=True, exist_ok=True)
    paths = [str(path.relative_to(ROOT)) for path in modules]
    made = mypycify(paths, group_name="tercel", target_dir=str(GENERATED), opt_level=optimisation(), multi_file=True)
    extensions = cast("list[Extension]", made)
    for extension in extensions:
        extension.extra_compile_args += PRIVATE
    return extensions


def kept_extensions(cache: Path) -> list[Extension]:
    """Return the extensions that the cache holds; they need no sources any more."""
    names = (str(made.relative_to(cache)).removesuffix(SUFFIX) for made in cache.rglob(f"*{SUFFIX}"))
    return [Extension(name.replace(os.sep, "."), []) for name in sorted(names)]


class CachedBuildExt(build_ext):
    """Compiles the extensions once per content."""

    cache: Path

    def run(self) -> None:
        """Take the compiled modules from the cache, filling it first when it has none."""
        if self.inplace:
            sys.exit("tercel: compiled modules never stand among the sources; build a wheel (make build)")
        if not self.cache.is_dir():
            super().run()
            self.store()
            return
        for made in self.cache.rglob(f"*{SUFFIX}"):
            target = Path(self.build_lib) / made.relative_to(self.cache)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(made, target)

    def store(self) -> None:
        """Keep what was compiled, in place of what older content made."""
        shutil.rmtree(CACHE, ignore_errors=True)
        unfinished = self.cache.with_suffix(".part")
        for name in self.get_outputs():
            target = unfinished / Path(name).relative_to(self.build_lib)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target)
        unfinished.rename(self.cache)


def main() -> None:
    """Run the build."""
    extensions: list[Extension] = []
    commands: dict[str, type[build_ext]] = {}
    if BUILDING.intersection(sys.argv) and wants_compilation():
        for stale in (ROOT / "build").glob("lib*"):
            shutil.rmtree(stale)  # setuptools would pack what earlier sources left there
        modules = hot_modules()
        cache = CACHE / content_key(modules)
        commands["build_ext"] = type("build_ext", (CachedBuildExt,), {"cache": cache})
        extensions = kept_extensions(cache) if cache.is_dir() else compile_modules(modules)
    setup(ext_modules=extensions, cmdclass=commands)


main()
