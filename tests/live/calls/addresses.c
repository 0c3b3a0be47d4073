/* Addresses as programs pass them and as events carry them. */
#define _GNU_SOURCE
#include "addresses.h"

#include <stdio.h>
#include <stddef.h>

struct endpoint ipv4(const char *host, int port)
{
    struct endpoint made = {.size = sizeof(struct sockaddr_in)};
    made.address.four.sin_family = AF_INET;
    made.address.four.sin_port = htons(port);
    inet_pton(AF_INET, host, &made.address.four.sin_addr);
    return made;
}

struct endpoint ipv6(const char *host, int port)
{
    struct endpoint made = {.size = sizeof(struct sockaddr_in6)};
    made.address.six.sin6_family = AF_INET6;
    made.address.six.sin6_port = htons(port);
    inet_pton(AF_INET6, host, &made.address.six.sin6_addr);
    return made;
}

struct endpoint local_name(const char *path)
{
    struct endpoint made = {.size = offsetof(struct sockaddr_un, sun_path) + strlen(path)};
    made.address.local.sun_family = AF_UNIX;
    strcpy(made.address.local.sun_path, path);
    if (*path == '@')
        made.address.local.sun_path[0] = 0;
    else
        made.size++;
    return made;
}

struct endpoint longest_name(void)
{
    struct endpoint made = {.size = sizeof(struct sockaddr_un)};
    made.address.local.sun_family = AF_UNIX;
    memset(made.address.local.sun_path, 'l', sizeof made.address.local.sun_path);
    return made;
}

struct endpoint bound_to(int fd)
{
    struct endpoint found = {.size = sizeof found.address};
    QUIET(__NR_getsockname, fd, &found.address, &found.size);
    return found;
}

int new_socket(int domain, int type)
{
    return QUIET(__NR_socket, domain, type, 0);
}

int listener(const struct endpoint *at, struct endpoint *bound, int backlog)
{
    int fd = new_socket(at->address.head.sa_family, SOCK_STREAM);
    need(QUIET(__NR_bind, fd, &at->address, at->size) == 0, "cannot bind");
    QUIET(__NR_listen, fd, backlog);
    *bound = bound_to(fd);
    return fd;
}

static size_t put_end(unsigned char *into, const struct endpoint *end)
{
    unsigned short port;
    if (end->address.head.sa_family == AF_INET) {
        memcpy(into, &end->address.four.sin_addr, 4);
        port = ntohs(end->address.four.sin_port);
        memcpy(into + 4, &port, 2);
        return 6;
    }
    memcpy(into, &end->address.six.sin6_addr, 16);
    port = ntohs(end->address.six.sin6_port);
    memcpy(into + 16, &port, 2);
    return 18;
}

void addr(const char *name, const struct endpoint *endpoint)
{
    unsigned char made[128] = {endpoint->address.head.sa_family};
    size_t size = 1;
    if (made[0] == AF_UNIX) {
        const char *path = endpoint->address.local.sun_path;
        int room = endpoint->size - offsetof(struct sockaddr_un, sun_path) - (*path == 0);
        size += snprintf((char *)made + 1, sizeof made - 1, "%.*s", room, path + (*path == 0)) + 1;
    } else {
        size += put_end(made + 1, endpoint);
    }
    bytes(name, made, size);
}

void tuple(const char *name, const struct endpoint *from, const struct endpoint *to)
{
    unsigned char made[64] = {from->address.head.sa_family};
    size_t size = 1 + put_end(made + 1, from);
    bytes(name, made, size + put_end(made + size, to));
}
