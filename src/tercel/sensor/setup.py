"""What the configuration means for alerts and outputs: builds the parts that it describes."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from tercel.alerts.builder import AlertOptions
from tercel.alerts.policy import PRINT_FORMS, AppendEntry, OutputPolicy
from tercel.fields.base import FF_SUGGESTED
from tercel.fields.options import BUFFER_BASE64, BUFFER_TEXT, RenderOptions
from tercel.fields.registry import Registry
from tercel.fields.static import static_group
from tercel.filters.format import FormatError, OutputFormat
from tercel.outputs.file import FileChannel
from tercel.outputs.stdout import StdoutChannel
from tercel.sensor.config import CONTAINER_PLUGIN, Config, ConfigError
from tercel.sensor.progress import CLEAR_LINE

if TYPE_CHECKING:
    from tercel.outputs.channel import Channel
    from tercel.sensor.config_path import Tree


def alert_options(config: Config, hostname: str) -> AlertOptions:
    """Return how alerts look; line-oriented text outputs need no fields."""
    return AlertOptions(
        json_output=config.flag("json_output"),
        json_include_output_property=config.flag("json_include_output_property"),
        json_include_message_property=config.flag("json_include_message_property"),
        json_include_output_fields_property=config.flag("json_include_output_fields_property"),
        json_include_tags_property=config.flag("json_include_tags_property"),
        time_format_iso_8601=config.flag("time_format_iso_8601"),
        hostname=hostname,
        structured=False,
    )


def output_policy(config: Config, print_text: str, registry: Registry) -> OutputPolicy:
    """Return what is added to the outputs of rules."""
    entries = [_entry(item, config) for item in config.items("append_output") if isinstance(item, dict)]
    _check_format("-p", PRINT_FORMS.get(print_text, print_text), registry)
    where = config.message("append_output")
    for entry in entries:
        _check_format(where, entry.extra_output, registry)
        for name, text in entry.fields:
            _check_format(where, f"%{name}" if text is None else text, registry)
    return OutputPolicy(entries, print_text, suggested_fields(config, registry))


def _check_format(where: str, text: str, registry: Registry) -> None:
    """Raise ConfigError for a format that would fail with every rule it is added to."""
    try:
        OutputFormat(f"*{text}", registry)
    except FormatError as error:
        raise ConfigError(f"{where}: {error}") from None


def suggested_fields(config: Config, registry: Registry) -> list[str]:
    """Return the fields that `suggested_output` stands for.

    Those of containers are suggested by the container plugin: they count only where the configuration loads it, so
    that the outputs of configurations older than the plugin stay as they were.
    """
    static = [f"static.{name}" for name in static_fields(config)]
    if CONTAINER_PLUGIN not in config.plugins():
        return static
    return static + [spec.name for spec in registry.specs() if spec.flags & FF_SUGGESTED and spec.name not in static]


def static_fields(config: Config) -> dict[str, str]:
    """Return the names and values of `static_fields`."""
    return {name: value for name, value in config.map("static_fields").items() if isinstance(value, str)}


def _entry(item: dict[str, Tree], config: Config) -> AppendEntry:
    match = item.get("match")
    chosen = match if isinstance(match, dict) else {}
    tags = chosen.get("tags")
    return AppendEntry(
        source=_text(chosen.get("source")),
        rule=_text(chosen.get("rule")),
        tags=frozenset(tag for tag in (tags if isinstance(tags, list) else [tags]) if isinstance(tag, str)),
        extra_output=_text(item.get("extra_output")),
        fields=_extra_fields(item.get("extra_fields"), config),
        suggested_output=_text(item.get("suggested_output")).lower() in {"true", "yes", "on", "y"},
    )


def _text(value: Tree) -> str:
    return value if isinstance(value, str) else ""


def _extra_fields(value: Tree, config: Config) -> tuple[tuple[str, str | None], ...]:
    """Return the names of extra fields, each with its format or None for the plain value of the field it names."""
    fields: dict[str, str | None] = {}
    for item in value if isinstance(value, list) else []:
        pairs: dict[str, str | None] = {}
        if isinstance(item, str):
            pairs = {item: None}
        elif isinstance(item, dict):
            pairs = {name: text for name, text in item.items() if isinstance(text, str)}
        for name, text in pairs.items():
            if name in fields:
                raise ConfigError(config.message(f"append_output: extra field '{name}' is given twice in one entry"))
            fields[name] = text
    return tuple(fields.items())


def channels(config: Config, stdout: IO[str], *, shares_terminal: bool = False) -> list[Channel]:
    """Return the enabled outputs that are built, in Falco's order.

    `shares_terminal` says that a progress line may stand where the next line of standard output goes.
    """
    buffered = config.flag("buffered_outputs")
    found: list[Channel] = []
    if config.flag("file_output.enabled"):
        keep_alive = config.flag("file_output.keep_alive")
        found.append(FileChannel(config.text("file_output.filename"), keep_alive=keep_alive, buffered=buffered))
    if config.flag("stdout_output.enabled"):
        found.append(StdoutChannel(stdout, buffered=buffered, before=CLEAR_LINE if shares_terminal else ""))
    return found


def syscall_registry(config: Config) -> Registry:
    """Return the fields of the syscall source, shown as the configuration says, with its static fields."""
    buffers = BUFFER_BASE64 if config.flag("buffer_format_base64") else BUFFER_TEXT
    registry = Registry.syscall(RenderOptions(buffer_format=buffers))
    static = static_fields(config)
    if static:
        registry.add(static_group(static))
    return registry
