/*
 * The example's program. It trains nothing: its one probe calls the student's
 * function and writes average-R.json, what rank R got in each round. The numbers
 * are texts there: JSON has no NaN.
 */
#include "assignments/example/example.h"

#include "assignments/example/numbers.h"
#include "common/base/fatal.h"
#include "common/driver/driver.h"

#include <stdio.h>

static void probe_average(struct run *run)
{
    json_t *results = json_array();
    for (int round = 0; round < NUMBERS_ROUNDS; round++) {
        const double mine = example_number(run->options->seed, run->rank, round);
        json_t *result = json_sprintf("%.17g", average(mine, run->comm));
        if (json_array_append_new(results, result) != 0)
            fatal("no memory for the results");
    }
    char name[32];
    snprintf(name, sizeof name, "average-%d.json", run->rank);
    driver_probe_write(run, name, results);
}

int main(int argc, char **argv)
{
    static const struct probe probes[] = {
        {"average", "the mean of random numbers, one per rank", probe_average},
        {NULL, NULL, NULL},
    };
    return driver_main(argc, argv, &(struct program){.name = "example", .probes = probes});
}
