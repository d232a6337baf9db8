/* The second assignment's program: rank R has the number R·R; spread-R.json is what it got. */
#include "assignments/second/second.h"
#include "common/base/fatal.h"
#include "common/driver/driver.h"

#include <stdio.h>

static void probe_spread(struct run *run)
{
    char name[32];
    snprintf(name, sizeof name, "spread-%d.json", run->rank);
    json_t *results = json_array();
    double mine = (double)run->rank * run->rank;
    if (json_array_append_new(results, json_sprintf("%.17g", spread(mine, run->comm))) != 0)
        fatal("no memory for the results");
    driver_probe_write(run, name, results);
}

int main(int argc, char **argv)
{
    static const struct probe probes[] = {
        {"spread", "the variance of one number per rank", probe_spread},
        {NULL, NULL, NULL},
    };
    return driver_main(argc, argv, &(struct program){.name = "second", .probes = probes});
}
