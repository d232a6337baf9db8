/* Putting a whole together; see wholes.h. wholes_faults.c says what is wrong with it. */
#include "grader/evidence/wholes_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
        if (a->holders[e]++ == 0 || (a->one_is_enough && rank == a->rules.one)) {
            memcpy((char *)a->tensor->data + e * bytes,
                   (char *)a->part->tensor->data + (in_tensor + k) * bytes, bytes);
            a->first[e] = rank;
        } else if (a->rules.copies != 1 && !a->told) { /* else it is no copy, but held twice */
            compare(a, e, in_tensor + k);
        }
        a->last[e] = rank;
    }
}

/* ---- is it one whole at all? -------------------------------------------------------------------- */

static bool parts_agree(const struct whole *whole, enum dtype dtype, struct shape shape,
                        bool stated, GString *why)
{
    char found[SHAPE_TEXT_SIZE], wanted[SHAPE_TEXT_SIZE];
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (part->tensor->dtype == dtype && shape_equal(part->is.slice.whole, shape))
            continue;
        wholes_begin_sentence(why);
        g_string_append_printf(why, "rank %d has a part of %s as %s %s; ", part->from->rank,
                               whole->name, dtype_name(part->tensor->dtype),
                               shape_text(part->is.slice.whole, found));
        if (stated)
            g_string_append_printf(why, "it should be %s %s", dtype_name(dtype),
                                   shape_text(shape, wanted));
        else
            g_string_append_printf(why, "rank %d has one as %s %s",
                                   whole_part_at(whole, 0)->from->rank, dtype_name(dtype),
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
        stored += whole_part_at(whole, i)->is.count;
    if (elements <= stored || elements <= (size_t)1 << 24)
        return true;
    wholes_begin_sentence(why);
    g_string_append_printf(why, "%s %s has %zu elements, and all ranks together stored %zu",
                           whole->name, shape_text(shape, text), elements, stored);
    return false;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static void put_parts(struct assembly *a, GString *why)
{
    for (guint i = 0; i < a->whole->parts->len; i++) {
        gsize before = why->len;
        a->part = whole_part_at(a->whole, i);
        slice_walk(&a->part->is.slice, a->part->is.first, a->part->is.count, put_run, a);
        if (a->told)
            continue;
        wholes_tell_twice(a, why);
        wholes_tell_difference(a, why);
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
    /* Then what is in other copies is not told, as if it had been told already. */
    a.one_is_enough = rules.one_is_enough != NULL && rules.one_is_enough(whole->name);
    a.told = a.one_is_enough;
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
        a.first[e] = a.last[e] = WHOLES_NOBODY;
    put_parts(&a, why);
    wholes_tell_missing(&a, wholes, why);
    wholes_tell_copies(&a, why);
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
    const struct whole_part *part = whole_part_at(whole, 0);
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
        wholes_begin_sentence(why);
        g_string_append_printf(why, "%s is on no rank", name);
        wholes_add_expected(why, wholes, name);
        return NULL;
    }
    gsize before = why->len;
    struct shape shape = due ? *due : whole_part_at(whole, 0)->is.slice.whole;
    tensor_free(whole->tensor);
    whole->tensor = NULL;
    if (!parts_agree(whole, dtype, shape, due != NULL, why) || !parts_can_fill(whole, shape, why))
        return NULL;
    whole->tensor = as_it_is(whole, shape, rules);
    if (!whole->tensor)
        whole->tensor = assemble(wholes, whole, dtype, shape, rules, why);
    if (whole->tensor && rules.finite && dtype == DTYPE_FLOAT32)
        wholes_tell_not_finite(whole, why);
    if (why->len > before) {
        tensor_free(whole->tensor);
        whole->tensor = NULL;
    }
    return whole->tensor;
}
