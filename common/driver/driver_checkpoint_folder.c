/* The folders of checkpoints: see driver_checkpoint.h. */
#include "common/driver/driver_checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A run that was killed with its mpirun may take a moment to notice. */
enum { LOCK_TRIES = 50, LOCK_PAUSE_NANOSECONDS = 100000000 };

void driver_checkpoint_path(char path[CHECKPOINT_PATH_SIZE], const char *folder, int step,
                            const char *name)
{
    snprintf(path, CHECKPOINT_PATH_SIZE, "%s/step-%d%s%s", folder, step, name[0] ? "/" : "", name);
}

void driver_checkpoint_rank_path(char path[CHECKPOINT_PATH_SIZE], const char *folder, int step,
                                 int rank)
{
    char name[40];
    snprintf(name, sizeof name, "rank-%d.safetensors", rank);
    driver_checkpoint_path(path, folder, step, name);
}

/* The number behind "step-"; -1: it is no such name. */
static int step_of(const char *name)
{
    int step = -1;
    char again[32];
    if (sscanf(name, "step-%9d", &step) != 1)
        return -1;
    snprintf(again, sizeof again, "step-%d", step);
    return strcmp(again, name) == 0 ? step : -1;
}

static bool is_complete(const char *folder, int step)
{
    char path[CHECKPOINT_PATH_SIZE];
    driver_checkpoint_path(path, folder, step, "index.json");
    return access(path, F_OK) == 0;
}

int driver_checkpoint_find(const char *folder, int below)
{
    DIR *listing = opendir(folder);
    if (listing == NULL)
        return -1;
    int found = 0;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        const int step = step_of(entry->d_name);
        if (step > found && step < below && is_complete(folder, step))
            found = step;
    }
    closedir(listing);
    return found;
}

/* What this run alone has written there. */
static bool mark(int lock)
{
    char id[CHECKPOINT_ID_SIZE];
    driver_checkpoint_make_id(id);
    errno = ENOSPC; /* of a write that is cut short */
    return ftruncate(lock, 0) == 0 && write(lock, id, strlen(id)) == (ssize_t)strlen(id) &&
           fsync(lock) == 0;
}

static void say_nothing_can_be_written(const char *folder, char reason[REASON_SIZE])
{
    snprintf(reason, REASON_SIZE,
             "--checkpoint-folder %.300s: nothing can be written there: %s: choose another", folder,
             strerror(errno));
}

bool driver_checkpoint_take(const char *folder, int *lock, char reason[REASON_SIZE])
{
    char path[CHECKPOINT_PATH_SIZE];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        snprintf(reason, REASON_SIZE, "--checkpoint-folder %.300s: can't be made: %s", folder,
                 strerror(errno));
        return false;
    }
    snprintf(path, sizeof path, "%s/lock", folder);
    *lock = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (*lock < 0) {
        say_nothing_can_be_written(folder, reason);
        return false;
    }
    for (int i = 0; i < LOCK_TRIES; i++) {
        /* Some file systems know no locks; then it is the user's care. */
        if (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
            if (mark(*lock))
                return true;
            say_nothing_can_be_written(folder, reason);
            close(*lock);
            *lock = -1;
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NANOSECONDS}, NULL);
    }
    close(*lock);
    *lock = -1;
    snprintf(reason, REASON_SIZE,
             "--checkpoint-folder %.300s: another run writes its checkpoints there: wait for its "
             "end, or choose another",
             folder);
    return false;
}

/* ---- removing -------------------------------------------------------------------------------------- */

static bool is_ours(const char *name)
{
    return strncmp(name, "rank-", 5) == 0 || strncmp(name, "index.json", 10) == 0;
}

/* The index goes first: without it the rest is no checkpoint. The folder stays where something else is in it. */
static void remove_checkpoint(const char *folder, int step)
{
    char path[CHECKPOINT_PATH_SIZE];
    driver_checkpoint_path(path, folder, step, "index.json");
    unlink(path);
    driver_checkpoint_path(path, folder, step, "");
    DIR *listing = opendir(path);
    if (listing == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (is_ours(entry->d_name))
            unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
    rmdir(path);
}

void driver_checkpoint_remove_before(const char *folder, int oldest)
{
    DIR *listing = opendir(folder);
    if (listing == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        const int step = step_of(entry->d_name);
        if (step > 0 && step < oldest)
            remove_checkpoint(folder, step);
    }
    closedir(listing);
}

bool driver_checkpoint_make_folder(const char *folder, int step)
{
    char path[CHECKPOINT_PATH_SIZE];
    remove_checkpoint(folder, step);
    driver_checkpoint_path(path, folder, step, "");
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}
