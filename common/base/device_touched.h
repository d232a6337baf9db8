/*
 * A read or a write of the GPU's memory by the processor: a fault, which is told with its line.
 */
#ifndef COMMON_BASE_DEVICE_TOUCHED_H
#define COMMON_BASE_DEVICE_TOUCHED_H

#include <signal.h>
#include <stdbool.h>

/* Is this signal such a fault, or one in the midst of a kernel or a copy? Handlers may ask. */
bool device_touched_tells(int number, const siginfo_t *information);

/* From now on such a fault ends the program as fatal() does. Other faults go to who handled them before. */
void device_touched_watch(void);
/* From now on the library with this function is given addresses of the GPU's memory, and should know what to do with
 * them. If it reads or writes them on the processor, it is not the program's fault: `advice` (which stays valid) is
 * told, the end of a sentence and what to do. NULL: no library is. */
void device_touched_by(const void *function, const char *advice);

#endif
