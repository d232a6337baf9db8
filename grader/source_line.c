/*
 * Asking addr2line for source lines.
 */
#include "grader/source_line.h"

#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* So many addresses per call: command lines have a limit. */
#define MOST   512
#define NOBODY 65534
#define MEMORY ((rlim_t)2 << 30)

/* program → (address → string). */
static GHashTable *programs;

static GHashTable *lines_of(const char *program)
{
    if (programs == NULL)
        programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTable *lines = g_hash_table_lookup(programs, program);
    if (lines == NULL) {
        lines = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        g_hash_table_insert(programs, g_strdup(program), lines);
    }
    return lines;
}

/* "main" and "file.c:12 (discriminator 3)" make "file.c:12 (main)"; "??:0" makes "". */
static char *describe(const char *function, const char *place)
{
    if (place[0] == '?' || strchr(place, ':') == NULL)
        return g_strdup("");
    size_t length = strcspn(place, " ");
    if (length >= 2 && strncmp(place + length - 2, ":?", 2) == 0)
        length -= 2;
    if (function[0] == '?')
        return g_strndup(place, length);
    return g_strdup_printf("%.*s (%s)", (int)length, place, function);
}

/* Reads addr2line's answer, two lines per address, into lines. */
static void take_answer(GHashTable *lines, const char *answer, const uint64_t *caller, int count)
{
    char **line = g_strsplit(answer, "\n", -1);
    int got = (int)g_strv_length(line);
    for (int i = 0; i < count && 2 * i + 1 < got; i++)
        g_hash_table_replace(lines, GSIZE_TO_POINTER(caller[i]),
                             describe(line[2 * i], line[2 * i + 1]));
    g_strfreev(line);
}

/* In the child, before addr2line starts: debug information is input from outside, so nobody in
 * particular reads it, as standard input, because its folder may be closed to nobody. Where there
 * is no such user, the rest has to do. */
static void give_up_privileges(gpointer program)
{
    int file = open(program, O_RDONLY | O_CLOEXEC);
    if (file < 0 || dup2(file, STDIN_FILENO) < 0)
        _exit(1);
    setrlimit(RLIMIT_AS, &(struct rlimit){.rlim_cur = MEMORY, .rlim_max = MEMORY});
    if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        _exit(1);
}

/* Fills in what addr2line knows; nothing where it can't be run. */
static void ask(GHashTable *lines, const char *program, const uint64_t *caller, int count)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    const char *const command[] = {"timeout", "10", "addr2line", "-f", "-s", "-e", "/dev/stdin"};
    for (gsize i = 0; i < G_N_ELEMENTS(command); i++)
        g_ptr_array_add(words, g_strdup(command[i]));
    /* A return address is the one behind the call. */
    for (int i = 0; i < count; i++)
        g_ptr_array_add(words, g_strdup_printf("0x%" G_GINT64_MODIFIER "x", caller[i] - 1));
    g_ptr_array_add(words, NULL);
    char *answer = NULL;
    if (g_spawn_sync(NULL, (char **)words->pdata, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, give_up_privileges,
                     (gpointer)program, &answer, NULL, NULL, NULL) &&
        answer != NULL)
        take_answer(lines, answer, caller, count);
    g_free(answer);
    g_ptr_array_free(words, TRUE);
}

void source_line_prepare(const char *program, const uint64_t *caller, int count)
{
    if (program == NULL)
        return;
    GHashTable *lines = lines_of(program);
    uint64_t wanted[MOST];
    int wants = 0;
    for (int i = 0; i < count; i++) {
        if (caller[i] != 0 && !g_hash_table_contains(lines, GSIZE_TO_POINTER(caller[i]))) {
            g_hash_table_insert(lines, GSIZE_TO_POINTER(caller[i]), g_strdup(""));
            wanted[wants++] = caller[i];
        }
        if (wants == MOST || (wants > 0 && i == count - 1)) {
            ask(lines, program, wanted, wants);
            wants = 0;
        }
    }
}

const char *source_line(const char *program, uint64_t caller)
{
    if (program == NULL || caller == 0)
        return "";
    source_line_prepare(program, &caller, 1);
    const char *line = g_hash_table_lookup(lines_of(program), GSIZE_TO_POINTER(caller));
    return line == NULL ? "" : line;
}
