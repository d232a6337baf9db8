/* Taking one try in; see take.h. */
#include "class/intake/take.h"

#include "class/intake/clean.h"
#include "grader/sandbox/sandbox_folder.h"
#include "grader/submission/unpack.h"
#include "grader/text/text.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

struct taking {
    const struct intake_kit *kit;
    char *work;  /* of this try */
    char *clean; /* in it: all that was handed in, harmless */
    const char *to;
    struct intake_taken *taken;
    struct intake_cleaned cleaned;
    int opened;       /* archives */
    GString *refused; /* why nothing can be graded, as far as it is known */
};

static bool make_folder(const char *path, mode_t mode, GString *error)
{
    if (g_mkdir(path, mode) == 0 || errno == EEXIST)
        return true;
    g_string_append_printf(error, "%s can't be made: %s", path, strerror(errno));
    return false;
}

/* Without advice that names a folder of this moment, and without a last full stop. A new string. */
static char *lasting(const struct taking *taking, const char *text)
{
    static const char *const empty[] = {" bsdtar: Error exit delayed from previous errors.",
                                        ": Unknown error -1", ": Success"};
    const char *advice = strstr(text, " Unpack it by hand");
    const bool leaves_out = advice && strstr(text, taking->kit->work);
    g_autoptr(GString) kept =
        leaves_out ? g_string_new_len(text, advice - text) : g_string_new(text);
    for (guint i = 0; i < G_N_ELEMENTS(empty); i++)
        g_string_replace(kept, empty[i], "", 0);
    if (kept->len > 0 && kept->str[kept->len - 1] == '.')
        g_string_truncate(kept, kept->len - 1);
    return g_strdup(kept->str);
}

static void add_reason(struct taking *taking, const char *text)
{
    g_autofree char *reason = lasting(taking, text);
    if (!strstr(taking->refused->str, reason))
        g_string_append_printf(taking->refused, "%s%s", taking->refused->len > 0 ? "; " : "",
                               reason);
}

/* ---- what was handed in ----------------------------------------------------------------------- */

/* An archive's content to a clean folder; what can't be opened is a reason, or a note. */
static bool open_archive(struct taking *taking, const char *path, const char *name, const char *to,
                         bool is_inner, GString *error)
{
    g_autofree char *work = g_strdup_printf("%s/opened-%d", taking->work, taking->opened++);
    g_autofree char *shown = text_clean_name(name);
    g_autoptr(GString) why = g_string_new(NULL);
    if (!make_folder(work, 0711, error))
        return false;
    g_autofree char *folder = unpack_archive(path, shown, work, why);
    const bool copied = !folder || intake_clean_copy(folder, to, &taking->cleaned, error);
    g_autofree char *reason = lasting(taking, why->str);
    if (!folder && is_inner)
        g_ptr_array_add(taking->taken->notes, g_strdup_printf("%s.", reason));
    else if (!folder)
        add_reason(taking, why->str);
    g_string_truncate(why, 0);
    if (!sandbox_remove(work, why))
        g_string_append(error, why->str);
    return copied;
}

/* What it is called may say which kind it is. */
static char *kind_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    g_autofree char *end = dot ? text_clean_name(dot) : NULL;
    return end ? g_strdup_printf("a file %s", end) : g_strdup("a file without an ending");
}

static bool add_source(struct taking *taking, const struct intake_file *file, bool alone,
                       GString *error)
{
    g_autofree char *stem = intake_stem(file->name);
    g_autofree char *own = g_build_filename(taking->clean, stem, NULL);
    g_autofree char *shown = text_clean_name(file->name);
    struct stat status;
    if (lstat(file->path, &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))) {
        g_ptr_array_add(taking->taken->notes,
                        g_strdup_printf("\"%s\" is no plain file, and was left out.", shown));
        return true;
    }
    if (S_ISDIR(status.st_mode))
        return intake_clean_copy(file->path, alone ? taking->clean : own, &taking->cleaned, error);
    if (unpack_is_archive(file->path))
        return open_archive(taking, file->path, file->name, alone ? taking->clean : own, false,
                            error);
    g_autofree char *kind = kind_of(file->name);
    g_autofree char *reason =
        status.st_size == 0
            ? g_strdup_printf("\"%s\" is empty: it has to be handed in again", shown)
        : unpack_is_named(file->name)
            ? g_strdup_printf(
                  "\"%s\" is called an archive and is none: it is damaged, or something "
                  "else that was renamed; have it packed again",
                  shown)
            : g_strdup_printf("\"%s\" is %s, no folder or archive (.zip, .tar.gz)", shown, kind);
    if (alone)
        add_reason(taking, reason);
    const char *slash = strchr(file->name, '/');
    return slash ||
           intake_clean_file(file->path, taking->clean, file->name, &taking->cleaned, error);
}

/* ---- the assignments ------------------------------------------------------------------------- */

/* The newest of several archives in it that has the assignment's files. */
static bool take_from_archives(struct taking *taking, const struct rubric *rubric, bool *found,
                               GString *error)
{
    g_autoptr(GPtrArray) archives = intake_archives_in(taking->clean);
    const char *taken_from = NULL;
    bool done = true;
    for (guint i = archives->len; done && archives->len > 1 && i-- > 0;) {
        const char *name = archives->pdata[i];
        g_autofree char *path = g_build_filename(taking->clean, name, NULL);
        g_autofree char *inside =
            g_strdup_printf("%s/inner-%s-%u", taking->work, rubric->assignment, i);
        g_autofree char *work = g_strconcat(inside, "-work", NULL);
        g_autofree char *shown = text_clean_name(name);
        char *why = NULL;
        if (taken_from) {
            g_ptr_array_add(
                taking->taken->notes,
                g_strdup_printf("\"%s\" is in it, too, and was not looked into: \"%s\" "
                                "has the files of %s, and is newer or later in the alphabet.",
                                shown, taken_from, rubric->assignment));
            continue;
        }
        done = open_archive(taking, path, name, inside, true, error);
        if (done && g_file_test(inside, G_FILE_TEST_IS_DIR))
            done = intake_take_assignment(rubric, inside, work, taking->to, taking->taken, found,
                                          &why, error);
        g_free(why);
        if (*found)
            taken_from = name;
    }
    return done;
}

static bool take_each(struct taking *taking, GString *error)
{
    bool any = false, done = true;
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; done && i < taking->kit->rubrics->len; i++) {
        const struct rubric *rubric = taking->kit->rubrics->pdata[i];
        g_autofree char *work = g_build_filename(taking->work, rubric->assignment, NULL);
        char *why = NULL;
        bool found = false;
        done = intake_take_assignment(rubric, taking->clean, work, taking->to, taking->taken,
                                      &found, &why, error);
        if (done && !found)
            done = take_from_archives(taking, rubric, &found, error);
        any = any || found;
        if (!found && why)
            g_ptr_array_add(reasons, g_steal_pointer(&why));
        g_free(why);
    }
    for (guint i = 0; i < reasons->len; i++)
        if (any)
            g_ptr_array_add(taking->taken->notes,
                            g_strdup_printf("Not handed in: %s.", (char *)reasons->pdata[i]));
        else if (taking->refused->len == 0 || i > 0)
            add_reason(taking, reasons->pdata[i]);
    if (!any)
        taking->taken->refused =
            g_strdup(taking->refused->len > 0 ? taking->refused->str : "there is nothing in it");
    return done;
}

static bool keep_members(const struct taking *taking, GString *error)
{
    g_autofree char *members = intake_members_in(taking->clean);
    struct intake_cleaned cleaned = {.files = 0};
    const bool kept =
        !members || intake_clean_file(members, taking->to, INTAKE_MEMBERS, &cleaned, error);
    intake_cleaned_clear(&cleaned);
    return kept;
}

static bool take(struct taking *taking, const struct intake_attempt *attempt, GString *error)
{
    const bool alone = attempt->files->len == 1;
    bool done = make_folder(taking->work, 0711, error) && make_folder(taking->clean, 0755, error) &&
                make_folder(taking->to, 0755, error);
    for (guint i = 0; done && i < attempt->files->len; i++)
        done = add_source(taking, attempt->files->pdata[i], alone, error);
    done = done && take_each(taking, error) && keep_members(taking, error);
    g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
    intake_cleaned_notes(&taking->cleaned, left_out);
    for (guint i = 0; i < left_out->len; i++) {
        if (taking->taken->refused)
            add_reason(taking, left_out->pdata[i]);
        g_ptr_array_add(taking->taken->notes, g_strdup(left_out->pdata[i]));
    }
    if (taking->taken->refused && left_out->len > 0) {
        g_free(taking->taken->refused);
        taking->taken->refused = g_strdup(taking->refused->str);
    }
    return done;
}

bool intake_take(const struct intake_kit *kit, const struct intake_attempt *attempt, const char *to,
                 struct intake_taken *taken, GString *error)
{
    struct taking taking = {.kit = kit,
                            .work = g_build_filename(kit->work, "try", NULL),
                            .to = to,
                            .taken = taken,
                            .refused = g_string_new(NULL)};
    taking.clean = g_build_filename(taking.work, "clean", NULL);
    const bool taken_in = sandbox_remove(taking.work, error) && take(&taking, attempt, error);
    g_autoptr(GString) left = g_string_new(NULL);
    sandbox_remove(taking.work, left);
    g_free(taking.work);
    g_free(taking.clean);
    g_string_free(taking.refused, TRUE);
    intake_cleaned_clear(&taking.cleaned);
    return taken_in;
}

struct intake_taken *intake_taken_new(void)
{
    struct intake_taken *taken = g_new0(struct intake_taken, 1);
    taken->notes = g_ptr_array_new_with_free_func(g_free);
    return taken;
}

void intake_taken_free(struct intake_taken *taken)
{
    if (!taken)
        return;
    g_free(taken->sha256);
    g_free(taken->refused);
    g_ptr_array_unref(taken->notes);
    g_free(taken);
}
