/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* System calls, seen when they return. One program for all of them: what a machine does not want ends after one look
 * at a table, and what it wants is described there. */
#pragma once
#include "../include/judge.h"
#include "../include/requests.h"

#define IS_COMPAT 2 /* TS_COMPAT in thread_info.status: the call came through the 32-bit entry */

#if defined(__TARGET_ARCH_x86)
#define CALL_NUMBER(regs) ((u32)(regs)->orig_ax)
#define NUMBER_EXECVE 59
#define NUMBER_EXECVEAT 322
#define COMPAT_EXECVE 11
#define COMPAT_EXECVEAT 358
#define COMPAT_SOCKETCALL 102
#elif defined(__TARGET_ARCH_arm64)
#define CALL_NUMBER(regs) ((u32)(regs)->syscallno)
#define NUMBER_EXECVE 221
#define NUMBER_EXECVEAT 281
#endif

#define NUMBER_IO_URING_ENTER 426 /* of every architecture and kind of program */

INLINE bool is_32bit(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return READ(task, thread_info.status) & IS_COMPAT;
#else
	return READ(task, thread_info.flags) >> 22 & 1; /* TIF_32BIT */
#endif
}

/* The same of the task that runs, without a helper. */
INLINE bool is_32bit_now(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return task->thread_info.status & IS_COMPAT;
#else
	return task->thread_info.flags >> 22 & 1;
#endif
}

INLINE void take_arguments(struct scratch *s, struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	if (s->is_compat) {
		s->args[0] = (u32)regs->bx;
		s->args[1] = (u32)regs->cx;
		s->args[2] = (u32)regs->dx;
		s->args[3] = (u32)regs->si;
		s->args[4] = (u32)regs->di;
		s->args[5] = (u32)regs->bp;
		return;
	}
	s->args[0] = regs->di;
	s->args[1] = regs->si;
	s->args[2] = regs->dx;
	s->args[3] = regs->r10;
	s->args[4] = regs->r8;
	s->args[5] = regs->r9;
#else
	s->args[0] = regs->orig_x0;
	s->args[1] = regs->regs[1];
	s->args[2] = regs->regs[2];
	s->args[3] = regs->regs[3];
	s->args[4] = regs->regs[4];
	s->args[5] = regs->regs[5];
#endif
}

#if defined(__TARGET_ARCH_x86)
/* 32-bit programs call all socket functions through one number: the true call by its sub-number (include/uapi/linux/net.h),
 * as the 64-bit table numbers it; 0 where there is none (that is read, which never comes this way). */
INLINE u32 unpack_socketcall(struct scratch *s)
{
	u32 which = s->args[0];
	u64 list = s->args[1];

	for (u32 i = 0; i < 6; i++)
		s->args[i] = read_user32(list + 4 * i);
	switch (which) {
	case 1: return 41;
	case 2: return 49;
	case 3: return 42;
	case 4: return 50;
	case 5: return 43;
	case 6: return 51;
	case 7: return 52;
	case 8: return 53;
	case 9: return CALL_SEND;
	case 10: return CALL_RECV;
	case 11: return 44;
	case 12: return 45;
	case 13: return 48;
	case 14: return 54;
	case 15: return 55;
	case 16: return 46;
	case 17: return 47;
	case 18: return 288;
	case 19: return 299;
	case 20: return 307;
	}
	return 0;
}
#endif

/* Which of the first six arguments are numbers that a descriptor can have whose name is kept. Without branches, which the
 * verifier would follow one by one. */
INLINE u32 small_arguments(struct scratch *s)
{
	u32 mask = 0;

	for (u32 i = 0; i < 6; i++)
		mask |= (u32)(((u64)(u32)s->args[i] - MOST_DESCRIPTORS) >> 63) << i;
	return mask;
}

/* Makes the records of a call that is judged, whose arguments are in the buffer, and notes what they changed. */
INLINE void make_records(struct scratch *s, u32 row, u64 plan, u64 pushdown)
{
	if (s->result < 0 && settings.drops_failed) {
		struct counters *counts = my_counters();

		if (counts)
			counts->filtered++;
		return;
	}
	if (pushdown && plan & PLAN_ANNOUNCES && plan / PLAN_ANNOUNCE & small_arguments(s))
		announce_all(plan / PLAN_ANNOUNCE & small_arguments(s), pushdown, !!(plan & PLAN_GONE));
	s->path_from = (plan & PLAN_PATHS) / PLAN_PATH;
	if (pushdown)
		s->mark = plan & PLAN_MARK ? MARK : 0;
	if (rows[below(row, MAX_ROWS)].is_many && s->result > 0)
		make_message_records(row);
	else
		make_record(row);
	if (pushdown) {
		/* Other programs make records in the same buffer. */
		s->mark = 0;
		if (plan & (PLAN_KNOW | PLAN_SETTLE | PLAN_PAIR | PLAN_RANGE) || (plan & PLAN_CLOSE && s->is_lost))
			follow_plan(plan, pushdown);
	}
}

/* Judges a call whose arguments and result are in the buffer. By itself: what it needs of the stack is not needed where
 * the record is made. */
GLOBAL u64 judge_call(u32 number, u32 is_small, u64 pushdown)
{
	struct scratch *s = my_scratch();
	struct caller c = {.task = running_task(), .s = s, .pushdown = pushdown};

	if (!s)
		return 0;
	c.result = s->result;
	return judge(&c, number, is_small);
}

/* Makes the records of a call that is wanted. */
INLINE void report_call(struct pt_regs *regs, s64 result, u64 number, u32 row, u32 is_compat, u64 plan, u64 pushdown)
{
	struct task_struct *task = current_task();
	struct scratch *s = my_scratch();

	if (!s)
		return;
	if (number == NUMBER_IO_URING_ENTER) {
		tell_cleared(user_of(s, task));
		if (row == ROW_UNREPORTED)
			return;
	}
	s->task = task;
	s->tid = current_pid_tgid();
	s->result = result;
	s->call = number;
	s->is_compat = is_compat;
	s->binary = NULL;
	take_arguments(s, regs);
#if defined(__TARGET_ARCH_x86)
	bool is_small = is_compat;

	if (is_compat && number == COMPAT_SOCKETCALL) {
		s->call = number = unpack_socketcall(s);
		opaque(number);
		row = number ? calls[number & (MAX_CALLS - 1)].row : 0;
		is_small = false;
		if (!row)
			return;
	}
	/* Exec tells of its success itself, with what the kernel ran. The number stays that of the old program's kind. */
	if (!result && !s->args[0] &&
	    (number == NUMBER_EXECVE || number == NUMBER_EXECVEAT || number == COMPAT_EXECVE || number == COMPAT_EXECVEAT))
		return;
	if (pushdown && is_compat && number != NUMBER_IO_URING_ENTER) {
		plan = judge_call(number, is_small, pushdown);
		if (plan & PLAN_DROP)
			return;
	}
#else
	if (!result && (number == NUMBER_EXECVE || number == NUMBER_EXECVEAT))
		return;
#endif
	make_records(s, row - 1, plan, pushdown);
}

/* Kernels that keep no memory of ours for each task. */
SEC("tp_btf/sys_exit")
int tercel_call(u64 *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	u64 number = CALL_NUMBER(regs);
	struct call *call;
	u32 row, is_compat;

	if (number >= MAX_CALLS)
		return 0;
	opaque(number);
	number &= MAX_CALLS - 1;
	call = &calls[number];
	/* Most calls end here. Which kind of program made the call is only asked where one of the tables wants it. */
	if (likely(!(call->row | call->compat_row)))
		return 0;
	is_compat = is_32bit(current_task());
	row = is_compat ? call->compat_row : call->row;
	if (!row || (u32)(current_pid_tgid() >> 32) == settings.own_pid)
		return 0;
	hold_processor();
	report_call(regs, ctx[1], number, row, is_compat, 0, 0);
	release_processor();
	return 0;
}

/* The others: calls that no rule needs end after a look at what is known of their descriptors, or at their path. */
SEC("tp_btf/sys_exit")
int tercel_judged(u64 *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	u64 number = CALL_NUMBER(regs), plan = 0, pushdown;
	struct task_struct *task;
	struct call *call;
	u32 row, is_compat;

	if (number >= MAX_CALLS)
		return 0;
	opaque(number);
	number &= MAX_CALLS - 1;
	call = &calls[number];
	if (likely(!(call->row | call->compat_row)))
		return 0;
	task = running_task();
	is_compat = is_32bit_now(task);
	row = is_compat ? call->compat_row : call->row;
	if (!row || (u32)task->tgid == settings.own_pid)
		return 0;
	hold_processor();
	pushdown = *(volatile u64 *)&settings.pushdown;
	if (!is_judging(pushdown))
		pushdown = 0;
	if (pushdown && !is_compat && number != NUMBER_IO_URING_ENTER) {
		struct scratch *s = my_scratch();

		if (s) {
			s->is_compat = 0;
			s->result = ctx[1];
			take_arguments(s, regs);
			plan = judge_call(number, false, pushdown);
		}
	}
	if (!(plan & PLAN_DROP))
		report_call(regs, ctx[1], number, row, is_compat, plan, pushdown);
	release_processor();
	return 0;
}
