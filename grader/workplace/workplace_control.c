/* The control: built and run as a submission is. */
#include "grader/workplace/workplace.h"

#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE        "grader/workplace/control/control.c" /* of the kit */
#define NAME          "control"
#define RANKS         2
#define START_SECONDS 20.0      /* of an idle machine's clock */
#define FILE_BYTES    (1 << 20) /* as the control's source has it */

/* ---- the flags ------------------------------------------------------------------------------------ */

/* Three lines of the file from line `first`, 0 the first. */
static bool read_lines(struct workplace_flags *flags, char *const *lines, guint first,
                       GString *error)
{
    char ***into[] = {&flags->compile, &flags->link, &flags->libraries};
    guint count = g_strv_length((char **)lines);
    for (guint i = 0; i < G_N_ELEMENTS(into); i++)
        if (first + i >= count || !g_shell_parse_argv(lines[first + i], NULL, into[i], NULL)) {
            g_string_append_printf(error, "line %u can't be understood", first + i + 1);
            return false;
        }
    return true;
}

static bool read_flags(struct workplace *workplace, GString *error)
{
    g_autofree char *path = g_build_filename(workplace->build_folder, "program.flags", NULL);
    g_autofree char *content = NULL;
    GError *problem = NULL;
    if (!g_file_get_contents(path, &content, NULL, &problem)) {
        g_string_append_printf(error, "%s (make writes it)", problem->message);
        g_error_free(problem);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(content, "\n", -1);
    g_autoptr(GString) fault = g_string_new(NULL);
    const bool has_simulator = g_strv_length(lines) > 3 && *lines[3];
    if (read_lines(&workplace->real, lines, 0, fault) &&
        (!has_simulator || read_lines(&workplace->simulated, lines, 3, fault)))
        return true;
    g_string_append_printf(error, "%s: %s", path, fault->str);
    return false;
}

static void clear_flags(struct workplace_flags *flags)
{
    g_strfreev(flags->compile);
    g_strfreev(flags->link);
    g_strfreev(flags->libraries);
    *flags = (struct workplace_flags){0};
}

/* ---- its tree --------------------------------------------------------------------------------------- */

static bool copy_to_tree(const struct workplace *workplace, const char *from, const char *to,
                         GString *error)
{
    g_autofree char *source = g_build_filename(workplace->kit, from, NULL);
    g_autofree char *target = g_build_filename(workplace->tree, to, NULL);
    return workplace_copy_file(source, target, error);
}

static bool make_in_tree(const struct workplace *workplace, const char *name, GString *error)
{
    g_autofree char *path = g_build_filename(workplace->tree, name, NULL);
    if (g_mkdir_with_parents(path, 0755) == 0)
        return true;
    g_string_append_printf(error, "%s: %s", path, strerror(errno));
    return false;
}

bool workplace_prepare(struct workplace *workplace, GString *error)
{
    static const char *const folders[] = {"tools", "common/base", "common/kernels"};
    static const char *const files[] = {
        "tools/launch", /* and what the control includes */
        "common/base/callers.h", "common/base/device_back_end.h", "common/base/memory.h",
        "common/base/tensor.h",  "common/kernels/kernels.h"};
    if (!read_flags(workplace, error))
        return false;
    workplace->tree = g_build_filename(workplace->work, NAME, "tree", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        if (!make_in_tree(workplace, folders[i], error))
            return false;
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        if (!copy_to_tree(workplace, files[i], files[i], error))
            return false;
    return copy_to_tree(workplace, SOURCE, NAME ".c", error) &&
           workplace_place_device(workplace, error);
}

void workplace_clear(struct workplace *workplace)
{
    clear_flags(&workplace->real);
    clear_flags(&workplace->simulated);
    g_free(workplace->work);
    g_free(workplace->elsewhere);
    g_free(workplace->tree);
    g_free(workplace->program);
    workplace_clear_device(&workplace->device);
    *workplace = (struct workplace){0};
}

/* ---- building it ------------------------------------------------------------------------------------- */

/* A folder below work that nobody has had; the slot's user may write to it. NULL, and an error. */
static char *new_folder(const struct workplace *workplace, int slot, GString *error)
{
    static int number;
    g_autofree char *name = g_strdup_printf("%s/%d-%d", NAME, (int)getpid(), number++);
    g_autofree char *path = g_build_filename(workplace->work, name, NULL);
    return sandbox_writable_folder(path, sandbox_user(slot), error) ? g_steal_pointer(&path) : NULL;
}

/* What stays is told when the whole workplace is removed. */
static void remove_folder(const char *path)
{
    g_autoptr(GString) trouble = g_string_new(NULL);
    sandbox_remove(path, trouble);
}

static char *path_of(const char *objects, const char *name)
{
    return g_build_filename(sandbox_path(objects, WORKPLACE_OBJECTS), name, NULL);
}

/* Runs a tool on the control; words are taken over. */
static bool run_tool(const struct workplace *workplace, const char *objects, GPtrArray *words,
                     int slot, const char *what, GString *error)
{
    g_ptr_array_add(words, NULL);
    struct sandbox_result result =
        workplace_run_tool(workplace->tree, objects, (char *const *)words->pdata, slot);
    const bool done = sandbox_did(&result);
    if (!done)
        workplace_complain(error, what, &result, WORKPLACE_REPAIR);
    sandbox_result_clear(&result);
    g_ptr_array_free(words, TRUE);
    return done;
}

static bool compile_in(const struct workplace *workplace, bool simulated, const char *objects,
                       int slot, GString *error)
{
    GPtrArray *words = g_ptr_array_new();
    g_autofree char *object = path_of(objects, NAME ".o");
    char *more[] = {"-c", NAME ".c", "-o", object, NULL};
    workplace_add_words(words, simulated ? workplace->simulated.compile : workplace->real.compile);
    workplace_add_words(words, more);
    return run_tool(workplace, objects, words, slot,
                    "the compiler does not compile the grader's own control (" SOURCE ")", error);
}

static bool link_in(const struct workplace *workplace, bool simulated, const char *objects,
                    int slot, GString *error)
{
    const struct workplace_flags *flags = simulated ? &workplace->simulated : &workplace->real;
    GPtrArray *words = g_ptr_array_new();
    g_autofree char *object = path_of(objects, NAME ".o");
    g_autofree char *program = path_of(objects, NAME);
    char *output[] = {"-o", program, NULL};
    workplace_add_words(words, flags->link);
    g_ptr_array_add(words, object);
    workplace_add_words(words, flags->libraries);
    workplace_add_words(words, output);
    return run_tool(workplace, objects, words, slot,
                    "the linker does not link the grader's own control (" SOURCE ")", error);
}

/* Builds it in a folder of its own: that folder, a new string. NULL, and an error. */
static char *build(const struct workplace *workplace, bool simulated, bool linked, int slot,
                   GString *error)
{
    g_autofree char *objects = new_folder(workplace, slot, error);
    if (!objects || !compile_in(workplace, simulated, objects, slot, error) ||
        (linked && !link_in(workplace, simulated, objects, slot, error)))
        return NULL;
    return g_steal_pointer(&objects);
}

static bool builds(const struct workplace *workplace, bool simulated, bool linked, int slot,
                   GString *error)
{
    g_autofree char *objects = build(workplace, simulated, linked, slot, error);
    if (objects)
        remove_folder(objects);
    return objects;
}

bool workplace_compiles(const struct workplace *workplace, bool simulated, int slot, GString *error)
{
    return builds(workplace, simulated, false, slot, error);
}

bool workplace_links(const struct workplace *workplace, bool simulated, int slot, GString *error)
{
    return builds(workplace, simulated, true, slot, error);
}

bool workplace_reads_objects(const struct workplace *workplace, const char *name,
                             char *const *words, const char *finds, int slot, GString *error)
{
    g_autofree char *objects = build(workplace, false, false, slot, error);
    if (!objects)
        return false;
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autofree char *object = path_of(objects, NAME ".o");
    g_autofree char *what =
        g_strdup_printf("%s can't read the grader's own control (" SOURCE ")", name);
    workplace_add_words(all, words);
    g_ptr_array_add(all, object);
    g_ptr_array_add(all, NULL);
    struct sandbox_result result =
        workplace_run_tool(workplace->tree, objects, (char *const *)all->pdata, slot);
    const bool found = sandbox_did(&result) && strstr(result.output->str, finds);
    if (!found)
        workplace_complain(error, what, &result, WORKPLACE_REPAIR);
    sandbox_result_clear(&result);
    remove_folder(objects);
    return found;
}

/* ---- running it ---------------------------------------------------------------------------------------- */

/* Did a rank write what it had to? */
static bool read_rank(const char *evidence, int rank, int ranks, GString *error)
{
    g_autofree char *path = g_strdup_printf("%s/" NAME "-%d", evidence, rank);
    g_autofree char *expected =
        g_strdup_printf("rank %d of %d got %d\n", rank, ranks, (rank + ranks - 1) % ranks);
    char text[100] = "";
    struct stat status;
    const int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0 || read(file, text, sizeof text - 1) < 0) {
        g_string_append_printf(error, "what the grader's own control wrote can't be read: %s: %s",
                               path, strerror(errno));
        if (file >= 0)
            close(file);
        return false;
    }
    close(file);
    if (status.st_size == FILE_BYTES && strcmp(text, expected) == 0)
        return true;
    text[strcspn(text, "\n")] = '\0';
    g_string_append_printf(error,
                           "the grader's own control wrote \"%.50s\" to %s, where \"rank %d of %d "
                           "got %d\" is right: MPI or the file system does not work here",
                           text, path, rank, ranks, (rank + ranks - 1) % ranks);
    return false;
}

static bool run_program(const struct workplace *workplace, const char *program,
                        const struct workplace_run *like, GString *error)
{
    g_autofree char *evidence = new_folder(workplace, like->slot, error);
    if (!evidence)
        return false;
    struct workplace_run run = *like;
    g_autofree char *library = run.simulated ? NULL : workplace_device_library(run.device);
    char *const arguments[] = {(char *)sandbox_path(evidence, WORKPLACE_EVIDENCE), library, NULL};
    struct sandbox_result result;
    run.program = program;
    run.evidence = evidence;
    run.arguments = arguments;
    run.seconds = library ? 2 * START_SECONDS : START_SECONDS; /* a GPU that was asleep wakes up */
    run.is_stuck = NULL;
    run.before_end = NULL;
    workplace_run(&run, &result);
    bool right = sandbox_did(&result);
    if (!right && !workplace_device_refused(run.device, &result, error))
        workplace_complain(error,
                           run.simulated
                               ? "no program starts on the simulated cluster of this machine, not "
                                 "even the grader's own control (" SOURCE ")"
                               : "no MPI program starts on this machine, not even the grader's own "
                                 "control (" SOURCE ")",
                           &result, WORKPLACE_REPAIR);
    for (int rank = 0; rank < run.ranks && right; rank++)
        right = read_rank(evidence, rank, run.ranks, error);
    sandbox_result_clear(&result);
    remove_folder(evidence);
    return right && workplace_has_room(workplace->work, error);
}

/* Builds the program, for all sandboxes to run. Its path, a new string; NULL, and an error. */
static char *build_program(const struct workplace *workplace, bool simulated, int slot,
                           GString *error)
{
    g_autofree char *objects = build(workplace, simulated, true, slot, error);
    g_autofree char *program = objects ? g_build_filename(objects, NAME, NULL) : NULL;
    if (objects && !workplace_seal(objects, program)) {
        g_string_append_printf(error, "%s: %s", program, strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&program);
}

bool workplace_runs(const struct workplace *workplace, const struct workplace_run *like,
                    GString *error)
{
    if (!like->simulated && workplace->program)
        return run_program(workplace, workplace->program, like, error);
    g_autofree char *program = build_program(workplace, like->simulated, like->slot, error);
    return program && run_program(workplace, program, like, error);
}

bool workplace_prove(struct workplace *workplace, GString *error)
{
    workplace->program = build_program(workplace, false, 0, error);
    const struct workplace_run like = {.tree = workplace->tree, .ranks = RANKS};
    return workplace->program && run_program(workplace, workplace->program, &like, error) &&
           workplace_prove_device(workplace, RANKS, error);
}
