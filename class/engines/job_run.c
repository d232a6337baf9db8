/* run.json; see job_run.h. */
#include "class/engines/job_run.h"

#include "class/students/class.h"
#include "class/students/records.h"
#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Status 1 with a record: all was graded that this machine could. Every other end leaves nothing to believe. */
static json_t *record_of(const char *folder, const struct job_ended *ended)
{
    g_autofree char *path = g_build_filename(folder, "record.json", NULL);
    g_autoptr(GString) problems = g_string_new(NULL);
    const bool counts = ended->end == JOB_EXITED && (ended->status == 0 || ended->status == 1) &&
                        g_file_test(path, G_FILE_TEST_EXISTS);
    return counts ? record_read(path, problems) : NULL;
}

static bool empty_folder(const char *folder, GString *error)
{
    if (!sandbox_remove(folder, error))
        return false;
    if (g_mkdir(folder, 0755) == 0)
        return true;
    g_string_append_printf(error, "%s can't be made: %s\n", folder, strerror(errno));
    return false;
}

static char *words_of(const struct job_ended *ended, double seconds)
{
    if (ended->end == JOB_TIME)
        return g_strdup_printf("the grader did not come to an end in %.0f s%s%s", seconds,
                               *ended->words ? "; it said: " : "", ended->words);
    return g_strdup(ended->words);
}

static json_t *run_of(const struct student *student, const char *kit, const char *key,
                      const char *began, int attempt, const struct job_ended *ended,
                      const json_t *record)
{
    struct utsname machine;
    g_autofree char *now = class_now(), *words = words_of(ended, ended->wall_seconds);
    const char *name = uname(&machine) == 0 ? machine.nodename : "unknown";
    const bool finished = record && ended->status == 0;
    return json_pack("{s:b,s:i,s:i,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:f,s:f,s:o}", "finished",
                     finished, "exit_status", ended->end == JOB_EXITED ? ended->status : -1,
                     "attempt", attempt, "began", began, "ended", now, "machine",
                     record_string(name), "kit", record_string(kit), "secret",
                     record_string(record_text(record, "secret")), "sha256",
                     record_string(record_text(record, "submission")), "handed_in",
                     record_string(student->sha256), "key", record_string(key), "wall_seconds",
                     ended->wall_seconds, "processor_seconds", ended->processor_seconds, "words",
                     record_string(words));
}

/* So that it is on the disk before its name is. */
static void flush_folder(const char *folder)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        const int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file < 0)
            continue;
        fsync(file);
        close(file);
    }
}

bool job_run_write(const struct student *student, const char *folder, const char *kit,
                   const char *key, const char *began, int attempt, const struct job_ended *ended,
                   GString *error)
{
    json_t *record = record_of(folder, ended);
    json_t *run = run_of(student, kit, key, began, attempt, ended, record);
    g_autofree char *path = g_build_filename(folder, "run.json", NULL);
    const bool written = (record || empty_folder(folder, error)) && record_write(path, run, error);
    json_decref(run);
    json_decref(record);
    if (written)
        flush_folder(folder);
    return written;
}
