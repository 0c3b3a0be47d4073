// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The probe: reports system calls and the life of processes as event blocks of the capture format. README.md in this
 * folder tells how the parts fit. */
#include "programs/calls.h"
#include "programs/io_uring.h"
#include "programs/lifecycle.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Types are only described in the object where something has them. */
const enum step_code *describes_steps __attribute__((unused));
const enum conversion *describes_conversions __attribute__((unused));
const enum event_class *describes_classes __attribute__((unused));
const enum pseudo_call *describes_calls __attribute__((unused));
const enum fixed_row *describes_rows __attribute__((unused));
const enum guard_kind *describes_guards __attribute__((unused));
const enum guard_drop *describes_drops __attribute__((unused));
const enum guard_effect *describes_effects __attribute__((unused));
const struct event_head *describes_heads __attribute__((unused));
