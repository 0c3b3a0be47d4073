/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* System calls, seen when they return. One program for all of them: what a machine does not want ends after one look
 * at a table, and what it wants is described there. */
#pragma once
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

/* Makes the records of a call that is wanted. */
INLINE void report_call(struct pt_regs *regs, s64 result, u64 number, u32 row, u32 is_compat)
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
	if (is_compat && number == COMPAT_SOCKETCALL) {
		s->call = number = unpack_socketcall(s);
		opaque(number);
		row = number ? calls[number & (MAX_CALLS - 1)].row : 0;
		if (!row)
			return;
	}
	/* Exec tells of its success itself, with what the kernel ran. The number stays that of the old program's kind. */
	if (!result && !s->args[0] &&
	    (number == NUMBER_EXECVE || number == NUMBER_EXECVEAT || number == COMPAT_EXECVE || number == COMPAT_EXECVEAT))
		return;
#else
	if (!result && (number == NUMBER_EXECVE || number == NUMBER_EXECVEAT))
		return;
#endif
	row--;
	if (result < 0 && settings.drops_failed) {
		struct counters *counts = my_counters();

		if (counts)
			counts->filtered++;
		return;
	}
	if (rows[below(row, MAX_ROWS)].is_many && result > 0)
		make_message_records(row);
	else
		make_record(row);
}

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
	report_call(regs, ctx[1], number, row, is_compat);
	release_processor();
	return 0;
}
