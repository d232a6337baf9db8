/*
 * What AddressSanitizer said: it writes a file per process, because ranks that fail together would
 * print into each other's lines.
 */
#include "grader/run/outcome.h"

#include "grader/text/text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES (64 << 10)

/* The beginning of a file of the evidence, clean; NULL if there is none. */
static char *read_beginning(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *bytes = g_malloc(MOST_BYTES);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t length = file >= 0 ? read(file, bytes, MOST_BYTES) : -1;
    if (file >= 0)
        close(file);
    return length > 0 ? text_clean(bytes, (gsize)length, MOST_BYTES) : NULL;
}

/* A process that ended before it opened its log belongs to a rank that nobody knows. */
static char *read_any(const char *folder)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));)
        if (g_str_has_prefix(name, OUTCOME_FAULT "."))
            return read_beginning(folder, name);
    return NULL;
}

void outcome_read_fault(struct outcome *outcome)
{
    outcome->fault_rank = -1;
    for (int rank = 0; rank < outcome->ranks && !outcome->fault; rank++) {
        g_autofree char *name =
            g_strdup_printf(OUTCOME_FAULT ".%" G_GUINT64_FORMAT, outcome->log[rank].pid);
        outcome->fault = read_beginning(outcome->folder, name);
        if (outcome->fault)
            outcome->fault_rank = rank;
    }
    if (!outcome->fault)
        outcome->fault = read_any(outcome->folder);
}
