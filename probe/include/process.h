/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What clone and exec report of a process. */
#pragma once
#include "convert.h"
#include "files.h"

INLINE u64 pages_of(struct mm_struct *mm, u32 kind)
{
	struct mm_struct___before_6_2 *old = (void *)mm;
	s64 pages;

	/* Since 6.2 the counters are per processor; the common part lags behind by some pages. */
	if (__builtin_preserve_field_info(((struct mm_struct___before_6_2 *)0)->rss_stat.count, 2)) {
		pages = READ_AS(s64, old, rss_stat.count[kind]);
	} else {
		void *counters = (void *)mm->rss_stat;
		struct percpu_counter *counter = counters + kind * SIZE_OF(struct percpu_counter);

		pages = READ(counter, count);
	}
	return pages < 0 ? 0 : pages;
}

INLINE void put_memory(struct scratch *s)
{
	struct mm_struct *mm = READ(s->task, mm);
	u32 size = 0, resident = 0, swapped = 0;

	if (mm) {
		size = READ(mm, total_vm) * KIB_PER_PAGE;
		resident = (pages_of(mm, 0) + pages_of(mm, 1) + pages_of(mm, 3)) * KIB_PER_PAGE;
		swapped = pages_of(mm, 2) * KIB_PER_PAGE;
	}
	put32(s, size);
	put32(s, resident);
	put32(s, swapped);
}

/* A process's number in the name space that it lives in. */
INLINE s64 number_inside(struct pid *pid)
{
	struct upid *numbers = (struct upid *)pid->numbers;
	u32 level;

	if (!pid)
		return 0;
	level = READ(pid, level);
	if (level > 32)
		return 0;
	return READ((struct upid *)((char *)numbers + level * SIZE_OF(struct upid)), nr);
}

INLINE struct pid_namespace *namespace_of(struct pid *pid)
{
	struct upid *numbers = (struct upid *)pid->numbers;
	u32 level;

	if (!pid)
		return NULL;
	level = READ(pid, level);
	if (level > 32)
		return NULL;
	return READ((struct upid *)((char *)numbers + level * SIZE_OF(struct upid)), ns);
}

INLINE struct pid *process_pid(struct task_struct *task, enum pid_type type)
{
	struct signal_struct *signal = READ(task, signal);
	struct pid *found = NULL;

	read_kernel(&found, sizeof(found), &signal->pids[type]);
	return found;
}

/* When the first process of the task's pid name space started, ns since boot. */
INLINE u64 namespace_start(struct task_struct *task)
{
	struct pid_namespace *ns = namespace_of(READ(task, thread_pid));
	struct task_struct *reaper;

	if (!ns)
		return 0;
	reaper = READ(ns, child_reaper);
	if (!HAS(struct task_struct, start_boottime))
		return READ((struct task_struct___before_5_5 *)reaper, real_start_time);
	return READ(reaper, start_boottime);
}

GLOBAL int step_up_cgroup(void)
{
	struct scratch *s = my_scratch();
	struct kernfs_node *node, *parent;
	u32 count;

	if (!s)
		return 0;
	count = s->names_count;
	node = (void *)s->dentry;
	if (HAS(struct kernfs_node___6_15, __parent))
		parent = READ((struct kernfs_node___6_15 *)node, __parent);
	else
		parent = READ(node, parent);
	opaque(count);
	if (!parent || count >= MOST_NAMES)
		return 0;
	s->names[count] = READ(node, name);
	s->names_count = count + 1;
	s->dentry = (void *)parent;
	return 1;
}

GLOBAL int walk_cgroup(void)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	s->names_count = 0;
	for (int i = 0; i < MOST_NAMES; i++)
		if (!step_up_cgroup())
			break;
	put_names(s);
	return 0;
}

/* Appends `controller=path` of one control group. */
INLINE void add_cgroup(struct scratch *s, struct cgroup *cgroup, u64 name, u32 size)
{
	if (!cgroup)
		return;
	*(u64 *)place(s) = name;
	s->at += size;
	s->dentry = (void *)READ(cgroup, kn);
	walk_cgroup();
}

INLINE struct cgroup *cgroup_at(struct css_set *set, u32 index)
{
	struct cgroup_subsys_state *state = NULL;

	if (index >= 14)
		return NULL;
	read_kernel(&state, sizeof(state), (void **)set->subsys + index);
	return state ? READ(state, cgroup) : NULL;
}

#define TEXT8(a, b, c, d, e, f, g, h) \
	((u64)(a) | (u64)(b) << 8 | (u64)(c) << 16 | (u64)(d) << 24 | (u64)(e) << 32 | (u64)(f) << 40 | (u64)(g) << 48 | (u64)(h) << 56)
#define HAS_CONTROLLER(name) __builtin_preserve_enum_value(*(enum cgroup_subsys_id *)name, 0)
#define CONTROLLER(name) __builtin_preserve_enum_value(*(enum cgroup_subsys_id *)name, 1)

GLOBAL int put_cgroups(void)
{
	struct scratch *s = my_scratch();
	struct css_set *set;
	u32 start, size;

	if (!s)
		return 0;
	start = s->at;
	set = READ(s->task, cgroups);
	if (HAS_CONTROLLER(cpuset_cgrp_id))
		add_cgroup(s, cgroup_at(set, CONTROLLER(cpuset_cgrp_id)), TEXT8('c', 'p', 'u', 's', 'e', 't', '=', 0), 7);
	if (HAS_CONTROLLER(cpu_cgrp_id))
		add_cgroup(s, cgroup_at(set, CONTROLLER(cpu_cgrp_id)), TEXT8('c', 'p', 'u', '=', 0, 0, 0, 0), 4);
	if (HAS_CONTROLLER(cpuacct_cgrp_id))
		add_cgroup(s, cgroup_at(set, CONTROLLER(cpuacct_cgrp_id)), TEXT8('c', 'p', 'u', 'a', 'c', 'c', 't', '='), 8);
	if (HAS_CONTROLLER(io_cgrp_id))
		add_cgroup(s, cgroup_at(set, CONTROLLER(io_cgrp_id)), TEXT8('i', 'o', '=', 0, 0, 0, 0, 0), 3);
	if (HAS_CONTROLLER(memory_cgrp_id))
		add_cgroup(s, cgroup_at(set, CONTROLLER(memory_cgrp_id)), TEXT8('m', 'e', 'm', 'o', 'r', 'y', '=', 0), 7);
	if (HAS_CONTROLLER(pids_cgrp_id))
		add_cgroup(s, cgroup_at(set, CONTROLLER(pids_cgrp_id)), TEXT8('p', 'i', 'd', 's', '=', 0, 0, 0), 5);
	if (HAS_CONTROLLER(devices_cgrp_id))
		add_cgroup(s, cgroup_at(set, CONTROLLER(devices_cgrp_id)), TEXT8('d', 'e', 'v', 'i', 'c', 'e', 's', '='), 8);
	add_cgroup(s, READ(set, dfl_cgrp), TEXT8('u', 'n', 'i', 'f', 'i', 'e', 'd', '='), 8);
	size = s->at - start;
	s->at = start;
	if (size > PATH_MOST) {
		note_cut(s, size);
		size = PATH_MOST;
	}
	end_value(s, size & 0x1fff);
	return 0;
}

/* The first argument and the others, from the memory that exec laid out. */
GLOBAL int put_arguments(void)
{
	struct scratch *s = my_scratch();
	struct mm_struct *mm;
	u64 start, end, size;
	long first;
	u32 at;

	if (!s)
		return 0;
	mm = READ(s->task, mm);
	if (!mm) {
		put_nothing(s);
		put_nothing(s);
		return 0;
	}
	start = READ(mm, arg_start);
	end = READ(mm, arg_end);
	first = read_user_text(place(s), PATH_MOST, (void *)start);
	if (first <= 0) {
		count_unreadable();
		put_nothing(s);
		put_nothing(s);
		return 0;
	}
	end_value(s, first & 0x1fff);
	start += first;
	size = end > start ? end - start : 0;
	if (size <= PARAM_MOST) {
		put_user_bytes(s, start, size);
		return 0;
	}
	note_cut(s, size);
	at = s->at;
	if (read_user(place(s), ARGS_HALF, (void *)start)) {
		count_unreadable();
		put_nothing(s);
		return 0;
	}
	s->at = at + ARGS_HALF;
	if (read_user(place(s), ARGS_HALF, (void *)(end - ARGS_HALF)))
		count_unreadable();
	s->at = at;
	end_value(s, 2 * ARGS_HALF);
	return 0;
}

/* Appends the text that the i-th pointer of a list leads to; returns 0 at the list's end. What has no room is only
 * counted. */
GLOBAL int add_given(u32 i, u32 start, u32 most)
{
	struct scratch *s = my_scratch();
	u64 pointer;
	u32 room;
	long got;

	if (!s)
		return 0;
	pointer = read_word(s, s->vector, i);
	if (!pointer)
		return 0;
	room = most - (s->at - start);
	if (s->left || room > most)
		room = 0;
	opaque(room);
	room &= 0xffff;
	if (room) {
		no_more_than(PARAM_MOST, room);
		got = read_user_text(place(s), room, (void *)pointer);
		if (got == room) /* it may have been longer */
			s->left = 1;
	} else {
		got = read_user_text(s->record + RECORD_MOST, PARAM_MOST, (void *)pointer);
		s->left = 1;
	}
	if (got <= 0) {
		count_unreadable();
		return 0;
	}
	s->total += got;
	if (room)
		s->at += got & 0xffff;
	return 1;
}

/* Puts the texts of a list from the given one on: what an exec that failed was given, since nothing was laid out. */
INLINE void put_given(struct scratch *s, u64 list, u32 first, u32 count, u32 most)
{
	u32 start = s->at;
	u32 size;

	s->vector = list;
	s->left = 0;
	s->total = 0;
	for (u32 i = first; i < first + count; i++)
		if (!list || !add_given(i, start, most))
			break;
	size = s->at - start;
	s->at = start;
	if (s->left)
		note_cut(s, s->total);
	end_value(s, size & 0xffff);
}

GLOBAL int put_given_arguments(u64 list)
{
	struct scratch *s = my_scratch();
	u64 others;

	if (!s)
		return 0;
	others = list && read_word(s, list, 0) ? list : 0;
	put_given(s, others, 0, 1, PATH_MOST);
	put_given(s, others, 1, 1024, PARAM_MOST);
	return 0;
}

GLOBAL int put_given_environment(u64 list)
{
	struct scratch *s = my_scratch();

	if (!s)
		return 0;
	put_given(s, list, 0, 1024, ENV_MOST);
	return 0;
}

GLOBAL int put_environment(void)
{
	struct scratch *s = my_scratch();
	struct mm_struct *mm;
	u64 start, size;

	if (!s)
		return 0;
	mm = READ(s->task, mm);
	if (!mm) {
		put_nothing(s);
		return 0;
	}
	start = READ(mm, env_start);
	size = READ(mm, env_end) - start;
	if (size > ENV_MOST) {
		note_cut(s, size);
		size = ENV_MOST;
	}
	put_user_bytes(s, start, size);
	return 0;
}

INLINE bool has_failed_exec(struct scratch *s)
{
	return s->binary == NULL && s->result < 0;
}

/* exe to cgroups: fourteen parameters. */
INLINE void put_process(struct scratch *s, bool has_given, u64 given)
{
	struct task_struct *task = s->task;
	struct task_struct *parent = READ(task, real_parent);
	struct signal_struct *signal = READ(task, signal);
	u64 limit = 0;

	if (has_given)
		put_given_arguments(given);
	else
		put_arguments();
	put64(s, (s64)READ(task, pid));
	put64(s, (s64)READ(task, tgid));
	put64(s, (s64)READ(parent, pid));
	put_nothing(s); /* the working directory follows from the state */
	read_kernel(&limit, sizeof(limit), &signal->rlim[7].rlim_cur);
	put64(s, limit);
	put64(s, READ(task, maj_flt));
	put64(s, READ(task, min_flt));
	put_memory(s);
	put_kernel_text(s, task->comm);
	put_cgroups();
}

/* flags to pidns_init_start_ts: six parameters. */
INLINE void put_clone_end(struct scratch *s, u64 flags)
{
	struct task_struct *task = s->task;
	struct cred *cred = READ(task, cred);
	struct pid *pid = READ(task, thread_pid);
	struct pid_namespace *inner;
	u32 portable = convert(CLONE_FLAGS, flags);

	/* Lives in a pid name space of its own, or its children will. */
	inner = READ(READ(task, nsproxy), pid_ns_for_children);
	if (READ(pid, level) || (inner && READ(inner, level)))
		portable |= 1 << 29;
	put32(s, portable);
	put32(s, READ(cred, euid.val));
	put32(s, READ(cred, egid.val));
	put64(s, number_inside(pid));
	put64(s, number_inside(process_pid(task, PIDTYPE_TGID)));
	put64(s, namespace_start(task));
}

INLINE u32 terminal_of(struct task_struct *task)
{
	struct signal_struct *signal = READ(task, signal);
	struct tty_struct *tty = READ(signal, tty);
	struct tty_driver *driver;

	if (!tty)
		return 0;
	driver = READ(tty, driver);
	return encode_dev((u32)READ(driver, major) << 20 | (READ(driver, minor_start) + READ(tty, index)));
}

/* Whether the process may write to its own program, as far as owner, group and mode say. */
INLINE u32 may_write(struct inode *inode, struct cred *cred)
{
	u32 mode = READ(inode, i_mode);
	u32 shift = 0;

	if (READ_AS(u64, cred, cap_effective) >> 1 & 1) /* CAP_DAC_OVERRIDE */
		return 1;
	if (READ(cred, euid.val) == READ(inode, i_uid.val))
		shift = 6;
	else if (READ(cred, egid.val) == READ(inode, i_gid.val))
		shift = 3;
	return mode >> shift >> 1 & 1;
}

INLINE u32 exec_flags(struct file *file, struct inode *inode, struct cred *cred)
{
	u32 flags = may_write(inode, cred);
	u32 layer = layer_of(file);
	struct super_block *super = READ(inode, i_sb);
	struct dentry *dentry = READ(file, f_path.dentry);

	if (layer == 1)
		flags |= 2;
	if (layer == 2)
		flags |= 8;
	/* memfd files lie in a tmpfs that is mounted nowhere: no name leads to them. */
	if (READ(super, s_magic) == TMPFS_MAGIC && READ(inode, i_nlink) == 0 && dentry == READ(dentry, d_parent))
		flags |= 4;
	return flags;
}

/* env to gid: fifteen parameters. */
INLINE void put_exec_end(struct scratch *s, bool has_given, u64 given)
{
	struct task_struct *task = s->task;
	struct cred *cred = READ(task, cred);
	struct mm_struct *mm = READ(task, mm);
	struct file *file = mm ? READ(mm, exe_file) : NULL;
	struct inode *inode = READ(file, f_inode);
	s64 group = READ(process_pid(task, PIDTYPE_PGID), numbers[0].nr);

	if (has_given)
		put_given_environment(given);
	else
		put_environment();
	put32(s, terminal_of(task));
	put64(s, number_inside(process_pid(task, PIDTYPE_PGID)));
	put32(s, READ(task, loginuid.val));
	put32(s, exec_flags(file, inode, cred));
	put64(s, READ_AS(u64, cred, cap_inheritable));
	put64(s, READ_AS(u64, cred, cap_permitted));
	put64(s, READ_AS(u64, cred, cap_effective));
	put64(s, READ(inode, i_ino));
	put64(s, ctime_of(inode));
	put64(s, mtime_of(inode));
	put32(s, READ(cred, euid.val));
	put_file_path(s, file);
	put64(s, group);
	put32(s, READ(cred, egid.val));
}

/* Who takes over the children of a thread that exits (kernel/exit.c, find_new_reaper): 0 when it has none. */
GLOBAL s64 new_reaper(void)
{
	struct scratch *s = my_scratch();
	struct task_struct *task, *found;
	struct signal_struct *signal;
	struct pid_namespace *ns;
	struct list_head *node;

	if (!s)
		return 0;
	task = s->task;
	node = READ(task, children.next);
	if (node == &task->children)
		return 0;
	signal = READ(task, signal);
	node = READ(signal, thread_head.next);
	for (int i = 0; i < 30; i++) {
		if (!node || node == &signal->thread_head)
			break;
		found = CONTAINER(node, struct task_struct, thread_node);
		if (found != task && !(READ(found, flags) & 4)) /* PF_EXITING */
			return READ(found, pid);
		node = READ(node, next);
	}
	ns = namespace_of(READ(task, thread_pid));
	found = READ(task, real_parent);
	for (int i = 0; i < 60; i++) {
		struct signal_struct *above = READ(found, signal);
		u32 word = 0;
		u64 bits;

		if (!READ(found, pid) || namespace_of(READ(found, thread_pid)) != ns)
			break;
		read_kernel(&word, sizeof(word), (char *)above + __builtin_preserve_field_info(above->is_child_subreaper, 0));
		bits = word;
		bits <<= __builtin_preserve_field_info(above->is_child_subreaper, 4);
		bits >>= __builtin_preserve_field_info(above->is_child_subreaper, 5);
		if (bits)
			return READ(found, pid);
		found = READ(found, real_parent);
	}
	return READ(READ(ns, child_reaper), pid);
}
