// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Programs that do nothing at the places where the probe watches: less than this no probe can cost. */
#define AT(place, name)                                              \
	__attribute__((section("tp_btf/" place), used)) int name(void *ctx) \
	{                                                            \
		return 0;                                            \
	}

AT("sys_exit", empty_call)
AT("sched_process_exec", empty_exec)
AT("signal_deliver", empty_signal)
AT("sched_process_exit", empty_exit)

char LICENSE[] __attribute__((section("license"), used)) = "Dual MIT/GPL";
