/** How many threads a rank has. Inside the network room only. */
#ifndef GY_NETWORK_THREADS_IMPL_H
#define GY_NETWORK_THREADS_IMPL_H

#include "network.h"

/** Those that a network begins with, and why so many. */
int gy_net_choose_threads(const gy_net_spec *spec, gy_threads_by *by);

/** One, once it is cut, where nobody set their number and its steps are not worth a team. */
void gy_net_fit_threads(gy_net *n);

#endif
