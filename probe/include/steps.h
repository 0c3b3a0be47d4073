/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The interpreter of rows: a record is made step by step, as the loaded table says. */
#pragma once
#include "misc.h"

#define RESULT_ARGUMENT 7
#define EVENT_BLOCK_END 4
#define MODE_CREATED 0x100000 /* FMODE_CREATED in include/linux/fs.h: the open made the file */

INLINE u64 length_at(struct scratch *s, u32 which)
{
	if (which == RESULT_ARGUMENT)
		return s->result > 0 ? s->result : 0;
	return argument(s, which);
}

/* A buffer that is written tells how much of it counted once the call succeeded. */
INLINE void put_buffer(struct scratch *s, u32 a, u32 b)
{
	u64 size = b == RESULT_ARGUMENT ? length_at(s, b) : s->result > 0 ? (u64)s->result : argument(s, b);

	put_user_bytes(s, argument(s, a), at_most(size, settings.snaplen));
}

INLINE u64 open_flags_of(struct scratch *s, u64 native)
{
	u64 flags = file_flags(native);
	struct file *file = result_file(s);
	u32 layer;

	if (!file)
		return flags;
	if (READ(file, f_mode) & MODE_CREATED)
		flags |= PORTABLE_O_CREATED;
	layer = layer_of(file);
	return flags | (layer == 1 ? PORTABLE_UPPER : layer == 2 ? PORTABLE_LOWER : 0);
}

INLINE u32 open_mode_of(u64 native, u64 mode)
{
	return native & (O_CREAT | O_TMPFILE_BIT) ? mode & 07777 : 0;
}

INLINE void put_device(struct scratch *s)
{
	struct file *file = result_file(s);

	put32(s, file ? device_of(READ(file, f_inode)) : 0);
}

INLINE u64 inode_number(struct file *file)
{
	struct inode *inode = file ? READ(file, f_inode) : NULL;

	return inode ? READ(inode, i_ino) : 0;
}

/* The path as it was when it was judged: what another thread has made of it since does not count. */
INLINE void put_judged_path(struct scratch *s)
{
	u32 size = s->path_size;
	u8 *to = place(s);

	/* What is behind its end is overwritten by the next value; a helper would cost more. */
	for (u32 i = 0; i < PATH_JUDGED / 8; i++)
		((u64 *)to)[i] = ((u64 *)(s->text + PATH_AT))[i];
	end_value(s, size < PATH_JUDGED ? size : PATH_JUDGED);
}

GLOBAL int run_file_step(u32 code, u32 a, u32 b)
{
	struct scratch *s = my_scratch();
	u64 how;

	if (!s)
		return 0;
	switch (code) {
	case STEP_OPEN_FLAGS:
		put32(s, open_flags_of(s, argument(s, a)));
		break;
	case STEP_OPEN_MODE:
		put32(s, open_mode_of(argument(s, a), argument(s, b)));
		break;
	case STEP_HOW:
		how = argument(s, a);
		if (b == 0)
			put32(s, open_flags_of(s, read_user64(how)));
		else if (b == 1)
			put32(s, open_mode_of(read_user64(how), read_user64(how + 8)));
		else
			put32(s, convert(OPENAT2_RESOLVE, read_user64(how + 16)));
		break;
	case STEP_DEV:
		put_device(s);
		break;
	case STEP_INO:
		put64(s, inode_number(result_file(s)));
		break;
	case STEP_CREAT_LAYER: {
		struct file *file = result_file(s);
		u32 flags = file ? layer_of(file) : 0;

		if (file && READ(file, f_mode) & MODE_CREATED)
			flags |= PORTABLE_O_CREATED;

		put16(s, flags);
		break;
	}
	case STEP_FD_PATH: {
		struct file *file = result_file(s);

		if (file)
			put_file_path(s, file);
		else
			put_nothing(s);
		break;
	}
	case STEP_FD_PAIR:
		how = argument(s, a);
		s->pair[0] = s->result < 0 ? -1 : (s32)read_user32(how);
		s->pair[1] = s->result < 0 ? -1 : (s32)read_user32(how + 4);
		put64(s, (s64)s->pair[0]);
		put64(s, (s64)s->pair[1]);
		break;
	case STEP_PAIR_INO:
		put64(s, s->result < 0 ? 0 : inode_number(file_of(s, read_user32(argument(s, a)))));
		break;
	}
	return 0;
}

GLOBAL int run_socket_step(u32 code, u32 a, u32 b)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	switch (code) {
	case STEP_PAIR_PEERS:
		put_pair_peers(s, argument(s, a));
		break;
	case STEP_SOCKADDR:
		put_address(argument(s, a), argument(s, b));
		break;
	case STEP_TUPLE:
		if (a == ACCEPTED)
			put_tuple(s->result, a, 0, 0);
		else if (s->result < 0 && s->result != -115) /* but EINPROGRESS */
			put_nothing(s);
		else
			put_tuple(s->args[0], a, argument(s, b), argument(s, b + 1));
		break;
	case STEP_TUPLE_MSG:
		load_message(argument(s, b));
		if (s->result < 0)
			put_nothing(s);
		else
			put_tuple(s->args[0], a, s->message[0], s->message[1]);
		break;
	case STEP_QUEUE:
		put_queue(s);
		break;
	case STEP_SOCK_LEVEL:
		put8(s, sock_level(argument(s, a)));
		break;
	case STEP_SOCK_OPTION:
		put8(s, s->args[1] == 1 ? sock_option(argument(s, a)) : 0);
		break;
	case STEP_SOCK_VALUE:
		put_sock_value(s->args[3], a ? read_user32(s->args[4]) : (u32)s->args[4]);
		break;
	case STEP_SOCK_LENGTH:
		put32(s, a ? read_user32(s->args[4]) : (u32)s->args[4]);
		break;
	case STEP_IOV_SIZE:
		put32(s, a & 8 && s->result < 0 ? 0 : vectors_size(argument(s, a & 7), argument(s, b)));
		break;
	case STEP_IOV_DATA:
		put_vectors(argument(s, a & 7), argument(s, b), a & 8 ? length_at(s, RESULT_ARGUMENT) : ~0ULL);
		break;
	case STEP_MSG_SIZE:
		load_message(argument(s, a));
		put32(s, b && s->result < 0 ? 0 : vectors_size(s->message[2], s->message[3]));
		break;
	case STEP_RESULT_SIZE:
		put32(s, length_at(s, RESULT_ARGUMENT));
		break;
	case STEP_MSG_DATA:
		load_message(argument(s, a));
		put_vectors(s->message[2], s->message[3], b ? length_at(s, RESULT_ARGUMENT) : ~0ULL);
		break;
	case STEP_MSG_CONTROL:
		load_message(argument(s, a));
		if (s->result < 0)
			put_nothing(s);
		else
			put_user_bytes(s, s->message[4], at_most(s->message[5], 4096));
		break;
	case STEP_SOCKET_FLAGS:
		put32(s, file_flags(argument(s, a) & 02004000) & ~3ULL);
		break;
	}
	return 0;
}

GLOBAL int run_process_step(u32 code, u32 a, u32 b)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	switch (code) {
	case STEP_PROCESS: /* a: where a failed exec has its arguments, 7 for none */
		put_process(s, a != RESULT_ARGUMENT && has_failed_exec(s), argument(s, a));
		break;
	case STEP_CLONE_END: /* a: the flags, b: 1 where that is a pointer to them, 2 where the call has none */
		put_clone_end(s, b == 2 ? 0 : b ? read_user64(argument(s, a)) : argument(s, a));
		break;
	case STEP_EXEC_END:
		put_exec_end(s, has_failed_exec(s), argument(s, a));
		break;
	case STEP_EXEC_FILENAME:
		if (s->binary)
			put_kernel_text(s, READ(s->binary, filename));
		else
			put_user_text(s, argument(s, a));
		break;
	}
	return 0;
}

GLOBAL int run_other_step(u32 code, u32 a, u32 b)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	switch (code) {
	case STEP_POLL:
		put_poll(argument(s, a), argument(s, b));
		break;
	case STEP_TIMESPEC:
		put64(s, time_at(s, argument(s, a)));
		break;
	case STEP_SIGSET:
		put32(s, argument(s, a) ? read_user32(argument(s, a)) : 0);
		break;
	case STEP_USER64:
		put64(s, argument(s, a) ? read_user64(argument(s, a) + b) : 0);
		break;
	case STEP_USER32:
		put32(s, argument(s, a) ? read_user32(argument(s, a) + b) : 0);
		break;
	case STEP_RLIMIT:
		put_limit(s, argument(s, a), b);
		break;
	case STEP_PTRACE_ADDR:
		put_ptrace(s, false);
		break;
	case STEP_PTRACE_DATA:
		put_ptrace(s, true);
		break;
	case STEP_QUOTA:
		put_quota();
		break;
	case STEP_SEMOPS:
		put_semops();
		break;
	case STEP_PRCTL:
		put_prctl(s);
		break;
	case STEP_KEYCTL:
		put_keyctl();
		break;
	case STEP_FSCONFIG:
		put_fsconfig(s);
		break;
	case STEP_CAPSET:
		put_capset(s);
		break;
	case STEP_PATH_IF_OK:
		if (s->result < 0)
			put_nothing(s);
		else
			put_user_text(s, argument(s, a));
		break;
	case STEP_OFFSET:
		put64(s, argument(s, a) ? read_user64(argument(s, a)) : 0);
		break;
	case STEP_LLSEEK_OFFSET:
		put64(s, s->args[1] << 32 | (u32)s->args[2]);
		break;
	case STEP_SEMCTL_VALUE:
		put32(s, (s->args[2] & ~0x100ULL) == 16 ? (u32)s->args[3] : 0);
		break;
	case STEP_MOUNT_FLAGS: {
		u32 flags = argument(s, a);

		put32(s, (flags & 0xffff0000) == 0xC0ED0000 ? flags & 0xffff : flags);
		break;
	}
	case STEP_USER_FLAGS:
		put32(s, argument(s, a) ? convert(b >> 8, read_user32(argument(s, a) + (b & 255))) : 0);
		break;
	case STEP_MEMORY:
		put_memory(s);
		break;
	case STEP_SYSCALL: {
		u32 call = s->call;

		opaque(call);
		call &= MAX_CALLS - 1;

		put16(s, s->is_compat ? calls[call].compat_code : calls[call].code);
		put16(s, s->call);
		break;
	}
	}
	return 0;
}

/* Makes the next value. The frequent kinds are here, the others in functions of their own. */
GLOBAL int run_step(u32 code, u32 a, u32 b)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	switch (code) {
	case STEP_RESULT:
		put64(s, s->result);
		break;
	case STEP_RESULT32:
		put32(s, s->result);
		break;
	case STEP_ARG64:
		put64(s, argument(s, a));
		break;
	case STEP_ARG32:
		put32(s, argument(s, a));
		break;
	case STEP_ARG16:
		put16(s, argument(s, a));
		break;
	case STEP_ARG8:
		put8(s, argument(s, a));
		break;
	case STEP_FD:
		put64(s, (s64)(s32)argument(s, a));
		break;
	case STEP_CONST:
		*(u64 *)place(s) = b;
		end_value(s, a & 15);
		break;
	case STEP_EMPTY:
		put_nothing(s);
		break;
	case STEP_FLAGS8:
		put8(s, convert(b, argument(s, a)));
		break;
	case STEP_FLAGS16:
		put16(s, convert(b, argument(s, a)));
		break;
	case STEP_FLAGS32:
		put32(s, convert(b, argument(s, a)));
		break;
	case STEP_PATH:
		if (s->path_from == a + 1 && s->path_size)
			put_judged_path(s);
		else
			put_user_text(s, argument(s, a));
		break;
	case STEP_BYTES:
		put_buffer(s, a, b);
		break;
	default:
		if (code <= STEP_PAIR_INO)
			return run_file_step(code, a, b);
		if (code <= STEP_MSG_CONTROL || code == STEP_SOCKET_FLAGS ||
		    code == STEP_RESULT_SIZE)
			return run_socket_step(code, a, b);
		if (code >= STEP_PROCESS && code <= STEP_EXEC_FILENAME)
			return run_process_step(code, a, b);
		return run_other_step(code, a, b);
	}
	return 0;
}

/* Writes the list of what was cut, a local option of the block: pairs of parameter and true length. */
INLINE void put_cuts(struct scratch *s)
{
	u32 count = s->cuts;
	u8 *to;

	if (count > MOST_CUT)
		count = MOST_CUT;
	s->at = (s->at + 3) & ~3u;
	to = place(s);
	*(u16 *)to = OPTION_TRUNCATED;
	*(u16 *)(to + 2) = count * 8;
	for (u32 i = 0; i < MOST_CUT; i++) {
		if (i >= count)
			break;
		*(u32 *)(to + 4 + 8 * i) = s->cut_index[i];
		*(u32 *)(to + 8 + 8 * i) = s->cut_length[i];
	}
	*(u32 *)(to + 4 + 8 * below(count, 8)) = 0; /* the end of the options */
	s->at += 8 + count * 8;
}

INLINE void begin_record(struct scratch *s, struct row *row)
{
	s->words = HEAD_SIZE;
	s->at = HEAD_SIZE + 2 * row->nparams;
	s->index = 0;
	s->cuts = 0;
	s->is_over = 0;
	s->has_file = 0;
	s->is_lost = 0;
}

/* Completes the record and hands it to the reader. */
INLINE void end_record(struct scratch *s, struct row *row)
{
	struct counters *counts = my_counters();
	struct event_head *head = (void *)s->record;
	u32 class = row->event_class, size;
	u64 wake;
	long status;

	if (!counts)
		return;
	opaque(class);
	class &= CLASS_COUNT - 1;
	counts->events[class]++;
	if (s->is_over) {
		counts->oversized++;
		counts->drops[class]++;
		s->is_lost = 1;
		return;
	}
	head->size = s->at - 10;
	if (s->cuts)
		put_cuts(s);
	size = ((s->at + 3) & ~3u) + EVENT_BLOCK_END;
	opaque(size);
	size &= RECORD_MOST - 1;
	s->at = size - EVENT_BLOCK_END;
	*(u32 *)place(s) = size;
	head->block_type = EVENT_BLOCK;
	head->block_size = size;
	head->cpu = current_cpu() | s->mark;
	head->type = row->type;
	head->nparams = row->nparams;
	head->tid = s->tid;
	head->ts = settings.boot_ns + boot_time();
	wake = settings.wants_wakeup ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	status = row->is_critical ? ring_output(&tercel_vital, s->record, size, wake)
				  : ring_output(&tercel_ring, s->record, size, wake);
	if (status) {
		counts->drops[class]++;
		s->is_lost = 1;
	}
}

/* Makes the record of a row, step by step. Everything it needs is in the scratch buffer. */
GLOBAL int make_record(u32 number)
{
	struct scratch *s = my_scratch();
	struct row *row;
	u32 steps;

	if (!s)
		return 0;
	opaque(number);
	number &= MAX_ROWS - 1;
	row = &rows[number];
	begin_record(s, row);
	steps = row->steps;
	for (u32 i = 0; i < MAX_STEPS; i++) {
		if (i >= steps)
			break;
		run_step(row->step[i].code, row->step[i].a, row->step[i].b);
	}
	end_record(s, row);
	return 0;
}

/* Makes a record for each message that a call moved, as though each had been moved by itself. */
GLOBAL int make_message_records(u32 number)
{
	struct scratch *s = my_scratch();
	u64 message;
	u32 count, step;

	if (!s)
		return 0;
	count = s->result;
	message = s->args[1];
	/* struct mmsghdr: a message's header, and in its last eighth how much of it was moved. */
	step = s->is_compat ? 32 : 64;
	for (u32 i = 0; i < MOST_VECTORS; i++) {
		if (i >= count)
			break;
		s->args[1] = message;
		s->result = read_user32(message + step - step / 8);
		make_record(number);
		message += step;
	}
	return 0;
}
