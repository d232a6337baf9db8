/* The program plan: see planner.h. Exit status: 0 done, 1 failed, 2 wrong arguments. */
#include "common/base/environment.h"
#include "common/base/processor.h"
#include "planner/planner.h"

#include <stdio.h>

static bool plan_methods(GString *text, const struct plan *plan, const char *missing,
                         GString *error)
{
    int count;
    struct row *rows = plan_rows_new(plan, missing, &count, error);
    if (!rows)
        return false;
    plan_append_tables(text, plan, rows, count);
    plan_rows_free(rows, count);
    if (missing)
        g_string_append_printf(text, "\n%s\n", missing);
    /* What is known already is printed, even if the picture fails. */
    fputs(text->str, stdout);
    fflush(stdout);
    g_string_truncate(text, 0);
    if (!plan->out)
        return true;
    return plan->part->draw(plan, !missing, text, error);
}

int main(int argc, char **argv)
{
    processor_must_fit();
    environment_start_again(argv);
    g_autoptr(GString) error = g_string_new(NULL);
    struct plan *plan = plan_parse(argc, argv, error);
    if (!plan) {
        fprintf(stderr, "plan: %s\n", error->str);
        return 2;
    }
    g_autofree char *missing = plan_simulation_missing(plan);
    g_autoptr(GString) text = g_string_new(NULL);
    bool done;
    if (plan->memory > 0) {
        done = plan->part->search(plan, missing, text, error);
    } else if (plan->scaling_ranks) {
        done = plan->part->scaling(plan, !missing, text, error);
        if (done && missing)
            g_string_append_printf(text, "\n%s\n", missing);
    } else {
        done = plan_methods(text, plan, missing, error);
    }
    fputs(text->str, stdout);
    if (done && (fflush(stdout) != 0 || ferror(stdout))) {
        g_string_assign(error, "the tables can't be written to standard output");
        done = false;
    }
    if (!done)
        fprintf(stderr, "plan: %s\n", error->str);
    plan_free(plan);
    return done ? 0 : 1;
}
