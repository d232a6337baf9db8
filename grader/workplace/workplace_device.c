/*
 * The GPU that programs compute on, the emulated one as well: its library where programs find it, in the sandbox and
 * without one (common/base/device.h), and proof that it can be used there.
 */
#include "grader/workplace/workplace.h"

#include "common/base/device.h"
#include "grader/sandbox/sandbox_folder.h"
#include "grader/text/text.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "devices" /* programs look for it in the folders above their own */

#define START_SECONDS 40.0 /* of an idle machine's clock: a GPU that was asleep wakes up */
#define CONTEXT_BYTES                                                                              \
    ((size_t)1 << 30)     /* of the host, that a rank's use of a GPU may take by itself */
#define CONTEXT_THREADS 4 /* processes' worth of threads for that */

static bool is_a_gpu(const struct workplace_device *device)
{
    return strcmp(device->name, "cuda") == 0;
}

double workplace_device_patience(const struct workplace_device *device)
{
    /* To take a GPU is a second's work, and ranks that share one wait for each other. To emulate one takes the processor
     * several times what the same numbers take it otherwise. */
    return !device->name ? 1 : is_a_gpu(device) ? 3 : 8;
}

/* ---- what the sandbox has to show -------------------------------------------------------------------- */

static bool is_shown_anyway(const char *path)
{
    return g_str_has_prefix(path, "/usr/") || g_str_has_prefix(path, "/lib");
}

/* The folder of a library that is not the system's, at its own place. */
static void see_folder_of(const char *path, GArray *see)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (is_shown_anyway(path))
        return;
    for (guint i = 0; i < see->len; i++)
        if (strcmp(g_array_index(see, struct sandbox_bind, i).from, folder) == 0)
            return;
    const char *stays = g_intern_string(folder);
    const struct sandbox_bind bind = {stays, stays};
    g_array_append_val(see, bind);
}

/* ldd prints "libcublas.so.13 => /folder/libcublas.so.13 (0x…)", and "not found" for what is missing. */
static bool see_libraries(const char *library, GArray *see, GString *error)
{
    char *words[] = {"ldd", (char *)library, NULL};
    g_autofree char *said = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, &said, NULL, &status, NULL))
        return true; /* the proof tells, if something is missing */
    g_auto(GStrv) lines = g_strsplit(said ? said : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        char *path = strstr(*line, " => ");
        if (!path)
            continue;
        path += strlen(" => ");
        if (g_str_has_prefix(path, "not found")) {
            g_string_append_printf(error,
                                   "%s needs a library that is not here any more (%s): remove "
                                   "it, and make devices builds it anew",
                                   library, g_strstrip(*line));
            return false;
        }
        path[strcspn(path, " ")] = '\0';
        if (*path == '/')
            see_folder_of(path, see);
    }
    return true;
}

/* Since the computer was started, nobody may have used the GPU: then one of the driver's files is not there yet. NVIDIA's
 * tool makes it, where it is installed; a program makes it by that tool, too, but not from within a sandbox. */
static void wake_driver(void)
{
    char *words[] = {"nvidia-modprobe", "-u", "-c", "0", NULL};
    g_spawn_sync(NULL, words, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, NULL, NULL);
}

/* What the driver is reached by: /dev/nvidia0, /dev/nvidiactl, …; /dev/dxg under Windows. */
static void find_files(GPtrArray *files)
{
    g_autoptr(GDir) folder = g_dir_open("/dev", 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));)
        if (g_str_has_prefix(name, "nvidia") || strcmp(name, "dxg") == 0)
            g_ptr_array_add(files, g_build_filename("/dev", name, NULL));
}

/* A job of a batch system has some of a computer's GPUs, and so may a person; what is wrong with the emulated one, or
 * in which order it does things, is said by who tries that out. */
static void find_variables(GPtrArray *variables)
{
    static const char *const names[] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
                                        "EMULATED_FAULT", "EMULATED_ORDER", "EMULATED_STREAMS"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value)
            g_ptr_array_add(variables, g_strconcat(names[i], "=", value, NULL));
    }
}

bool workplace_place_device(struct workplace *workplace, GString *error)
{
    struct workplace_device *device = &workplace->device;
    if (!device->name)
        return true;
    g_autofree char *file = g_strconcat(device->name, ".so", NULL);
    g_autofree char *from = g_build_filename(workplace->build_folder, FOLDER, file, NULL);
    device->folder = g_build_filename(workplace->work, FOLDER, NULL);
    g_autofree char *to = g_build_filename(device->folder, file, NULL);
    device->see = g_array_new(TRUE, FALSE, sizeof(struct sandbox_bind));
    device->files = g_ptr_array_new_with_free_func(g_free);
    device->variables = g_ptr_array_new_with_free_func(g_free);
    if (!g_file_test(from, G_FILE_TEST_EXISTS)) {
        g_string_append_printf(error, "there is no %s: %s", from, device_how_to_get(device->name));
        return false;
    }
    if (g_mkdir(device->folder, 0755) != 0 && errno != EEXIST) {
        g_string_append_printf(error, "%s: %s", device->folder, strerror(errno));
        return false;
    }
    const struct sandbox_bind own = {device->folder, "/" FOLDER};
    g_array_append_val(device->see, own);
    if (is_a_gpu(device)) {
        wake_driver();
        find_files(device->files);
    }
    find_variables(device->variables);
    const bool seen = !is_a_gpu(device) || see_libraries(from, device->see, error);
    g_ptr_array_add(device->files, NULL);
    g_ptr_array_add(device->variables, NULL);
    return seen && workplace_copy_file(from, to, error);
}

void workplace_clear_device(struct workplace_device *device)
{
    g_free(device->folder);
    g_free(device->gpu);
    if (device->see)
        g_array_free(device->see, TRUE);
    if (device->files)
        g_ptr_array_free(device->files, TRUE);
    if (device->variables)
        g_ptr_array_free(device->variables, TRUE);
    *device = (struct workplace_device){0};
}

void workplace_let_use(const struct workplace_device *device, int ranks, GArray *see,
                       GPtrArray *environment, struct sandbox_command *command)
{
    if (!device || !device->name)
        return;
    g_array_append_vals(see, device->see->data, device->see->len);
    workplace_add_words(environment, (char *const *)device->variables->pdata);
    if (!is_a_gpu(device))
        return;
    command->devices = (char *const *)device->files->pdata;
    command->limits.memory += (size_t)ranks * CONTEXT_BYTES;
    command->limits.processes += ranks * CONTEXT_THREADS;
}

/* ---- proof ---------------------------------------------------------------------------------------------- */

#define TOLD_NAME    "control: the GPU is " /* as the control's source has them */
#define TOLD_REFUSAL "control: the GPU can't be used: "

/* The rest of the first line that holds this; NULL: none does. A new string. */
static char *told(const char *output, const char *begin)
{
    const char *at = strstr(output, begin);
    if (!at)
        return NULL;
    at += strlen(begin);
    g_autofree char *line = g_strndup(at, strcspn(at, "\n"));
    return text_clean(line, strlen(line), 2000);
}

char *workplace_device_library(const struct workplace_device *device)
{
    if (!device || !device->name)
        return NULL;
    g_autofree char *file = g_strconcat(device->name, ".so", NULL);
    g_autofree char *library = g_build_filename(device->folder, file, NULL);
    g_autofree char *inside = g_build_filename("/" FOLDER, file, NULL);
    return g_strdup(sandbox_path(library, inside));
}

bool workplace_device_refused(const struct workplace_device *device,
                              const struct sandbox_result *result, GString *error)
{
    g_autofree char *refusal = result->output ? told(result->output->str, TOLD_REFUSAL) : NULL;
    if (refusal)
        g_string_append_printf(error, "the device %s can't be used in the sandbox: %s",
                               device->name, refusal);
    return refusal;
}

/* What the control said is the GPU's name, or why it can't be used here and what to do. */
static bool conclude(struct workplace_device *device, const struct sandbox_result *result,
                     GString *error)
{
    if (sandbox_did(result)) {
        device->gpu = told(result->output ? result->output->str : "", TOLD_NAME);
        return true;
    }
    g_autofree char *what =
        g_strdup_printf("the device %s can't be used in the sandbox", device->name);
    if (!workplace_device_refused(device, result, error))
        workplace_complain(error, what, result, WORKPLACE_REPAIR);
    return false;
}

bool workplace_prove_device(struct workplace *workplace, int ranks, GString *error)
{
    struct workplace_device *device = &workplace->device;
    if (!device->name)
        return true;
    g_autofree char *evidence = g_build_filename(workplace->work, "control", "device", NULL);
    if (!sandbox_writable_folder(evidence, sandbox_user(0), error))
        return false;
    g_autofree char *library = workplace_device_library(device);
    char *const arguments[] = {(char *)sandbox_path(evidence, WORKPLACE_EVIDENCE), library, NULL};
    const struct workplace_run run = {.tree = workplace->tree,
                                      .program = workplace->program,
                                      .evidence = evidence,
                                      .ranks = ranks,
                                      .device = device,
                                      .arguments = arguments,
                                      .seconds = START_SECONDS};
    struct sandbox_result result;
    workplace_run(&run, &result);
    const bool used = conclude(device, &result, error);
    sandbox_result_clear(&result);
    return used;
}
