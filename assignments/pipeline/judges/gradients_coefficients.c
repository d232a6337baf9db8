/*
 * From wrong gradients to their coefficient matrix: for each stage the layer that
 * tells most, and what it tells, in words and as a picture.
 */
#include "assignments/pipeline/judges/gradients.h"

#include <math.h>
#include <string.h>

/* The number of unknowns is the square of this: beyond it the diagonal has to do. */
#define LARGEST_MATRIX 12

const struct tensor *gradient_found(const struct gradient_case *c, int layer, int parameter)
{
    g_autofree char *name = gradient_name(c->reference->model, layer, parameter);
    return wholes_tensor(c->after, name);
}

size_t gradient_place(const struct gradient_case *c, int layer, int parameter)
{
    return reference_offset(c->reference, layer) +
           c->reference->model->layer[layer].parameter[parameter].offset;
}

static struct coefficients *fit_matrix(const struct gradient_case *c,
                                       const struct reference_parts *parts, int layer)
{
    int m = parts->micro_batches;
    g_autofree struct tensor **x = g_new(struct tensor *, m);
    g_autofree struct tensor **dy = g_new(struct tensor *, m);
    for (int i = 0; i < m; i++) {
        x[i] = parts->x[i * parts->layers + layer];
        dy[i] = parts->dy[i * parts->layers + layer];
        if (!x[i] || !dy[i])
            return NULL;
    }
    return coefficients_fit(layer, m, x, dy, gradient_found(c, layer, 0));
}

static struct coefficients *fit_diagonal(const struct gradient_case *c,
                                         const struct reference_parts *parts, int layer)
{
    g_autofree const float **part = g_new(const float *, parts->micro_batches);
    for (int i = 0; i < parts->micro_batches; i++)
        part[i] = tensor_floats(parts->gradients[i]) + gradient_place(c, layer, 0);
    const struct tensor *found = gradient_found(c, layer, 0);
    return coefficients_fit_parts(layer, parts->micro_batches, part, found->count,
                                  tensor_floats(found));
}

struct coefficients *gradients_fit_stage(const struct gradient_case *c,
                                         const struct reference_parts *parts, int s)
{
    const struct model *model = c->reference->model;
    struct coefficients *best = NULL;
    int first = c->stage[s].first_layer;
    for (int layer = first + c->stage[s].layers - 1; layer >= first; layer--) {
        if (model->layer[layer].parameters == 0)
            continue;
        struct coefficients *fit = parts->micro_batches <= LARGEST_MATRIX &&
                                           !strcmp(model->layer[layer].operations->kind, "linear")
                                       ? fit_matrix(c, parts, layer)
                                       : NULL;
        if (!fit || !fit->unique) {
            coefficients_free(fit);
            fit = fit_diagonal(c, parts, layer);
        }
        bool better = !best || (fit->unique && (!best->unique || fit->left < best->left));
        coefficients_free(better ? best : fit);
        best = better ? fit : best;
    }
    return best;
}

/* The micro-batches whose coefficients are not those of the identity, in words: "0 (6 times)". */
static char *involved(const struct coefficients *fit)
{
    GString *text = g_string_new(NULL);
    int m = fit->micro_batches, count = 0;
    for (int i = 0; i < m; i++) {
        bool wrong = false;
        for (int j = 0; j < m; j++)
            wrong = wrong || fabs(fit->value[i * m + j] - (i == j)) > 1e-2 ||
                    fabs(fit->value[j * m + i] - (i == j)) > 1e-2;
        if (wrong)
            g_string_append_printf(text, "%s%d (%.3g times)", count++ ? ", " : "", i,
                                   fabs(fit->value[i * m + i]) < 5e-4 ? 0 : fit->value[i * m + i]);
    }
    return g_string_free(text, FALSE);
}

void gradients_show_matrix(const struct gradient_case *c, const struct coefficients *fit, int rank,
                           struct verdict *verdict)
{
    g_autofree char *parts = involved(fit);
    verdict_explain(verdict,
                    "\nThe gradient of layer %d's weight (rank %d) was taken apart into what each "
                    "micro-batch contributes%s. ",
                    fit->layer, rank,
                    fit->diagonal ? "" : ": the input of one with the output gradient of another");
    if (!fit->unique || fit->left > 1e-2)
        verdict_explain(verdict,
                        "It is not a sum of such contributions (%.2g of it is left over), so the "
                        "numbers say little.\n",
                        fit->left);
    else if (parts[0])
        verdict_explain(verdict,
                        "Each micro-batch should be in it once, with itself. Not so: %s.\n", parts);
    else
        verdict_explain(verdict, "Each micro-batch is in it exactly once.\n");
    bool tells = fit->unique && fit->left <= 1e-2;
    g_autofree char *path = verdict_picture_path(c->judgement, c->run, "coefficients");
    if (!path || fit->micro_batches < 2 || !tells)
        return;
    g_autofree char *title = g_strdup_printf("Layer %d on rank %d, step %d: what was added up",
                                             fit->layer, rank, c->step);
    if (coefficients_picture(fit, title, path))
        verdict_add_picture(verdict, path, parts[0] ? parts : title);
}
