/** Gnuplot, a program of its own. Inside the report room. */
#ifndef GY_REPORT_GNUPLOT_H
#define GY_REPORT_GNUPLOT_H

#include "base/buffer.h"

/** Runs a script with its data; what it draws in text goes to standard output. GY_OK; GY_E_IO. */
gy_status gy_gnuplot_run(const gy_buffer *script) GY_CHECKED;

#endif
