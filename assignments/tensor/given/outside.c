/* What tensors are outside of split layers; see outside.h. */
#include "assignments/tensor/given/outside.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* There is one model at a time. */
static struct {
    enum way way;
    const struct tensor_group *group;
    struct part own; /* of the tokens, or the samples, this rank's … */
    int tokens;      /* … of so many; */
    int samples;     /* of the micro-batch that is on its way */
    int gather_at;   /* WAY_ONE_WEIRD_TRICK: before this layer of the model */
    bool by_tokens;  /* at the place that comes next */
} outside;

static bool is(const struct layer *layer, const char *const *kinds)
{
    for (; *kinds != NULL; kinds++)
        if (strcmp(layer->operations->kind, *kinds) == 0)
            return true;
    return false;
}

static const char *const embeddings[] = {"patch_embedding", "embedding", NULL};
static const char *const of_all_tokens[] = {"mean_tokens", "tied_head", NULL};
static const char *const attentions[] = {"attention", "causal_attention", NULL};
static const char *const of_samples[] = {"convolution", "relu", "max_pool", "layer_norm", NULL};
static const char *const batch_norms[] = {"batch_norm", NULL};
static const char *const flattening[] = {"flatten", NULL};

/* ---- does the way fit the model? ------------------------------------------------------------------------ */

static bool begin_by_tokens(const struct layer_of_model *all, int places, char *reason, size_t size)
{
    outside.tokens = 0;
    for (int i = 0; i < places && outside.tokens == 0; i++)
        if (is(&all[i].whole, embeddings))
            outside.tokens = all[i].whole.output.size[0];
    if (outside.tokens == 0) {
        snprintf(reason, size,
                 "this model's samples have no tokens that could be split: "
                 "--parallel sequence is for vit, transformer and gpt");
        return false;
    }
    char why[160] = "";
    if (!can_split(outside.tokens, outside.group->ranks, why, sizeof why)) {
        why[sizeof why - 1] = '\0';
        snprintf(reason, size, "the tokens of a sample: %s", why);
        return false;
    }
    outside.own = split(outside.tokens, outside.group->ranks, outside.group->rank);
    return true;
}

static bool begin_by_samples(const struct layer_of_model *all, int places, int samples,
                             char *reason, size_t size)
{
    int i = 0;
    while (i < places && is(&all[i].whole, of_samples))
        i++;
    outside.gather_at = i;
    char why[160] = "";
    if (i < places && is(&all[i].whole, batch_norms))
        snprintf(reason, size,
                 "a batch norm behind a convolution needs all samples of a micro-batch, and "
                 "each rank's convolutions see some: use norm=layer or norm=none");
    else if (i == 0 || i == places || !is(&all[i].whole, flattening))
        snprintf(reason, size,
                 "this model is not convolutions and then linear layers: --parallel "
                 "one-weird-trick is for cnn");
    else if (!can_split(samples, outside.group->ranks, why, sizeof why))
        snprintf(reason, size,
                 "the convolutions of %d ranks need a sample each, and a micro-batch has %d: make "
                 "--batch larger, or --micro-batches smaller",
                 outside.group->ranks, samples);
    else
        return true;
    return false;
}

bool tensor_outside_begin(enum way way, const struct tensor_group *group,
                          const struct layer_of_model *all, int places, int samples, char *reason,
                          size_t reason_size)
{
    outside.way = way;
    outside.group = group;
    outside.by_tokens = false;
    outside.gather_at = 0;
    if (way == WAY_SEQUENCE)
        return begin_by_tokens(all, places, reason, reason_size);
    if (way == WAY_ONE_WEIRD_TRICK)
        return begin_by_samples(all, places, samples, reason, reason_size);
    return true;
}

int tensor_outside_first_split(void)
{
    return outside.gather_at;
}

bool tensor_outside_by_tokens(void)
{
    return outside.by_tokens;
}

struct part tensor_outside_tokens(void)
{
    return outside.own;
}

/* ---- the student's functions, as borders ------------------------------------------------------------------ */

static struct tensor *split_forward(void *own, struct tensor *x)
{
    (void)own;
    return split_tokens_forward(outside.group, x);
}

static struct tensor *split_backward(void *own, struct tensor *dx)
{
    (void)own;
    return split_tokens_backward(outside.group, dx, outside.tokens);
}

static struct tensor *join_forward(void *own, struct tensor *x)
{
    (void)own;
    return join_tokens_forward(outside.group, x, outside.tokens);
}

static struct tensor *join_backward(void *own, struct tensor *dy)
{
    (void)own;
    return join_tokens_backward(outside.group, dy);
}

static struct tensor *own_samples_forward(void *own, struct tensor *x)
{
    (void)own;
    outside.samples = x->shape.size[0];
    return own_samples(outside.group, x);
}

static struct tensor *all_samples_forward(void *own, struct tensor *x)
{
    (void)own;
    return gather_samples_forward(outside.group, x, outside.samples);
}

static struct tensor *all_samples_backward(void *own, struct tensor *dy)
{
    (void)own;
    return gather_samples_backward(outside.group, dy);
}

/* ---- where they stand ----------------------------------------------------------------------------------- */

static struct shape with_own_tokens(struct shape sample)
{
    sample.size[0] = outside.own.end - outside.own.begin;
    return sample;
}

/* The kit's layer, with all tokens inside, and on this rank its own outside, before it and behind it. */
static struct layer around(const struct layer *whole, bool join_before, bool split_behind)
{
    struct layer_border before = {.outside = whole->input}, behind = {.outside = whole->output};
    if (join_before)
        before = (struct layer_border){.outside = with_own_tokens(whole->input),
                                       .forward = join_forward,
                                       .backward = join_backward};
    if (split_behind)
        behind = (struct layer_border){.outside = with_own_tokens(whole->output),
                                       .forward = split_forward,
                                       .backward = split_backward};
    return layer_with_borders(whole, before, behind, NULL, NULL);
}

static bool put_by_tokens(const struct layer *whole, struct layer *own)
{
    if (is(whole, embeddings))
        *own = around(whole, false, true);
    else if (!outside.by_tokens)
        return false;
    else if (is(whole, of_all_tokens))
        *own = around(whole, true, false);
    else if (is(whole, attentions))
        *own = around(whole, true, true);
    else
        return false;
    return true;
}

static bool put_by_samples(const struct layer_place *at, struct layer *own)
{
    const struct layer_border nothing = {.forward = NULL};
    const struct layer *whole = at->whole;
    struct layer_border before = {.outside = whole->input};
    if (at->place == 0) {
        before.forward = own_samples_forward; /* nobody wants dx of the inputs */
    } else if (at->place == outside.gather_at) {
        before.forward = all_samples_forward;
        before.backward = all_samples_backward;
    } else
        return false;
    *own = layer_with_borders(whole, before, nothing, NULL, NULL);
    return true;
}

bool tensor_outside_put(const struct layer_place *at, enum form form, struct layer *own)
{
    if (outside.way == WAY_ONE_WEIRD_TRICK)
        return put_by_samples(at, own);
    return outside.way == WAY_SEQUENCE && form == FORM_WHOLE && put_by_tokens(at->whole, own);
}

void tensor_outside_passed(const struct tensor_place *place)
{
    if (outside.way != WAY_SEQUENCE || outside.tokens == 0)
        return;
    if (is(place->whole, embeddings))
        outside.by_tokens = true;
    else if (outside.by_tokens && place->form == FORM_COLUMN_GATHERED)
        outside.by_tokens = false; /* it has entered, and its output is gathered by columns */
    else if (is(place->whole, of_all_tokens))
        outside.by_tokens = false;
}

/* ---- gradients ---------------------------------------------------------------------------------------------- */

/* A tensor of tokens is split where it has this rank's and no more. On one rank all are whole. */
static bool is_part(struct shape sample)
{
    return outside.way == WAY_SEQUENCE && sample.dimensions == 2 &&
           sample.size[0] == outside.own.end - outside.own.begin &&
           sample.size[0] != outside.tokens;
}

struct tensor_outside tensor_outside_of(int model_layer, const struct layer *leaf)
{
    const bool some_samples = outside.way == WAY_ONE_WEIRD_TRICK && model_layer < outside.gather_at;
    return (struct tensor_outside){.input_is_part = some_samples || is_part(leaf->input),
                                   .output_is_part = some_samples || is_part(leaf->output)};
}
