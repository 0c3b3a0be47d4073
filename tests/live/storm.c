/* A storm of short-lived processes: forks that end at once, forks that become another program, programs started the way
 * that libraries do, orphans, processes with threads, and a thread that becomes another program.
 *
 * storm SECONDS PAUSE   starts a process every PAUSE microseconds, says "storm" before the first one and how many
 *                       processes and threads there were at the end
 * storm leaf            is what these become: it ends at once
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define THREADS 3

static char *self;
static char *leaf[] = {"storm", "leaf", NULL};

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static void *idle(void *unused)
{
	return access("/", F_OK) ? unused : NULL;
}

static void *become(void *unused)
{
	execv(self, leaf);
	return unused;
}

static _Noreturn void with_threads(void *(*each)(void *), int count)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, each, NULL))
			_exit(1);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

/* The caller's part of a fork is over; the rest is the child's. */
static void act(int kind)
{
	switch (kind) {
	case 0:
		_exit(0);
	case 1:
		execv(self, leaf);
		_exit(1);
	case 2: /* the grandchild has no parent soon */
		if (fork() == 0)
			execv(self, leaf);
		_exit(0);
	case 3:
		with_threads(idle, THREADS);
	case 4:
		with_threads(become, 1);
	}
	_exit(0);
}

static void start(int kind)
{
	pid_t child;

	if (kind == 5) {
		if (posix_spawn(&child, self, NULL, NULL, leaf, environ))
			fail("posix_spawn");
		return;
	}
	if (kind == 6) {
		child = vfork();
		if (child == 0)
			_exit(0);
	} else {
		child = fork();
		if (child == 0)
			act(kind);
	}
	if (child < 0)
		fail("fork");
}

int main(int argc, char **argv)
{
	static const int processes[] = {1, 1, 2, 1, 1, 1, 1};
	long started = 0, threads = 0;
	double end;

	self = realpath("/proc/self/exe", NULL);
	if (argc == 2)
		return 0;
	if (argc != 3 || !self) {
		fprintf(stderr, "usage: storm SECONDS PAUSE\n");
		return 2;
	}
	end = now() + atof(argv[1]);
	puts("storm");
	fflush(stdout);
	for (int kind = 0; now() < end; kind = (kind + 1) % 7) {
		start(kind);
		started += processes[kind];
		threads += kind == 3 ? THREADS : kind == 4;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		usleep(atoi(argv[2]));
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	printf("%ld %ld\n", started, threads);
	return 0;
}
