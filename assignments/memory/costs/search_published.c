/*
 * A transformer by published formulas; see search.h. b samples of s tokens, width h, a heads, vocabulary V, t ranks
 * that share layers.
 *
 *     parameters   12h² + 13h a layer, (V + s)h the embedding, with which the head works, too (Narayanan et al. 2021,
 *                  equation 2); split are the matrices, the biases of their columns, and the table
 *     activations  16 bits: sbh · (10 + 24/t + 5as/(ht)) bytes a layer, sbh behind the embedding, 4sbh(1 + V/(ht))
 *                  before and behind the head (Korthikanti et al. 2022, sections 4.1 and 4.3). Of that masks of dropouts are
 *                  a byte a number (2 of the 10, 1 of the 5) and logits float32; the rest doubles with float32
 *     FLOPs        forward 24bsh²(1 + s/(6h)) a layer and 2bshV the head; backward twice as much (Narayanan)
 *     messages     two sums of sbh forward and two backward a layer, one for the embedding, one of the head's dx
 */
#include "assignments/memory/costs/search.h"

#include <stdio.h>
#include <string.h>

enum { OPTIMIZER_FLOPS = 12 }; /* for each parameter, about what AdamW takes in this kit */

bool search_published_knows(const struct model *model)
{
    return model_reads_text(model->name);
}

/* A number in "depth=4,width=64,…". */
static int option_of(const struct model *model, const char *name)
{
    g_auto(GStrv) options = g_strsplit(model->options, ",", -1);
    const size_t length = strlen(name);
    for (char **option = options; *option; option++)
        if (g_str_has_prefix(*option, name) && (*option)[length] == '=')
            return (int)g_ascii_strtoll(*option + length + 1, NULL, 10);
    return 0;
}

struct transformer search_published_sizes(const struct model *model)
{
    return (struct transformer){.layers = model->layers,
                                .width = option_of(model, "width"),
                                .heads = option_of(model, "heads"),
                                .sequence = model->input.size[0],
                                .vocabulary = model->outputs};
}

char *search_published_refusal(const struct search_job *job, int ranks)
{
    const struct transformer sizes = search_published_sizes(job->model);
    if (sizes.heads % ranks == 0)
        return NULL;
    return g_strdup_printf("%d heads can't be shared by %d ranks, each with as many", sizes.heads,
                           ranks);
}

double search_published_parameters(const struct search_job *job, int ranks, int layer, int stages)
{
    const struct transformer sizes = search_published_sizes(job->model);
    const double h = sizes.width, t = ranks, V = sizes.vocabulary;
    const bool is_last = layer == sizes.layers - 1;
    const bool has_table = is_last && (stages > 1 || !model_is_tied(job->model));
    return (12 * h * h + 7 * h) / t + 6 * h + (layer == 0 ? V * h / t + sizes.sequence * h : 0) +
           (has_table ? V * h / t : 0);
}

struct search_stage search_published_stage(const struct search_job *job, int ranks, int samples,
                                           int first, int layers)
{
    const struct transformer sizes = search_published_sizes(job->model);
    const double h = sizes.width, a = sizes.heads, V = sizes.vocabulary, t = ranks;
    const double s = sizes.sequence, tokens = s * samples;
    const double number = job->format == FORMAT_FLOAT32 ? 4 : 2;
    const bool has_first = first == 0, has_last = first + layers == sizes.layers;
    const double layer_flops = 24 * tokens * h * h * (1 + s / (6 * h)) / t;
    const double head_flops = has_last ? 2 * tokens * h * V / t : 0;
    const double probabilities = (2 * number + 1) * a * s * tokens / t;
    const double layer_kept =
        tokens * h * (4 * number + 2 + 12 * number / t) + probabilities; /* the input in it */
    const double ends = (has_first ? tokens * h : 0) +
                        (has_last ? 2 * number * tokens * h + 4 * tokens * V / t : 0);
    const double sum = search_sum_seconds(job->platform, ranks, 1, number * tokens * h);
    const double sent = 2 * (t - 1) / t * number * tokens * h;
    const double given = ranks > 1 ? number * tokens * h : 0;
    struct search_stage stage = {.kept = layers * layer_kept + ends,
                                 .attention = layers * probabilities,
                                 .attention_most = probabilities,
                                 .inputs = layers * number * tokens * h + ends,
                                 .layer_most = layer_kept,
                                 .forward = layers * layer_flops + head_flops,
                                 .backward = 2 * (layers * layer_flops + head_flops),
                                 .attention_forward = layers * 4 * tokens * s * h / t,
                                 .forward_messages = (2 * layers + has_first) * sum,
                                 .backward_messages = (2 * layers + has_last) * sum,
                                 .forward_sent = (2 * layers + has_first) * sent,
                                 .backward_sent = (2 * layers + has_last) * sent,
                                 .forward_given = (2 * layers + has_first) * given,
                                 .backward_given = (2 * layers + has_last) * given,
                                 .output = number * tokens * h};
    for (int i = first; i < first + layers; i++) /* one stage or several: it moves nothing */
        stage.optimizer += OPTIMIZER_FLOPS * search_published_parameters(job, ranks, i, 1);
    return stage;
}
