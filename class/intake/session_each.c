/* Taking in one after the other; see session.h. */
#include "class/intake/choose.h"
#include "class/intake/digest.h"
#include "class/intake/ids.h"
#include "class/intake/members.h"
#include "class/intake/put.h"
#include "class/intake/session.h"
#include "grader/sandbox/sandbox_folder.h"
#include "grader/text/text.h"

static struct student *student_of(struct intake *intake, const struct intake_handed *handed)
{
    const char *id = intake_ids_give(intake->ids, handed->key, handed->wanted);
    struct student *student = student_new(intake->options->out, id);
    g_free(student->name);
    student->name = g_strdup(handed->name);
    for (guint i = 0; i < handed->members->len; i++) {
        const struct member *member = handed->members->pdata[i];
        g_ptr_array_add(student->members,
                        intake_member_new(member->id, member->name, member->email));
    }
    for (guint i = 0; i < handed->notes->len; i++)
        g_ptr_array_add(student->notes, g_strdup(handed->notes->pdata[i]));
    return student;
}

static void add_found(struct student *student, const struct intake_taken *taken)
{
    student->refused = g_strdup(taken->refused);
    for (guint i = 0; i < taken->notes->len; i++)
        g_ptr_array_add(student->notes, g_strdup(taken->notes->pdata[i]));
}

/* Opens the try, or writes down that there is none. False, with an error, if this machine can't. */
static bool put_new(struct intake *intake, const struct intake_attempt *attempt,
                    struct intake_taken *taken, struct student *student, GString *error)
{
    enum intake_change change = INTAKE_SAME;
    g_autofree char *folder = intake_put_begin(intake->options->out, student, error);
    g_autofree char *to = folder ? g_build_filename(folder, "submission", NULL) : NULL;
    bool put = folder && (!attempt || intake_take(&intake->kit, attempt, to, taken, error));
    if (put && attempt)
        add_found(student, taken);
    put = put && (!student->refused || sandbox_remove(to, error)) &&
          intake_put_end(folder, student, taken, intake->names, &change, error);
    intake->counts[change] += put;
    if (folder && !put)
        sandbox_remove(folder, error);
    return put;
}

static bool take_in(struct intake *intake, const struct intake_handed *handed,
                    struct student *student, GString *error)
{
    const struct intake_attempt *attempt =
        intake_choose(handed, intake->policy, intake->people, student);
    student->source = attempt ? text_clean_name(attempt->shown) : NULL;
    student->sha256 = attempt ? intake_digest(attempt, error) : NULL;
    if (attempt && !student->sha256)
        return false;
    struct intake_taken *taken =
        attempt ? intake_put_before(student, student->sha256, intake->names) : NULL;
    if (taken) {
        add_found(student, taken);
        intake->counts[INTAKE_SAME]++;
        intake_taken_free(taken);
        return true;
    }
    taken = intake_taken_new();
    taken->sha256 = g_strdup(student->sha256);
    const bool put = put_new(intake, attempt, taken, student, error);
    intake_taken_free(taken);
    return put;
}

void intake_take_in(struct intake *intake)
{
    g_autoptr(GHashTable) named = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < intake->handed->len; i++) {
        const struct intake_handed *handed = intake->handed->pdata[i];
        struct student *student = student_of(intake, handed);
        g_autoptr(GString) why = g_string_new(NULL);
        if (take_in(intake, handed, student, why)) {
            intake_members_add(student, intake->people, intake->policy, named);
            g_ptr_array_add(intake->students, student);
            continue;
        }
        g_string_append_printf(intake->trouble,
                               "%s could not be taken in, and is as it was before: %s\n",
                               student->id, g_strstrip(why->str));
        student_free(student);
    }
    intake_members_settle(intake->students, named);
    for (guint i = 0; i < intake->students->len; i++)
        intake_put_facts(intake->students->pdata[i], intake->trouble);
}
