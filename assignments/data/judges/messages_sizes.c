/* Bytes of the messages of a step; see messages_sizes.h. */
#include "assignments/data/judges/messages_sizes.h"

#include <stdlib.h>

static int compare_sizes(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

size_t data_gradient_bytes(const struct model *model)
{
    return model_parameter_count(model, 0, model->layers) * sizeof(float);
}

struct message_sizes data_sizes_of_parameters(const struct model *model)
{
    struct message_sizes sizes = {0};
    for (int layer = 0; layer < model->layers; layer++)
        sizes.count += model->layer[layer].parameters;
    sizes.bytes = g_new(size_t, sizes.count + 1);
    sizes.count = 0;
    for (int layer = 0; layer < model->layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++)
            sizes.bytes[sizes.count++] =
                shape_elements(model->layer[layer].parameter[p].shape) * sizeof(float);
    return sizes;
}

struct message_sizes data_sizes_of(const struct model *model, const struct options *options,
                                   enum average average, enum bucket_rule rule)
{
    if (average == AVERAGE_PARAMETERS)
        return data_sizes_of_parameters(model);
    const struct bucket_case all = {.layers = model->layers,
                                    .bytes = (size_t)data_options(options).bucket_kib * 1024};
    struct message_sizes sizes = {1, g_new(size_t, model->layers + 1)};
    sizes.bytes[0] = data_gradient_bytes(model);
    if (average != AVERAGE_FLAT)
        sizes.count = data_bucket_sizes(model, &all, rule, sizes.bytes);
    return sizes;
}

void data_sizes_append(GString *text, const struct message_sizes *sizes)
{
    for (int i = 0; i < sizes->count && i < 12; i++)
        g_string_append_printf(text, "%s%zu", i > 0 ? ", " : "", sizes->bytes[i]);
    g_string_append(text, sizes->count > 12 ? ", … bytes" : " bytes");
}

bool data_sizes_match(const struct message_sizes *found, const struct message_sizes *right)
{
    int next = 0;
    for (int i = 0; i < found->count; i++) {
        const bool due = next < right->count && found->bytes[i] >= right->bytes[next] &&
                         found->bytes[i] <= right->bytes[next] + MESSAGES_SMALL;
        if (due)
            next++;
        else if (found->bytes[i] > MESSAGES_SMALL)
            return false;
    }
    return next == right->count;
}

bool data_sizes_match_in_any_order(const struct message_sizes *found,
                                   const struct message_sizes *right)
{
    struct message_sizes sorted[2] = {*found, *right};
    bool alike;
    for (int i = 0; i < 2; i++) {
        sorted[i].bytes = g_memdup2(sorted[i].bytes, (gsize)sorted[i].count * sizeof(size_t));
        if (sorted[i].count > 0)
            qsort(sorted[i].bytes, (size_t)sorted[i].count, sizeof(size_t), compare_sizes);
    }
    alike = data_sizes_match(&sorted[0], &sorted[1]);
    g_free(sorted[0].bytes);
    g_free(sorted[1].bytes);
    return alike;
}

bool data_sizes_are_repeated(const struct message_sizes *found, const struct message_sizes *right,
                             int times)
{
    struct message_sizes all = {right->count * times, g_new(size_t, right->count * times + 1)};
    for (int i = 0; i < all.count; i++)
        all.bytes[i] = right->bytes[i % right->count];
    const bool alike = data_sizes_match_in_any_order(found, &all);
    g_free(all.bytes);
    return alike;
}
