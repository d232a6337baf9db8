/* A validator of the Trace Event Format; see trace_format.h. */
#include "tests/support/trace_format.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* One slice of a thread, or one open pair of begin and end. */
struct slice {
    double from, until;
};

struct check {
    GString *faults;
    size_t number;         /* of the event that is looked at */
    GHashTable *threads;   /* "pid:tid" → GArray of struct slice, in the file's order */
    GHashTable *durations; /* "pid:tid" → GPtrArray of the names of B that wait for their E */
    GHashTable *flows;     /* "cat:name:id" → GINT: 1 begun, 2 ended */
    GHashTable *asyncs;    /* "cat:id" → name of the b that waits for its e */
};

static void __attribute__((format(printf, 2, 3)))
fault(struct check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append_printf(check->faults, "event %zu: ", check->number);
    g_string_append_vprintf(check->faults, format, arguments);
    g_string_append_c(check->faults, '\n');
    va_end(arguments);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* "5" or "\"5\"": an id is a string or a whole number. NULL, with a fault: neither. */
static char *id_of(struct check *check, const json_t *event)
{
    const json_t *id = json_object_get(event, "id");
    if (json_is_string(id))
        return g_strdup(json_string_value(id));
    if (json_is_integer(id))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(id));
    fault(check, "its id is neither text nor a whole number");
    return NULL;
}

static char *thread_of(const json_t *event)
{
    return g_strdup_printf("%" JSON_INTEGER_FORMAT ":%" JSON_INTEGER_FORMAT,
                           json_integer_value(json_object_get(event, "pid")),
                           json_integer_value(json_object_get(event, "tid")));
}

/* ---- slices --------------------------------------------------------------------------------------- */

static void add_slice(struct check *check, const char *thread, struct slice slice)
{
    GArray *slices = g_hash_table_lookup(check->threads, thread);
    if (!slices) {
        slices = g_array_new(FALSE, FALSE, sizeof slice);
        g_hash_table_insert(check->threads, g_strdup(thread), slices);
    }
    for (guint i = 0; i < slices->len; i++) {
        const struct slice *other = &g_array_index(slices, struct slice, i);
        if ((other->from < slice.from && slice.from < other->until && other->until < slice.until) ||
            (slice.from < other->from && other->from < slice.until && slice.until < other->until)) {
            fault(check, "it overlaps another slice of its thread, and neither is in the other");
            break;
        }
    }
    g_array_append_val(slices, slice);
}

static void check_complete(struct check *check, const json_t *event, const char *thread)
{
    const json_t *duration = json_object_get(event, "dur");
    if (!json_is_number(duration) || json_number_value(duration) < 0)
        fault(check, "X has no dur from 0");
    /* nanoseconds, so that the sum is not rounded */
    const double from = round(1000 * number_of(event, "ts"));
    add_slice(check, thread,
              (struct slice){from, from + round(1000 * json_number_value(duration))});
}

static void check_duration(struct check *check, const json_t *event, const char *thread,
                           bool begins)
{
    GPtrArray *open = g_hash_table_lookup(check->durations, thread);
    if (!open) {
        open = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(check->durations, g_strdup(thread), open);
    }
    const char *name = text_of(event, "name");
    if (begins) {
        g_ptr_array_add(open, g_strdup(name));
    } else if (open->len == 0) {
        fault(check, "E ends what no B began");
    } else {
        if (name && g_strcmp0(name, open->pdata[open->len - 1]) != 0)
            fault(check, "E has not the name of its B");
        g_ptr_array_set_size(open, (int)open->len - 1);
    }
}

/* ---- what has an id --------------------------------------------------------------------------------- */

static void check_flow(struct check *check, const json_t *event, char kind)
{
    g_autofree char *id = id_of(check, event);
    if (!id || !text_of(event, "cat")) {
        fault(check, "an arrow needs a cat");
        return;
    }
    g_autofree char *key =
        g_strdup_printf("%s:%s:%s", text_of(event, "cat"), text_of(event, "name"), id);
    const int state = GPOINTER_TO_INT(g_hash_table_lookup(check->flows, key));
    if (kind == 's' && state != 0)
        fault(check, "an arrow of this id, name and cat has begun already");
    if (kind != 's' && state != 1)
        fault(check, "an arrow ends that has not begun, or ended before");
    const char *bound = text_of(event, "bp");
    if (json_object_get(event, "bp") && g_strcmp0(bound, "e") != 0)
        fault(check, "bp can only be e");
    g_hash_table_insert(check->flows, g_steal_pointer(&key),
                        GINT_TO_POINTER(kind == 's'   ? 1
                                        : kind == 't' ? 1
                                                      : 2));
}

static void check_async(struct check *check, const json_t *event, char kind)
{
    g_autofree char *id = id_of(check, event);
    if (!id || !text_of(event, "cat")) {
        fault(check, "an asynchronous event needs a cat");
        return;
    }
    g_autofree char *key = g_strdup_printf("%s:%s", text_of(event, "cat"), id);
    const char *open = g_hash_table_lookup(check->asyncs, key);
    if (kind == 'b' && open)
        fault(check, "one of this id and cat has begun already");
    if (kind != 'b' && g_strcmp0(open, text_of(event, "name")) != 0)
        fault(check, "no b of this name, id and cat came before it");
    if (kind == 'b')
        g_hash_table_insert(check->asyncs, g_steal_pointer(&key), g_strdup(text_of(event, "name")));
    else if (kind == 'e')
        g_hash_table_remove(check->asyncs, key);
}

/* ---- the others ---------------------------------------------------------------------------------------- */

static void check_metadata(struct check *check, const json_t *event)
{
    static const struct {
        const char *name, *argument;
        bool is_text;
    } known[] = {{"process_name", "name", true},
                 {"process_labels", "labels", true},
                 {"process_sort_index", "sort_index", false},
                 {"thread_name", "name", true},
                 {"thread_sort_index", "sort_index", false}};
    const char *name = text_of(event, "name");
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_strcmp0(name, known[i].name) != 0)
            continue;
        const json_t *value = json_object_get(json_object_get(event, "args"), known[i].argument);
        if (known[i].is_text ? !json_is_string(value) : !json_is_number(value))
            fault(check, "%s has no %s in its args", name, known[i].argument);
        return;
    }
    fault(check, "there is no metadata of that name");
}

static void check_counter(struct check *check, const json_t *event)
{
    json_t *arguments = json_object_get(event, "args"), *value;
    const char *key;
    if (json_object_size(arguments) == 0)
        fault(check, "a counter without a series");
    json_object_foreach(arguments, key, value) if (!json_is_number(value))
        fault(check, "the counter's series %s is no number", key);
}

static void check_instant(struct check *check, const json_t *event)
{
    static const char *const scopes[] = {"g", "p", "t", NULL};
    const json_t *scope = json_object_get(event, "s");
    if (scope && (!json_is_string(scope) || !g_strv_contains(scopes, json_string_value(scope))))
        fault(check, "an instant's s is g, p or t");
}

static bool has_what_all_have(struct check *check, const json_t *event, char kind)
{
    const size_t before = check->faults->len;
    const json_t *arguments = json_object_get(event, "args");
    if (!json_is_integer(json_object_get(event, "pid")) ||
        !json_is_integer(json_object_get(event, "tid")))
        fault(check, "pid and tid have to be whole numbers");
    if (kind != 'E' && !text_of(event, "name"))
        fault(check, "it has no name");
    if (json_object_get(event, "cat") && !text_of(event, "cat"))
        fault(check, "its cat is no text");
    if (kind != 'M' &&
        (!json_is_number(json_object_get(event, "ts")) || number_of(event, "ts") < 0))
        fault(check, "it has no ts from 0");
    if (arguments && !json_is_object(arguments))
        fault(check, "its args are no object");
    return check->faults->len == before;
}

static void check_event(struct check *check, const json_t *event)
{
    const char *kind = text_of(event, "ph");
    if (!kind || strlen(kind) != 1 || !strchr("BEXiICbnestfM", kind[0])) {
        fault(check, "its ph is of no known kind");
        return;
    }
    if (!has_what_all_have(check, event, kind[0]))
        return;
    g_autofree char *thread = thread_of(event);
    switch (kind[0]) {
    case 'X':
        check_complete(check, event, thread);
        break;
    case 'B':
    case 'E':
        check_duration(check, event, thread, kind[0] == 'B');
        break;
    case 's':
    case 't':
    case 'f':
        check_flow(check, event, kind[0]);
        break;
    case 'b':
    case 'n':
    case 'e':
        check_async(check, event, kind[0]);
        break;
    case 'C':
        check_counter(check, event);
        break;
    case 'M':
        check_metadata(check, event);
        break;
    default:
        check_instant(check, event);
    }
}

/* Viewers bind the end of an arrow to a slice of its thread around that time. */
static void check_bound(struct check *check, const json_t *event)
{
    const char *kind = text_of(event, "ph");
    if (!kind || (strcmp(kind, "s") != 0 && strcmp(kind, "f") != 0))
        return;
    g_autofree char *thread = thread_of(event);
    const GArray *slices = g_hash_table_lookup(check->threads, thread);
    const double at = round(1000 * number_of(event, "ts"));
    for (guint i = 0; slices && i < slices->len; i++) {
        const struct slice *slice = &g_array_index(slices, struct slice, i);
        if (slice->from <= at && at <= slice->until)
            return;
    }
    fault(check, "no slice of its thread is around an arrow's end");
}

static void check_ends(struct check *check)
{
    GHashTableIter all;
    gpointer key, value;
    g_hash_table_iter_init(&all, check->flows);
    while (g_hash_table_iter_next(&all, &key, &value))
        if (GPOINTER_TO_INT(value) != 2)
            fault(check, "the arrow %s never ends", (char *)key);
    g_hash_table_iter_init(&all, check->asyncs);
    while (g_hash_table_iter_next(&all, &key, &value))
        fault(check, "b %s has no e", (char *)value);
    g_hash_table_iter_init(&all, check->durations);
    while (g_hash_table_iter_next(&all, &key, &value))
        if (((GPtrArray *)value)->len > 0)
            fault(check, "a B has no E");
}

static void check_head(const json_t *trace, GString *faults)
{
    const char *unit = text_of(trace, "displayTimeUnit");
    const json_t *other = json_object_get(trace, "otherData");
    if (json_object_get(trace, "displayTimeUnit") && g_strcmp0(unit, "ms") != 0 &&
        g_strcmp0(unit, "ns") != 0)
        g_string_append(faults, "displayTimeUnit is ms or ns\n");
    if (other && !json_is_object(other))
        g_string_append(faults, "otherData is no object\n");
    if (!json_is_array(json_object_get(trace, "traceEvents")))
        g_string_append(faults, "traceEvents is no list\n");
}

void trace_format_check(const json_t *trace, GString *faults)
{
    const json_t *events = json_object_get(trace, "traceEvents");
    struct check check = {.faults = faults,
                          .threads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                           (GDestroyNotify)g_array_unref),
                          .durations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                             (GDestroyNotify)g_ptr_array_unref),
                          .flows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                          .asyncs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
    check_head(trace, faults);
    for (size_t i = 0; i < json_array_size(events); i++) {
        check.number = i;
        check_event(&check, json_array_get(events, i));
    }
    for (size_t i = 0; i < json_array_size(events); i++) {
        check.number = i;
        check_bound(&check, json_array_get(events, i));
    }
    check_ends(&check);
    g_hash_table_destroy(check.threads);
    g_hash_table_destroy(check.durations);
    g_hash_table_destroy(check.flows);
    g_hash_table_destroy(check.asyncs);
}

void trace_format_check_file(const char *path, GString *faults)
{
    json_error_t problem;
    json_t *trace = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    if (trace)
        trace_format_check(trace, faults);
    else
        g_string_append_printf(faults, "%s, line %d: %s\n", path, problem.line, problem.text);
    json_decref(trace);
}
