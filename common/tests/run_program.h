/*
 * For tests that run a program of tests/programs under mpirun.
 */
#ifndef COMMON_TESTS_RUN_PROGRAM_H
#define COMMON_TESTS_RUN_PROGRAM_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The path of the program FOLDER/NAME that belongs to this test program's own build:
 * build/tests/X/tests/test_Y goes with build/programs/FOLDER/NAME. */
static inline const char *program_path(const char *name, char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = '\0';
    char *place = strstr(path, "/tests/");
    if (place != NULL)
        snprintf(place, PATH_MAX - (size_t)(place - path), "/programs/%s", name);
    return path;
}

/* Runs `mpirun -n ranks program argument…` and returns its exit status, -1 if it was not run. What
 * it prints goes to the file `output`. */
static inline int run_program(const char *program, int ranks, const char *first, const char *second,
                              const char *output)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", ranks);
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
        setenv("OMP_NUM_THREADS", "1", 1);
        if (freopen(output, "w", stdout) == NULL || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
            _exit(126);
        execlp("mpirun", "mpirun", "--oversubscribe", "--bind-to", "none", "--mca",
               "mpi_yield_when_idle", "1", "-n", number, program, first, second, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

#endif
