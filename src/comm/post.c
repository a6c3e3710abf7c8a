/*
 * Post: a socket a rank, and where the others' are.
 *
 * A rank is reached by all its addresses of IPv4 (ADDRESSES at most), since nobody knows which of its
 * networks is the right one; on the same host by the loopback, which is always there.
 */
#include "post_impl.h"

#include "base/clock.h"
#include "comm_mpi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES = 4 };

/* Where a rank is to be reached. */
typedef struct address {
    uint32_t hosts[ADDRESSES]; /* IPv4, as on the wire; the loopback first */
    uint16_t port;             /* as on the wire; 0: none */
    uint16_t n;
} address;

struct gy_post {
    gy_context *ctx;
    int socket; /* −1: none */
    uint64_t key;
    address *addresses; /* [ranks] */
    int ranks;
    uint32_t from; /* whose the datagram taken last was */
};

static void list_addresses(address *out)
{
    struct ifaddrs *all = NULL;
    out->hosts[out->n++] = htonl(INADDR_LOOPBACK);
    if (getifaddrs(&all) != 0) return;
    for (const struct ifaddrs *i = all; i != NULL && out->n < ADDRESSES; i = i->ifa_next) {
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET) continue;
        if ((i->ifa_flags & IFF_LOOPBACK) != 0 || (i->ifa_flags & IFF_UP) == 0) continue;
        struct sockaddr_in one;
        memcpy(&one, i->ifa_addr, sizeof one);
        out->hosts[out->n++] = one.sin_addr.s_addr;
    }
    freeifaddrs(all);
}

static void open_socket(gy_post *p, address *out)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t bytes = sizeof any;
    p->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (p->socket < 0) return;
    int on = 1; /* closed ports are told */
    (void)setsockopt(p->socket, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    bool bound = bind(p->socket, (struct sockaddr *)&any, sizeof any) == 0 &&
                 getsockname(p->socket, (struct sockaddr *)&any, &bytes) == 0;
    if (!bound) return;
    out->port = any.sin_port;
    list_addresses(out);
}

/* Ranks of one host meet by its loopback, others by what is no loopback. */
static void choose_addresses(gy_post *p, const gy_comm *comm)
{
    for (int r = 0; r < comm->ranks; r++) {
        address *a = &p->addresses[r];
        if (comm->host_of[r] == comm->host) /* names may be those of several */
            a->n = a->n > 0 ? 1 : 0;
        else if (a->n > 1)
            memmove(a->hosts, a->hosts + 1, (size_t)--a->n * sizeof *a->hosts);
    }
}

static uint64_t draw_key(void)
{
    uint64_t key = (uint64_t)(gy_clock_s() * 1e9) * 0x9E3779B97F4A7C15U;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return key;
    if (read(fd, &key, sizeof key) != (ssize_t)sizeof key) key ^= 1;
    (void)close(fd);
    return key;
}

static gy_status make(gy_comm *comm, gy_post **out)
{
    gy_post *p;
    GY_TRY(gy_new(comm->ctx, &p));
    *out = p;
    p->ctx = comm->ctx;
    p->socket = -1;
    p->ranks = comm->ranks;
    return gy_new_array(comm->ctx, comm->ranks, &p->addresses);
}

gy_status gy_post_open(gy_comm *comm, gy_post **out)
{
    gy_post *p = NULL;
    address mine = {.n = 0};
    gy_status status = gy_comm_agree(comm, make(comm, &p));
    if (status == GY_OK) {
        open_socket(p, &mine);
        if (comm->rank == 0) p->key = draw_key();
        status = gy_comm_broadcast(comm, &p->key, sizeof p->key, 0);
    }
    if (status == GY_OK) status = gy_comm_all_gather(comm, &mine, (int)sizeof mine, p->addresses);
    if (status != GY_OK) {
        gy_post_close(p);
        return status;
    }
    choose_addresses(p, comm);
    *out = p;
    return GY_OK;
}

void gy_post_close(gy_post *p)
{
    if (p == NULL) return;
    if (p->socket >= 0) (void)close(p->socket);
    gy_free(p->ctx, p->addresses);
    gy_free(p->ctx, p);
}

/* What became of an earlier one is told as the failure of the next: gy_post_refused() has it. */
void gy_post_send(gy_post *p, int rank, const void *bytes, size_t n)
{
    char datagram[sizeof p->key + GY_POST_BYTES];
    const address *a = &p->addresses[rank];
    if (n > GY_POST_BYTES || p->socket < 0 || a->port == 0) return;
    memcpy(datagram, &p->key, sizeof p->key);
    memcpy(datagram + sizeof p->key, bytes, n);
    for (int i = 0; i < a->n; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = a->port};
        to.sin_addr.s_addr = a->hosts[i];
        for (int try = 0; try < 2; try++)
            if (sendto(p->socket, datagram, sizeof p->key + n, MSG_DONTWAIT, (struct sockaddr *)&to,
                       sizeof to) >= 0)
                break;
    }
}

bool gy_post_receive(gy_post *p, void *bytes, size_t n)
{
    char datagram[sizeof p->key + GY_POST_BYTES];
    while (p->socket >= 0) {
        struct sockaddr_in from = {.sin_port = 0};
        socklen_t room = sizeof from;
        ssize_t got = recvfrom(p->socket, datagram, sizeof datagram, MSG_DONTWAIT,
                               (struct sockaddr *)&from, &room);
        if (got < 0 && errno == ECONNREFUSED) continue;
        if (got < 0) return false;
        if ((size_t)got != sizeof p->key + n) continue;
        if (memcmp(datagram, &p->key, sizeof p->key) != 0) continue;
        memcpy(bytes, datagram + sizeof p->key, n);
        p->from = from.sin_addr.s_addr;
        return true;
    }
    return false;
}

uint32_t gy_post_from(const gy_post *p)
{
    return p->from;
}

static int find_rank(const gy_post *p, const struct sockaddr_in *to)
{
    for (int r = 0; r < p->ranks; r++)
        for (int i = 0; i < p->addresses[r].n; i++)
            if (p->addresses[r].port == to->sin_port && to->sin_port != 0 &&
                p->addresses[r].hosts[i] == to->sin_addr.s_addr)
                return r;
    return -1;
}

/* @param host  out: who says so: a router on the way may, too */
static bool says_refused(struct msghdr *m, uint32_t *host)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        struct {
            struct sock_extended_err error;
            struct sockaddr_in sender; /* SO_EE_OFFENDER */
        } told;
        if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR) continue;
        if (c->cmsg_len < CMSG_LEN(sizeof told)) continue;
        memcpy(&told, CMSG_DATA(c), sizeof told);
        *host = told.sender.sin_addr.s_addr;
        if (told.error.ee_errno == ECONNREFUSED && told.sender.sin_family == AF_INET) return true;
    }
    return false;
}

bool gy_post_refused(gy_post *p, int *rank, uint32_t *host)
{
    while (p->socket >= 0) {
        char control[512];
        struct sockaddr_in to = {.sin_port = 0}; /* whom it was sent to */
        struct msghdr m = {.msg_name = &to,
                           .msg_namelen = sizeof to,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
        if (recvmsg(p->socket, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
        *rank = says_refused(&m, host) ? find_rank(p, &to) : -1;
        if (*rank >= 0) return true;
    }
    return false;
}

int gy_post_socket(const gy_post *p)
{
    return p->socket;
}
