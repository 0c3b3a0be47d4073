"""Values for the conditions of synthetic rules: program names, paths, addresses, all made up from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

SYLLABLES: Final = tuple(
    onset + vowel + coda
    for onset in ("b", "br", "c", "d", "f", "gr", "h", "k", "l", "m", "n", "p", "r", "s", "sh", "t", "v", "x", "z")
    for vowel in "aeiou"
    for coda in ("", "", "l", "n", "r", "x")
)
ENDINGS: Final = ("", "", "", "d", "ctl", "-agent", "-helper", ".sh", ".py", "-mgr")
PARENTS: Final = ("/etc", "/opt", "/var/lib", "/usr/local", "/usr/share", "/root", "/srv", "/run", "/var/spool", "/lib")
EXTENSIONS: Final = ("conf", "cnf", "db", "json", "key", "log", "pem", "php", "service", "so", "sock", "yaml")
REGISTRIES: Final = ("docker.io", "ghcr.io", "quay.io", "registry.example.org:5000", "gcr.io")

LENGTHS: Final = (2, 3, 3, 4, 5, 8)  # of lists within a condition
QUOTED: Final = frozenset({"address", "cmdline", "network"})


class Words(dict[str, str]):
    """Makes a value when a template asks for it: `word`, another one for `word2`, several for `words`.

    A name that ends in a digit stands for another value of the same sort, a plural for a list of quoted values.
    """

    def __init__(self, dice: random.Random, fixed: dict[str, str]) -> None:
        """Take the source of chance and the values that are given."""
        super().__init__(fixed)
        self._dice = dice
        self._makers: Final[dict[str, Callable[[], str]]] = {
            "word": self._word,
            "program": self._program,
            "letter": lambda: dice.choice("abcdefgikmnopqrstvwxz"),
            "cmdline": lambda: f"{self._program()} -{dice.choice('cefnrx')} {self._word()}",
            "path": self._path,
            "folder": self._folder,
            "file": self._file,
            "extension": lambda: dice.choice(EXTENSIONS),
            "host": self._host,
            "address": self._address,
            "network": self._network,
            "port": lambda: str(dice.randrange(1_024, 32_768)),
            "user": self._word,
            "uid": lambda: str(dice.randrange(2_000, 60_000)),
            "image": lambda: f"{dice.choice(REGISTRIES)}/{self._word()}/{self._word()}",
        }

    def __missing__(self, name: str) -> str:
        """Make a value, and keep it for when the same name comes again."""
        sort = name.rstrip("0123456789")
        plural = {"addresses": "address"}.get(sort, sort.removesuffix("s"))
        if sort in self._makers:
            value = self._makers[sort]()
        else:
            quote = '"' if plural in QUOTED else ""
            value = ", ".join(f"{quote}{one}{quote}" for one in self.several(plural, self._dice.choice(LENGTHS)))
        self[name] = value
        return value

    def several(self, sort: str, count: int) -> list[str]:
        """Return different values of a sort."""
        return list(dict.fromkeys(self._makers[sort]() for _ in range(count)))

    def _word(self) -> str:
        return "".join(self._dice.choices(SYLLABLES, k=self._dice.choice((3, 4, 4))))

    def _program(self) -> str:
        return self._word()[:12] + self._dice.choice(ENDINGS)

    def _folder(self) -> str:
        parts = [self._word() for _ in range(self._dice.choice((1, 1, 2)))]
        return "/".join([self._dice.choice(PARENTS), *parts])

    def _file(self) -> str:
        return f"{self._word()}.{self._dice.choice(EXTENSIONS)}"

    def _path(self) -> str:
        return f"{self._folder()}/{self._file()}"

    def _host(self) -> str:
        return f"{self._word()}.example.{self._dice.choice(('com', 'net', 'org'))}"

    def _address(self) -> str:
        return f"203.{self._dice.randrange(256)}.{self._dice.randrange(256)}.{self._dice.randrange(1, 255)}"

    def _network(self) -> str:
        bits = self._dice.choice((12, 16, 20, 24, 28))
        number = self._dice.randrange(1 << (bits - 8)) << (32 - bits) | 198 << 24
        return ".".join(str(part) for part in number.to_bytes(4, "big")) + f"/{bits}"
