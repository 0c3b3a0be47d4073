/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The beginning and the end of programs: tracepoints that tell what system calls do not. Their
 * records are made in line: an interpreter in each of these programs would be verified once more for each. */
#pragma once
#include "../include/pushdown.h"
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
INLINE void report_exec(u64 *ctx, bool keeps_comm)
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
	if (keeps_comm && is_judging(settings.pushdown))
		note_exec(*(volatile u64 *)&settings.pushdown, !s->is_lost);
}

SEC("tp_btf/sched_process_exec")
int tercel_exec(u64 *ctx)
{
	hold_processor();
	report_exec(ctx, false);
	release_processor();
	return 0;
}

/* The same where calls are judged: the new name may decide what is told of it. */
SEC("tp_btf/sched_process_exec")
int tercel_named(u64 *ctx)
{
	hold_processor();
	report_exec(ctx, true);
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

/* Whether a new process is told of by the name that is known of its parent. */
INLINE bool has_same_comm(struct descriptors *d, struct task_struct *child)
{
	char comm[16] = {};

	if (read_kernel(comm, sizeof(comm), &child->comm))
		return false;
	for (u32 i = 0; i < sizeof(comm); i++) {
		if (comm[i] != d->comm[i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

/* A process is born with its parent's descriptors: what is known of them is the same, unless another thread changed them
 * meanwhile, or the reader takes them from another process (CLONE_PARENT). Two that share their descriptors from now on
 * change each other's. Nothing here means that everything is known. */
SEC("tp_btf/sched_process_fork")
int tercel_fork(u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	u64 pushdown = *(volatile u64 *)&settings.pushdown;
	struct descriptors *d;
	bool has_comm;

	if (!is_judging(pushdown) || child->pid != child->tgid)
		return 0;
	if (child->files == parent->files) {
		untrack(child);
		untrack(parent->group_leader);
		return 0;
	}
	if (parent->signal->nr_threads != 1 || child->real_parent != parent)
		return 0;
	d = task_storage(&tercel_descriptors, parent->group_leader, NULL, 0);
	if (!d || d->epoch != epoch_of(pushdown))
		return 0;
	has_comm = d->has_comm && has_same_comm(d, child);
	d = task_storage(&tercel_descriptors, child, d, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (d)
		d->has_comm = has_comm;
	return 0;
}
