/*
 * Transfers between a device's memory and its host's: for what does not fit on the device and is moved
 * off it (tensors of the kind MEMORY_HOST, made and freed as all others).
 *
 * A transfer copies elements, and goes on while the device computes: on a simulated cluster it takes
 * host_latency + bytes / host_bandwidth (properties of the platform) on this rank's own link. Transfers of one
 * direction queue one behind the other, in the order in which they were begun; the two directions do not
 * disturb each other.
 *
 *     struct transfer *transfer = transfer_begin(on_device, on_host);
 *     …                                  computation that does not need it
 *     transfer_wait(transfer);           from here on on_device has the numbers
 *
 * On this computer, of a GPU too, the numbers are copied in the wait: nothing goes on meanwhile.
 *
 * Until the wait, `from` may not be written and `to` neither read nor written, but both may be freed: the
 * transfer holds them. Whoever breaks this is found: `to` has the numbers only behind the wait, on every
 * machine, and in a run whose evidence is looked at it has NaN from begin to wait; the log says of a `from` that
 * was written meanwhile that it was; transfers that would read or write what another one still writes
 * are refused; and so is a run at whose end a transfer has not been waited for.
 */
#ifndef COMMON_TRAINING_TRANSFER_H
#define COMMON_TRAINING_TRANSFER_H

#include "common/base/tensor.h"

struct transfer;

/* All elements. Exactly one of the two is of the kind MEMORY_HOST; dtypes and numbers of elements agree (a
 * transfer does not convert), and both are on the meta device or neither is. Fatal otherwise. The caller waits for it. */
struct transfer *transfer_begin(struct tensor *to, const struct tensor *from);
/* `count` elements from element from_first on, to those from to_first on. */
struct transfer *transfer_begin_range(struct tensor *to, size_t to_first, const struct tensor *from,
                                      size_t from_first, size_t count);
/* Returns when the transfer is complete, and frees it. Fatal for one that was waited for before; NULL is
 * allowed. */
void transfer_wait(struct transfer *transfer);

/* Transfers that were begun and not yet waited for. */
int transfers_under_way(void);
/* Fatal if there are any: for the end of a run. */
void transfers_must_be_over(void);

#endif
