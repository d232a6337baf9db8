/* What layers say of their costs; see told_costs.h. */
#include "assignments/tensor/judges/told_costs.h"
#include "assignments/tensor/judges/facts/shares.h"

#include <string.h>

/* As of what is charged; and who leaves out what is small is right, too. */
#define MORE 1.15
#define LESS 0.9

#define REMARK "layers say what they do not cost"

static bool is_share(const struct wholes_file *file, const char *key,
                     const struct tensor_cost *cost, gint64 *told)
{
    return !wholes_file_number(file, key, told) ||
           ((double)*told >= LESS * cost->least - 1 && (double)*told <= MORE * cost->most + 1);
}

static bool is_right(const struct wholes_file *file, const struct tensor_cost cost[2],
                     struct verdict *verdict)
{
    static const char *const key[] = {"forward_flops", "backward_flops"};
    for (int backward = 0; backward < 2; backward++) {
        gint64 told;
        if (is_share(file, key[backward], &cost[backward], &told))
            continue;
        g_string_append_printf(
            verdict->remark,
            REMARK ": on rank %d a %s of one sample costs %" G_GINT64_FORMAT
                   " FLOPs by what its layers tell; a rank's share is %.0f to %.0f, and "
                   "that is charged. Who plans ahead reckons with what they tell: "
                   "`forward_flops`, `backward_input_flops` and `backward_weight_flops` of "
                   "`struct custom_layer`.\n",
            file->rank, backward ? "backward" : "forward", told, cost[backward].least,
            cost[backward].most);
        return false;
    }
    return true;
}

void tensor_told_costs_remark(const struct tensor_places *places, const struct outcome *run,
                              const struct wholes *after, struct verdict *verdict)
{
    const struct tensor_cost cost[2] = {tensor_cost_of(places, run->ranks, 1, false),
                                        tensor_cost_of(places, run->ranks, 1, true)};
    bool right = strstr(verdict->remark->str, REMARK) == NULL;
    for (int i = 0; i < wholes_files(after) && right; i++)
        right = is_right(wholes_file(after, i), cost, verdict);
}
