/* What is wrong with a whole, in sentences; see wholes_parts.h. */
#include "grader/evidence/wholes_parts.h"
#include "grader/evidence/wholes_region.h"

#include <math.h>
#include <stdio.h>

void wholes_begin_sentence(GString *why)
{
    if (why->len > 0)
        g_string_append(why, "; ");
}

/* "; layer 3 is on rank 1 and rank 3", for a name that begins with a layer. */
void wholes_add_expected(GString *why, const struct wholes *wholes, const char *name)
{
    int layer, told = 0, all = 0;
    if (sscanf(name, "layers.%d.", &layer) != 1)
        return;
    for (guint i = 0; i < wholes->file->len; i++)
        all += wholes_file_has_layer(g_ptr_array_index(wholes->file, i), layer);
    for (guint i = 0; i < wholes->file->len && told < 8; i++) {
        const struct wholes_file *file = g_ptr_array_index(wholes->file, i);
        if (!wholes_file_has_layer(file, layer))
            continue;
        if (told++ == 0)
            g_string_append_printf(why, " (by the logs, layer %d is on rank %d", layer, file->rank);
        else
            g_string_append_printf(why, "%srank %d", told == all ? " and " : ", ", file->rank);
    }
    if (told > 0)
        g_string_append(why, all > told ? ", …)" : ")");
}

static void add_ranks_of(GString *why, const struct whole *whole, size_t element)
{
    int last = WHOLES_NOBODY;
    const char *between = "";
    for (guint i = 0; i < whole->parts->len; i++) {
        struct whole one = *whole;
        const struct whole_part *part = whole_part_at(whole, i);
        one.parts = g_array_new(FALSE, FALSE, sizeof(struct whole_part));
        g_array_append_val(one.parts, *part);
        if (part->from->rank != last && whole_holder(&one, element) >= 0) {
            g_string_append_printf(why, "%srank %d", between, part->from->rank);
            last = part->from->rank;
            between = ", ";
        }
        g_array_unref(one.parts);
    }
}

void wholes_tell_missing(const struct assembly *a, const struct wholes *wholes, GString *why)
{
    size_t missing = 0;
    for (size_t e = 0; e < a->elements; e++)
        missing += a->marks[e] = a->holders[e] == 0;
    if (missing == 0)
        return;
    wholes_begin_sentence(why);
    wholes_region(why, a->tensor->shape, a->marks, a->name->str);
    g_string_append(why, " on no rank");
    wholes_add_expected(why, wholes, a->whole->name);
}

/* Elements on another number of ranks than they should be. */
void wholes_tell_copies(const struct assembly *a, GString *why)
{
    guint due = (guint)a->rules.copies;
    size_t wrong = 0;
    while (wrong < a->elements && (a->holders[wrong] == due || a->holders[wrong] == 0))
        wrong++;
    if (due == 0 || wrong == a->elements)
        return;
    for (size_t e = 0; e < a->elements; e++)
        a->marks[e] = a->holders[e] == a->holders[wrong];
    wholes_begin_sentence(why);
    wholes_region(why, a->tensor->shape, a->marks, a->name->str);
    g_string_append_printf(why, " on %u %s, not on %u: ", a->holders[wrong],
                           a->holders[wrong] == 1 ? "rank" : "ranks", due);
    add_ranks_of(why, a->whole, wrong);
}

void wholes_tell_twice(const struct assembly *a, GString *why)
{
    if (a->twices == 0)
        return;
    wholes_begin_sentence(why);
    wholes_region(why, a->tensor->shape, a->twice, a->name->str);
    g_string_append_printf(why, " on rank %d twice", a->part->from->rank);
}

void wholes_tell_difference(const struct assembly *a, GString *why)
{
    const struct tolerance *closeness = a->rules.closeness;
    double norm = a->squares > 0 ? sqrt(a->difference_squares / a->squares) : 0;
    int rank = a->part->from->rank;
    if (a->differences > 0) {
        wholes_begin_sentence(why);
        wholes_region(why, a->tensor->shape, a->differs, a->name->str);
        g_string_append_printf(why, " not the same on rank %d and rank %d: %zu %s, worst at ",
                               a->other, rank, a->differences,
                               a->differences == 1 ? "element" : "elements");
        wholes_place(why, a->tensor->shape, a->worst_at);
        if (a->tensor->dtype == DTYPE_FLOAT32)
            g_string_append_printf(why, ": %.9g and %.9g", a->worst_before, a->worst_found);
    } else if (closeness && !(norm <= closeness->norm)) {
        wholes_begin_sentence(why);
        g_string_append_printf(
            why,
            "what rank %d has of %s is not the same on lower ranks: the relative "
            "norm of the difference is %.2g, allowed is %.2g",
            rank, a->name->str, norm, closeness->norm);
    }
}

void wholes_tell_not_finite(const struct whole *whole, GString *why)
{
    const float *numbers = tensor_floats(whole->tensor);
    char text[SHAPE_TEXT_SIZE];
    size_t i = 0;
    while (i < whole->tensor->elements && isfinite(numbers[i]))
        i++;
    if (i == whole->tensor->elements)
        return;
    wholes_begin_sentence(why);
    g_string_append(why, "element ");
    wholes_place(why, whole->tensor->shape, i);
    g_string_append_printf(why, " of %s %s is %s on rank %d", whole->name,
                           shape_text(whole->tensor->shape, text),
                           isnan(numbers[i]) ? "NaN" : "infinite", whole_holder(whole, i));
}
