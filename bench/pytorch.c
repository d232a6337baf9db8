/*
 * PyTorch in a process of its own (pytorch.h).
 */
#include "bench/pytorch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become_pytorch(const char *script, const char *argument, const int to[2],
                                     const int from[2])
{
    const char *python = getenv("PYTHON");
    signal(SIGPIPE, SIG_DFL);
    if (dup2(to[0], STDIN_FILENO) < 0 || dup2(from[1], STDOUT_FILENO) < 0 ||
        freopen("/dev/null", "w", stderr) == NULL)
        _exit(127);
    close(to[1]);
    close(from[0]);
    python = python == NULL ? "python3" : python;
    execlp(python, python, script, argument, (char *)NULL);
    _exit(127);
}

struct pytorch pytorch_start(const char *script, const char *argument)
{
    struct pytorch pytorch = {0};
    int to[2], from[2];
    if (signal(SIGPIPE, SIG_IGN) ==
        SIG_ERR) /* writing to a PyTorch that ended is an error, with a message */
        give_up("signal");
    if (pipe(to) != 0 || pipe(from) != 0)
        give_up("pipe");
    pytorch.process = fork();
    if (pytorch.process < 0)
        give_up("fork");
    if (pytorch.process == 0)
        become_pytorch(script, argument, to, from);
    close(to[0]);
    close(from[1]);
    pytorch.ask = fdopen(to[1], "w");
    pytorch.answer = fdopen(from[0], "r");
    if (pytorch.ask == NULL || pytorch.answer == NULL)
        give_up("fdopen");
    if (fgets(pytorch.version, sizeof pytorch.version, pytorch.answer) == NULL) {
        pytorch_end(&pytorch);
        return (struct pytorch){0};
    }
    pytorch.version[strcspn(pytorch.version, "\n")] = '\0';
    return pytorch;
}

void pytorch_end(struct pytorch *pytorch)
{
    if (pytorch->ask == NULL)
        return;
    fclose(pytorch->ask);
    fclose(pytorch->answer);
    waitpid(pytorch->process, NULL, 0);
}

void pytorch_steps(struct pytorch *pytorch, const char *name, int batch, int threads, int steps,
                   struct times *times)
{
    fprintf(pytorch->ask, "%s %d %d %d\n", name, batch, threads, steps);
    if (fflush(pytorch->ask) != 0)
        give_up("bench_pytorch.py");
    for (int i = 0; i < steps; i++) {
        double milliseconds;
        if (fscanf(pytorch->answer, "%lf", &milliseconds) != 1) {
            fprintf(stderr,
                    "PyTorch ended at %s, batch %d, %d threads; to see why: "
                    "echo %s %d %d 1 | $PYTHON bench/bench_pytorch.py\n",
                    name, batch, threads, name, batch, threads);
            exit(EXIT_FAILURE);
        }
        times_add(times, milliseconds);
    }
}

double pytorch_row(struct pytorch *pytorch, const char *name, int batch, int steps)
{
    char line[512];
    fprintf(pytorch->ask, "%s %d %d\n", name, batch, steps);
    if (fflush(pytorch->ask) != 0)
        give_up("bench_pytorch_gpu.py");
    if (fgets(line, sizeof line, pytorch->answer) == NULL) {
        fprintf(stderr, "PyTorch ended at %s, batch %d\n", name, batch);
        exit(EXIT_FAILURE);
    }
    char *end;
    const double milliseconds = strtod(line, &end);
    if (end != line)
        return milliseconds;
    fprintf(stderr, "PyTorch, %s, batch %d: %s", name, batch, line);
    return 0;
}
