/*
 * Checkpoints: what a run stores so that, killed at any moment, it can go on to the same bits.
 *
 *     FOLDER/lock                         held by the run that writes here; has a number of its own, by
 *                                         which all ranks see that it is the one folder
 *     FOLDER/step-50/rank-R.safetensors   what rank R held before step 50: parameters, optimizer
 *                                         state and running averages, as in the evidence (driver.h)
 *     FOLDER/step-50/index.json           the step, the options that make the run what it is, and
 *                                         size and checksum of each rank's file
 *
 * All is written under other names, brought to the disk and renamed; the index comes last, and without
 * it there is no checkpoint. Each has an id of its own, which all of its files bear. The last two stay.
 *
 * driver_checkpoint.c (before training), driver_checkpoint_write.c (after a step),
 * driver_checkpoint_folder.c (folders and their names), driver_checkpoint_index.c (the index),
 * driver_checkpoint_options.c (what has to be equal), driver_checkpoint_file.c (files on the disk), driver_resume.c (going on).
 */
#ifndef COMMON_DRIVER_DRIVER_CHECKPOINT_H
#define COMMON_DRIVER_DRIVER_CHECKPOINT_H

#include "common/driver/driver_parts.h"

#include <jansson.h>
#include <linux/limits.h>

#define CHECKPOINT_ID_SIZE    17
#define CHECKPOINT_PATH_SIZE  (PATH_MAX + 64)
#define CHECKPOINT_MOST_RANKS (1 << 20)

/* A rank's file, as the index knows it. */
struct checkpoint_file {
    uint64_t bytes, checksum;
};

/* What an index says, without the options. */
struct checkpoint {
    char id[CHECKPOINT_ID_SIZE];
    int step;            /* the next to be taken */
    int earlier;         /* the step of the one before it in the folder; 0: there is none */
    int optimizer_steps; /* done by each optimizer */
    int ranks;
    double seconds;               /* of training so far */
    struct checkpoint_file *file; /* of each rank */
};

/* Of a run, from its begin to its end. */
struct checkpoints {
    int lock;               /* the file; -1: this rank has none */
    struct checkpoint from; /* step 0: from the beginning */
    int last;               /* the step of the last one that is complete; 0: there is none */
    json_t *options;        /* on rank 0: driver_checkpoint_options */
};

/* ---- driver_checkpoint_folder.c ------------------------------------------------------------------ */

/* FOLDER/step-STEP, and FOLDER/step-STEP/NAME. */
void driver_checkpoint_path(char path[CHECKPOINT_PATH_SIZE], const char *folder, int step,
                            const char *name);
void driver_checkpoint_rank_path(char path[CHECKPOINT_PATH_SIZE], const char *folder, int step,
                                 int rank);
/* The highest step below `below` of a complete checkpoint; 0: there is none. -1: the folder can't be read,
 * and errno says why. */
int driver_checkpoint_find(const char *folder, int below);
/* Makes the folder if it is not there, and takes its lock (-1 without one): on failure false, and a reason. */
bool driver_checkpoint_take(const char *folder, int *lock, char reason[REASON_SIZE]);
/* An empty folder for the checkpoint of a step: what was left of one is removed. False: see errno. */
bool driver_checkpoint_make_folder(const char *folder, int step);
/* Removes the checkpoints before `oldest`, complete or not. What is none stays. */
void driver_checkpoint_remove_before(const char *folder, int oldest);

/* ---- driver_checkpoint_file.c -------------------------------------------------------------------- */

/* Brings a file, or the names in a folder, to the disk. False: see errno. */
bool driver_checkpoint_keep(const char *path);
/* Size and checksum of a file; false: see errno. */
bool driver_checkpoint_measure(const char *path, struct checkpoint_file *file);
/* Is rank `rank`'s file there, whole and of this checkpoint? If not, false and a reason. */
bool driver_checkpoint_file_is_good(const struct checkpoint *checkpoint, const char *folder,
                                    int rank, char reason[REASON_SIZE]);
/* What to do about a checkpoint that can't be used, behind the reason. */
void driver_checkpoint_add_remedy(const struct checkpoint *checkpoint, const char *folder,
                                  char reason[REASON_SIZE]);

/* ---- driver_checkpoint_options.c ----------------------------------------------------------------- */

/* The options that make a run what it is, by their meaning, and its data: an object of texts by their names. */
json_t *driver_checkpoint_options(const struct run *run, const struct program *program);
/* Do they mean the same? If not, false, and each that differs, with both values. */
bool driver_checkpoint_same_options(const json_t *there, const json_t *here, char *text,
                                    size_t size);

/* ---- driver_checkpoint_index.c ------------------------------------------------------------------- */

/* Writes the index. False: see errno. */
bool driver_checkpoint_write_index(const struct checkpoint *checkpoint, const char *folder,
                                   json_t *options);
/* Reads the index of this step, whose options meant the same; checkpoint->file is the caller's to free. On
 * failure false, and a reason with the file, the cause and what to do. */
bool driver_checkpoint_read_index(struct checkpoint *checkpoint, const char *folder, int step,
                                  const json_t *options, char reason[REASON_SIZE]);

/* ---- driver_checkpoint.c ------------------------------------------------------------------------- */

/* All ranks call these. */

/* Before training: the folder, and the checkpoint to go on from. False, and a reason, on any rank that
 * finds a fault. */
bool driver_checkpoint_begin(struct run *run, const struct program *program,
                             struct checkpoints *checkpoints, char reason[REASON_SIZE]);
void driver_checkpoint_end(struct checkpoints *checkpoints);
/* Where not all ranks succeeded, the first that did not says why, and all end. */
void driver_checkpoint_agree(const struct run *run, bool good, const char *reason);
/* Stages are there: can they be stored at all? */
void driver_checkpoint_check_stages(const struct run *run);

/* ---- driver_checkpoint_write.c ------------------------------------------------------------------- */

/* A number that no other has, as text. */
void driver_checkpoint_make_id(char id[CHECKPOINT_ID_SIZE]);
/* All ranks: stores what it takes to go on with this step, after so many seconds of training. */
void driver_checkpoint_write(const struct run *run, int step, double seconds);

/* ---- driver_resume.c ----------------------------------------------------------------------------- */

/* Stages and optimizers become what the checkpoint's ranks held, however many they were. */
void driver_resume(struct run *run);

#endif
