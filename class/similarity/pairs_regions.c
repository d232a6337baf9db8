/*
 * Where two programs are the same: from each fingerprint in common as far as both agree, the longest first, and each
 * token of either once (M. J. Wise: String Similarity via Greedy String Tiling and Running Karp-Rabin Matching, 1993).
 */
#include "class/similarity/pairs.h"

#include <string.h>

/* Of a fingerprint that stands in a program again and again so many places are looked at. */
enum { MOST_PLACES = 8, MOST_REGIONS = 20000 };

static bool equal(const struct pair *pair, guint a, guint b)
{
    return TOKEN(pair->source[0]->tokens, a).kind == TOKEN(pair->source[1]->tokens, b).kind;
}

static bool same_file(const struct source *source, guint a, guint b)
{
    return TOKEN(source->tokens, a).file == TOKEN(source->tokens, b).file;
}

static struct region extended(const struct pair *pair, guint a, guint b)
{
    const struct source *one = pair->source[0], *other = pair->source[1];
    guint back = 0, ahead = 0;
    while (back < a && back < b && equal(pair, a - back - 1, b - back - 1) &&
           same_file(one, a, a - back - 1) && same_file(other, b, b - back - 1))
        back++;
    while (a + ahead < one->tokens->len && b + ahead < other->tokens->len &&
           equal(pair, a + ahead, b + ahead) && same_file(one, a, a + ahead) &&
           same_file(other, b, b + ahead))
        ahead++;
    return (struct region){{a - back, b - back}, back + ahead, 0};
}

static int print_order(gconstpointer a, gconstpointer b)
{
    const struct print *first = a, *second = b;
    if (first->hash != second->hash)
        return first->hash < second->hash ? -1 : 1;
    return first->token < second->token ? -1 : first->token > second->token;
}

static GArray *sorted_prints(const struct source *source)
{
    GArray *prints = g_array_sized_new(FALSE, FALSE, sizeof(struct print), source->prints->len);
    g_array_append_vals(prints, source->prints->data, source->prints->len);
    g_array_sort(prints, print_order);
    return prints;
}

/* Is it within a region that was found from its beginning? Then it has the same end. */
static bool is_known(GHashTable *known, const struct region *region)
{
    return !g_hash_table_add(
        known, GSIZE_TO_POINTER(((gsize)region->begin[0] << 32) | (gsize)region->begin[1]));
}

static GArray *candidates(const struct pair *pair, int gram)
{
    g_autoptr(GArray) one = sorted_prints(pair->source[0]), other = sorted_prints(pair->source[1]);
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct region));
    for (guint i = 0, j = 0, next; i < one->len; i = next) {
        const uint64_t hash = PRINT(one, i).hash;
        for (next = i; next < one->len && PRINT(one, next).hash == hash;)
            next++;
        while (j < other->len && PRINT(other, j).hash < hash)
            j++;
        for (guint a = i; a < MIN(next, i + MOST_PLACES); a++)
            for (guint b = j; b < other->len && b < j + MOST_PLACES &&
                              PRINT(other, b).hash == hash && found->len < MOST_REGIONS;
                 b++) {
                const struct region region =
                    extended(pair, PRINT(one, a).token, PRINT(other, b).token);
                if (region.length >= (guint)gram && !is_known(known, &region))
                    g_array_append_val(found, region);
            }
    }
    return found;
}

static int longest_first(gconstpointer a, gconstpointer b)
{
    const struct region *first = a, *second = b;
    if (first->length != second->length)
        return first->length > second->length ? -1 : 1;
    return first->begin[0] < second->begin[0] ? -1 : first->begin[0] > second->begin[0];
}

static int in_order(gconstpointer a, gconstpointer b)
{
    const struct region *first = a, *second = b;
    return first->begin[0] < second->begin[0] ? -1 : first->begin[0] > second->begin[0];
}

/* What of a region nobody has taken yet. */
static void take(struct pair *pair, const struct region *region, bool *taken[2], int gram)
{
    for (guint i = 0, next; i < region->length; i = next + 1) {
        for (next = i; next < region->length && !taken[0][region->begin[0] + next] &&
                       !taken[1][region->begin[1] + next];)
            next++;
        struct region part = {{region->begin[0] + i, region->begin[1] + i}, next - i, 0};
        if (part.length < (guint)gram)
            continue;
        guint own[2] = {0, 0};
        for (guint j = 0; j < part.length; j++)
            for (int side = 0; side < 2; side++) {
                taken[side][part.begin[side] + j] = true;
                own[side] += pair->source[side]->own[part.begin[side] + j];
            }
        part.own = MIN(own[0], own[1]);
        if (part.own == 0)
            continue;
        for (int side = 0; side < 2; side++)
            pair->shared[side] += own[side];
        pair->longest = MAX(pair->longest, part.own);
        g_array_append_val(pair->regions, part);
    }
}

void pair_find_regions(struct pair *pair, const struct similarity_how *how)
{
    g_autoptr(GArray) found = candidates(pair, how->gram);
    g_array_sort(found, longest_first);
    g_autofree bool *first = g_new0(bool, pair->source[0]->tokens->len + 1),
                    *second = g_new0(bool, pair->source[1]->tokens->len + 1);
    bool *taken[2] = {first, second};
    pair->regions = g_array_new(FALSE, FALSE, sizeof(struct region));
    for (guint i = 0; i < found->len; i++)
        take(pair, &g_array_index(found, struct region, i), taken, how->gram);
    g_array_sort(pair->regions, in_order);
    const guint sizes[2] = {pair->source[0]->own_tokens, pair->source[1]->own_tokens};
    const int smaller = sizes[0] <= sizes[1] ? 0 : 1;
    pair->share = sizes[smaller] > 0 ? (double)pair->shared[smaller] / sizes[smaller] : 0;
    if (pair->same_program)
        pair->share = 1;
}
