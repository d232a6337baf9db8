/* --probe choices: choose_parallelism() for all jobs of decision_cases.h. */
#include "assignments/memory/arithmetic_probes.h"
#include "assignments/memory/decision_cases.h"
#include "assignments/memory/program/parts.h"
#include "common/base/fatal.h"

static void put(json_t *table, const char *name, json_t *value)
{
    if (json_object_set_new(table, name, value) != 0)
        fatal("no memory left for the table");
}

static json_t *describe(const struct choice *choice)
{
    const struct way *way = &choice->way;
    const struct {
        const char *name;
        int number;
    } numbers[] = {{"reason", (int)choice->reason},
                   {"data", way->data},
                   {"tensor", way->tensor},
                   {"pipeline", way->pipeline},
                   {"zero_stage", way->zero_stage},
                   {"optimizer", (int)way->optimizer},
                   {"format", (int)way->format},
                   {"recompute", (int)way->recompute},
                   {"order", (int)way->order},
                   {"micro_batch_samples", way->micro_batch_samples},
                   {"micro_batches", way->micro_batches}};
    json_t *table = json_object();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put(table, numbers[i].name, json_integer(numbers[i].number));
    put(table, "fits", json_boolean(choice->fits));
    put(table, "gradients_float32", json_boolean(way->gradients_float32));
    put(table, "bytes_per_rank", json_sprintf("%.17g", choice->bytes_per_rank));
    put(table, "bytes_on_one", json_sprintf("%.17g", choice->bytes_on_one));
    return table;
}

void memory_program_probe_choices(struct run *run)
{
    json_t *table = json_array();
    for (int i = 0; i < DECISION_CASES; i++) {
        const struct decision_case one = decision_case_of(run->options->seed, i);
        const struct choice choice = choose_parallelism(&one.job);
        if (json_array_append_new(table, describe(&choice)) != 0)
            fatal("no memory left for the table");
    }
    driver_probe_write(run, PROBE_CHOICES, table);
}
