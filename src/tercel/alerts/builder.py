"""Builds alerts: one compiled format per rule, applied to the event that the rule matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tercel.alerts.alert import Alert
from tercel.alerts.jsontext import clean, json_line, text_line
from tercel.alerts.policy import OutputPolicy
from tercel.fields.times import clock_text, iso8601_text, iso8601_zulu_text
from tercel.filters.format import OutputFormat
from tercel.rules.priorities import PRIORITY_NAMES

if TYPE_CHECKING:
    from tercel.fields.registry import Registry
    from tercel.rules.rule import Rule
    from tercel.state.context import Context


# The source of the sensor's alerts about itself.
INTERNAL: Final = "internal"


@dataclass(frozen=True, slots=True)
class AlertOptions:
    """How alerts look: the configuration keys of the same names, and the host's name."""

    json_output: bool = False
    json_include_output_property: bool = True
    json_include_message_property: bool = False
    json_include_output_fields_property: bool = True
    json_include_tags_property: bool = True
    time_format_iso_8601: bool = False
    hostname: str = ""
    # Whether text alerts carry their fields too; JSON alerts always do.
    structured: bool = True

    @property
    def time_field(self) -> str:
        """The field that an alert's text starts with."""
        return "evt.time.iso8601" if self.time_format_iso_8601 else "evt.time"


class _RuleFormat:
    """A rule's compiled formats."""

    def __init__(self, rule: Rule, options: AlertOptions, policy: OutputPolicy, registry: Registry) -> None:
        prefix = f"%{options.time_field}: {PRIORITY_NAMES[rule.priority]} "
        if rule.exit_only:
            registry = registry.exit_only()
        self.line = OutputFormat(f"*{prefix}{rule.output_compiled}", registry)
        self.tags = tuple(sorted(rule.tags))
        self.extra: dict[str, OutputFormat] = {}
        self.raw: dict[str, OutputFormat] = {}
        for name, text in policy.extra_fields(rule).items():
            if text is None:
                self.raw[name] = OutputFormat(f"*%{name}", registry)
            else:
                self.extra[name] = OutputFormat(f"*{text}", registry)

    def fields(self, ctx: Context) -> dict[str, object]:
        """Return the values of the output's fields and of the extra fields."""
        fields = self.line.fields(ctx)
        for form in self.raw.values():
            fields.update(form.fields(ctx))
        for name, form in self.extra.items():
            fields[name] = form.text(ctx)
        return fields


class AlertBuilder:
    """Turns a matched rule and the event's context into an `Alert`."""

    def __init__(self, registry: Registry, options: AlertOptions, policy: OutputPolicy | None = None) -> None:
        """Formats are compiled when `prepare` or the first alert of a rule asks for them."""
        self.options = options
        self._registry = registry
        self._policy = policy if policy is not None else OutputPolicy()
        self._formats: dict[Rule, _RuleFormat] = {}

    def prepare(self, rule: Rule) -> None:
        """Compile the rule's formats now; raises what an invalid format raises."""
        self._formats[rule] = _RuleFormat(rule, self.options, self._policy, self._registry)

    def build(self, rule: Rule, ctx: Context) -> Alert:
        """Format the alert for a rule that matched the context's event."""
        form = self._formats.get(rule)
        if form is None:
            self.prepare(rule)
            form = self._formats[rule]
        options = self.options
        fd = ctx.fd
        output = clean(form.line.text(ctx) or "")
        # Printing may have turned the context to another descriptor; text and fields see the same.
        ctx.fd = fd
        alert = Alert(
            time_ns=ctx.event.ts,
            rule=rule.name,
            priority=rule.priority,
            source=rule.source,
            tags=form.tags,
            hostname=options.hostname,
            output=output,
            # Neither the time nor the priority in front of the message contains a blank.
            message=output.split(" ", 2)[2],
            fields=form.fields(ctx) if options.json_output or options.structured else {},
            line="",
        )
        alert.line = self._json(alert) if options.json_output else text_line(output)
        return alert

    def internal(self, rule: str, priority: int, message: str, time_ns: int, fields: dict[str, str]) -> Alert:
        """Return an alert of the sensor about itself; it has no tags, and JSON switches do not touch it."""
        options = self.options
        stamp = iso8601_text(time_ns) if options.time_format_iso_8601 else clock_text(time_ns)
        details = " ".join(f"{name}={json_line(value)}" for name, value in sorted(fields.items()))
        output = f"{stamp}: {PRIORITY_NAMES[priority]} {message} ({details})"
        alert = Alert(
            time_ns=time_ns,
            rule=rule,
            priority=priority,
            source=INTERNAL,
            tags=(),
            hostname=options.hostname,
            output=output,
            message=message,
            fields=dict(fields),
            line=text_line(output),
        )
        if options.json_output:
            alert.line = json_line(_head(alert) | {"output": output, "output_fields": fields})
        return alert

    def _json(self, alert: Alert) -> str:
        options = self.options
        value = _head(alert)
        if options.json_include_message_property:
            value["message"] = alert.message
        if options.json_include_output_property:
            value["output"] = alert.output
        if options.json_include_output_fields_property:
            value["output_fields"] = alert.fields
        if options.json_include_tags_property:
            value["tags"] = alert.tags
        return json_line(value)


def _head(alert: Alert) -> dict[str, object]:
    """Return what the JSON of every alert has."""
    return {
        "hostname": alert.hostname,
        "priority": alert.priority_name,
        "rule": alert.rule,
        "source": alert.source,
        "time": iso8601_zulu_text(alert.time_ns),
    }
