/* Replays with a threshold, from which on sends wait for their receive. */
#include "grader/trace/luck.h"

#include "grader/trace/collectives.h"

#include <inttypes.h>
#include <string.h>

static int compare_sizes(gconstpointer left, gconstpointer right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* The distinct sizes of what is sent, ascending; at least 1, so that 0 means "never". */
static GArray *sizes_in(const struct log_file *logs, int ranks, const struct matching *matching)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (int i = 0; i < matching->count; i++) {
        uint64_t bytes = MAX(1, matching->message[i].send.bytes);
        if (matching->message[i].send.posted != NO_RECORD)
            g_array_append_val(all, bytes);
    }
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++) {
            uint64_t bytes = MAX(1, logs[rank].record[i].bytes);
            if (collectives_include(logs[rank].record[i].operation))
                g_array_append_val(all, bytes);
        }
    g_array_sort(all, compare_sizes);
    GArray *distinct = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (guint i = 0; i < all->len; i++) {
        uint64_t size = g_array_index(all, uint64_t, i);
        if (i == 0 || size != g_array_index(all, uint64_t, i - 1))
            g_array_append_val(distinct, size);
    }
    g_array_free(all, TRUE);
    return distinct;
}

static bool hangs_from(const struct log_file *logs, int ranks, const struct matching *matching,
                       uint64_t bytes)
{
    struct replay_options options = {
        .synchronous = true, .synchronous_from = bytes > 1 ? bytes : 0, .step = REPLAY_ALL_STEPS};
    struct replay *replay = replay_run(logs, ranks, matching, options);
    bool hangs = replay->deadlock;
    replay_free(replay);
    return hangs;
}

uint64_t luck_hanging_bytes(const struct log_file *logs, int ranks, const struct matching *matching)
{
    GArray *sizes = sizes_in(logs, ranks, matching);
    uint64_t found = 0;
    /* The more sends wait, the sooner it hangs: halve the sizes until the largest is left. */
    guint low = 0, high = sizes->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        uint64_t size = g_array_index(sizes, uint64_t, middle);
        if (hangs_from(logs, ranks, matching, size)) {
            found = size;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    g_array_free(sizes, TRUE);
    return found;
}

static bool is_a_matter_of_timing(const struct log_record *record)
{
    switch ((enum log_operation)record->operation) {
    case LOG_IPROBE:
    case LOG_IMPROBE:
    case LOG_WAITANY:
    case LOG_WAITSOME:
    case LOG_TEST:
    case LOG_TESTALL:
    case LOG_TESTANY:
    case LOG_TESTSOME:
    case LOG_CANCEL:
    case LOG_ABORT:
    case LOG_WIN_TEST:
    case LOG_WIN_LOCK: /* what is read from a window behind it is what was there by then */
    case LOG_WIN_LOCK_ALL:
        return true;
    default:
        return record->peer == LOG_ANY_SOURCE;
    }
}

bool luck_depends_on_timing(const struct log_file *logs, int ranks)
{
    for (int rank = 0; rank < ranks; rank++) {
        if (!logs[rank].complete)
            return true;
        for (size_t i = 0; i < logs[rank].count; i++)
            if (is_a_matter_of_timing(&logs[rank].record[i]))
                return true;
    }
    return false;
}

char *luck_number(uint64_t number)
{
    g_autofree char *digits = g_strdup_printf("%" PRIu64, number);
    GString *text = g_string_new(NULL);
    size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}

char *luck_explain(uint64_t hanging_bytes)
{
    g_autofree char *size = luck_number(hanging_bytes),
                    *open_mpi = luck_number(LUCK_OPEN_MPI_COPIES),
                    *simgrid = luck_number(LUCK_SIMGRID_COPIES);
    GString *text = g_string_new(NULL);
    g_string_append_printf(
        text,
        "The program needs MPI to copy messages of %s bytes. Open MPI copies up to %s bytes "
        "between processes of one computer, SimGrid up to %s; MPI promises no copy at all. ",
        size, open_mpi, simgrid);
    if (hanging_bytes <= LUCK_OPEN_MPI_COPIES)
        g_string_append_printf(text,
                               "So it comes to its end on such machines, but with messages more "
                               "than %.3g times as large (wider layers, larger micro-batches) it "
                               "hangs there, too.",
                               (double)LUCK_OPEN_MPI_COPIES / (double)hanging_bytes);
    else if (hanging_bytes <= LUCK_SIMGRID_COPIES)
        g_string_append(text, "So with Open MPI these messages are too large already: where the "
                              "program came to its end, that was a matter of timing.");
    else
        g_string_append(text, "These messages are too large for either: that the program came to "
                              "its end was a matter of timing.");
    return g_string_free(text, FALSE);
}

struct outcome luck_stuck(const struct outcome *run, const struct replay *replay)
{
    struct outcome stuck = *run;
    stuck.end = RUN_HUNG;
    stuck.log = g_new0(struct log_file, (gsize)run->ranks);
    for (int rank = 0; rank < run->ranks; rank++) {
        stuck.log[rank] = run->log[rank];
        if (!replay->rank[rank].stuck)
            continue;
        stuck.log[rank].count = MIN(replay->rank[rank].reached, run->log[rank].count);
        stuck.log[rank].complete = false;
    }
    return stuck;
}
