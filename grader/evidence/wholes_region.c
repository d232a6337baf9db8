/* Elements of a tensor in words; see wholes_region.h. */
#include "grader/evidence/wholes_region.h"

#define MOST_RUNS 6

/* For each dimension, which indices any marked element has. */
static void mark_indices(struct shape shape, const guint8 *marks, guint8 **marked)
{
    int index[TENSOR_MAX_DIMENSIONS] = {0};
    size_t elements = shape_elements(shape);
    for (size_t i = 0; i < elements; i++) {
        for (int d = 0; d < shape.dimensions && marks[i]; d++)
            marked[d][index[d]] = 1;
        for (int d = shape.dimensions - 1; d >= 0 && ++index[d] == shape.size[d]; d--)
            index[d] = 0;
    }
}

static size_t count_marks(const guint8 *marks, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += marks[i] != 0;
    return count;
}

/* "64 to 127", "0, 2 and 5 to 7". */
static void append_runs(GString *text, const guint8 *marked, int size)
{
    int runs = 0, told = 0;
    for (int i = 0; i < size; i++)
        runs += marked[i] && (i == 0 || !marked[i - 1]);
    for (int i = 0, end; i < size && told < MOST_RUNS; i = end + 1) {
        for (end = i; end < size && marked[end]; end++)
            continue;
        if (end == i)
            continue;
        if (told > 0)
            g_string_append(text, told + 1 == runs ? " and " : ", ");
        g_string_append_printf(text, "%d", i);
        if (end > i + 1)
            g_string_append_printf(text, " to %d", end - 1);
        told++;
    }
    if (runs > told)
        g_string_append_printf(text, " and %d more", runs - told);
}

/* Is it more than one index? */
static bool append_dimension(GString *text, struct shape shape, int d, const guint8 *marked)
{
    static const char *const names[3][2] = {
        {"row ", "rows "}, {"column ", "columns "}, {"index ", "indices "}};
    bool many = count_marks(marked, (size_t)shape.size[d]) > 1;
    if (shape.dimensions == 1)
        g_string_append(text, many ? "elements " : "element ");
    else
        g_string_append(text, names[shape.dimensions == 2 ? d : 2][many]);
    append_runs(text, marked, shape.size[d]);
    if (shape.dimensions > 2)
        g_string_append_printf(text, " of dimension %d", d);
    return many;
}

/* Marked are all combinations of the marked indices. Is it more than one row, column, … ? */
static bool append_block(GString *text, struct shape shape, guint8 *const *marked)
{
    gsize before = text->len;
    bool many = true;
    for (int d = 0; d < shape.dimensions; d++) {
        if (count_marks(marked[d], (size_t)shape.size[d]) == (size_t)shape.size[d])
            continue;
        bool further = text->len > before;
        if (further)
            g_string_append(text, ", ");
        many = append_dimension(text, shape, d, marked[d]) || further;
    }
    if (text->len == before)
        g_string_append(text, "all elements");
    return many;
}

void wholes_region(GString *text, struct shape shape, const guint8 *marks, const char *of)
{
    size_t elements = shape_elements(shape), count = count_marks(marks, elements), block = 1;
    size_t first = 0, last = elements - 1;
    guint8 *marked[TENSOR_MAX_DIMENSIONS];
    for (int d = 0; d < shape.dimensions; d++)
        marked[d] = g_new0(guint8, shape.size[d]);
    mark_indices(shape, marks, marked);
    for (int d = 0; d < shape.dimensions; d++)
        block *= count_marks(marked[d], (size_t)shape.size[d]);
    while (!marks[first])
        first++;
    while (!marks[last])
        last--;
    bool many = count > 1;
    if (count == 1 && elements > 1) {
        g_string_append(text, "element ");
        wholes_place(text, shape, first);
    } else if (block == count)
        many = append_block(text, shape, marked);
    else if (last - first + 1 == count)
        g_string_append_printf(text, "elements %zu to %zu (row by row)", first, last);
    else
        g_string_append_printf(text, "%zu elements between %zu and %zu (row by row)", count, first,
                               last);
    for (int d = 0; d < shape.dimensions; d++)
        g_free(marked[d]);
    g_string_append_printf(text, " of %s%s", of, many ? " are" : " is");
}

void wholes_place(GString *text, struct shape shape, size_t element)
{
    int index[TENSOR_MAX_DIMENSIONS] = {0};
    for (int d = shape.dimensions - 1; d >= 0; d--) {
        index[d] = (int)(element % (size_t)shape.size[d]);
        element /= (size_t)shape.size[d];
    }
    g_string_append_c(text, '[');
    for (int d = 0; d < shape.dimensions; d++)
        g_string_append_printf(text, "%s%d", d > 0 ? ", " : "", index[d]);
    g_string_append_c(text, ']');
}
