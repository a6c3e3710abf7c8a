#include <gyre/gyre.h>

const char *gy_version(void)
{
    return GYRE_VERSION;
}
