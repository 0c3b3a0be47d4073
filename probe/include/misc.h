/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Parameters of single calls that take more than one line. */
#pragma once
#include "convert.h"
#include "process.h"
#include "sockets.h"

#define MOST_POLLED 1024

/* Appends one descriptor of poll(2) and the events that came. The format has RDHUP between the third and the fourth of
 * the kernel's bits. */
GLOBAL int add_polled(u64 pointer)
{
	struct scratch *s = my_scratch();
	struct {
		s32 fd;
		u16 events, revents;
	} entry = {};

	if (!s)
		return 0;
	if (read_user(&entry, sizeof(entry), (void *)pointer)) {
		count_unreadable();
		return 0;
	}
	*(s64 *)place(s) = entry.fd;
	*(u16 *)(place(s) + 8) = (entry.revents & 7) | (entry.revents & 0x3f8) << 1 | (entry.revents >> 10 & 8);
	s->at += 10;
	return 1;
}

/* poll(2): number of descriptors, then each of them. */
GLOBAL int put_poll(u64 pointer, u32 count)
{
	struct scratch *s = my_scratch();
	u32 start, found = 0, size;

	if (!s)
		return 0;
	start = s->at;
	s->at += 2;
	for (u32 i = 0; i < MOST_POLLED; i++) {
		if (i >= count || !pointer || !add_polled(pointer + 8 * i))
			break;
		found++;
	}
	size = s->at - start;
	s->at = start;
	*(u16 *)place(s) = found;
	if (count > MOST_POLLED)
		note_cut(s, count * 10 + 2);
	end_value(s, size & 0x3fff);
	return 0;
}

INLINE u64 time_at(struct scratch *s, u64 pointer)
{
	return pointer ? read_word(s, pointer, 0) * 1000000000 + read_word(s, pointer, 1) : 0;
}

/* quotactl(2): special to quota_fmt_out, from the result on, then cmd, type, id and quota_fmt. */
GLOBAL int put_quota(void)
{
	struct scratch *s = my_scratch();
	u32 command, operation;
	u64 address;
	bool has_quota, has_info;

	if (!s)
		return 0;
	command = s->args[0];
	operation = command >> 8;
	address = s->args[3];
	put_user_text(s, s->args[1]);
	if (operation == 0x800002) /* Q_QUOTAON */
		put_user_text(s, address);
	else
		put_nothing(s);
	has_quota = operation == 0x800008 || (operation == 0x800007 && s->result >= 0);
	has_info = operation == 0x800006 || (operation == 0x800005 && s->result >= 0);
	put64(s, has_quota ? read_user64(address) : 0);		/* dqb_bhardlimit */
	put64(s, has_quota ? read_user64(address + 8) : 0);	/* dqb_bsoftlimit */
	put64(s, has_quota ? read_user64(address + 16) : 0);	/* dqb_curspace */
	put64(s, has_quota ? read_user64(address + 24) : 0);	/* dqb_ihardlimit */
	put64(s, has_quota ? read_user64(address + 32) : 0);	/* dqb_isoftlimit */
	put64(s, has_quota ? read_user64(address + 48) : 0);	/* dqb_btime */
	put64(s, has_quota ? read_user64(address + 56) : 0);	/* dqb_itime */
	put64(s, has_info ? read_user64(address) : 0);		/* dqi_bgrace */
	put64(s, has_info ? read_user64(address + 8) : 0);	/* dqi_igrace */
	put8(s, has_info ? read_user32(address + 16) : 0);	/* dqi_flags */
	put8(s, operation == 0x800004 && s->result >= 0 ? convert(QUOTA_FORMAT, read_user32(address)) : 1);
	put16(s, convert(QUOTA_COMMAND, command));
	put8(s, convert(QUOTA_TYPE, command));
	put32(s, operation == 0x800002 ? 0 : (u32)s->args[2]);
	put8(s, operation == 0x800002 ? convert(QUOTA_FORMAT, s->args[2]) : 1);
	return 0;
}

/* semop(2): number of operations, the first two of them, the set. */
GLOBAL int put_semops(void)
{
	struct scratch *s = my_scratch();
	u16 first[3] = {}, second[3] = {};
	u64 pointer, count;

	if (!s)
		return 0;
	pointer = s->args[1];
	count = s->args[2];
	if (count > 0 && pointer)
		read_user(first, sizeof(first), (void *)pointer);
	if (count > 1 && pointer)
		read_user(second, sizeof(second), (void *)(pointer + 6));
	put32(s, count);
	put16(s, first[0]);
	put16(s, first[1]);
	put16(s, convert(SEMOP_FLAGS, first[2]));
	put16(s, second[0]);
	put16(s, second[1]);
	put16(s, convert(SEMOP_FLAGS, second[2]));
	put32(s, s->args[0]);
	return 0;
}

/* prctl(2): its second argument as text where it is one, else as a number. */
INLINE void put_prctl(struct scratch *s)
{
	u32 option = s->args[0];

	if (option == 15 || option == 16) { /* PR_SET_NAME, PR_GET_NAME */
		put_user_text(s, s->args[1]);
		put64(s, 0);
	} else if (option == 37) { /* PR_GET_CHILD_SUBREAPER */
		put_nothing(s);
		put64(s, (s32)read_user32(s->args[1]));
	} else {
		put_nothing(s);
		put64(s, s->args[1]);
	}
}

INLINE void put_dynamic64(struct scratch *s, u8 kind, u64 value)
{
	u8 *to = place(s);

	to[0] = kind;
	*(u64 *)(to + 1) = value;
	end_value(s, 9);
}

INLINE void put_dynamic_text(struct scratch *s, u8 kind, u64 pointer)
{
	u8 *to = place(s);
	long size = pointer ? read_user_text(to + 1, PATH_MOST, (void *)pointer) : 0;

	to[0] = kind;
	if (size < 0) {
		count_unreadable();
		size = 0;
	}
	end_value(s, 1 + (size & 0x1fff));
}

INLINE void put_ptrace(struct scratch *s, bool is_data)
{
	u64 request = s->args[0];
	u64 pointer = s->args[3];

	if (!is_data) {
		put_dynamic64(s, 0, s->result < 0 ? 0 : s->args[2]);
		return;
	}
	if (s->result < 0) {
		put_dynamic64(s, 0, 0);
	} else if (request == 1 || request == 2 || request == 3) { /* PEEK*: the call's result is where it put it */
		put_dynamic64(s, 0, read_word(s, pointer, 0));
	} else if (request == 7 || request == 17 || request == 24) { /* CONT, DETACH, SYSCALL: a signal */
		u8 *to = place(s);

		to[0] = 1;
		to[1] = pointer;
		end_value(s, 2);
	} else {
		put_dynamic64(s, 0, pointer);
	}
}

/* Which arguments of keyctl(2) are texts, by operation: bit 0 for the second argument (man 2 keyctl). */
INLINE u32 keyctl_texts(u32 operation)
{
	switch (operation) {
	case 1: /* JOIN_SESSION_KEYRING */
		return 1;
	case 10: /* SEARCH: type, description */
		return 2 | 4;
	case 29: /* RESTRICT_KEYRING: type, restriction */
		return 2 | 4;
	}
	return 0;
}

GLOBAL int put_keyctl(void)
{
	struct scratch *s = my_scratch();
	u32 texts;

	if (!s)
		return 0;
	texts = keyctl_texts(s->args[0]);
	for (u32 i = 0; i < 4; i++) {
		u64 value = argument(s, i + 1);

		if (texts >> i & 1)
			put_dynamic_text(s, 1, value);
		else
			put_dynamic64(s, 0, value);
	}
	return 0;
}

/* fsconfig(2): the value as bytes or as text, by command. */
INLINE void put_fsconfig(struct scratch *s)
{
	u32 command = s->args[1];
	u64 value = s->args[3];

	if (s->result < 0 && command > 8) {
		put_nothing(s);
		put_nothing(s);
	} else if (command == 2) { /* FSCONFIG_SET_BINARY */
		put_user_bytes(s, value, at_most((u32)s->args[4], settings.snaplen));
		put_nothing(s);
	} else if (command == 1 || command == 3 || command == 4) { /* STRING, PATH, PATH_EMPTY */
		put_nothing(s);
		put_user_text(s, value);
	} else {
		put_nothing(s);
		put_nothing(s);
	}
}

/* capset(2): the sets that the process has now. */
INLINE void put_capset(struct scratch *s)
{
	struct cred *cred = READ(s->task, cred);

	put64(s, READ_AS(u64, cred, cap_inheritable));
	put64(s, READ_AS(u64, cred, cap_permitted));
	put64(s, READ_AS(u64, cred, cap_effective));
}

/* A limit: -1 where the call did not tell one. */
INLINE void put_limit(struct scratch *s, u64 pointer, u32 which)
{
	bool needs_success = which & 2;
	u64 value = -1;

	if (pointer && !(needs_success && s->result < 0)) {
		value = read_word(s, pointer, which & 1);
		if (s->is_compat && value == 0xffffffff)
			value = -1;
	}
	put64(s, value);
}

/* procexit: status, exit code, signal, whether a core was written, who takes over the children. */
INLINE void put_exit(struct scratch *s)
{
	u32 code = READ(s->task, exit_code);

	put64(s, (s64)(s32)code);
	put64(s, code >> 8 & 0xff);
	put8(s, code & 0x7f);
	put8(s, (code & 0x80) != 0);
	put64(s, new_reaper());
}

/* signaldeliver: who sent it, whom it reached, which. `args` hold signal and siginfo. */
INLINE void put_signal(struct scratch *s)
{
	u64 number = s->args[0];
	struct kernel_siginfo *info = (void *)s->args[1];
	s64 sender = 0;

	if (s->args[1] > 1) { /* not one of the marks for signals without information */
		s32 code = READ(info, si_code);

		/* Only kill, sigqueue, tkill and the end of a child tell a process. */
		if (number == 17 || code == 0 || code == -1 || code == -6)
			sender = READ(info, _sifields._kill._pid);
	}
	put64(s, sender);
	put64(s, (s64)READ(s->task, pid));
	put8(s, number);
}
