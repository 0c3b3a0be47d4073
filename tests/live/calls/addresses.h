/* Addresses as programs pass them and as events carry them. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include "calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union any_address {
    struct sockaddr head;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
};

struct endpoint {
    union any_address address;
    socklen_t size;
};

struct endpoint ipv4(const char *host, int port);
struct endpoint ipv6(const char *host, int port);
/* A leading @ stands for the zero byte of an abstract name. */
struct endpoint local_name(const char *path);
/* A path that fills the structure, so that no zero byte ends it. */
struct endpoint longest_name(void);
struct endpoint bound_to(int fd);
int new_socket(int domain, int type);
int listener(const struct endpoint *at, struct endpoint *bound, int backlog);

void addr(const char *name, const struct endpoint *endpoint);
void tuple(const char *name, const struct endpoint *from, const struct endpoint *to);

#endif
