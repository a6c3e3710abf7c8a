/** Inside the feed room only. */
#ifndef GY_FEED_FEED_IMPL_H
#define GY_FEED_FEED_IMPL_H

#include "feed.h"

/** Learns from the training split, or takes as the checkpoint has it, what was not taken already. Collective. */
gy_status gy_feed_learn(gy_feed *f, const gy_taught *taught) GY_CHECKED;

#endif
