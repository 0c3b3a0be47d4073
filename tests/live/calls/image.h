/* What events about processes say of one, found out beforehand. */
#ifndef IMAGE_H
#define IMAGE_H

#include "calls.h"

struct image {
    unsigned long long fdlimit, inheritable, permitted, effective, ino, ctime, mtime;
    unsigned uid, gid, loginuid;
    long vpgid;
    char cwd[4096], cgroup[4096];
};

void look(struct image *image, const char *program);
/* The middle of the row of clone, fork, exec: exe, args, tid, pid, ptid ... cgroups. */
void process_params(const struct image *image, const char *exe, const char *args, size_t size, long tid, long pid, long ptid, const char *comm);
void own_process(const struct image *image, long tid, long pid, long ptid);
void clone_end(const struct image *image, const char *flags, long vtid, long vpid);
void exec_end(const struct image *image, const char *env, size_t size, const char *flags, const char *path);

#endif
