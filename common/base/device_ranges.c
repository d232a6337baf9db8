/* The blocks of the GPU's memory, ordered by their addresses; see device_ranges.h. */
#include "common/base/device_ranges.h"

#include "common/base/fatal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct range {
    uintptr_t first, behind;
};

static struct range *ranges;
static size_t count, room;

/* How many begin at this address or before. */
static size_t beginning_up_to(uintptr_t address)
{
    size_t least = 0, most = count;
    while (least < most) {
        const size_t middle = least + (most - least) / 2;
        if (ranges[middle].first <= address)
            least = middle + 1;
        else
            most = middle;
    }
    return least;
}

void device_ranges_add(const void *block, size_t bytes)
{
    const struct range range = {(uintptr_t)block, (uintptr_t)block + bytes};
    if (count == room) {
        const size_t wanted = room == 0 ? 64 : 2 * room;
        struct range *larger = realloc(ranges, wanted * sizeof *larger);
        if (larger == NULL)
            fatal("no memory left for a list of %zu blocks", wanted);
        ranges = larger;
        room = wanted;
    }
    const size_t place = beginning_up_to(range.first);
    memmove(&ranges[place + 1], &ranges[place], (count - place) * sizeof *ranges);
    ranges[place] = range;
    count++;
}

void device_ranges_remove(const void *block)
{
    const size_t place = beginning_up_to((uintptr_t)block);
    if (place == 0 || ranges[place - 1].first != (uintptr_t)block)
        fatal("%p is given back, and is no block of the GPU's memory", block);
    memmove(&ranges[place - 1], &ranges[place], (count - place) * sizeof *ranges);
    count--;
}

bool device_ranges_have(const void *address)
{
    const size_t place = beginning_up_to((uintptr_t)address);
    return place > 0 && (uintptr_t)address < ranges[place - 1].behind;
}
