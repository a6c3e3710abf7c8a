/* What the outermost door of a thread left outside. */
#include "door.h"

_Thread_local gy_outside gy_outside_of_thread;
