/*
 * A read or a write of the GPU's memory by the processor: a fault, which is told with its line.
 */
#ifndef COMMON_BASE_DEVICE_TOUCHED_H
#define COMMON_BASE_DEVICE_TOUCHED_H

/* From now on such a fault ends the program as fatal() does. Other faults go to who handled them before. */
void device_touched_watch(void);

#endif
