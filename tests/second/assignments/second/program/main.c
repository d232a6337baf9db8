/* The second assignment's program: rank R has the number R·R; spread-R.json and extent-R.json are what it got. */
#include "assignments/second/second.h"
#include "common/base/fatal.h"
#include "common/driver/driver.h"

#include <stdio.h>

static void write_result(struct run *run, const char *what, double result)
{
    char name[32];
    snprintf(name, sizeof name, "%s-%d.json", what, run->rank);
    json_t *results = json_array();
    if (json_array_append_new(results, json_sprintf("%.17g", result)) != 0)
        fatal("no memory for the results");
    driver_probe_write(run, name, results);
}

static double number_of(const struct run *run)
{
    return (double)run->rank * run->rank;
}

static void probe_spread(struct run *run)
{
    write_result(run, "spread", spread(number_of(run), run->comm));
}

static void probe_extent(struct run *run)
{
    write_result(run, "extent", extent(number_of(run), run->comm));
}

int main(int argc, char **argv)
{
    static const struct probe probes[] = {
        {"spread", "the variance of one number per rank", probe_spread},
        {"extent", "the largest less the smallest", probe_extent},
        {NULL, NULL, NULL},
    };
    return driver_main(argc, argv, &(struct program){.name = "second", .probes = probes});
}
