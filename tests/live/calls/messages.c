/* Messages: sent and received in one piece, in several, several at once. */
#define _GNU_SOURCE
#include "addresses.h"

#include <stdlib.h>
#include <sys/uio.h>

#define SNAPLEN 80

static char out[200], in[300];

static void prepare(void)
{
    for (size_t k = 0; k < sizeof out; k++)
        out[k] = k == 3 ? 0 : '0' + k % 75;
}

static void data(const void *from, size_t size)
{
    bytes("data", from, size > SNAPLEN ? SNAPLEN : size);
}

struct two {
    struct endpoint left, right;
    int from, to;
};

static struct two datagrams(struct endpoint at)
{
    struct two made = {.from = new_socket(at.address.head.sa_family, SOCK_DGRAM), .to = new_socket(at.address.head.sa_family, SOCK_DGRAM)};
    QUIET(__NR_bind, made.from, &at.address, at.size);
    QUIET(__NR_bind, made.to, &at.address, at.size);
    made.left = bound_to(made.from);
    made.right = bound_to(made.to);
    return made;
}

static void sent_to(struct endpoint at)
{
    struct endpoint sender = {.size = sizeof sender.address};
    struct two two = datagrams(at);
    prepare();
    long res = CALL(__NR_sendto, two.from, out, 120, 0, &two.right.address, two.right.size);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(out, 120), num("fd", two.from), num("size", 120), tuple("tuple", &two.left, &two.right));
    res = CALL(__NR_recvfrom, two.to, in, 300, 0, &sender.address, &sender.size);
    EXPECT("SOCKET_RECVFROM_X", num("res", res), data(out, 120), tuple("tuple", &two.left, &two.right), num("fd", two.to), num("size", 300));
}

static void sendto_ipv4(void)
{
    sent_to(ipv4("127.0.0.1", 0));
}

static void sendto_ipv6(void)
{
    sent_to(ipv6("::1", 0));
}

static void sendto_mapped(void)
{
    sent_to(ipv6("::ffff:127.0.0.1", 0));
}

static void sendto_connected(void)
{
    struct endpoint at = ipv4("127.0.0.1", 0), server;
    int listening = listener(&at, &server, 3), fd = new_socket(AF_INET, SOCK_STREAM);
    QUIET(__NR_connect, fd, &server.address, server.size);
    struct endpoint client = bound_to(fd);
    int accepted = QUIET(__NR_accept, listening, NULL, NULL);
    prepare();
    long res = CALL(__NR_sendto, fd, out, 30, 0, NULL, 0);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(out, 30), num("fd", fd), num("size", 30), tuple("tuple", &client, &server));
    res = CALL(__NR_recvfrom, accepted, in, 100, 0, NULL, NULL);
    EXPECT("SOCKET_RECVFROM_X", num("res", res), data(out, 30), tuple("tuple", &client, &server), num("fd", accepted), num("size", 100));
}

static void sendto_unix(void)
{
    struct endpoint name = local_name("datagrams.sock"), abstract = local_name("@live-datagrams");
    int to = new_socket(AF_UNIX, SOCK_DGRAM), hidden = new_socket(AF_UNIX, SOCK_DGRAM), from = new_socket(AF_UNIX, SOCK_DGRAM);
    QUIET(__NR_bind, to, &name.address, name.size);
    QUIET(__NR_bind, hidden, &abstract.address, abstract.size);
    prepare();
    long res = CALL(__NR_sendto, from, out, 20, 0, &name.address, name.size);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(out, 20), num("fd", from), num("size", 20), unix_tuple("tuple", "datagrams.sock"));
    res = CALL(__NR_recvfrom, to, in, 100, 0, NULL, NULL);
    EXPECT("SOCKET_RECVFROM_X", num("res", res), data(out, 20), num("fd", to), num("size", 100), unix_tuple("tuple", "datagrams.sock"));
    res = CALL(__NR_sendto, from, out, 21, 0, &abstract.address, abstract.size);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(out, 21), num("fd", from), num("size", 21), unix_tuple("tuple", "live-datagrams"));
}

/* Sockets of other families have no ends that events could show. */
static void sendto_netlink(void)
{
    static const unsigned request[] = {20, 22 | 0x301 << 16, 1, 0, 0}; /* all addresses of all interfaces */
    int fd = new_socket(AF_NETLINK, SOCK_RAW);
    long res = CALL(__NR_sendto, fd, request, sizeof request, 0, NULL, 0);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(request, sizeof request), num("fd", fd), num("size", sizeof request), none("tuple"));
    static char answer[8192];
    res = CALL(__NR_recvfrom, fd, answer, sizeof answer, 0, NULL, NULL);
    EXPECT("SOCKET_RECVFROM_X", num("res", res), data(answer, res), none("tuple"), num("fd", fd), num("size", sizeof answer));
}

static void sendto_fails(void)
{
    prepare();
    long res = CALL(__NR_sendto, -1, out, 22, 0, NULL, 0);
    EXPECT("SOCKET_SENDTO_X", num("res", res), data(out, 22), num("fd", -1), num("size", 22), none("tuple"));
    res = CALL(__NR_recvfrom, -1, in, 33, 0, NULL, NULL);
    EXPECT("SOCKET_RECVFROM_X", num("res", res), none("data"), none("tuple"), num("fd", -1), num("size", 33));
}

static struct iovec pieces[] = {{out, 5}, {out + 5, 60}, {out + 65, 0}, {out + 65, 55}};
static struct iovec places[] = {{in, 7}, {in + 7, 80}, {in + 87, 200}};

static void sendmsg_udp(struct endpoint at)
{
    struct endpoint sender;
    struct two two = datagrams(at);
    prepare();
    struct msghdr message = {.msg_name = &two.right.address, .msg_namelen = two.right.size, .msg_iov = pieces, .msg_iovlen = 4};
    long res = CALL(__NR_sendmsg, two.from, &message, 0);
    EXPECT("SOCKET_SENDMSG_X", num("res", res), data(out, 120), num("fd", two.from), num("size", 120), tuple("tuple", &two.left, &two.right));
    struct msghdr got = {.msg_name = &sender.address, .msg_namelen = sizeof sender.address, .msg_iov = places, .msg_iovlen = 3};
    res = CALL(__NR_recvmsg, two.to, &got, 0);
    EXPECT("SOCKET_RECVMSG_X", num("res", res), num("size", 120), data(out, 120), tuple("tuple", &two.left, &two.right),
           none("msgcontrol"), num("fd", two.to));
}

static void sendmsg_(void)
{
    sendmsg_udp(ipv4("127.0.0.1", 0));
    sendmsg_udp(ipv6("::1", 0));
    prepare();
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 4};
    long res = CALL(__NR_sendmsg, -1, &message, 0);
    EXPECT("SOCKET_SENDMSG_X", num("res", res), data(out, 120), num("fd", -1), num("size", 120), none("tuple"));
    res = CALL(__NR_recvmsg, -1, &message, 0);
    EXPECT("SOCKET_RECVMSG_X", num("res", res), num("size", 0), none("data"), none("tuple"), none("msgcontrol"), num("fd", -1));
}

/* A descriptor is passed along: the control part of the message is in the event as the receiver got it. */
static void passed_descriptor(void)
{
    int fds[2];
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    QUIET(__NR_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
    *(int *)CMSG_DATA(&control.head) = fds[0];
    prepare();
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    long res = CALL(__NR_sendmsg, fds[0], &message, 0);
    EXPECT("SOCKET_SENDMSG_X", num("res", res), data(out, 5), num("fd", fds[0]), num("size", 5), unix_tuple("tuple", ""));
    message.msg_iov = places;
    memset(&control, 0, sizeof control);
    res = CALL(__NR_recvmsg, fds[1], &message, 0);
    EXPECT("SOCKET_RECVMSG_X", num("res", res), num("size", 5), data(out, 5), unix_tuple("tuple", ""),
           bytes("msgcontrol", &control, message.msg_controllen), num("fd", fds[1]));
}

static void many_messages(void)
{
    struct endpoint sender[2];
    struct two two = datagrams(ipv4("127.0.0.1", 0));
    prepare();
    struct mmsghdr messages[2] = {
        {.msg_hdr = {.msg_name = &two.right.address, .msg_namelen = two.right.size, .msg_iov = pieces, .msg_iovlen = 4}},
        {.msg_hdr = {.msg_name = &two.right.address, .msg_namelen = two.right.size, .msg_iov = pieces + 1, .msg_iovlen = 1}},
    };
    need(CALL(__NR_sendmmsg, two.from, messages, 2, 0) == 2, "sendmmsg sent less");
    EXPECT("SOCKET_SENDMMSG_X", num("res", 120), num("fd", two.from), num("size", 120), data(out, 120), tuple("tuple", &two.left, &two.right));
    EXPECT("SOCKET_SENDMMSG_X", num("res", 60), num("fd", two.from), num("size", 60), data(out + 5, 60), tuple("tuple", &two.left, &two.right));
    struct iovec second = {in, 100};
    struct mmsghdr got[2] = {
        {.msg_hdr = {.msg_name = &sender[0].address, .msg_namelen = sizeof sender[0].address, .msg_iov = places, .msg_iovlen = 3}},
        {.msg_hdr = {.msg_name = &sender[1].address, .msg_namelen = sizeof sender[1].address, .msg_iov = &second, .msg_iovlen = 1}},
    };
    static char other[120];
    places[0] = (struct iovec){other, 120};
    need(CALL(__NR_recvmmsg, two.to, got, 2, 0, NULL) == 2, "recvmmsg got less");
    EXPECT("SOCKET_RECVMMSG_X", num("res", 120), num("fd", two.to), num("size", 120), data(out, 120),
           tuple("tuple", &two.left, &two.right), none("msgcontrol"));
    EXPECT("SOCKET_RECVMMSG_X", num("res", 60), num("fd", two.to), num("size", 60), data(out + 5, 60),
           tuple("tuple", &two.left, &two.right), none("msgcontrol"));
    long res = CALL(__NR_sendmmsg, -1, messages, 2, 0);
    EXPECT("SOCKET_SENDMMSG_X", num("res", res), num("fd", -1), num("size", 0), none("data"), none("tuple"));
    res = CALL(__NR_recvmmsg, -1, got, 2, 0, NULL);
    EXPECT("SOCKET_RECVMMSG_X", num("res", res), num("fd", -1), num("size", 0), none("data"), none("tuple"), none("msgcontrol"));
}

const struct live_case message_cases[] = CASES(
    {"sendto-ipv4", sendto_ipv4}, {"sendto-ipv6", sendto_ipv6}, {"sendto-mapped", sendto_mapped},
    {"sendto-connected", sendto_connected}, {"sendto-unix", sendto_unix}, {"sendto-netlink", sendto_netlink}, {"sendto-fails", sendto_fails},
    {"sendmsg", sendmsg_}, {"passed-descriptor", passed_descriptor}, {"many-messages", many_messages});
