"""Every configuration key: its name, type, default, meaning, and whether it has an effect yet.

The names are Falco's, of all its versions; keys of our own are marked. `docs/configuration.md` is written from
this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Key:
    """One configuration key.

    `kind` is bool, int, float, str, list or map. `idle` is the value that asks for nothing: a key that is not built
    yet is mentioned to the user only when the configuration gives it another value. `removed` is the Falco version
    that no longer has the key, `own` says that Falco never had it.
    """

    name: str
    kind: str
    default: object
    doc: str
    built: bool = True
    idle: object = None
    removed: str = ""
    own: bool = False


def _later(name: str, kind: str, default: object, doc: str, idle: object = None, removed: str = "") -> Key:
    """Declare a key that is read and checked but has no effect yet; without `idle` it never asks for anything."""
    return Key(name, kind, default, doc, built=False, idle=idle, removed=removed)


_LOADING: Final = (
    Key("config_files", "list", [], "Further configuration files or directories, in order."),
    _later("watch_config_files", "bool", True, "Restart when a configuration or rules file changes."),
    Key(
        "rules_files",
        "list",
        [],
        "Rules files and directories, loaded in order; entries that do not exist are left out.",
    ),
    Key("rules_file", "list", [], "Former name of `rules_files`.", removed="0.38"),
    Key("rule_files", "list", [], "Misspelling of `rules_files` that Falco's schema declares; has no effect."),
    Key("rules", "list", [], "Ordered selection: `enable` or `disable` with `rule: WILDCARD` or `tag: TAG`."),
    Key("priority", "str", "debug", "The least severe priority of the rules that are loaded."),
    Key("rule_matching", "str", "first", "`first` stops at the first rule that matches an event, `all` does not."),
)

_ENGINE: Final = (
    Key("engine.kind", "str", "modern_ebpf", "Where events come from; `replay` reads `engine.replay.capture_file`."),
    Key("engine.replay.capture_file", "str", "", "The capture to replay."),
    Key(
        "engine.enter_events",
        "str",
        "auto",
        "Whether rules see the entries of system calls in a capture: `visible`, `hidden`, or `auto`, which hides them "
        "from the rules of files that require engine version 0.57 or later.",
        own=True,
    ),
    Key(
        "engine.rule_evaluation",
        "str",
        "table",
        "How rules are evaluated, with the same result: `table` decides together what all rules ask about, `plain` "
        "asks every rule about every event of its types.",
        own=True,
    ),
    Key(
        "engine.pushdown.enabled",
        "bool",
        True,
        "Whether the probe drops by itself what no rule can need (`tercel rules plan` says what that is).",
        own=True,
    ),
    Key(
        "engine.pushdown.shadow",
        "bool",
        False,
        "Report what would be dropped all the same, and raise an alert when a rule matches such an event.",
        own=True,
    ),
    Key(
        "engine.pushdown.sample",
        "int",
        10_000,
        "Of what could be dropped, one in so many events is reported; a rule that matches one switches dropping off, "
        "with an alert. 0: none.",
        own=True,
    ),
    Key(
        "ignore",
        "list",
        [],
        "Conditions; an event for which one of them holds concerns no rule, and is not reported where the probe can "
        "tell.",
        own=True,
    ),
    _later("engine.kmod.buf_size_preset", "int", 4, "Size of the ring buffers, 1 to 10."),
    _later("engine.kmod.drop_failed_exit", "bool", False, "Drop failed system calls in the kernel."),
    _later("engine.modern_ebpf.cpus_for_each_buffer", "int", 2, "CPUs that share a ring buffer; 0: all of them."),
    Key("engine.modern_ebpf.buf_size_preset", "int", 4, "Size of the ring buffers, 1 to 10."),
    Key("engine.modern_ebpf.drop_failed_exit", "bool", False, "Drop failed system calls in the kernel."),
    _later("engine.modern_ebpf.disable_iterators", "bool", False, "Read /proc instead of using BPF iterators."),
    _later("engine.ebpf.probe", "str", "", "Object file of the legacy probe.", removed="0.44"),
    _later("engine.ebpf.buf_size_preset", "int", 4, "Size of the ring buffers.", removed="0.44"),
    _later("engine.ebpf.drop_failed_exit", "bool", False, "Drop failed system calls.", removed="0.44"),
    _later("engine.gvisor.config", "str", "", "gVisor configuration file.", "", removed="0.44"),
    _later("engine.gvisor.root", "str", "", "gVisor state directory.", "", removed="0.44"),
    _later("syscall_buf_size_preset", "int", 4, "Now `engine.*.buf_size_preset`.", removed="0.38"),
    _later("syscall_drop_failed_exit", "bool", False, "Now `engine.*.drop_failed_exit`.", removed="0.38"),
    _later("modern_bpf.cpus_for_each_syscall_buffer", "int", 2, "Now under `engine.modern_ebpf`.", removed="0.38"),
    Key(
        "base_syscalls.custom_set",
        "list",
        [],
        "System calls to capture besides those of the rules, in place of those that the state needs; `!NAME` leaves "
        "one out. A capture file is always read whole.",
    ),
    Key("base_syscalls.repair", "bool", False, "Capture the least that the state needs for the calls of the rules."),
    Key("base_syscalls.all", "bool", False, "Capture high-volume calls too (`-A`; `-i` names them)."),
    Key("falco_libs.thread_table_size", "int", 262_144, "The most threads kept in the table."),
    _later("falco_libs.thread_table_auto_purging_interval_s", "int", 300, "Seconds between purges of the table."),
    _later("falco_libs.thread_table_auto_purging_thread_timeout_s", "int", 300, "Idle seconds before a purge."),
    _later("falco_libs.snaplen", "int", 80, "Bytes kept of each buffer when capturing."),
    _later("capture.enabled", "bool", False, "Write a capture file when a rule matches.", False),
    _later("capture.path_prefix", "str", "/tmp/falco", "How the names of these files start."),  # noqa: S108
    _later("capture.mode", "str", "rules", "`rules` or `all_rules`."),
    _later("capture.default_duration", "int", 5000, "Milliseconds that a capture lasts."),
    _later("capture.max_file_size_mb", "int", 0, "Largest capture file; 0: no limit."),
)

_PLUGINS: Final = (
    Key("load_plugins", "list", [], "Names of plugins to load; without the key, all of `plugins`."),
    Key("plugins", "list", [], "Declared plugins. `container` is part of the sensor; others are not built yet."),
    _later("plugins_hostinfo", "bool", True, "Give plugin sources information on the host."),
    _later("container_engines.docker.enabled", "bool", True, "Ask Docker for metadata.", removed="0.41"),
    _later("container_engines.cri.enabled", "bool", True, "Ask CRI for metadata.", removed="0.41"),
    _later("container_engines.cri.sockets", "list", [], "Sockets of CRI.", removed="0.41"),
    _later("container_engines.cri.disable_async", "bool", False, "Wait for metadata.", removed="0.41"),
    _later("container_engines.podman.enabled", "bool", True, "Ask Podman for metadata.", removed="0.41"),
    _later("container_engines.lxc.enabled", "bool", True, "Detect LXC.", removed="0.41"),
    _later("container_engines.libvirt_lxc.enabled", "bool", True, "Detect libvirt's LXC.", removed="0.41"),
    _later("container_engines.bpm.enabled", "bool", True, "Detect BPM.", removed="0.41"),
    _later("metadata_download.max_mb", "int", 100, "Largest Kubernetes answer.", removed="0.37"),
    _later("metadata_download.chunk_wait_us", "int", 1000, "Pause between parts.", removed="0.37"),
    _later("metadata_download.watch_freq_sec", "int", 1, "Seconds between questions.", removed="0.37"),
)

_ALERTS: Final = (
    Key("time_format_iso_8601", "bool", False, "Times in alerts and log as ISO 8601 in UTC instead of local time."),
    Key("buffer_format_base64", "bool", False, "Print byte buffers as base64."),
    Key("json_output", "bool", False, "Alerts, and what -V, -L, -l and --version print, as JSON."),
    Key("json_include_output_property", "bool", True, "Put the alert's text into its JSON."),
    Key("json_include_message_property", "bool", False, "Put the text without time and priority into its JSON."),
    Key("json_include_output_fields_property", "bool", True, "Put the fields' values into its JSON."),
    Key("json_include_tags_property", "bool", True, "Put the rule's tags into its JSON."),
    Key("append_output", "list", [], "What is added to the output of rules, by source, rule or tag."),
    Key("static_fields", "map", {}, "Fields with a fixed value, used as `static.NAME`."),
)

_OUTPUTS: Final = (
    Key("buffered_outputs", "bool", False, "Collect output before it is written."),
    Key("outputs_queue.capacity", "int", 0, "Alerts that may wait; 0: no limit. A replay waits instead of dropping."),
    _later("outputs_queue.recovery", "str", "exit", "What to do on a full queue.", removed="0.37"),
    Key("output_timeout", "int", 2000, "Milliseconds after which a blocked output is reported."),
    _later("outputs.rate", "float", 1.0, "Alerts a second, over all rules.", removed="0.37"),
    _later("outputs.max_burst", "int", 1000, "Alerts in a burst.", removed="0.37"),
    Key("stdout_output.enabled", "bool", False, "Alerts on standard output."),
    Key("file_output.enabled", "bool", False, "Alerts into a file."),
    Key("file_output.keep_alive", "bool", False, "Keep the file open between alerts."),
    Key("file_output.filename", "str", "", "The file; it is appended to."),
    _later("syslog_output.enabled", "bool", False, "Alerts to syslog.", False),
    _later("program_output.enabled", "bool", False, "Alerts to a program's standard input.", False),
    _later("program_output.keep_alive", "bool", False, "Keep the program running between alerts."),
    _later("program_output.program", "str", "", "The program, run by the shell."),
    _later("http_output.enabled", "bool", False, "Alerts as HTTP requests.", False),
    _later("http_output.url", "str", "", "Where they are sent."),
    _later("http_output.user_agent", "str", "falcosecurity/falco", "The user agent that they name."),
    _later("http_output.insecure", "bool", False, "Do not check the server's certificate."),
    _later("http_output.ca_cert", "str", "", "Certificate of the authority."),
    _later("http_output.ca_bundle", "str", "", "Bundle of authorities."),
    _later("http_output.ca_path", "str", "/etc/ssl/certs", "Directory of authorities."),
    _later("http_output.mtls", "bool", False, "Show a certificate of our own."),
    _later("http_output.client_cert", "str", "/etc/ssl/certs/client.crt", "That certificate."),
    _later("http_output.client_key", "str", "/etc/ssl/certs/client.key", "Its key."),
    _later("http_output.echo", "bool", False, "Print the server's answers."),
    _later("http_output.compress_uploads", "bool", False, "Compress requests."),
    _later("http_output.keep_alive", "bool", False, "Keep the connection open."),
    _later("http_output.max_consecutive_timeouts", "int", 5, "Attempts after time-outs."),
    _later("grpc.enabled", "bool", False, "Serve alerts over gRPC.", False, removed="0.44"),
    _later("grpc.bind_address", "str", "unix:///run/falco/falco.sock", "Where.", removed="0.44"),
    _later("grpc.threadiness", "int", 0, "Its threads; 0: as many as processors.", removed="0.44"),
    _later("grpc.private_key", "str", "/etc/falco/certs/server.key", "Its key.", removed="0.44"),
    _later("grpc.cert_chain", "str", "/etc/falco/certs/server.crt", "Its certificate.", removed="0.44"),
    _later("grpc.root_certs", "str", "/etc/falco/certs/ca.crt", "Its authorities.", removed="0.44"),
    _later("grpc_output.enabled", "bool", False, "Queue alerts for gRPC clients.", False, removed="0.44"),
)

_OPERATION: Final = (
    Key("log_stderr", "bool", False, "The sensor's own log on standard error."),
    _later("log_syslog", "bool", True, "The same to syslog.", False),
    Key("log_level", "str", "info", "The least severe level that is logged."),
    _later("libs_logger.enabled", "bool", True, "Log what the engine has to say."),
    _later("libs_logger.severity", "str", "info", "Its least severe level."),
    _later("webserver.enabled", "bool", False, "Health, version and metrics pages of a live sensor.", False),
    _later("webserver.threadiness", "int", 0, "Its threads; 0: as many as processors."),
    _later("webserver.listen_port", "int", 8765, "Its port."),
    _later("webserver.listen_address", "str", "0.0.0.0", "Its address."),  # noqa: S104
    _later("webserver.k8s_healthz_endpoint", "str", "/healthz", "Path of the health page."),
    _later("webserver.k8s_audit_endpoint", "str", "/k8s-audit", "Path for audit events.", removed="0.32"),
    _later("webserver.prometheus_metrics_enabled", "bool", False, "Whether there is a `/metrics` page."),
    _later("webserver.ssl_enabled", "bool", False, "Whether it speaks TLS."),
    _later("webserver.ssl_certificate", "str", "/etc/falco/falco.pem", "Key and certificate in one file."),
    _later("syscall_event_timeouts.max_consecutives", "int", 1000, "Read time-outs before a notification."),
    Key("syscall_event_drops.threshold", "float", 0.1, "Share of dropped events, 0 to 1, that counts as a drop."),
    Key("syscall_event_drops.actions", "list", [], "`ignore`, `log`, `alert`, `exit`."),
    Key("syscall_event_drops.rate", "float", 0.03333, "Actions a second of event time."),
    Key("syscall_event_drops.max_burst", "float", 1.0, "Actions in a burst."),
    Key("syscall_event_drops.simulate_drops", "bool", False, "Pretend one dropped event a second."),
    _later("metrics.enabled", "bool", False, "Snapshots of the sensor's own numbers.", False),
    _later("metrics.interval", "str", "5000", "Time between snapshots, as `1h30m`."),
    _later("metrics.output_rule", "bool", False, "Snapshots as alerts."),
    _later("metrics.output_file", "str", "", "Snapshots into a file."),
    _later("metrics.rules_counters_enabled", "bool", True, "Count matches of each rule."),
    _later("metrics.resource_utilization_enabled", "bool", True, "Processor time and memory."),
    _later("metrics.state_counters_enabled", "bool", True, "The state's tables."),
    _later("metrics.kernel_event_counters_enabled", "bool", True, "Events and drops in the kernel."),
    _later("metrics.kernel_event_counters_per_cpu_enabled", "bool", True, "The same for each processor."),
    _later("metrics.kernel_iter_event_counters_enabled", "bool", True, "What BPF iterators delivered."),
    _later("metrics.libbpf_stats_enabled", "bool", True, "What the BPF programs cost."),
    _later("metrics.plugins_metrics_enabled", "bool", True, "Numbers of the plugins."),
    _later("metrics.jemalloc_stats_enabled", "bool", True, "Numbers of the allocator."),
    _later("metrics.convert_memory_to_mb", "bool", True, "Memory in MB."),
    _later("metrics.include_empty_values", "bool", False, "Send zeros too."),
)

# Chapters of the reference page, in its order.
CHAPTERS: Final[tuple[tuple[str, tuple[Key, ...]], ...]] = (
    ("Loading", _LOADING),
    ("Events", _ENGINE),
    ("Plugins and metadata", _PLUGINS),
    ("Alerts", _ALERTS),
    ("Outputs", _OUTPUTS),
    ("Operation", _OPERATION),
)

KEYS: Final[dict[str, Key]] = {key.name: key for _, keys in CHAPTERS for key in keys}
