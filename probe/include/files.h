/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Descriptors, inodes and paths, as the kernel holds them. */
#pragma once
#include "scratch.h"

INLINE struct file *file_of(struct scratch *s, s32 number)
{
	struct files_struct *files = READ(s->task, files);
	struct fdtable *table;
	struct file **slots;
	struct file *file = NULL;

	if (number < 0 || !files)
		return NULL;
	table = READ(files, fdt);
	if ((u32)number >= READ(table, max_fds))
		return NULL;
	slots = READ(table, fd);
	read_kernel(&file, sizeof(file), slots + number);
	return file;
}

/* The file that the call's result is the descriptor of. */
INLINE struct file *result_file(struct scratch *s)
{
	if (!s->has_file) {
		s->file = s->result >= 0 ? file_of(s, s->result) : NULL;
		s->has_file = 1;
	}
	return s->file;
}

/* Device numbers as stat(2) gives them in its short form (new_encode_dev in include/linux/kdev_t.h). */
INLINE u32 encode_dev(u32 dev)
{
	u32 major = dev >> 20;
	u32 minor = dev & 0xfffff;

	return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

INLINE u32 device_of(struct inode *inode)
{
	struct super_block *super = READ(inode, i_sb);

	return encode_dev(READ(super, s_dev));
}

/* Which layer of an overlay file system a file is in: 1 upper, 2 lower, 0 no overlay. The upper dentry follows the
 * inode in struct ovl_inode (fs/overlayfs/ovl_entry.h). */
INLINE u32 layer_of(struct file *file)
{
	struct inode *inode = READ(file, f_inode);
	struct super_block *super = READ(inode, i_sb);
	struct dentry *upper = NULL;

	if (READ(super, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	read_kernel(&upper, sizeof(upper), (char *)inode + SIZE_OF(struct inode));
	if (!upper)
		return 2;
	return READ(upper, d_inode) ? 1 : 2;
}

/* The kernel marks times that somebody asked for in the upper bits of the nanoseconds (since 6.13). */
#define TIME_MASK 0x3fffffff

INLINE s64 seconds(s64 whole, u64 parts)
{
	return whole * 1000000000LL + parts;
}

INLINE u64 ctime_of(struct inode *inode)
{
	struct inode___before_6_11 *old = (void *)inode;
	struct inode___6_6 *middle = (void *)inode;

	if (HAS(struct inode, i_ctime_sec))
		return seconds(READ(inode, i_ctime_sec), READ(inode, i_ctime_nsec) & TIME_MASK);
	if (HAS(struct inode___6_6, __i_ctime))
		return seconds(READ(middle, __i_ctime.tv_sec), READ(middle, __i_ctime.tv_nsec));
	return seconds(READ(old, i_ctime.tv_sec), READ(old, i_ctime.tv_nsec));
}

INLINE u64 mtime_of(struct inode *inode)
{
	struct inode___before_6_11 *old = (void *)inode;
	struct inode___6_6 *middle = (void *)inode;

	if (HAS(struct inode, i_mtime_sec))
		return seconds(READ(inode, i_mtime_sec), READ(inode, i_mtime_nsec));
	if (HAS(struct inode___6_6, __i_mtime))
		return seconds(READ(middle, __i_mtime.tv_sec), READ(middle, __i_mtime.tv_nsec));
	return seconds(READ(old, i_mtime.tv_sec), READ(old, i_mtime.tv_nsec));
}

/* Takes down the name at hand and goes on to the directory above, over the edge of a mount where there is one;
 * returns 0 at the root. A function of its own, so that the loop around it costs the verifier nothing. */
GLOBAL int step_up(void)
{
	struct scratch *s = my_scratch();
	struct dentry *dentry, *parent;
	struct mount *mount, *above;
	u32 count;

	if (!s)
		return 0;
	count = s->names_count;
	dentry = s->dentry;
	mount = s->mount;
	parent = READ(dentry, d_parent);
	if (dentry == READ(mount, mnt.mnt_root) || dentry == parent) {
		above = READ(mount, mnt_parent);
		if (dentry != READ(mount, mnt.mnt_root) || above == mount)
			return 0;
		s->dentry = READ(mount, mnt_mountpoint);
		s->mount = above;
		return 1;
	}
	opaque(count);
	if (count >= MOST_NAMES)
		return 0;
	s->names[count] = READ(dentry, d_name.name);
	s->names_count = count + 1;
	s->dentry = parent;
	return 1;
}

/* Appends the last name that was taken down after a slash; returns 0 when there is none left. */
GLOBAL int add_name(u32 start)
{
	struct scratch *s = my_scratch();
	u32 index;
	long size;

	if (!s)
		return 0;
	index = s->names_count - 1;
	opaque(index);
	if (index >= MOST_NAMES || s->at - start > PATH_MOST)
		return 0;
	*place(s) = '/';
	s->at++;
	size = read_kernel_text(place(s), 256, s->names[index]);
	if (size > 0)
		s->at += size - 1;
	s->names_count = index;
	return 1;
}

/* Puts the names that were taken down, the last one first, each after a slash. */
INLINE void put_names(struct scratch *s)
{
	u32 start = s->at;

	if (!s->names_count) {
		*place(s) = '/';
		s->at++;
	}
	for (u32 i = 0; i < MOST_NAMES; i++)
		if (!add_name(start))
			break;
	*place(s) = 0;
	s->at++;
}

/* Puts the path of a file; files without a place in the tree (memfd, pipes) by their name alone. */
GLOBAL int put_path_of(u64 pointer)
{
	struct scratch *s = my_scratch();
	struct file *file = (void *)pointer;
	struct dentry *dentry;
	struct vfsmount *mnt;
	u32 start, size;

	if (!s)
		return 0;
	start = s->at;
	dentry = READ(file, f_path.dentry);
	mnt = READ(file, f_path.mnt);
	if (!dentry) {
		put_nothing(s);
		return 0;
	}
	if (dentry == READ(dentry, d_parent) && dentry != READ(mnt, mnt_root)) {
		put_kernel_text(s, READ(dentry, d_name.name));
		return 0;
	}
	s->dentry = dentry;
	s->mount = CONTAINER(mnt, struct mount, mnt);
	s->names_count = 0;
	for (int i = 0; i < 160; i++)
		if (!step_up())
			break;
	put_names(s);
	size = s->at - start;
	s->at = start;
	end_value(s, size & 0x3fff);
	return 0;
}

INLINE void put_file_path(struct scratch *s, struct file *file)
{
	put_path_of((u64)file);
}
