/*
 * Who beats to whom.
 *
 *     host 0         host 1          host 2       ←→ beats, every 0.1 s: leaders, the lowest that live of
 *     0 ←─────────→  4 ←─────────→   8               each host, to those of the hosts ±1, ±2, ±4, … on,
 *     ↕ ↕ ↕          ↕ ↕ ↕           ↕ ↕ ↕           and to the ranks of their own
 *     1 2 3          5 6 7           9 10 11
 *
 * A death is news: it goes to all peers at once, and on, in every letter: the last rank hears of it after
 * log2(hosts) + 2 of them. With 1,000 ranks on 125 hosts a host sends 280 letters of 400 bytes a second, and
 * a rank keeps 0.2 MB.
 */
#include "alive_impl.h"

static bool is_power(int n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

/* @param places  [hosts] of those that live, in a ring of n */
static bool beats_to(const gy_watch *w, const int *places, int n, int rank)
{
    const gy_alive *a = w->alive;
    const int own = w->host_of[w->rank], host = w->host_of[rank];
    const bool leads = a->leaders[own] == w->rank;
    if (rank == w->rank || !gy_alive_lives(w, rank)) return false;
    if (host == own) return leads || a->leaders[own] == rank;
    if (!leads || n < 2) return false;
    const int ahead = (places[host] - places[own] + n) % n;
    return a->leaders[host] == rank && (is_power(ahead) || is_power(n - ahead));
}

/* New ones are listened to from now on. */
void gy_peers_choose(gy_watch *w, double now)
{
    gy_alive *a = w->alive;
    int n = 0;
    for (int h = 0; h < w->hosts; h++) a->leaders[h] = -1;
    for (int r = w->ranks - 1; r >= 0; r--)
        if (gy_alive_lives(w, r)) a->leaders[w->host_of[r]] = r;
    for (int h = 0; h < w->hosts; h++) a->places[h] = a->leaders[h] < 0 ? -1 : n++;
    for (int r = 0; r < w->ranks; r++) {
        const bool is = beats_to(w, a->places, n, r);
        double *host_heard = &a->host_heard[w->host_of[r]];
        if (is && !a->is_peer[r]) {
            if (a->heard[r] >= 0) a->heard[r] = now;
            if (*host_heard >= 0) *host_heard = now;
        }
        a->is_peer[r] = is;
    }
}

void gy_peers_beat(gy_watch *w, double now)
{
    gy_alive *a = w->alive;
    const gy_letter m = gy_watch_letter(w, GY_TELL);
    a->beaten = now;
    for (int r = 0; r < w->ranks; r++)
        if (a->is_peer[r] && !a->left[r]) gy_watch_send(w, r, &m);
}
