/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The members of kernel structures that the probe reads. Where they lie is told by the running kernel's BTF when the
 * probe is loaded; a name after three underscores is another shape that some kernels have. */
#pragma once
#include "bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next, *prev;
};
typedef struct {
	u32 val;
} id32;
typedef struct {
	u64 val;
} caps64;
struct qstr {
	u32 hash;
	u32 len;
	const char *name;
};
struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
};
struct timespec_pair {
	s64 tv_sec;
	long tv_nsec;
};
struct inode {
	u16 i_mode;
	id32 i_uid;
	id32 i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_nlink;
	s64 i_ctime_sec;
	u32 i_ctime_nsec;
	s64 i_mtime_sec;
	u32 i_mtime_nsec;
};
struct inode___before_6_11 {
	struct timespec_pair i_mtime;
	struct timespec_pair i_ctime;
};
struct inode___6_6 {
	struct timespec_pair __i_ctime;
	struct timespec_pair __i_mtime;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	void *d_fsdata;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
	struct inode *f_inode;
	u32 f_flags;
	u32 f_mode;
	void *private_data;
};
/* Begins with a pointer to a file, as the table of descriptors has them. */
struct epoll_filefd {
	struct file *file;
};
struct fdtable {
	u32 max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path root, pwd;
};
struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
};
struct kernfs_node___6_15 {
	struct kernfs_node *__parent;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct css_set {
	struct cgroup_subsys_state *subsys[14];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id {
	cpuset_cgrp_id,
	cpu_cgrp_id,
	cpuacct_cgrp_id,
	io_cgrp_id,
	memory_cgrp_id,
	devices_cgrp_id,
	freezer_cgrp_id,
	pids_cgrp_id,
};
struct percpu_counter {
	s64 count;
};
typedef struct {
	s64 counter;
} long_counter;
struct mm_rss_stat {
	long_counter count[4];
};
struct mm_struct {
	unsigned long total_vm;
	unsigned long arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
	struct percpu_counter rss_stat[4];
};
struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};
struct pid_namespace {
	struct task_struct *child_reaper;
	u32 level;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	u32 level;
	struct upid numbers[1];
};
struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
};
enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
};
struct tty_driver {
	int major;
	int minor_start;
};
struct tty_struct {
	int index;
	struct tty_driver *driver;
};
struct rlimit {
	unsigned long rlim_cur, rlim_max;
};
struct signal_struct {
	struct list_head thread_head;
	struct pid *pids[4];
	struct tty_struct *tty;
	struct rlimit rlim[16];
	int nr_threads;
	u32 flags;
	u32 is_child_subreaper : 1;
};
struct cred {
	id32 uid, gid, suid, sgid, euid, egid;
	caps64 cap_inheritable, cap_permitted, cap_effective;
};
struct thread_info {
	unsigned long flags;
	u32 status;
};
struct task_struct {
	struct thread_info thread_info;
	u32 flags;
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct list_head children;
	struct list_head sibling;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct list_head thread_node;
	u64 start_time;
	u64 start_boottime;
	unsigned long min_flt, maj_flt;
	struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	id32 loginuid;
	struct css_set *cgroups;
};
struct task_struct___before_5_5 {
	u64 real_start_time;
};
struct linux_binprm {
	struct file *file;
	const char *filename;
};
struct in6_addr {
	u8 bytes[16];
};
struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	u8 skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	u32 sk_ack_backlog;
	u32 sk_max_ack_backlog;
	u16 sk_protocol;
};
struct socket {
	s16 type;
	struct file *file;
	struct sock *sk;
};
struct inet_sock {
	u32 inet_saddr;
	u16 inet_sport;
};
struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
};
struct unix_address {
	int len;
	struct sockaddr_un name[1];
};
struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};
struct kernel_siginfo {
	int si_signo;
	int si_errno;
	int si_code;
	union {
		struct {
			int _pid;
			u32 _uid;
		} _kill;
	} _sifields;
};
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 sp, pc, pstate;
	u64 orig_x0;
	s32 syscallno;
};
#endif

/* io_uring (include/linux/io_uring_types.h): a request, and what its kinds have in its first part. */
struct filename {
	const char *name;
};
struct open_how {
	u64 flags, mode, resolve;
};
struct kiocb {
	s64 ki_pos;
};
struct io_open {
	int dfd;
	u32 file_slot;
	struct filename *filename;
	struct open_how how;
};
struct io_unlink {
	int dfd;
	int flags;
	struct filename *filename;
};
struct io_mkdir {
	int dfd;
	u16 mode;
	struct filename *filename;
};
struct io_rename {
	int old_dfd, new_dfd;
	struct filename *oldpath, *newpath;
	int flags;
};
struct io_link {
	int old_dfd, new_dfd;
	struct filename *oldpath, *newpath;
	int flags;
};
struct delayed_filename {
	struct filename *__incomplete_filename;
};
struct io_open___7_0 {
	struct delayed_filename filename;
};
struct io_unlink___7_0 {
	struct delayed_filename filename;
};
struct io_mkdir___7_0 {
	struct delayed_filename filename;
};
struct io_rename___7_0 {
	struct delayed_filename oldpath, newpath;
};
struct io_link___7_0 {
	struct delayed_filename oldpath, newpath;
};
struct io_socket {
	int domain, type, protocol;
	u32 file_slot;
};
struct io_connect {
	void *addr;
	int addr_len;
};
struct io_bind {
	int addr_len;
};
struct io_listen {
	int backlog;
};
struct io_accept {
	int flags;
	u32 file_slot;
};
struct io_shutdown {
	int how;
};
struct io_sr_msg {
	void *buf;
	int len;
};
struct io_close {
	int fd;
	u32 file_slot;
};
struct io_rw {
	struct kiocb kiocb;
	u64 addr;
	u32 len;
};
struct io_splice {
	u64 len;
	int splice_fd_in;
	u32 flags;
};
struct socket_storage {
	u8 bytes[128];
};
struct io_async_msghdr {
	struct socket_storage addr;
};
struct io_wq_work_node {
	struct io_wq_work_node *next;
};
struct io_wq_work_list {
	struct io_wq_work_node *first;
};
struct io_submit_state {
	struct io_wq_work_node free_list;
	struct io_wq_work_list compl_reqs;
};
struct io_ring_ctx {
	struct io_submit_state submit_state;
	struct io_wq_work_list locked_free_list;
};
struct task_struct___io_uring {
	void *io_uring;
};
struct io_cqe {
	s32 res;
	int fd;
};
struct io_kiocb {
	u8 opcode;
	u64 flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
	void *async_data;
	struct io_wq_work_node comp_list;
};

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000
#define OVERLAYFS_MAGIC 0x794c7630
#define SOCKFS_MAGIC 0x534f434b
#define TMPFS_MAGIC 0x01021994
#define KIB_PER_PAGE 4
