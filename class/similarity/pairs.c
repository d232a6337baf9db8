/* Which programs have fingerprints in common; see pairs.h. */
#include "class/similarity/pairs.h"

#include <string.h>

/* A fingerprint of a source. */
struct posting {
    uint64_t hash;
    guint source;
};

static int posting_order(gconstpointer a, gconstpointer b)
{
    const struct posting *first = a, *second = b;
    if (first->hash != second->hash)
        return first->hash < second->hash ? -1 : 1;
    return first->source < second->source ? -1 : first->source > second->source;
}

/* All of all, each of a source once; counts[source]: how many it has. */
static GArray *index_of(const GPtrArray *sources, guint *counts)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct posting));
    for (guint i = 0; i < sources->len; i++) {
        const GArray *prints = SOURCE(sources, i)->prints;
        for (guint j = 0; j < prints->len; j++) {
            const struct posting posting = {PRINT(prints, j).hash, i};
            g_array_append_val(all, posting);
        }
    }
    g_array_sort(all, posting_order);
    GArray *index = g_array_sized_new(FALSE, FALSE, sizeof(struct posting), all->len);
    for (guint i = 0; i < all->len; i++) {
        const struct posting *posting = &g_array_index(all, struct posting, i);
        if (i > 0 && posting_order(posting, posting - 1) == 0)
            continue;
        g_array_append_val(index, *posting);
        counts[posting->source]++;
    }
    return index;
}

static bool has_same_member(const struct source *a, const struct source *b)
{
    for (guint i = 0; i < a->members->len; i++)
        for (guint j = 0; j < b->members->len; j++)
            if (strcmp(a->members->pdata[i], b->members->pdata[j]) == 0)
                return true;
    return false;
}

static bool may_be_pair(const struct source *a, const struct source *b)
{
    return !(a->earlier && b->earlier) && !has_same_member(a, b);
}

/* counts[a * n + b] of two sources a < b: fingerprints in common. */
static guint32 *count_common(const GPtrArray *sources, const GArray *index)
{
    const guint n = sources->len;
    guint32 *counts = g_new0(guint32, (gsize)n * n + 1);
    for (guint i = 0, next; i < index->len; i = next) {
        const struct posting *posting = &g_array_index(index, struct posting, i);
        for (next = i;
             next < index->len && g_array_index(index, struct posting, next).hash == posting->hash;)
            next++;
        for (guint a = 0; a + 1 < next - i; a++)
            for (guint b = a + 1; b < next - i; b++)
                counts[(gsize)posting[a].source * n + posting[b].source]++;
    }
    return counts;
}

static void pair_free(void *data)
{
    struct pair *pair = data;
    if (pair->regions)
        g_array_unref(pair->regions);
    g_free(pair);
}

static gint pair_order(gconstpointer a, gconstpointer b)
{
    const struct pair *first = *(struct pair *const *)a, *second = *(struct pair *const *)b;
    if (first->same_program != second->same_program)
        return first->same_program ? -1 : 1;
    if (!first->regions != !second->regions)
        return first->regions ? -1 : 1;
    const double one = first->regions ? first->share : first->estimate,
                 other = second->regions ? second->share : second->estimate;
    if (one < other || one > other)
        return one > other ? -1 : 1;
    const int by_id = strcmp(first->source[0]->id, second->source[0]->id);
    return by_id != 0 ? by_id : strcmp(first->source[1]->id, second->source[1]->id);
}

GPtrArray *pairs_new(const GPtrArray *sources)
{
    const guint n = sources->len;
    g_autofree guint *prints = g_new0(guint, n + 1);
    g_autoptr(GArray) index = index_of(sources, prints);
    g_autofree guint32 *counts = count_common(sources, index);
    GPtrArray *pairs = g_ptr_array_new_with_free_func(pair_free);
    for (guint a = 0; a < n; a++)
        for (guint b = a + 1; b < n; b++) {
            struct source *one = SOURCE(sources, a), *other = SOURCE(sources, b);
            const bool same = strcmp(one->program, other->program) == 0 && one->tokens->len > 0;
            const guint common = counts[(gsize)a * n + b];
            if ((common == 0 && !same) || !may_be_pair(one, other))
                continue;
            struct pair *pair = g_new0(struct pair, 1);
            /* The earlier one stands at the right. */
            pair->source[0] = one->earlier ? other : one;
            pair->source[1] = one->earlier ? one : other;
            pair->same_program = same;
            pair->second_opinion = -1;
            pair->estimate = (double)common / MAX(1, MIN(prints[a], prints[b]));
            g_ptr_array_add(pairs, pair);
        }
    g_ptr_array_sort(pairs, pair_order);
    return pairs;
}

void pairs_settle(GPtrArray *pairs, guint most, const struct similarity_how *how)
{
    for (guint i = 0; i < pairs->len && i < most; i++)
        pair_find_regions(PAIR(pairs, i), how);
    g_ptr_array_sort(pairs, pair_order);
}

static gint number_order(gconstpointer a, gconstpointer b)
{
    const double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

double pairs_quantile(const GPtrArray *pairs, const GPtrArray *sources, double share)
{
    guint of_class = 0;
    for (guint i = 0; i < sources->len; i++)
        of_class += !SOURCE(sources, i)->earlier;
    g_autoptr(GArray) estimates = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < pairs->len; i++) {
        const struct pair *pair = PAIR(pairs, i);
        const double value = pair->regions ? pair->share : pair->estimate;
        if (!pair->source[1]->earlier)
            g_array_append_val(estimates, value);
    }
    g_array_sort(estimates, number_order);
    const double all = (double)of_class * ((double)of_class - 1) / 2,
                 without = all - estimates->len, at = share * (all - 1) - without;
    if (at < 0 || estimates->len == 0)
        return 0;
    return g_array_index(estimates, double, MIN((guint)at, estimates->len - 1));
}
