/*
 * Data sets for a grade: where they lie for the programs in the sandbox and for the
 * judges outside of it, who read the same files; and a control that says, before the first check,
 * which of them can't be used.
 *
 * Files stay where they are if the sandbox's user can read them; links are followed. Others are
 * linked (hard) or copied to the grader's own folder. What the files were is noted, so that
 * it can be seen later that they changed.
 */
#ifndef GRADER_RUN_RUNNER_DATA_H
#define GRADER_RUN_RUNNER_DATA_H

#include "common/files/dataset.h"
#include "grader/rubric/rubric.h"
#include "grader/sandbox/sandbox.h"

#define RUNNER_DATA_SETS 3

/* A file as it was when the grade began. */
struct runner_data_file {
    char *path; /* no link */
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec changed;
};

struct runner_data_set {
    bool needed; /* by a run of the rubric; else nothing else is known of it */
    enum dataset_state state;
    char *trouble; /* why it is not ready: the file, what was found and expected; else NULL */
    /* Of what is ready: the folder, or file, for judges and where there are no name spaces. */
    char *outside;
    GArray *files;     /* of struct runner_data_file: what is read */
    GArray *see;       /* of struct sandbox_bind: what programs see of them */
    char *environment; /* "VARIABLE=place", for programs */
    char *named;       /* what the variable said before; or NULL */
};

struct runner_data {
    struct runner_data_set set[RUNNER_DATA_SETS];
};

/* Finds the sets that the rubric's runs name (NULL: all) and reads each once as programs do, as the
 * sandbox's user and as the grader. Until runner_data_clear the variables of this process name what is ready.
 * work: a folder that the sandbox's users may pass; what stands there of a call before is taken. */
void runner_data_find(struct runner_data *data, const struct rubric *rubric, const char *work);
void runner_data_clear(struct runner_data *data);

/* The set that a program with these options reads; NULL: none. */
const struct runner_data_set *runner_data_of(const struct runner_data *data,
                                             const struct options *options);
/* Why a run can't have its data on this machine, though they are installed, or should be; NULL: it can, or
 * they are not installed. */
const char *runner_data_trouble(const struct runner_data *data, const struct rubric_run *run);
/* Has a file that a run reads changed since the grade began? A new string that says which; else NULL. */
char *runner_data_changed(const struct runner_data *data, const struct rubric_run *run);

/* --- runner_data_files.c: for runner_data.c alone ------------------------------------ */

/* Fills outside, files and see, for files at these places (links or not) and a name within the sandbox.
 * work/NAME is made if need be. False, with trouble set. */
bool runner_data_place(struct runner_data_set *set,
                       char path[DATASET_MOST_FILES][DATASET_PATH_SIZE], int files, bool is_folder,
                       const char *inside, const char *work);

#endif
