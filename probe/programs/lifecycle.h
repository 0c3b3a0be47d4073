/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The beginning and the end of programs: tracepoints that tell what system calls do not. Their
 * records are made in line: an interpreter in each of these programs would be verified once more for each. */
#pragma once
#include "../include/steps.h"

INLINE struct scratch *begin(struct task_struct *task)
{
	struct scratch *s;
	u64 ids = current_pid_tgid();

	if ((u32)(ids >> 32) == settings.own_pid)
		return NULL;
	s = my_scratch();
	if (!s)
		return NULL;
	s->task = task;
	s->tid = ids;
	s->result = 0;
	s->is_compat = 0;
	s->binary = NULL;
	return s;
}

/* A thread exits, whichever way. Kernel threads never showed up either. */
INLINE void report_exit(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct scratch *s;

	if (!settings.wants_exit || READ(task, flags) & PF_KTHREAD)
		return;
	s = begin(task);
	if (!s)
		return;
	begin_record(s, &rows[ROW_PROCEXIT]);
	put_exit(s);
	end_record(s, &rows[ROW_PROCEXIT]);
}

SEC("tp_btf/sched_process_exit")
int tercel_exit(u64 *ctx)
{
	hold_processor();
	report_exit(ctx);
	release_processor();
	return 0;
}

/* A program was replaced: names and arguments are what the kernel runs, nothing can have changed them since. */
INLINE void report_exec(u64 *ctx)
{
	struct scratch *s;

	if (!settings.wants_exec)
		return;
	s = begin((void *)ctx[0]);
	if (!s)
		return;
	s->binary = (void *)ctx[2];
	begin_record(s, &rows[ROW_EXEC]);
	put64(s, 0);
	put_process(s, false, 0);
	put_exec_end(s, false, 0);
	put_kernel_text(s, READ(s->binary, filename));
	end_record(s, &rows[ROW_EXEC]);
}

SEC("tp_btf/sched_process_exec")
int tercel_exec(u64 *ctx)
{
	hold_processor();
	report_exec(ctx);
	release_processor();
	return 0;
}

/* A signal reaches its process. */
INLINE void report_signal(u64 *ctx)
{
	struct scratch *s;

	if (!settings.wants_signal)
		return;
	s = begin(current_task());
	if (!s)
		return;
	s->args[0] = ctx[0];
	s->args[1] = ctx[1];
	begin_record(s, &rows[ROW_SIGNAL]);
	put_signal(s);
	end_record(s, &rows[ROW_SIGNAL]);
}

SEC("tp_btf/signal_deliver")
int tercel_signal(u64 *ctx)
{
	hold_processor();
	report_signal(ctx);
	release_processor();
	return 0;
}

#if !defined(__TARGET_ARCH_x86)
/* Where a new thread does not return from clone through the exit of system calls, its birth is told here. */
INLINE void report_child(u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	struct scratch *s;

	if (!settings.wants_child || READ(child, flags) & PF_KTHREAD)
		return;
	s = begin(child);
	if (!s)
		return;
	s->tid = READ(child, pid);
	begin_record(s, &rows[ROW_CHILD]);
	put64(s, 0);
	put_process(s, false, 0);
	put_clone_end(s, 0);
	end_record(s, &rows[ROW_CHILD]);
}

SEC("tp_btf/sched_process_fork")
int tercel_child(u64 *ctx)
{
	hold_processor();
	report_child(ctx);
	release_processor();
	return 0;
}
#endif
