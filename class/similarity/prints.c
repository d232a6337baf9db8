/* Winnowing; see prints.h. */
#include "class/similarity/prints.h"

static uint64_t mixed(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
    hash ^= hash >> 31;
    return hash == NO_RUN ? NO_RUN - 1 : hash;
}

/* Rolling (R. M. Karp, M. O. Rabin 1987): kinds are digits to an odd base, modulo 2^64. */
GArray *prints_runs(const GArray *tokens, int gram)
{
    const uint64_t base = 0x9e3779b97f4a7c15u;
    const guint length = (guint)gram;
    GArray *runs = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), tokens->len);
    uint64_t highest = 1, hash = 0;
    for (int i = 1; i < gram; i++)
        highest *= base;
    guint in_file = 0; /* tokens in a row of one file, up to this one */
    for (guint i = 0; i < tokens->len; i++) {
        const struct token *token = &TOKEN(tokens, i);
        const bool same = i > 0 && TOKEN(tokens, i - 1).file == token->file;
        in_file = same ? in_file + 1 : 1;
        if (!same)
            hash = 0;
        if (in_file > length)
            hash -= TOKEN(tokens, i - length).kind * highest;
        hash = hash * base + token->kind;
        const uint64_t none = NO_RUN;
        g_array_append_val(runs, none);
        if (in_file >= length)
            g_array_index(runs, uint64_t, i + 1 - length) = mixed(hash);
    }
    return runs;
}

GArray *prints_winnow(const GArray *runs, const bool *skip, int window)
{
    GArray *prints = g_array_new(FALSE, FALSE, sizeof(struct print));
    const guint width = (guint)window;
    for (guint end = 0; end < runs->len; end++) {
        /* The window ends with run `end`; a text that is shorter than one is a window, too. */
        if (end + 1 < width && end + 1 < runs->len)
            continue;
        struct print least = {NO_RUN, 0};
        for (guint i = end + 1 < width ? 0 : end + 1 - width; i <= end; i++) {
            const uint64_t hash = skip && skip[i] ? NO_RUN : g_array_index(runs, uint64_t, i);
            if (hash != NO_RUN && hash <= least.hash)
                least = (struct print){hash, i};
        }
        if (least.hash != NO_RUN &&
            (prints->len == 0 || PRINT(prints, prints->len - 1).token != least.token))
            g_array_append_val(prints, least);
    }
    return prints;
}
