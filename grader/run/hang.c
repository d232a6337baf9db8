/* Watching logs grow. */
#include "grader/run/hang.h"

#include "common/log/log_fields.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

struct hang_watch *hang_watch_new(const char *folder, int ranks)
{
    struct hang_watch *watch = g_new0(struct hang_watch, 1);
    watch->folder = folder;
    watch->ranks = ranks;
    watch->changed_wall = g_get_monotonic_time();
    watch->written = g_new0(uint64_t, ranks);
    watch->patience = HANG_SECONDS;
    watch->patience_all = HANG_ALL_SECONDS;
    watch->patience_idle = HANG_ALL_IDLE;
    return watch;
}

void hang_be_patient(struct hang_watch *watch, double factor)
{
    watch->patience *= factor;
    watch->patience_all *= factor;
    watch->patience_idle *= factor;
}

void hang_watch_free(struct hang_watch *watch)
{
    if (!watch)
        return;
    g_free(watch->written);
    g_free(watch);
}

static bool read_record(int file, uint64_t number, struct log_record *record)
{
    off_t at = (off_t)(sizeof(struct log_header) + (number - 1) * sizeof *record);
    return number > 0 && pread(file, record, sizeof *record, at) == (ssize_t)sizeof *record &&
           record->sequence == number;
}

/* How many records there are, if there are at least `known`: the file is longer than its
 * contents, so look ahead in growing steps and then halve. */
static uint64_t count_records(int file, uint64_t known)
{
    struct log_record record;
    uint64_t have = known, step = 1;
    while (read_record(file, have + step, &record)) {
        have += step;
        step *= 2;
    }
    for (; step > 1; step /= 2)
        if (read_record(file, have + step / 2, &record))
            have += step / 2;
    return have;
}

static int open_log(const struct hang_watch *watch, int rank)
{
    g_autofree char *path = g_strdup_printf("%s/rank-%d.log", watch->folder, rank);
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (file >= 0 && (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(file);
        return -1;
    }
    return file;
}

static bool is_computing(const struct log_record *record)
{
    return record->phase == LOG_BEGIN && log_is_computation(record);
}

/* Inside of an MPI call: its begin, or what is noted right behind the begin, is the last word. */
static bool is_in_mpi(const struct log_record *record)
{
    return (record->phase == LOG_BEGIN && record->operation >= LOG_SEND) ||
           log_is_behind_begin(record) || (record->phase == LOG_END && log_is_poll(record));
}

static void note_change(struct hang_watch *watch, double seconds)
{
    watch->changed = seconds;
    watch->changed_wall = g_get_monotonic_time();
}

bool hang_is_stuck(void *context, double seconds)
{
    struct hang_watch *watch = context;
    int in_mpi = 0, computing = 0;
    for (int rank = 0; rank < watch->ranks; rank++) {
        int file = open_log(watch, rank);
        if (file < 0) { /* not there yet */
            note_change(watch, seconds);
            return false;
        }
        uint64_t count = count_records(file, watch->written[rank]);
        struct log_record last;
        if (read_record(file, count, &last)) {
            in_mpi += is_in_mpi(&last);
            computing += is_computing(&last);
        }
        close(file);
        if (count != watch->written[rank])
            note_change(watch, seconds);
        watch->written[rank] = count;
    }
    double idle = seconds - watch->changed;
    double wall = (double)(g_get_monotonic_time() - watch->changed_wall) * 1e-6;
    if (in_mpi == watch->ranks)
        return wall >= watch->patience_all && idle >= watch->patience_idle;
    if (in_mpi > 0 && computing == 0 && idle >= watch->patience)
        return true;
    watch->stuck_for_haste =
        watch->hasty && computing == 0 && wall >= HANG_HASTY_SECONDS && idle >= HANG_HASTY_IDLE;
    return watch->stuck_for_haste;
}
