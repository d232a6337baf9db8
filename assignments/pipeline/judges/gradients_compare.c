/* Comparing a step's gradients, outputs and loss with the reference's, element by element. */
#include "assignments/pipeline/judges/gradients.h"

#include "common/training/assert_close.h"

#include <math.h>
#include <stdio.h>

#define LINES 12 /* of the table of wrong tensors */

static int first_not_finite(const struct tensor *tensor)
{
    for (int i = 0; i < tensor->count; i++)
        if (!isfinite(tensor_floats(tensor)[i]))
            return i;
    return -1;
}

/* "NaN" whatever its sign. */
static const char *number_text(double value, char text[32])
{
    if (isnan(value))
        return "NaN";
    snprintf(text, 32, "%.6g", value);
    return text;
}

static void add_difference(struct differences *differences, int rank, int stage, const char *layer,
                           const char *name, const struct tensor *found,
                           const struct tensor *expected, const struct closeness *how)
{
    int bad = first_not_finite(found);
    int at = bad >= 0 ? bad : how->worst_absolute_at;
    double is = tensor_floats(found)[at];
    char is_text[32], wanted_text[32];
    const char *found_text = number_text(is, is_text);
    const char *expected_text = number_text(tensor_floats(expected)[at], wanted_text);
    if (differences->wrong++ == 0) {
        const char *what = bad >= 0               ? isnan(is) ? "contains NaN" : "is infinite"
                           : how->actual_all_zero ? "is all zeros"
                                                  : "is wrong";
        g_string_printf(differences->first, "%s on rank %d (stage %d) %s: expected %s, found %s",
                        name, rank, stage, what, expected_text, found_text);
        g_string_assign(differences->table,
                        "\n| stage | layer | tensor | elements wrong | worst at | expected | "
                        "found | relative norm |\n|---|---|---|---|---|---|---|---|\n");
    }
    if (differences->wrong <= LINES)
        g_string_append_printf(
            differences->table, "| %d | %s | %s | %d of %d | %d | %s | %s | %.2g |\n", stage, layer,
            name, how->mismatched, how->count, at, expected_text, found_text, how->relative_norm);
    else if (differences->wrong == LINES + 1)
        g_string_append(differences->table, "\n… and more.\n");
}

void gradients_compare(const struct gradient_case *c, struct differences *differences)
{
    const struct model *model = c->reference->model;
    for (int layer = 0; layer < model->layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++) {
            int s = stages_owner(c->stage, c->stages, layer);
            g_autofree char *name = gradient_name(model, layer, p);
            g_autofree char *place =
                g_strdup_printf("%d (%s)", layer, model->layer[layer].operations->kind);
            const struct tensor *found = gradient_found(c, layer, p);
            struct tensor *expected = reference_gradient(c->reference, layer, p);
            struct closeness how = closeness_of(found, expected, tolerance_gradient());
            if (!how.close)
                add_difference(differences, c->stage[s].rank, s, place, name, found, expected,
                               &how);
            tensor_free(expected);
        }
}

void gradients_compare_outputs(struct gradient_case *c, struct differences *differences)
{
    int last = gradient_loss_stage(c), rank = c->stage[last].rank;
    const struct tensor *found = gradient_of_loss_stage(c, "outputs");
    const struct tensor *expected = batch_outputs(c->reference->batch);
    struct tolerance tolerance = tolerance_default(DTYPE_FLOAT32);
    tolerance.relative = tolerance.norm = 1e-5;
    struct closeness how = closeness_of(found, expected, tolerance);
    c->outputs_wrong = !how.close;
    if (!how.close)
        add_difference(differences, rank, last, "(last)", "outputs", found, expected, &how);

    struct tensor *loss = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(1));
    tensor_floats(loss)[0] = (float)c->reference->loss;
    found = gradient_of_loss_stage(c, "loss");
    /* A mean of outputs may be nearly 0, and its relative error anything. */
    tolerance = (struct tolerance){.relative = 1e-5, .absolute = 1e-6, .norm = INFINITY};
    how = closeness_of(found, loss, tolerance);
    if (!how.close)
        add_difference(differences, rank, last, "(loss)", "loss", found, loss, &how);
    tensor_free(loss);
}
