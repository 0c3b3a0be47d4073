/* Sockets: making them, naming them, connecting and accepting. */
#define _GNU_SOURCE
#include "addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/time.h>

static void socket_(void)
{
    long res = CALL(__NR_socket, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    EXPECT("SOCKET_SOCKET_X", num("fd", res), names("domain", "AF_INET"), num("type", SOCK_DGRAM), num("proto", 17), num("flags", 0));
    res = CALL(__NR_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    EXPECT("SOCKET_SOCKET_X", num("fd", res), names("domain", "AF_UNIX"), either("type", "1, 526337"), num("proto", 0),
           names("flags", "O_CLOEXEC|O_NONBLOCK"));
    res = CALL(__NR_socket, AF_NETLINK, SOCK_RAW, 0);
    EXPECT("SOCKET_SOCKET_X", num("fd", res), num("domain", 16), num("type", SOCK_RAW), num("proto", 0), num("flags", 0));
    res = CALL(__NR_socket, AF_INET6, SOCK_STREAM, 200);
    EXPECT("SOCKET_SOCKET_X", num("fd", res), names("domain", "AF_INET6"), num("type", SOCK_STREAM), num("proto", 200), num("flags", 0));
}

static void bound(int fd, const struct endpoint *at)
{
    long res = CALL(__NR_bind, fd, &at->address, at->size);
    EXPECT("SOCKET_BIND_X", num("res", res), addr("addr", at), num("fd", fd));
}

static void bind_(void)
{
    struct endpoint four = ipv4("127.0.0.1", 0), six = ipv6("::1", 0), mapped = ipv6("::ffff:127.0.0.1", 0),
                    path = local_name("bound.sock"), abstract = local_name("@live-abstract"), odd = local_name("caf\xe9.sock");
    int used = new_socket(AF_INET, SOCK_STREAM);
    bound(used, &four);
    bound(new_socket(AF_INET6, SOCK_STREAM), &six);
    bound(new_socket(AF_INET6, SOCK_DGRAM), &mapped);
    bound(new_socket(AF_UNIX, SOCK_STREAM), &path);
    bound(new_socket(AF_UNIX, SOCK_STREAM), &path);
    bound(new_socket(AF_UNIX, SOCK_STREAM), &abstract);
    bound(new_socket(AF_UNIX, SOCK_STREAM), &odd);
    struct endpoint longest = longest_name();
    bound(new_socket(AF_UNIX, SOCK_STREAM), &longest);
    /* The length alone ends an abstract name: what follows in memory is not part of it. */
    struct endpoint exact = local_name("@live-exact, and then something else");
    exact.size -= strlen(", and then something else");
    bound(new_socket(AF_UNIX, SOCK_STREAM), &exact);
    four = bound_to(used);
    bound(new_socket(AF_INET, SOCK_STREAM), &four);
    bound(-1, &four);
    long res = CALL(__NR_listen, used, 23);
    EXPECT("SOCKET_LISTEN_X", num("res", res), num("fd", used), num("backlog", 23));
    res = CALL(__NR_listen, -1, -4);
    EXPECT("SOCKET_LISTEN_X", num("res", res), num("fd", -1), num("backlog", -4));
    struct endpoint name = {.size = sizeof name.address};
    CALL(__NR_getsockname, used, &name.address, &name.size);
    EXPECT("SOCKET_GETSOCKNAME_X");
    CALL(__NR_getpeername, used, &name.address, &name.size);
    EXPECT("SOCKET_GETPEERNAME_X");
}

/* A client and a server in one process: both sides of each connection are known to the last port. */
static void met(const struct endpoint *at)
{
    struct endpoint server;
    int listening = listener(at, &server, 7), fd = new_socket(at->address.head.sa_family, SOCK_STREAM);
    long res = CALL(__NR_connect, fd, &server.address, server.size);
    struct endpoint client = bound_to(fd);
    EXPECT("SOCKET_CONNECT_X", num("res", res), tuple("tuple", &client, &server), num("fd", fd), addr("addr", &server));
    res = CALL(__NR_accept, listening, NULL, NULL);
    EXPECT("SOCKET_ACCEPT_5_X", num("fd", res), tuple("tuple", &client, &server), num("queuepct", 0), num("queuelen", 0), num("queuemax", 7));
    int second = new_socket(at->address.head.sa_family, SOCK_STREAM), third = new_socket(at->address.head.sa_family, SOCK_STREAM);
    QUIET(__NR_connect, second, &server.address, server.size);
    QUIET(__NR_connect, third, &server.address, server.size);
    client = bound_to(second);
    res = CALL(__NR_accept4, listening, NULL, NULL, 0);
    EXPECT("SOCKET_ACCEPT4_6_X", num("fd", res), tuple("tuple", &client, &server), num("queuepct", 14), num("queuelen", 1),
           num("queuemax", 7), num("flags", 0));
    client = bound_to(third);
    res = CALL(__NR_accept4, listening, NULL, NULL, SOCK_CLOEXEC);
    EXPECT("SOCKET_ACCEPT4_6_X", num("fd", res), tuple("tuple", &client, &server), num("queuelen", 0), num("queuemax", 7),
           either("flags", "0, 524288, 4096"));
}

static void connect_ipv4(void)
{
    struct endpoint at = ipv4("127.0.0.1", 0);
    met(&at);
}

static void connect_ipv6(void)
{
    struct endpoint at = ipv6("::1", 0);
    met(&at);
}

static void connect_mapped(void)
{
    struct endpoint at = ipv6("::ffff:127.0.0.1", 0);
    met(&at);
}

static void met_unix(const char *path, const char *shown)
{
    struct endpoint at = local_name(path), ignored;
    int listening = listener(&at, &ignored, 5), fd = new_socket(AF_UNIX, SOCK_STREAM);
    long res = CALL(__NR_connect, fd, &at.address, at.size);
    EXPECT("SOCKET_CONNECT_X", num("res", res), unix_tuple("tuple", shown), num("fd", fd), addr("addr", &at));
    res = CALL(__NR_accept, listening, NULL, NULL);
    EXPECT("SOCKET_ACCEPT_5_X", num("fd", res), unix_tuple("tuple", shown), num("queuelen", 0), num("queuemax", 5));
}

static void connect_unix(void)
{
    met_unix("named.sock", "named.sock");
    met_unix("caf\xe9\xff.sock", "caf\xe9\xff.sock");
    met_unix("@live-meeting", "live-meeting");
    met_unix("@m", "m");
}

static void refused(int fd, const struct endpoint *to)
{
    long res = CALL(__NR_connect, fd, &to->address, to->size);
    EXPECT("SOCKET_CONNECT_X", num("res", res), none("tuple"), num("fd", fd), addr("addr", to));
}

static void connect_fails(void)
{
    struct endpoint nobody = ipv4("127.0.0.1", 1), nobody6 = ipv6("::1", 1), absent = local_name("absent.sock"),
                    hidden = local_name("@live-nobody");
    refused(new_socket(AF_INET, SOCK_STREAM), &nobody);
    refused(new_socket(AF_INET6, SOCK_STREAM), &nobody6);
    refused(new_socket(AF_UNIX, SOCK_STREAM), &absent);
    refused(new_socket(AF_UNIX, SOCK_STREAM), &hidden);
    refused(-1, &nobody);
    long res = CALL(__NR_accept, -1, NULL, NULL);
    EXPECT("SOCKET_ACCEPT_5_X", num("fd", res), none("tuple"), num("queuepct", 0), num("queuelen", 0), num("queuemax", 0));
    res = CALL(__NR_accept4, -1, NULL, NULL, 0);
    EXPECT("SOCKET_ACCEPT4_6_X", num("fd", res), none("tuple"), num("queuepct", 0), num("queuelen", 0), num("queuemax", 0), num("flags", 0));
}

/* The queue of the listener is full, so that the handshake stays open: in progress, with both ends known. */
static void connect_in_progress(void)
{
    struct endpoint at = ipv4("127.0.0.1", 0), server;
    listener(&at, &server, 0);
    for (int k = 0; k < 8; k++) {
        int fd = new_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
        long res = CALL(__NR_connect, fd, &server.address, server.size);
        struct endpoint client = bound_to(fd);
        EXPECT("SOCKET_CONNECT_X", num("res", res), tuple("tuple", &client, &server), num("fd", fd), addr("addr", &server));
        if (k > 3)
            need(res == -EINPROGRESS, "connect was not in progress");
    }
}

static void connect_udp(void)
{
    struct endpoint four = ipv4("127.0.0.1", 9), six = ipv6("::1", 9);
    int fd = new_socket(AF_INET, SOCK_DGRAM);
    long res = CALL(__NR_connect, fd, &four.address, four.size);
    struct endpoint own = bound_to(fd);
    EXPECT("SOCKET_CONNECT_X", num("res", res), tuple("tuple", &own, &four), num("fd", fd), addr("addr", &four));
    fd = new_socket(AF_INET6, SOCK_DGRAM);
    res = CALL(__NR_connect, fd, &six.address, six.size);
    own = bound_to(fd);
    EXPECT("SOCKET_CONNECT_X", num("res", res), tuple("tuple", &own, &six), num("fd", fd), addr("addr", &six));
}

static void socketpair_(void)
{
    int fds[2];
    long res = CALL(__NR_socketpair, AF_UNIX, SOCK_DGRAM, 0, fds);
    EXPECT("SOCKET_SOCKETPAIR_X", num("res", res), num("fd1", fds[0]), num("fd2", fds[1]), names("domain", "AF_UNIX"),
           num("type", SOCK_DGRAM), num("proto", 0), between("source", -0x7fffffffffffffff, -1), between("peer", -0x7fffffffffffffff, -1));
    res = CALL(__NR_socketpair, AF_INET, SOCK_STREAM, 6, fds);
    EXPECT("SOCKET_SOCKETPAIR_X", num("res", res), num("fd1", -1), num("fd2", -1), names("domain", "AF_INET"),
           num("type", SOCK_STREAM), num("proto", 6), num("source", 0), num("peer", 0));
}

static void shutdown_(void)
{
    int fds[2];
    QUIET(__NR_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
    long res = CALL(__NR_shutdown, fds[0], SHUT_WR);
    EXPECT("SOCKET_SHUTDOWN_X", num("res", res), num("fd", fds[0]), names("how", "SHUT_WR"));
    res = CALL(__NR_shutdown, -1, SHUT_RDWR);
    EXPECT("SOCKET_SHUTDOWN_X", num("res", res), num("fd", -1), names("how", "SHUT_RDWR"));
}

/* A value whose first byte says what it is: 0 bytes, 1 an error, 2 and 3 numbers, 4 a time. */
static void kinded(const char *name, int kind, const void *value, size_t size)
{
    unsigned char made[128] = {kind};
    memcpy(made + 1, value, size);
    bytes(name, made, size + 1);
}

static void option(const char *event, long res, int fd, const char *level, int optname, unsigned size)
{
    expect(event);
    num("res", res);
    num("fd", fd);
    names("level", level);
    num("optname", optname);
    num("optlen", size);
}

static void setsockopt_(void)
{
    int fd = new_socket(AF_INET, SOCK_STREAM), one = 1, keep = 77;
    struct timeval limit = {3, 250000};
    struct linger linger = {1, 9};
    uint64_t ns = 3250000000ULL;
    option("SOCKET_SETSOCKOPT_X", CALL(__NR_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &one, 4), fd, "SOL_SOCKET", 2, 4);
    kinded("val", 2, &one, 4), done();
    option("SOCKET_SETSOCKOPT_X", CALL(__NR_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &limit, 16), fd, "SOL_SOCKET", 20, 16);
    kinded("val", 4, &ns, 8), done();
    option("SOCKET_SETSOCKOPT_X", CALL(__NR_setsockopt, fd, SOL_SOCKET, SO_LINGER, &linger, 8), fd, "SOL_SOCKET", 13, 8);
    kinded("val", 0, &linger, 8), done();
    option("SOCKET_SETSOCKOPT_X", CALL(__NR_setsockopt, fd, IPPROTO_TCP, TCP_KEEPIDLE, &keep, 4), fd, "SOL_TCP", 0, 4);
    kinded("val", 0, &keep, 4), done();
    option("SOCKET_SETSOCKOPT_X", CALL(__NR_setsockopt, -1, SOL_SOCKET, SO_KEEPALIVE, &one, 4), -1, "SOL_SOCKET", 9, 4);
    kinded("val", 2, &one, 4), done();
}

static void getsockopt_(void)
{
    struct endpoint nobody = ipv4("127.0.0.1", 1);
    int fd = new_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), value = 0, failed = 0;
    uint64_t cookie = 0;
    int64_t error;
    unsigned size = 4;
    option("SOCKET_GETSOCKOPT_X", CALL(__NR_getsockopt, fd, SOL_SOCKET, SO_TYPE, &value, &size), fd, "SOL_SOCKET", 3, 4);
    kinded("val", 2, &value, 4), done();
    QUIET(__NR_connect, fd, &nobody.address, nobody.size);
    option("SOCKET_GETSOCKOPT_X", CALL(__NR_getsockopt, fd, SOL_SOCKET, SO_ERROR, &failed, &size), fd, "SOL_SOCKET", 4, 4);
    error = -failed;
    kinded("val", 1, &error, 8), done();
    size = 8;
    option("SOCKET_GETSOCKOPT_X", CALL(__NR_getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), fd, "SOL_SOCKET", 53, 8);
    kinded("val", 3, &cookie, 8), done();
    size = 4;
    long res = CALL(__NR_getsockopt, -1, SOL_SOCKET, SO_TYPE, &value, &size);
    EXPECT("SOCKET_GETSOCKOPT_X", num("res", res), num("fd", -1), names("level", "SOL_SOCKET"), num("optname", 3));
}

const struct live_case socket_cases[] = CASES(
    {"socket", socket_}, {"bind", bind_}, {"connect-ipv4", connect_ipv4}, {"connect-ipv6", connect_ipv6},
    {"connect-mapped", connect_mapped}, {"connect-unix", connect_unix}, {"connect-fails", connect_fails},
    {"connect-in-progress", connect_in_progress}, {"connect-udp", connect_udp}, {"socketpair", socketpair_},
    {"shutdown", shutdown_}, {"setsockopt", setsockopt_}, {"getsockopt", getsockopt_});
