/* Tools and programs in the sandbox: for a submission and for the control the same. */
#include "grader/workplace/workplace.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCESSES_AROUND 12 /* bubblewrap, mpirun, … */

/* ---- files ---------------------------------------------------------------------------------------- */

bool workplace_copy_file(const char *from, const char *to, GString *error)
{
    GError *problem = NULL;
    char *content;
    gsize length;
    bool copied = g_file_get_contents(from, &content, &length, &problem);
    if (copied) {
        copied = g_file_set_contents_full(to, content, (gssize)length, G_FILE_SET_CONTENTS_NONE,
                                          0644, &problem);
        g_free(content);
    }
    if (!copied) {
        g_string_append(error, problem->message);
        g_error_free(problem);
    }
    return copied;
}

void workplace_add_words(GPtrArray *words, char *const *more)
{
    for (; more && *more; more++)
        g_ptr_array_add(words, *more);
}

/* ---- tools ---------------------------------------------------------------------------------------- */

size_t workplace_tool_memory(void)
{
    return (size_t)1 << 30;
}

static struct sandbox_limits tool_limits(void)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.seconds = 20;
    limits.memory = workplace_tool_memory();
    limits.output = 256 << 10;
    limits.kept = 2 * limits.output; /* all: what matters may stand at the beginning */
    return limits;
}

/* As in the sandbox, but that no more is written than the disk has room for. To be stopped below the limit that
 * holds on every machine is this machine's fault. */
static void run_where_there_is_room(struct sandbox_command *command, struct sandbox_result *result)
{
    const struct sandbox_limits usual = command->limits;
    workplace_limit_to_room(command->write.from, &command->limits);
    sandbox_run(command, result);
    if (result->end != SANDBOX_FILES || (command->limits.folder_bytes == usual.folder_bytes &&
                                         command->limits.entries == usual.entries))
        return;
    char *trouble =
        g_strdup_printf("it %s, and the disk of %s has room for no more: make room there, or name "
                        "another folder to work in: "
                        "TMPDIR=/another/folder make grade",
                        result->trouble ? result->trouble : "wrote too much", command->write.from);
    g_free(result->trouble);
    result->trouble = trouble;
    result->end = SANDBOX_MACHINE;
}

struct sandbox_result workplace_run_tool(const char *tree, const char *objects, char *const *words,
                                         int slot)
{
    const struct sandbox_bind see[] = {{tree, WORKPLACE_TREE}, {NULL, NULL}};
    struct sandbox_command command = {
        .words = words,
        .see = see,
        .write = {objects, WORKPLACE_OBJECTS},
        .folder = sandbox_path(tree, WORKPLACE_TREE),
        .limits = tool_limits(),
        .user = sandbox_user(slot),
    };
    struct sandbox_result result;
    run_where_there_is_room(&command, &result);
    return result;
}

/* A file with two names may be somebody else's. */
static bool seal_program(const char *program)
{
    struct stat status;
    if (lstat(program, &status) != 0)
        return false;
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
        errno = EPERM;
        return false;
    }
    return (geteuid() != 0 || lchown(program, 0, 0) == 0) && chmod(program, 0755) == 0;
}

bool workplace_seal(const char *objects, const char *program)
{
    if (geteuid() == 0 && chown(objects, 0, 0) != 0)
        return false;
    return chmod(objects, 0755) == 0 && (!program || seal_program(program));
}

/* ---- programs --------------------------------------------------------------------------------------- */

/* Beside what tools/launch sets: Open MPI in one sandbox without a network, and what the sanitizers
 * say in a report. */
static char *const run_environment[] = {
    "OMPI_MCA_btl=self,vader",
    "OMPI_MCA_btl_vader_single_copy_mechanism=emulated", /* with "none" there are no windows */
    "UBSAN_OPTIONS=print_stacktrace=1",
    NULL,
};

/* What stands before the program and its arguments. */
static void add_launcher(GPtrArray *words, const struct workplace_run *run, char *ranks)
{
    char *const real[] = {"bash", "tools/launch", "--mpirun-speaks", ranks, NULL};
    char *const simulated[] = {"bash", "tools/simulate", NULL};
    char *const synchronous[] = {"--synchronous", NULL};
    char *const where[] = {ranks, (char *)run->platform, NULL};
    workplace_add_words(words, run->simulated ? simulated : real);
    workplace_add_words(words, run->simulated && run->synchronous ? synchronous : NULL);
    workplace_add_words(words, run->simulated ? where : NULL);
}

void workplace_run(const struct workplace_run *run, struct sandbox_result *result)
{
    g_autofree char *objects = g_path_get_dirname(run->program);
    g_autofree char *name = g_path_get_basename(run->program);
    g_autofree char *inside = g_build_filename(WORKPLACE_PROGRAM, name, NULL);
    g_autofree char *ranks = g_strdup_printf("%d", run->ranks);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GPtrArray) environment = g_ptr_array_new();
    const struct sandbox_bind own[] = {{run->tree, WORKPLACE_TREE}, {objects, WORKPLACE_PROGRAM}};
    g_autoptr(GArray) see = g_array_new(TRUE, FALSE, sizeof(struct sandbox_bind));
    g_array_append_vals(see, own, G_N_ELEMENTS(own));
    for (const struct sandbox_bind *bind = run->data; bind && bind->from; bind++)
        g_array_append_val(see, *bind);
    add_launcher(words, run, ranks);
    g_ptr_array_add(words, (char *)sandbox_path(run->program, inside));
    workplace_add_words(words, run->arguments);
    g_ptr_array_add(words, NULL);
    workplace_add_words(environment, run_environment);
    workplace_add_words(environment, run->environment);

    struct sandbox_command command = {
        .words = (char *const *)words->pdata,
        .write = {run->evidence, WORKPLACE_EVIDENCE},
        .folder = sandbox_path(run->tree, WORKPLACE_TREE),
        .limits = sandbox_limits_default(),
        .user = sandbox_user(run->slot),
        .is_stuck = run->is_stuck,
        .before_end = run->before_end,
        .context = run->context,
    };
    command.limits.seconds = run->seconds;
    command.limits.processes = 2 * run->ranks + PROCESSES_AROUND;
    workplace_let_use(run->simulated ? NULL : run->device, run->ranks, see, environment, &command);
    g_ptr_array_add(environment, NULL);
    command.environment = (char *const *)environment->pdata;
    command.see = (const struct sandbox_bind *)(void *)see->data;
    run_where_there_is_room(&command, result);
}
