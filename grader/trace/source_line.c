/*
 * Asking addr2line and nm about a program.
 */
#include "grader/trace/source_line.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* So many addresses per call: command lines have a limit. */
#define MOST   512
#define NOBODY 65534
#define MEMORY ((rlim_t)2 << 30)

/* What is known of a program. */
struct program {
    GHashTable *places;    /* address → GArray of struct source_place, from the innermost */
    GHashTable *functions; /* name → address; NULL: not asked yet */
};

static GHashTable *programs; /* path → struct program */

static void clear_place(gpointer data)
{
    struct source_place *place = data;
    g_free(place->line);
    g_free(place->path);
    g_free(place->function);
}

static GArray *places_new(void)
{
    GArray *places = g_array_new(FALSE, TRUE, sizeof(struct source_place));
    g_array_set_clear_func(places, clear_place);
    return places;
}

static void free_places(gpointer data)
{
    g_array_free(data, TRUE);
}

static struct program *find_program(const char *path)
{
    if (!programs)
        programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct program *program = g_hash_table_lookup(programs, path);
    if (!program) {
        program = g_new0(struct program, 1);
        program->places = g_hash_table_new_full(NULL, NULL, NULL, free_places);
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
    /* Not allowed where there is a lower limit already, which will do. */
    if (setrlimit(RLIMIT_AS, &(struct rlimit){.rlim_cur = MEMORY, .rlim_max = MEMORY}) != 0 &&
        errno != EPERM)
        _exit(1);
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

static const GPtrArray *folders; /* of char *: that are named; NULL: none */

void source_line_name_folders(const GPtrArray *names)
{
    folders = names;
}

static bool ends_with(const char *text, gsize length, const char *ending)
{
    const gsize its = strlen(ending);
    return length >= its && strncmp(text + length - its, ending, its) == 0;
}

/* `file` is the end of the path `place`: from where in it the file is told, which is its folder, if that is to be named
 * and is no folder of the kit's own; else the file. It is a place in that path, and lives as long. */
static const char *with_folder(const char *place, const char *file)
{
    for (guint i = 0; folders && i < folders->len; i++) {
        const size_t length = strlen(folders->pdata[i]) + 1;
        if ((size_t)(file - place) < length)
            continue;
        const char *folder = file - length;
        if (file[-1] == '/' && strncmp(folder, folders->pdata[i], length - 1) == 0 &&
            (folder == place || folder[-1] == '/') &&
            !ends_with(place, (gsize)(folder - place), "assignments/"))
            return folder;
    }
    return file;
}

/* "main" and "/folder/file.c:12 (discriminator 3)" make "file.c:12 (main)"; "??:0" makes "". */
static struct source_place place_new(const char *function, const char *place)
{
    const char *slash = strrchr(place, '/');
    const char *file = slash ? slash + 1 : place;
    const char *shown = with_folder(place, file);
    const bool known = place[0] != '?' && strchr(file, ':');
    size_t length = known ? strcspn(file, " ") : 0;
    if (length >= 2 && strncmp(file + length - 2, ":?", 2) == 0)
        length -= 2;
    return (struct source_place){
        .path = g_strndup(place, known ? (gsize)(file - place) + strcspn(file, ":") : 0),
        .function = g_strdup(function[0] != '?' ? function : ""),
        .line = known && function[0] != '?'
                    ? g_strdup_printf("%.*s (%s)", (int)(length + (gsize)(file - shown)), shown,
                                      function)
                    : g_strndup(shown, length + (known ? (gsize)(file - shown) : 0)),
        .number = known ? atoi(file + strcspn(file, ":") + 1) : 0};
}

/* Asks addr2line. It answers each address with the address, and then two lines, function and place, for
 * each function that the code at it belongs to, from the innermost. Nothing is known where it can't be
 * run. */
static void ask_for_lines(GHashTable *places, const char *program, const uint64_t *caller,
                          int count)
{
    static const char *const command[] = {"timeout", "10", "addr2line", "-a",
                                          "-f",      "-i", "-e",        "/dev/stdin"};
    GPtrArray *words = words_of(command, G_N_ELEMENTS(command));
    /* A return address is the one behind the call. */
    for (int i = 0; i < count; i++)
        g_ptr_array_add(words, g_strdup_printf("0x%" G_GINT64_MODIFIER "x", caller[i] - 1));
    g_autofree char *answer = ask(program, words);
    g_auto(GStrv) line = g_strsplit(answer, "\n", -1);
    GArray *of_address = NULL;
    for (int next = 0, at = 0; line[at] && line[at + 1];) {
        if (g_str_has_prefix(line[at], "0x")) {
            of_address =
                next < count ? g_hash_table_lookup(places, GSIZE_TO_POINTER(caller[next])) : NULL;
            next++;
            at++;
            continue;
        }
        struct source_place place = place_new(line[at], line[at + 1]);
        if (of_address)
            g_array_append_val(of_address, place);
        else
            clear_place(&place);
        at += 2;
    }
}

void source_line_prepare(const char *program, const uint64_t *caller, int count)
{
    if (!program)
        return;
    GHashTable *places = find_program(program)->places;
    uint64_t wanted[MOST];
    int wants = 0;
    for (int i = 0; i < count; i++) {
        if (caller[i] != 0 && !g_hash_table_contains(places, GSIZE_TO_POINTER(caller[i]))) {
            g_hash_table_insert(places, GSIZE_TO_POINTER(caller[i]), places_new());
            wanted[wants++] = caller[i];
        }
        if (wants == MOST || (wants > 0 && i == count - 1)) {
            ask_for_lines(places, program, wanted, wants);
            wants = 0;
        }
    }
}

const struct source_place *source_line_places(const char *program, uint64_t caller, int *count)
{
    *count = 0;
    if (!program || caller == 0)
        return NULL;
    source_line_prepare(program, &caller, 1);
    const GArray *places =
        g_hash_table_lookup(find_program(program)->places, GSIZE_TO_POINTER(caller));
    *count = (int)places->len;
    return (const struct source_place *)(void *)places->data;
}

const char *source_line(const char *program, uint64_t caller)
{
    int count;
    const struct source_place *place = source_line_places(program, caller, &count);
    return count > 0 ? place[0].line : "";
}

const char *source_line_path(const char *program, uint64_t caller)
{
    int count;
    const struct source_place *place = source_line_places(program, caller, &count);
    return count > 0 ? place[0].path : "";
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
