/*
 * The place of a call (call_place.h).
 */
#include "grader/trace/call_place.h"

#include "grader/trace/source_line.h"

#include <string.h>

/* Whose file: those of the program and of the driver call the student's, the kit's others are called. */
enum room { STUDENTS, KITS, PROGRAMS };

/* common/ROOM/file.c, assignments/NAME/program/file.c, …; a student's is NAME/file.c. */
static enum room room_of(const char *path)
{
    if (path[0] == '\0')
        return KITS;
    if (strstr(path, "/tests/"))
        return STUDENTS;
    if (g_regex_match_simple("(^|/)assignments/[^/]+/given/[^/]+$", path, 0, 0))
        return KITS;
    if (g_regex_match_simple("(^|/)(common/driver|assignments/[^/]+(/[^/]+)?)/[^/]+$", path, 0, 0))
        return PROGRAMS;
    return g_regex_match_simple("(^|/)common/[^/]+/[^/]+$", path, 0, 0) ? KITS : STUDENTS;
}

static bool has_call(const struct log_record *record, uint64_t address)
{
    for (int i = 0; i < LOG_CALLS; i++)
        if (record->calls[i] == address)
            return true;
    return false;
}

/* All places that led to the record, from the outermost, without those that come before the student's.
 * The array holds struct source_place, which live on. */
static GPtrArray *places_of(const char *program, const struct log_record *record)
{
    GPtrArray *places = g_ptr_array_new();
    for (int i = 0; i <= LOG_CALLS; i++) {
        uint64_t address = i < LOG_CALLS ? record->calls[i] : record->caller;
        if (address == 0 || (i == LOG_CALLS && has_call(record, address)))
            continue;
        int count;
        const struct source_place *place = source_line_places(program, address, &count);
        for (int k = count - 1; k >= 0; k--)
            if (places->len > 0 || room_of(place[k].path) == STUDENTS)
                g_ptr_array_add(places, (gpointer)&place[k]);
    }
    return places;
}

static const struct source_place *place_at(const GPtrArray *places, guint i)
{
    return places->pdata[i];
}

/* Of the student's lines the innermost; 0 if there is none behind the first. */
static guint innermost_of(const GPtrArray *places)
{
    guint innermost = 0;
    for (guint i = 0; i < places->len; i++)
        if (room_of(place_at(places, i)->path) == STUDENTS)
            innermost = i;
    return innermost;
}

static bool is_helper(const struct source_place *place)
{
    return place->function[0] && room_of(place->path) == KITS && strstr(place->path, "/given/");
}

/* The function of the kit that makes the call for its caller: what the innermost line calls, or what calls the
 * file that it is in. Not one further out: a function that runs a whole schedule says nothing of one call. */
static const struct source_place *helper_of(const GPtrArray *places, guint innermost)
{
    if (innermost + 1 < places->len && is_helper(place_at(places, innermost + 1)))
        return place_at(places, innermost + 1);
    guint first = innermost; /* line of that file */
    while (first > 0 &&
           strcmp(place_at(places, first - 1)->path, place_at(places, innermost)->path) == 0)
        first--;
    guint caller = first;
    while (caller > 0 && room_of(place_at(places, caller - 1)->path) != STUDENTS)
        caller--;
    return caller > 0 && caller < first && is_helper(place_at(places, caller))
               ? place_at(places, caller)
               : NULL;
}

struct call_place call_place_of(const char *program, const struct log_record *record)
{
    struct call_place call = {
        .called = log_operation_name(record->operation), .line = "", .through = ""};
    g_autoptr(GPtrArray) places = places_of(program, record);
    if (places->len == 0) { /* the kit's own */
        call.line = source_line(program, record->caller);
        return call;
    }
    guint leaves = 0;
    const guint innermost = innermost_of(places);
    while (leaves + 1 < places->len &&
           strcmp(place_at(places, leaves + 1)->path, place_at(places, 0)->path) == 0)
        leaves++;
    call.line = place_at(places, leaves)->line;
    if (strcmp(place_at(places, leaves)->function, place_at(places, 0)->function) != 0)
        call.from_line = place_at(places, 0)->number;
    if (strcmp(place_at(places, innermost)->path, place_at(places, 0)->path) != 0)
        call.through = place_at(places, innermost)->line;
    const struct source_place *helper = helper_of(places, innermost);
    call.helped = helper != NULL;
    if (helper)
        call.called = helper->function;
    return call;
}

void call_place_prepare(const char *program, const struct log_record *const *record, int count)
{
    g_autoptr(GArray) address = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < LOG_CALLS; k++) {
            uint64_t call = record[i]->calls[k];
            g_array_append_val(address, call);
        }
        g_array_append_val(address, record[i]->caller);
    }
    source_line_prepare(program, (const uint64_t *)(void *)address->data, (int)address->len);
}

void call_place_name_rest(const struct call_place *call, GString *text)
{
    if (call->from_line > 0)
        g_string_append_printf(text, ", from line %d", call->from_line);
    if (call->through[0])
        g_string_append_printf(text, ", through %.*s", (int)strcspn(call->through, " "),
                               call->through);
}

void call_place_name_line(const char *program, const struct log_record *record, GString *text)
{
    const struct call_place call = call_place_of(program, record);
    if (!call.line[0])
        return;
    g_string_append_printf(text, " at %s", call.line);
    call_place_name_rest(&call, text);
}

void call_place_name(const char *program, const struct log_record *record, GString *text)
{
    g_string_append(text, call_place_of(program, record).called);
    call_place_name_line(program, record, text);
}
