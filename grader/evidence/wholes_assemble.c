/* Putting a whole together, and what is wrong with it; see wholes.h. */
#include "grader/evidence/wholes_parts.h"
#include "grader/evidence/wholes_region.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOBODY (-1)

/* Of each element of the whole. */
struct assembly {
    const struct whole *whole;
    struct wholes_rules rules;
    struct tensor *tensor;
    size_t elements;
    int *first;     /* the lowest rank that has it, or NOBODY */
    int *last;      /* the latest rank that was seen to have it */
    guint *holders; /* how many ranks have it */
    guint8 *marks;  /* those that a sentence is about */
    GString *name;  /* and shape */
    /* The part that is being put in. */
    const struct whole_part *part;
    guint8 *twice;   /* the part's rank has it already */
    guint8 *differs; /* from the copy that was there before */
    int other;       /* the rank that it is compared with: the first that has another number */
    size_t twices, differences, worst_at;
    double worst, worst_before, worst_found; /* worst: the difference of these two */
    double difference_squares, squares;
    bool told; /* what such a part is like: the first is enough */
};

static bool equal_bytes(const struct assembly *a, size_t in_whole, size_t in_tensor)
{
    size_t bytes = dtype_bytes(a->tensor->dtype);
    return !memcmp((char *)a->tensor->data + in_whole * bytes,
                   (char *)a->part->tensor->data + in_tensor * bytes, bytes);
}

static void compare(struct assembly *a, size_t in_whole, size_t in_tensor)
{
    double found = 0, before = 0;
    bool same = equal_bytes(a, in_whole, in_tensor);
    if (a->tensor->dtype == DTYPE_FLOAT32) {
        found = (double)tensor_floats(a->part->tensor)[in_tensor];
        before = (double)tensor_floats(a->tensor)[in_whole];
    }
    double difference = same ? 0 : fabs(found - before);
    a->difference_squares += difference * difference;
    a->squares += before * before;
    if (!same && a->rules.closeness && a->tensor->dtype == DTYPE_FLOAT32)
        same = difference <=
                   a->rules.closeness->absolute + a->rules.closeness->relative * fabs(before) &&
               isfinite(found) && isfinite(before);
    if (same || (a->differences > 0 && a->first[in_whole] != a->other))
        return;
    a->differs[in_whole] = 1;
    a->other = a->first[in_whole];
    /* NaN is further off than anything. */
    if (a->differences++ > 0 && (difference <= a->worst || isnan(a->worst)))
        return;
    a->worst = difference;
    a->worst_at = in_whole;
    a->worst_before = before;
    a->worst_found = found;
}

static void put_run(size_t in_part, size_t in_whole, size_t length, void *user)
{
    struct assembly *a = user;
    size_t bytes = dtype_bytes(a->tensor->dtype);
    size_t in_tensor = in_part - a->part->is.first + a->part->is.in_tensor;
    int rank = a->part->from->rank;
    for (size_t k = 0; k < length; k++) {
        size_t e = in_whole + k;
        if (a->last[e] == rank) {
            a->twice[e] = 1;
            a->twices++;
            continue;
        }
        if (a->holders[e]++ == 0) {
            memcpy((char *)a->tensor->data + e * bytes,
                   (char *)a->part->tensor->data + (in_tensor + k) * bytes, bytes);
            a->first[e] = rank;
        } else if (a->rules.copies != 1 && !a->told) { /* else it is no copy, but held twice */
            compare(a, e, in_tensor + k);
        }
        a->last[e] = rank;
    }
}

/* ---- what is wrong, in sentences ---------------------------------------------------------------- */

static void begin_sentence(GString *why)
{
    if (why->len > 0)
        g_string_append(why, "; ");
}

/* "; layer 3 is on rank 1 and rank 3", for a name that begins with a layer. */
static void add_expected(GString *why, const struct wholes *wholes, const char *name)
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
    int last = NOBODY;
    const char *between = "";
    for (guint i = 0; i < whole->parts->len; i++) {
        struct whole one = *whole;
        const struct whole_part *part = WHOLE_PART(whole, i);
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

static void tell_missing(const struct assembly *a, const struct wholes *wholes, GString *why)
{
    size_t missing = 0;
    for (size_t e = 0; e < a->elements; e++)
        missing += a->marks[e] = a->holders[e] == 0;
    if (missing == 0)
        return;
    begin_sentence(why);
    wholes_region(why, a->tensor->shape, a->marks, a->name->str);
    g_string_append(why, " on no rank");
    add_expected(why, wholes, a->whole->name);
}

/* Elements on another number of ranks than they should be. */
static void tell_copies(const struct assembly *a, GString *why)
{
    guint due = (guint)a->rules.copies;
    size_t wrong = 0;
    while (wrong < a->elements && (a->holders[wrong] == due || a->holders[wrong] == 0))
        wrong++;
    if (due == 0 || wrong == a->elements)
        return;
    for (size_t e = 0; e < a->elements; e++)
        a->marks[e] = a->holders[e] == a->holders[wrong];
    begin_sentence(why);
    wholes_region(why, a->tensor->shape, a->marks, a->name->str);
    g_string_append_printf(why, " on %u %s, not on %u: ", a->holders[wrong],
                           a->holders[wrong] == 1 ? "rank" : "ranks", due);
    add_ranks_of(why, a->whole, wrong);
}

static void tell_twice(const struct assembly *a, GString *why)
{
    if (a->twices == 0)
        return;
    begin_sentence(why);
    wholes_region(why, a->tensor->shape, a->twice, a->name->str);
    g_string_append_printf(why, " on rank %d twice", a->part->from->rank);
}

static void tell_difference(const struct assembly *a, GString *why)
{
    const struct tolerance *closeness = a->rules.closeness;
    double norm = a->squares > 0 ? sqrt(a->difference_squares / a->squares) : 0;
    int rank = a->part->from->rank;
    if (a->differences > 0) {
        begin_sentence(why);
        wholes_region(why, a->tensor->shape, a->differs, a->name->str);
        g_string_append_printf(why, " not the same on rank %d and rank %d: %zu %s, worst at ",
                               a->other, rank, a->differences,
                               a->differences == 1 ? "element" : "elements");
        wholes_place(why, a->tensor->shape, a->worst_at);
        if (a->tensor->dtype == DTYPE_FLOAT32)
            g_string_append_printf(why, ": %.9g and %.9g", a->worst_before, a->worst_found);
    } else if (closeness && !(norm <= closeness->norm)) {
        begin_sentence(why);
        g_string_append_printf(
            why,
            "what rank %d has of %s is not the same on lower ranks: the relative "
            "norm of the difference is %.2g, allowed is %.2g",
            rank, a->name->str, norm, closeness->norm);
    }
}

/* ---- is it one whole at all? -------------------------------------------------------------------- */

static bool parts_agree(const struct whole *whole, enum dtype dtype, struct shape shape,
                        bool stated, GString *why)
{
    char found[SHAPE_TEXT_SIZE], wanted[SHAPE_TEXT_SIZE];
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = WHOLE_PART(whole, i);
        if (part->tensor->dtype == dtype && shape_equal(part->is.slice.whole, shape))
            continue;
        begin_sentence(why);
        g_string_append_printf(why, "rank %d has a part of %s as %s %s; ", part->from->rank,
                               whole->name, dtype_name(part->tensor->dtype),
                               shape_text(part->is.slice.whole, found));
        if (stated)
            g_string_append_printf(why, "it should be %s %s", dtype_name(dtype),
                                   shape_text(shape, wanted));
        else
            g_string_append_printf(why, "rank %d has one as %s %s",
                                   WHOLE_PART(whole, 0)->from->rank, dtype_name(dtype),
                                   shape_text(shape, wanted));
        return false;
    }
    return true;
}

/* A forged shape must not cost memory: all that was stored has to be able to fill it. */
static bool parts_can_fill(const struct whole *whole, struct shape shape, GString *why)
{
    char text[SHAPE_TEXT_SIZE];
    size_t stored = 0, elements = shape_elements(shape);
    for (guint i = 0; i < whole->parts->len; i++)
        stored += WHOLE_PART(whole, i)->is.count;
    if (elements <= stored || elements <= (size_t)1 << 24)
        return true;
    begin_sentence(why);
    g_string_append_printf(why, "%s %s has %zu elements, and all ranks together stored %zu",
                           whole->name, shape_text(shape, text), elements, stored);
    return false;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static void put_parts(struct assembly *a, GString *why)
{
    for (guint i = 0; i < a->whole->parts->len; i++) {
        gsize before = why->len;
        a->part = WHOLE_PART(a->whole, i);
        slice_walk(&a->part->is.slice, a->part->is.first, a->part->is.count, put_run, a);
        if (a->told)
            continue;
        tell_twice(a, why);
        tell_difference(a, why);
        a->told = why->len > before;
        a->difference_squares = a->squares = 0;
    }
}

static struct tensor *assemble(const struct wholes *wholes, const struct whole *whole,
                               enum dtype dtype, struct shape shape, struct wholes_rules rules,
                               GString *why)
{
    char text[SHAPE_TEXT_SIZE];
    struct assembly a = {.whole = whole, .rules = rules, .elements = shape_elements(shape)};
    gsize before = why->len;
    a.tensor = tensor_new(MEMORY_WORKSPACE, dtype, DEVICE_CPU, shape);
    tensor_zero(a.tensor);
    a.first = g_new(int, a.elements);
    a.last = g_new(int, a.elements);
    a.holders = g_new0(guint, a.elements);
    a.marks = g_new0(guint8, a.elements);
    a.twice = g_new0(guint8, a.elements);
    a.differs = g_new0(guint8, a.elements);
    a.name = g_string_new(NULL);
    g_string_printf(a.name, "%s %s", whole->name, shape_text(shape, text));
    for (size_t e = 0; e < a.elements; e++)
        a.first[e] = a.last[e] = NOBODY;
    put_parts(&a, why);
    tell_missing(&a, wholes, why);
    tell_copies(&a, why);
    g_free(a.first);
    g_free(a.last);
    g_free(a.holders);
    g_free(a.marks);
    g_free(a.twice);
    g_free(a.differs);
    g_string_free(a.name, TRUE);
    if (why->len == before)
        return a.tensor;
    tensor_free(a.tensor);
    return NULL;
}

/* The usual case, without a copy: one rank has all of it. */
static struct tensor *as_it_is(const struct whole *whole, struct shape shape,
                               struct wholes_rules rules)
{
    const struct whole_part *part = WHOLE_PART(whole, 0);
    if (whole->parts->len != 1 || rules.copies > 1 || !slice_is_all(&part->is.slice) ||
        part->is.count != shape_elements(shape))
        return NULL;
    return tensor_view((struct tensor *)part->tensor, part->is.in_tensor, shape);
}

const struct tensor *wholes_assemble(struct wholes *wholes, const char *name, enum dtype dtype,
                                     const struct shape *due, struct wholes_rules rules,
                                     GString *why)
{
    struct whole *whole = g_hash_table_lookup(wholes->named, name);
    if (!whole) {
        begin_sentence(why);
        g_string_append_printf(why, "%s is on no rank", name);
        add_expected(why, wholes, name);
        return NULL;
    }
    struct shape shape = due ? *due : WHOLE_PART(whole, 0)->is.slice.whole;
    tensor_free(whole->tensor);
    whole->tensor = NULL;
    if (!parts_agree(whole, dtype, shape, due != NULL, why) || !parts_can_fill(whole, shape, why))
        return NULL;
    whole->tensor = as_it_is(whole, shape, rules);
    if (!whole->tensor)
        whole->tensor = assemble(wholes, whole, dtype, shape, rules, why);
    return whole->tensor;
}
