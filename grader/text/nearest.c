/* Which names a misspelt word may have meant; see nearest.h. */
#include "grader/text/nearest.h"

#include <string.h>

enum { MOST_LETTERS = 100, MOST_MEANT = 4 };

/* One of the first `length` letters; nothing that is longer than a name can be is looked at. */
static int distance(const char *one, size_t length, const char *other, size_t other_length)
{
    int rows[3][MOST_LETTERS + 1]; /* of the table; three are needed at a time */
    if (length > MOST_LETTERS || other_length > MOST_LETTERS)
        return MOST_LETTERS;
    for (size_t j = 0; j <= other_length; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= length; i++) {
        int *row = rows[i % 3];
        const int *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= other_length; j++) {
            const char a = g_ascii_tolower(one[i - 1]), b = g_ascii_tolower(other[j - 1]);
            row[j] = MIN(above[j - 1] + (a != b), MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a == g_ascii_tolower(other[j - 2]) &&
                b == g_ascii_tolower(one[i - 2]))
                row[j] = MIN(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[length % 3][other_length];
}

int text_distance(const char *one, const char *other)
{
    return distance(one, strlen(one), other, strlen(other));
}

int text_distance_to_parts(const char *word, const char *name)
{
    int least = text_distance(word, name);
    const size_t length = strlen(word);
    for (const char *from = name; from; from = strchr(from, '_') ? strchr(from, '_') + 1 : NULL)
        for (const char *end = from; *end; end++)
            if (end[1] == '_' || end[1] == '\0')
                least = MIN(least, distance(word, length, from, (size_t)(end + 1 - from)));
    return least;
}

struct candidate {
    const char *name;
    int distance, whole; /* to its nearest parts, and to all of it */
    int place;
};

static int by_distance(gconstpointer one, gconstpointer other)
{
    const struct candidate *a = one, *b = other;
    const int order[] = {a->distance - b->distance, a->whole - b->whole, a->place - b->place};
    return order[0] ? order[0] : order[1] ? order[1] : order[2];
}

GPtrArray *text_nearest_first(const char *word, const char *const *names)
{
    g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    for (int i = 0; names[i]; i++) {
        const struct candidate candidate = {names[i], text_distance_to_parts(word, names[i]),
                                            text_distance(word, names[i]), i};
        g_array_append_val(candidates, candidate);
    }
    g_array_sort(candidates, by_distance);
    GPtrArray *sorted = g_ptr_array_new();
    for (guint i = 0; i < candidates->len; i++)
        g_ptr_array_add(sorted, (char *)g_array_index(candidates, struct candidate, i).name);
    return sorted;
}

/* A third of the letters may be wrong, and of a short word one. */
bool text_is_near(const char *word, const char *name)
{
    const int letters = (int)MIN(strlen(word), (size_t)MOST_LETTERS);
    return text_distance_to_parts(word, name) <= MAX(1, letters / 3) && letters > 1;
}

void text_append_meant(GString *to, const char *word, const char *const *names)
{
    g_autoptr(GPtrArray) sorted = text_nearest_first(word, names);
    guint near = 0;
    while (near < sorted->len && near < MOST_MEANT && text_is_near(word, sorted->pdata[near]))
        near++;
    for (guint i = 0; i < near; i++)
        g_string_append_printf(to, "%s%s",
                               i == 0          ? "; did you mean "
                               : i == near - 1 ? " or "
                                               : ", ",
                               (char *)sorted->pdata[i]);
    if (near > 0)
        g_string_append_c(to, '?');
}
