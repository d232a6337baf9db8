/*
 * --probe split: can_split() and split() for all small sizes and some large ones. What stands behind the
 * room for the reason shows whether can_split() wrote beyond it.
 */
#include "assignments/tensor/probes.h"
#include "assignments/tensor/program/parts.h"
#include "common/base/fatal.h"

#include <string.h>

enum { LARGE = 60, REASON_SIZE = 200, GUARDS = 64, GUARD = 0x5a };

/* JSON is UTF-8; a student's message may be anything. */
static json_t *text_value(char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
        if (*c >= 0x80)
            *c = '?';
    return json_string(text);
}

static json_t *parts_of(int size, int ranks)
{
    json_t *parts = json_array();
    for (int rank = 0; rank < ranks; rank++) {
        const struct part part = split(size, ranks, rank);
        if (json_array_append_new(parts, json_pack("[ii]", part.begin, part.end)) != 0)
            fatal("no memory left for the table");
    }
    return parts;
}

static json_t *one_call(int size, int ranks)
{
    char reason[REASON_SIZE + GUARDS];
    memset(reason, 0, REASON_SIZE);
    memset(reason + REASON_SIZE, GUARD, GUARDS);
    const bool accepted = can_split(size, ranks, reason, REASON_SIZE);
    bool overrun = false;
    for (int i = REASON_SIZE; i < REASON_SIZE + GUARDS; i++)
        overrun = overrun || reason[i] != GUARD;
    reason[REASON_SIZE - 1] = '\0';
    if (accepted)
        reason[0] = '\0';
    json_t *parts = accepted && size >= ranks ? parts_of(size, ranks) : json_array();
    return json_pack("{si si sb so sb so}", "size", size, "ranks", ranks, "accepted", accepted,
                     "reason", text_value(reason), "overrun", overrun, "parts", parts);
}

void probe_split(struct run *run)
{
    json_t *table = json_array();
    uint64_t counter = 0;
    int failed = 0;
    for (int size = 1; size <= SPLIT_ALL_SIZES; size++)
        for (int ranks = 1; ranks <= SPLIT_ALL_RANKS; ranks++)
            failed |= json_array_append_new(table, one_call(size, ranks));
    for (int i = 0; i < LARGE; i++) {
        const int ranks = driver_probe_draw(run, &counter, 2, 64);
        failed |= json_array_append_new(
            table, one_call(driver_probe_draw(run, &counter, 1, 60000), ranks));
    }
    if (failed)
        fatal("no memory left for the table");
    driver_probe_write(run, "probe-split.json", table);
}
