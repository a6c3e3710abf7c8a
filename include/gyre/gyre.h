/** All of libgyre. */
#ifndef GYRE_GYRE_H
#define GYRE_GYRE_H

#include <gyre/api.h>
#include <gyre/checkpoint.h>
#include <gyre/comm.h>
#include <gyre/compress.h>
#include <gyre/config.h>
#include <gyre/context.h>
#include <gyre/data.h>
#include <gyre/event.h>
#include <gyre/exchange.h>
#include <gyre/model.h>
#include <gyre/network.h>
#include <gyre/portrait.h>
#include <gyre/report.h>
#include <gyre/status.h>
#include <gyre/study.h>
#include <gyre/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library, "1.2.3". Local. */
GY_API const char *gy_version(void);

#ifdef __cplusplus
}
#endif
#endif
