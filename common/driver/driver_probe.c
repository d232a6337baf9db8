/*
 * What probes need: see driver.h.
 */
#include "common/driver/driver.h"

#include "common/base/fatal.h"
#include "common/base/random.h"

#include <stdio.h>

void driver_probe_write(const struct run *run, const char *name, json_t *value)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", run->options->evidence, name);
    if (value == NULL || json_dump_file(value, path, JSON_INDENT(1)) != 0)
        fatal("%s: can't be written: %m", path);
    json_decref(value);
}

int driver_probe_draw(const struct run *run, uint64_t *counter, int lowest, int highest)
{
    const uint32_t choices = (uint32_t)(highest - lowest + 1);
    return lowest + (int)random_below(run->options->seed, random_stream(RANDOM_TEST, 1, 0),
                                      (*counter)++, choices);
}
