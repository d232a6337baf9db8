/*
 * Asking addr2line and nm about a program.
 */
#include "grader/trace/source_line.h"

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

/* Where an address is, in the source. */
struct source {
    char *line; /* "file.c:12 (main)", or "" */
    char *path; /* of the file, or "" */
};

/* What is known of a program. */
struct program {
    GHashTable *sources;   /* address → struct source */
    GHashTable *functions; /* name → address; NULL: not asked yet */
};

static GHashTable *programs; /* path → struct program */

static void free_source(gpointer data)
{
    struct source *source = data;
    g_free(source->line);
    g_free(source->path);
    g_free(source);
}

static struct program *find_program(const char *path)
{
    if (!programs)
        programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct program *program = g_hash_table_lookup(programs, path);
    if (!program) {
        program = g_new0(struct program, 1);
        program->sources = g_hash_table_new_full(NULL, NULL, NULL, free_source);
        g_hash_table_insert(programs, g_strdup(path), program);
    }
    return program;
}

/* ---- asking ------------------------------------------------------------------------------ */

/* In the child, before a tool starts: what a program says of itself is input from outside, so nobody
 * in particular reads it, as standard input, because its folder may be closed to nobody. Where there
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

/* What a tool says of the program, which is its standard input: a new string; "" where it can't be
 * run. Takes the words over, without a NULL at their end. */
static char *ask(const char *program, GPtrArray *words)
{
    char *answer = NULL;
    g_ptr_array_add(words, NULL);
    if (!g_spawn_sync(NULL, (char **)words->pdata, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, give_up_privileges,
                      (gpointer)program, &answer, NULL, NULL, NULL))
        answer = NULL;
    g_ptr_array_free(words, TRUE);
    return answer ? answer : g_strdup("");
}

static GPtrArray *words_of(const char *const *words, gsize count)
{
    GPtrArray *copies = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < count; i++)
        g_ptr_array_add(copies, g_strdup(words[i]));
    return copies;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* "main" and "/folder/file.c:12 (discriminator 3)" make "file.c:12 (main)"; "??:0" makes "". */
static struct source *source_new(const char *function, const char *place)
{
    struct source *source = g_new0(struct source, 1);
    const char *slash = strrchr(place, '/');
    const char *file = slash ? slash + 1 : place;
    const bool known = place[0] != '?' && strchr(file, ':');
    source->path = g_strndup(place, known ? (gsize)(file - place) + strcspn(file, ":") : 0);
    size_t length = known ? strcspn(file, " ") : 0;
    if (length >= 2 && strncmp(file + length - 2, ":?", 2) == 0)
        length -= 2;
    source->line = known && function[0] != '?'
                       ? g_strdup_printf("%.*s (%s)", (int)length, file, function)
                       : g_strndup(file, length);
    return source;
}

/* Asks addr2line, which answers two lines per address; nothing is known where it can't be run. */
static void ask_for_lines(GHashTable *sources, const char *program, const uint64_t *caller,
                          int count)
{
    static const char *const command[] = {"timeout", "10", "addr2line", "-f", "-e", "/dev/stdin"};
    GPtrArray *words = words_of(command, G_N_ELEMENTS(command));
    /* A return address is the one behind the call. */
    for (int i = 0; i < count; i++)
        g_ptr_array_add(words, g_strdup_printf("0x%" G_GINT64_MODIFIER "x", caller[i] - 1));
    g_autofree char *answer = ask(program, words);
    g_auto(GStrv) line = g_strsplit(answer, "\n", -1);
    int got = (int)g_strv_length(line);
    for (int i = 0; i < count && 2 * i + 1 < got; i++)
        g_hash_table_replace(sources, GSIZE_TO_POINTER(caller[i]),
                             source_new(line[2 * i], line[2 * i + 1]));
}

void source_line_prepare(const char *program, const uint64_t *caller, int count)
{
    if (!program)
        return;
    GHashTable *sources = find_program(program)->sources;
    uint64_t wanted[MOST];
    int wants = 0;
    for (int i = 0; i < count; i++) {
        if (caller[i] != 0 && !g_hash_table_contains(sources, GSIZE_TO_POINTER(caller[i]))) {
            g_hash_table_insert(sources, GSIZE_TO_POINTER(caller[i]), source_new("", "?"));
            wanted[wants++] = caller[i];
        }
        if (wants == MOST || (wants > 0 && i == count - 1)) {
            ask_for_lines(sources, program, wanted, wants);
            wants = 0;
        }
    }
}

/* NULL: nothing can be known. */
static const struct source *find_source(const char *program, uint64_t caller)
{
    if (!program || caller == 0)
        return NULL;
    source_line_prepare(program, &caller, 1);
    return g_hash_table_lookup(find_program(program)->sources, GSIZE_TO_POINTER(caller));
}

const char *source_line(const char *program, uint64_t caller)
{
    const struct source *source = find_source(program, caller);
    return source ? source->line : "";
}

const char *source_line_path(const char *program, uint64_t caller)
{
    const struct source *source = find_source(program, caller);
    return source ? source->path : "";
}

/* ---- functions --------------------------------------------------------------------------- */

/* Asks nm, which answers a line per function: "0000000000002e40 T main". */
static GHashTable *ask_for_functions(const char *program)
{
    static const char *const command[] = {"timeout",        "10",        "nm", "--dynamic",
                                          "--defined-only", "/dev/stdin"};
    GHashTable *functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree char *answer = ask(program, words_of(command, G_N_ELEMENTS(command)));
    g_auto(GStrv) line = g_strsplit(answer, "\n", -1);
    for (char **next = line; *next; next++) {
        g_auto(GStrv) word = g_strsplit(*next, " ", 3);
        if (g_strv_length(word) != 3)
            continue;
        uint64_t address = g_ascii_strtoull(word[0], NULL, 16);
        g_hash_table_replace(functions, g_strdup(word[2]), g_memdup2(&address, sizeof address));
    }
    return functions;
}

bool source_line_function(const char *path, const char *name, uint64_t *address)
{
    if (!path)
        return false;
    struct program *program = find_program(path);
    if (!program->functions)
        program->functions = ask_for_functions(path);
    const uint64_t *found = g_hash_table_lookup(program->functions, name);
    *address = found ? *found : 0;
    return found != NULL;
}
